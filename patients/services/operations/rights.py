"""Who may have what written where: asked when it is asked for, and again when it is sent.

Clinic staff and admins everywhere, coordinators in systems of organizations only; which role somebody has
inside such a system its adapter checks, before every write (docs/architecture.md, "Who sees whom").
"""

from __future__ import annotations

from collections.abc import Callable

from integrations.abilities import Capability, System
from integrations.errors import Forbidden
from integrations.registry import label_of, system_class
from patients.models import Operation
from patients.services.connections import open_system
from portal.accounts.models import User
from portal.accounts.roles import Role, has_role

_EVERYWHERE = (Role.ADMIN, Role.CLINIC_STAFF)


def may_write(user: User, system: str) -> bool:
    """Whether somebody's role lets them have anything written into a system."""
    if not user.is_active:
        return False
    has_organizations = Capability.ORGANIZATIONS in system_class(system).capabilities
    return has_role(user, *_EVERYWHERE) or (has_organizations and has_role(user, Role.COORDINATOR))


def require(user: User, system: str) -> None:
    """Raise ``Forbidden`` where somebody's role does not reach."""
    if not may_write(user, system):
        label = label_of(system)
        raise Forbidden(
            system=system,
            operation="write",
            label=label,
            reason="role",
            for_staff=f"Your role does not let you change anything in {label}.",
            next_step="Ask clinic staff or an admin.",
        )


def may_read(operation: Operation, *, by: User) -> bool:
    """Whether somebody may open an operation's story: whoever asked for it, and admins."""
    return bool(operation.asked_by_id == by.pk) or has_role(by, Role.ADMIN)


def opened(
    user: User, system: str, *, seconds: float, background: bool, sending: Callable[[], None]
) -> System:
    """The adapter of a system, working in somebody's name as their role is now. Raises ``Forbidden``."""
    require(user, system)
    return open_system(system, by=user, seconds=seconds, background=background, sending=sending)
