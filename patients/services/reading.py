"""With whose access the portal reads a system when nobody waits, and why it does not."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from integrations.abilities import ActsForPerson, System
from integrations.deadlines import Deadline
from integrations.errors import NotConfigured
from integrations.registry import get_system, label_of
from integrations.types import Caller
from portal.accounts.models import PersonToken, User
from portal.accounts.roles import Role, has_role, role_of

from . import installations
from .connections import OwnToken, is_set_up

STEP_SECONDS = 45.0  # what one step of reading may take, retries and waiting for its turn included
KEY = "key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """An adapter for background reading; ``read_as`` tells whose access it has (our words)."""

    adapter: System
    read_as: str


def background(system: str, *, seconds: float = STEP_SECONDS) -> Reader:
    """A reader for one step. Raises ``NotConfigured`` with the reason where reading is off, and what
    else the system says when it is asked what it offers.

    The organization's key reads where there is one. Where a system gives keys to nobody, somebody's
    own sign-in does: admins' first, then the oldest account's.
    """
    deadline = Deadline.after(seconds)
    adapter = get_system(system, Caller(background=True, deadline=deadline))
    if not is_set_up(system):
        raise _off(system, f"{label_of(system)} is not connected to this portal.", "Set its address and key.")
    installations.check(system)
    if not isinstance(adapter, ActsForPerson) or settings.SYSTEMS[system]["API_KEY"]:
        return Reader(adapter=adapter, read_as=KEY)
    if adapter.offers_keys():
        raise _off(system, "No API key is set for background reading.", f"Set {system.upper()}_API_KEY.")
    person = connected_person(system)
    if person is None:
        raise _off(
            system,
            f"This {adapter.label} has no API keys, and nobody who works here is signed in to it.",
            f"Somebody with a {adapter.label} account signs in to it from their account page.",
        )
    token = OwnToken(person, system, deadline)
    own = get_system(system, Caller(token=token, background=True, deadline=deadline))
    return Reader(adapter=own, read_as=f"account {person.pk}")


def connected_person(system: str) -> User | None:
    """Somebody whose own sign-in at a system can be read with, always the same as long as it can."""
    rows = PersonToken.objects.filter(system=system, user__is_active=True).select_related("user")
    people = [row.user for row in rows if row.refresh and role_of(row.user)]
    return min(people, key=lambda each: (not has_role(each, Role.ADMIN), each.pk), default=None)


def _off(system: str, reason: str, step: str) -> NotConfigured:
    return NotConfigured(
        system=system,
        operation="sync",
        label=label_of(system),
        reason="off",
        for_staff=reason,
        next_step=step,
    )
