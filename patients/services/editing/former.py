"""Names and numbers that are hidden since a transition or an adoption.

Whoever changes a name for one of these reasons leaves the old one behind: it is not offered for other
records, and is in nobody's sight but an admin's. The look-up may still find somebody by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q

from integrations.writes import Details, Part
from patients.entering.overwriting import Reason
from patients.matching.names import fold
from patients.matching.numbers import nhs_digits
from patients.models import Former, Operation, Patient
from portal.accounts.models import User
from portal.accounts.roles import Role, has_role
from portal.web.crypto import Undecryptable

REASONS = frozenset({Reason.TRANSITION, Reason.ADOPTION})
NAMES = (Part.GIVEN_NAME, Part.MIDDLE_NAME, Part.PREFERRED_NAME, Part.FAMILY_NAME)
PARTS = (*NAMES, Part.TITLE, Part.NHS_NUMBER)
UNSPLIT = "full_name"  # what some records hold instead of names


@dataclass(frozen=True, slots=True, kw_only=True)
class Hidden:
    """The values of a person that are hidden, part by part, as they are compared. ``unreadable`` are parts
    of which one cannot be deciphered: then every former value is taken for it."""

    values: Mapping[str, frozenset[str]] = field(default_factory=dict, repr=False)
    unreadable: frozenset[str] = frozenset()

    def covers(self, part: str, value: object) -> bool:
        """Whether a value of a part is hidden. An unsplit name is where any name is."""
        text = str(value or "")
        if part == UNSPLIT:
            return bool(text) and any(name in self.values or name in self.unreadable for name in NAMES)
        if part not in set(PARTS) or not text:
            return False
        return part in self.unreadable or compared(Part(part), text) in self.values.get(part, frozenset())


NOTHING = Hidden()


def compared(part: Part, value: str) -> str:
    """A name or number in the form in which it is compared."""
    return (nhs_digits(value) if part is Part.NHS_NUMBER else "") or fold(value)


def hide(operation: Operation, before: Details, after: Details, *, by: User) -> None:
    """Hide what an operation replaces; in its transaction. What the person is called still is not hidden."""
    stays = {compared(part, getattr(after, part)) for part in NAMES}
    rows = []
    for part in PARTS:
        old, new = (compared(part, getattr(each, part)) for each in (before, after))
        if old and old != new and not (part in NAMES and old in stays):
            rows.append(
                Former(
                    patient=operation.patient, operation=operation, part=part.value, value=old, hidden_by=by
                )
            )
    Former.objects.bulk_create(rows)


def hidden_of(patient: Patient) -> Hidden:
    """What is hidden of a person, and of those who became this person."""
    theirs = Q(patient=patient) | Q(patient__merged_into=patient) | Q(operation__patient=patient)
    rows = Former.objects.filter(theirs).exclude(operation__state=Operation.State.REFUSED).distinct()
    values: dict[str, set[str]] = {}
    unreadable = set()
    for row in rows.defer("value"):
        value = _read(row)
        if value is None:
            unreadable.add(row.part)
        else:
            values.setdefault(row.part, set()).add(value)
    return Hidden(
        values={part: frozenset(some) for part, some in values.items()}, unreadable=frozenset(unreadable)
    )


def hidden_from(user: User, patient: Patient) -> Hidden:
    """What somebody is not shown of a person's past; admins are shown everything."""
    return NOTHING if has_role(user, Role.ADMIN) else hidden_of(patient)


def told(changes: Mapping[str, Any], hidden: Hidden) -> dict[str, Any]:
    """The changes of a record (field → before and after) without those that tell what is hidden."""
    return {
        name: pair for name, pair in changes.items() if not any(hidden.covers(name, each) for each in pair)
    }


def _read(row: Former) -> str | None:
    """A hidden value; ``None`` where no key that is set now deciphers it."""
    try:
        return str(row.value)
    except Undecryptable:
        return None
