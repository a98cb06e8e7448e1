"""Asking for a write: recorded before it leaves, in one transaction with its audit event.

Nothing is sent here and no system is asked; whatever happens afterwards, the operation is there.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace

from django.db import transaction

from integrations.writes import Changes, NewRecord
from patients.models import Bulk, Operation, Participant, Patient, Removal, SourceRecord
from patients.services.registering import flags
from patients.services.registering.passing import Passed
from patients.services.studies import invitable, invitations
from patients.services.studies.allowed import Refused
from portal import audit
from portal.accounts.models import User
from portal.web.crypto import Undecryptable

from . import claims, clock, queue, rights, wishes
from .study_wishes import Invite
from .wishes import Change, Create, Kind, Remove, Wish


class Nobody(Exception):
    """There is no such record any more, it went to somebody else meanwhile, or takes no part in the study."""


def register(
    records: Mapping[str, NewRecord],
    *,
    passed: Passed,
    by: User,
    patient: Patient | None = None,
    bulk: Bulk | None = None,
    is_test: bool = False,
) -> list[Operation]:
    """Ask for new records of one person, system → record; of somebody new where no ``patient`` is given.

    ``passed`` says that they were searched for (``registering.gate``); what was left in doubt is flagged.
    ``is_test``: it is somebody made up.
    Raises :class:`~.claims.Taken` where the person is being registered already, ``Forbidden`` where the
    asker's role does not reach, ``ValueError`` where somebody else was searched for.
    """
    for system, new in records.items():
        rights.require(by, system)
        if not passed.covers(new.details):
            raise ValueError("somebody else was searched for")
    with transaction.atomic():
        person = Patient.objects.create() if patient is None else _held(pk=patient.pk)
        for new in records.values():
            claims.take(person, new.details, is_namesake=passed.is_namesake)
        flags.raise_for(person, passed, by=by)
        others = _numbers_of(passed)
        return [
            _recorded(
                _creation(new, passed.reason, others.get(system, ()), is_test=is_test),
                system=system, patient=person, record=None, by=by, bulk=bulk, reason=passed.reason,
            )
            for system, new in records.items()
        ]  # fmt: skip


def ask(
    wish: Wish, *, record: SourceRecord, by: User, bulk: Bulk | None = None, reason: str = ""
) -> Operation:
    """Ask for a change of one record; ``reason``, without values, is for the trail. Raises ``Forbidden``
    where the asker's role does not reach, :class:`Nobody` where the record has gone, ``Refused`` where
    something stands against an invitation, and ``ValueError`` for a deletion, which takes two
    (:func:`ask_confirmed`)."""
    if isinstance(wish, Remove):
        raise ValueError("a deletion is asked for by a removal that was confirmed")
    return _asked(wish, record=record, by=by, bulk=bulk, reason=reason)


def ask_confirmed(removal: Removal) -> Operation:
    """Ask for the deletion that a second person has confirmed, in the name of who wanted it. Raises as
    :func:`ask` does; nothing is sent before the removal says that it is this operation's (``kinds``)."""
    wish = Remove(organization_id=removal.organization, reason=removal.reason)
    return _asked(
        wish,
        record=removal.record,
        by=removal.asked_by,
        reason=removal.reason,
        confirmed_by=removal.decided_by,
    )


def _asked(
    wish: Wish, *, record: SourceRecord, by: User, bulk: Bulk | None = None, reason: str = "",
    confirmed_by: User | None = None,
) -> Operation:  # fmt: skip
    rights.require(by, record.system)
    with transaction.atomic():
        person = _held(records=record)
        now = SourceRecord.objects.defer("held").get(pk=record.pk)
        if now.patient_id != person.pk or now.vanished_at is not None:
            raise Nobody
        if isinstance(wish, Change):
            wish = _with_pending(wish, person, now)
        return _recorded(
            wish, system=now.system, patient=person, record=now, by=by, bulk=bulk,
            reason=reason, confirmed_by=confirmed_by,
        )  # fmt: skip


