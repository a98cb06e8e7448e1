"""Decisions on a page: the form says as what it was shown, and is refused where that holds no more.

A try that came and went while somebody was writing a reason makes no form stale; another state, another
reason for it, another person in whose name it goes out, a hold anew, or while it is held another state of
its record does.
"""

from __future__ import annotations

from contextlib import suppress

from django.core import signing

from patients.models import Operation
from patients.services.seals import LASTS_FOR, Broken, Trouble
from portal import audit
from portal.accounts.models import User

_SALT = "form about an operation"


def seal(operation: Operation, *, by: User, part: str = "") -> str:
    """What a form about an operation carries; ``part`` is what else it is about (a record's number)."""
    return signing.dumps([by.pk, operation.public_id, _version(operation), part], salt=_SALT)


def check(sealed: str, operation: Operation, *, by: User, part: str = "") -> None:
    """Hold that a form is about this operation as it is now. Raises
    :class:`~patients.services.seals.Broken`, after one audit event."""
    trouble = _trouble(sealed, operation, by, part)
    if trouble is None:
        return
    audit.look(
        "form.refused",
        by=by,
        outcome="refused",
        details={"form": "operation", "because": str(trouble), "operation": operation.public_id},
    )
    raise Broken(trouble)


def _trouble(sealed: str, operation: Operation, by: User, part: str) -> Trouble | None:
    try:
        account, public_id, version, about = signing.loads(sealed, salt=_SALT)
    except signing.BadSignature:
        return Trouble.UNREADABLE
    if account != by.pk:
        return Trouble.ANOTHER_ACCOUNT
    if (public_id, about) != (operation.public_id, part):
        return Trouble.ANOTHER_ADDRESS
    with suppress(signing.SignatureExpired):
        signing.loads(sealed, salt=_SALT, max_age=LASTS_FOR)
        # While it is being sent the decision itself is refused, with what to do.
        is_same = version == _version(operation) or operation.state == Operation.State.SENDING
        return None if is_same else Trouble.STALE
    return Trouble.EXPIRED


def _version(operation: Operation) -> list[str]:
    is_held = operation.state == Operation.State.HELD
    version = str(operation.record.version) if is_held and operation.record is not None else ""
    return [
        operation.state,
        operation.why,
        str(operation.acts_for_id),
        operation.changed_at.isoformat() if is_held else "",
        version,
    ]
