"""For whom operations are, as far as a reader may know: by the index within reach, and by what was asked.

Somebody who is yet to be registered stands in no record. They are known to whoever asked, and to those who
would see the record once it is made.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from integrations.abilities import Capability
from integrations.registry import systems_with
from integrations.writes import Details
from patients.models import Operation, Patient, SourceRecord
from patients.services import visibility
from patients.services.hand_links import rows_of, side_of
from patients.services.people_list import sight_of
from patients.services.people_rows import rows_of as list_rows_of
from patients.services.portrait import Identity
from patients.services.reach import sees_participants_only
from patients.services.visibility import Reach
from portal.accounts.models import User
from portal.web.crypto import Undecryptable

from . import queue, readers, wishes
from .wishes import Create, Kind, Wish


@dataclass(frozen=True, slots=True, kw_only=True)
class Whom:
    """Somebody for whom an operation is. ``identity`` is ``None`` where the reader's role does not reach
    them; ``public_id`` is empty where they have no page that the reader could open."""

    identity: Identity | None = field(default=None, repr=False)
    public_id: str = ""
    rows: tuple[SourceRecord, ...] = field(default=(), repr=False)


def wish_of(operation: Operation) -> Wish | None:
    """What is to be written; ``None`` where it cannot be read with the keys that are set now."""
    try:
        return wishes.kept(operation.kind, operation.wanted)
    except Undecryptable:
        return None


def person_of(operation: Operation) -> Patient:
    """The person as they are known now, linked with somebody else since or not."""
    patient: Patient = operation.patient
    survivor: Patient | None = patient.merged_into
    return survivor or patient


def whom(operation: Operation, wish: Wish | None, *, by: User, reach: Reach) -> Whom:
    """For whom one operation is."""
    if not readers.knows_whom(operation, by=by, reach=reach):
        return Whom()
    patient = person_of(operation)
    try:
        rows = rows_of(patient, reach) if visibility.may_see(by, patient, reach) else []
        if rows:
            return Whom(
                identity=side_of(patient, rows).identity, public_id=patient.public_id, rows=tuple(rows)
            )
        if operation.record is not None and operation.asked_by_id == by.pk:
            return Whom(identity=side_of(patient, [operation.record]).identity)
    except Undecryptable:
        return Whom()
    if isinstance(wish, Create) and may_know_new(operation, wish, by=by, reach=reach):
        return Whom(identity=_as_identity(wish.new.details))
    return Whom()


def may_know_new(operation: Operation, wish: Create, *, by: User, reach: Reach) -> bool:
    """Whether somebody may know who is to be registered."""
    if operation.asked_by_id == by.pk or wish.new.organization_id in reach.organizations.get(
        operation.system, ()
    ):
        return True
    is_everybodys = operation.system not in systems_with(Capability.ORGANIZATIONS)
    return is_everybodys and not sees_participants_only(by)


def whoms(operations: Iterable[Operation], *, by: User, reach: Reach) -> dict[int, Whom]:
    """For whom many operations are, by operation; some ten queries, and one for each who is yet to be
    registered."""
    found = list(operations)
    people = {person_of(each).pk for each in found}
    visible = list(visibility.people(by, reach).filter(pk__in=people).values_list("pk", flat=True))
    try:
        rows = {row.patient: row for row in list_rows_of(sight_of(by, reach), visible)}
    except Undecryptable:
        rows = {}
    known: dict[int, Whom] = {}
    for each in found:
        row = rows.get(person_of(each).pk)
        if not readers.knows_whom(each, by=by, reach=reach):
            known[each.pk] = Whom()
        elif row is not None:
            known[each.pk] = Whom(identity=row.identity, public_id=row.public_id)
        elif each.kind == Kind.CREATE and each.record_id is None:
            known[each.pk] = _new(each, by=by, reach=reach)
        else:
            known[each.pk] = Whom()
    return known


def _new(operation: Operation, *, by: User, reach: Reach) -> Whom:
    wish = wish_of(operation)
    if isinstance(wish, Create) and may_know_new(operation, wish, by=by, reach=reach):
        return Whom(identity=_as_identity(wish.new.details))
    return Whom()


def _as_identity(details: Details) -> Identity:
    return Identity(
        family_name=details.family_name,
        given_name=details.given_name,
        middle_name=details.middle_name,
        title=details.title,
        preferred_name=details.preferred_name,
        birth_date=details.birth_date,
        nhs_number=details.nhs_number,
        sex=str(details.sex or ""),
    )


#: What must not be read with a row: one that cannot be deciphered must not break a page.
UNREAD = (*queue.SEALED, "record__held")
#: What every page shows of an operation.
BESIDE = ("patient__merged_into", "record", "bulk", "asked_by", "acts_for")