def _held(**which: object) -> Patient:
    """The person, locked: of two who ask at once for one person, one commits before the other has a number
    in the queue. Without it what was asked first could be seen, and sent, second."""
    rows = Patient.objects.select_for_update(of=("self",), no_key=True)
    found = rows.get(**which)
    return found if found.merged_into_id is None else rows.get(pk=found.merged_into_id)


def _numbers_of(passed: Passed) -> Mapping[str, tuple[str, ...]]:
    """System → the numbers of the records that are somebody else's, as was said with a reason."""
    numbers: dict[str, tuple[str, ...]] = {}
    others = SourceRecord.objects.filter(patient__in=[each.patient for each in passed.doubts])
    for system, number in others.order_by("pk").values_list("system", "remote_id"):
        numbers[system] = (*numbers.get(system, ()), number)
    return numbers


def _creation(new: NewRecord, namesake: str, apart: tuple[str, ...], *, is_test: bool) -> Create:
    own_id = new.own_id or f"portal-{uuid.uuid4()}"
    return Create(new=replace(new, own_id=own_id), apart=apart, namesake=namesake, is_test=is_test)


def _recorded(
    wish: Wish, *, system: str, patient: Patient, record: SourceRecord | None, by: User,
    bulk: Bulk | None, reason: str = "", confirmed_by: User | None = None,
) -> Operation:  # fmt: skip
    now = clock.now()
    operation = Operation.objects.create(
        kind=wishes.kind_of(wish),
        system=system,
        organization=wishes.organization_of(wish),
        patient=patient,
        asked_for=patient,
        record=record,
        bulk=bulk,
        wanted=wishes.to_keep(wish),
        own_id=wish.new.own_id if isinstance(wish, Create) else f"portal-{uuid.uuid4()}",
        key=str(uuid.uuid4()),
        asked_by=by,
        asked_at=now,
        acts_for=by,
        due_at=now,
        changed_at=now,
    )
    if isinstance(wish, Invite):
        _note_invitation(operation, wish)
    audit.write(
        "operation.asked",
        by=by,
        system=system,
        record_id=record.remote_id if record is not None else "",
        subject_key=patient.public_id,
        reason=reason,
        details={
            "operation": operation.public_id,
            "kind": operation.kind,
            "fields": fields_of(wish),
            **({"confirmed_by": confirmed_by.pk} if confirmed_by else {}),
        },
    )
    return operation


def _note_invitation(operation: Operation, wish: Invite) -> None:
    """Its row, unless something stands against it; the person is locked, so that two do not pass at once."""
    try:
        participant = invitations.participant_of(operation, wish)
    except Participant.DoesNotExist:
        raise Nobody from None
    refusal = invitable.why_not(participant, wish, own=operation)
    if refusal is not None:
        raise Refused(refusal)
    invitations.asked(operation, wish, participant)


def fields_of(wish: Wish) -> list[str]:
    """The names of the details that a wish sets; never their values."""
    if isinstance(wish, Change):
        custom = [wishes.custom_field(name) for name, _ in wish.changes.custom_fields]
        return sorted([*wish.changes.parts, *custom])
    return sorted(wish.new.details.given()) if isinstance(wish, Create) else []


def _with_pending(wish: Change, person: Patient, record: SourceRecord) -> Change:
    """The wish, knowing what operations that are still open will have made of the same details."""
    pending = wish.shown
    for each in open_changes(person, record):
        pending = pending.after(each)
    return wish if pending == wish.shown else replace(wish, pending=pending)


def open_changes(person: Patient, record: SourceRecord) -> tuple[Changes, ...]:
    """What operations that are still open will change in a record, in their order."""
    rows = Operation.objects.filter(patient=person, system=record.system, kind=Kind.CHANGE)
    earlier = rows.filter(record=record, state__in=queue.OPEN).order_by("pk")
    return tuple(_changes_of(each) for each in earlier.defer(*queue.SEALED))


def _changes_of(operation: Operation) -> Changes:
    try:
        wish = wishes.kept(operation.kind, operation.wanted)
    except Undecryptable:  # held: what it would have set is known to nobody
        return Changes()
    return wish.changes if isinstance(wish, Change) else Changes()
