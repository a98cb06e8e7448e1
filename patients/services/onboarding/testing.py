"""Somebody made up, to try a study's onboarding with: plainly no person, counted nowhere, gone in one step.

They are searched for and registered as everybody is. Their record is marked as a test record in the moment in
which it is there (``operations.arriving``), so that no list, count or export ever holds them.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import date

from django.db import transaction

from integrations.abilities import Capability
from integrations.registry import label_of, system_class
from integrations.writes import Details, NewRecord
from patients.entering.systems import taken_by
from patients.models import Membership, Operation, Patient, Place, Removal, SourceRecord, Study
from patients.services.ending import counted, leaving, removing
from patients.services.ending.counted import Counted
from patients.services.hand_links import Side
from patients.services.held import whole_of
from patients.services.operations import clock, made_up, queue, recording
from patients.services.operations.wishes import Kind
from patients.services.registering import gate
from patients.services.seals import held, seal
from patients.services.studies import allowed
from patients.services.studies.allowed import Because, Refusal, Refused
from patients.services.visibility import Reach
from portal import audit
from portal.accounts.models import User
from portal.web.crypto import Undecryptable

GIVEN, FAMILY = "Testing", "Nobody"
BORN = date(1970, 1, 2)
MAILBOXES = "crosswalk.example"  # RFC 2606: nobody can have a mailbox there
_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"  # no vowels: no words
REMOVE = "remove somebody made up"  # the kind of form
REASON = "Was made for trying the onboarding."


def make(study: Study, *, by: User, reach: Reach) -> Patient:
    """Ask for somebody made up in a study's organization; returns whom the record will be of. Raises
    :class:`~patients.services.studies.allowed.Refused`, ``Forbidden``, and
    :class:`~patients.services.registering.gate.Stopped`."""
    allowed.require(study, by=by, reach=reach)
    details = _made_up()
    passed = gate.check(details, by=by)
    new = NewRecord(details=taken_by(system_class(study.system), details), organization_id=study.organization)
    operation = recording.register({study.system: new}, passed=passed, by=by, is_test=True)[0]
    patient: Patient = operation.patient
    return patient


def _made_up() -> Details:
    """Nobody's details; each time others, so that nobody is taken for somebody made up before."""
    code = "".join(secrets.choice(_LETTERS) for _ in range(6))
    return Details(
        given_name=GIVEN,
        family_name=f"{FAMILY}-{code.title()}",
        birth_date=BORN,
        email=f"test-{code.casefold()}@{MAILBOXES}",
    )


def is_made_up(record: SourceRecord) -> bool:
    """Whether a record is one that :func:`make` asked for, and still holds what was made up. A record that
    somebody marked as a test record, or wrote a person into, is none."""
    as_made = record.marked_test and record.email.endswith(f"@{MAILBOXES}") and record.vanished_at is None
    try:
        return as_made and made_up.holds_as_made(record, whole_of(record))
    except Undecryptable:
        return False


# --- gone again -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Going:
    """What a page shows before somebody made up is removed: what goes with them, and its seals."""

    lost: Counted = field(repr=False)
    unread: tuple[tuple[str, str], ...]
    seal: str = field(repr=False)
    numbers: str = field(repr=False)


def going(record: SourceRecord, study: Study, whole: Side, *, by: User) -> Going:
    """Count what goes with them now. Raises :mod:`integrations.errors` errors."""
    read = leaving.read(record, _place(study), by=by)
    return Going(
        lost=read.counted,
        unread=read.unread,
        seal=seal(whole.named, purpose=REMOVE, part=str(record.pk), by=by),
        numbers=counted.sealed(read.counted, about=f"made up {record.pk}", by=by),
    )


def why_not_removed(record: SourceRecord, study: Study, *, by: User, reach: Reach) -> Refusal | None:
    """What stands against removing somebody made up in one step."""
    refusal = allowed.why_not(study, by=by, reach=reach)
    if refusal is not None:
        return refusal
    if not is_made_up(record) or Capability.REMOVAL not in system_class(record.system).capabilities:
        return Refusal(
            because=Because.GONE,
            sentence="This is not somebody whom the portal made up, or not any more.",
            step="A record of a person is deleted by two people, from its person's page.",
        )
    places = set(Membership.objects.filter(record=record).values_list("organization", flat=True))
    if places - {study.organization}:
        return Refusal(
            because=Because.OUTSIDE,
            sentence=f"The record belongs to further {label_of(record.system)} organizations.",
            step="Take it out of those first, from its person's page.",
        )
    return None


def remove(
    record: SourceRecord, study: Study, *, sealed: str, numbers: str, at: str, by: User, reach: Reach
) -> Operation:
    """Ask for somebody made up to be deleted, out of study and organization: with one person's word. Raises
    :class:`~patients.services.studies.allowed.Refused`, :class:`~patients.services.seals.Broken` and
    ``Forbidden``."""
    _require(why_not_removed(record, study, by=by, reach=reach))
    with held(sealed, purpose=REMOVE, at=[at], by=by, part=str(record.pk)), transaction.atomic():
        lost = counted.unsealed(numbers, about=f"made up {record.pk}", by=by)
        if lost is None or lost.last is not True:
            raise Refused(_TOO_OLD)
        removing.expire_old()
        _require(_ASKED if removing.open_of(record) is not None else None)
        now = clock.now()
        removal = Removal(
            record=record, organization=study.organization, counted=counted.to_keep(lost), reason=REASON,
            asked_by=by, asked_at=now, is_of_made_up=True, state=Removal.State.CONFIRMED, decided_by=by,
            decided_at=now,
        )  # fmt: skip
        operation = removal.operation = recording.ask_confirmed(removal)
        removal.save()
        _note(removal, operation, by=by)
        return operation


def is_going(record: SourceRecord) -> bool:
    """Whether they are being removed already."""
    rows = Operation.objects.filter(record=record, kind=Kind.REMOVE, state__in=queue.OPEN)
    return rows.exists()


def _require(refusal: Refusal | None) -> None:
    if refusal is not None:
        raise Refused(refusal)


def _place(study: Study) -> Place:
    return Place.objects.get(system=study.system, organization=study.organization)


def _note(removal: Removal, operation: Operation, *, by: User) -> None:
    record = removal.record
    audit.write(
        "removal.of_made_up",
        by=by,
        reason=removal.reason,
        system=record.system,
        record_id=record.remote_id,
        subject_key=record.patient.public_id,
        details={"removal": removal.public_id, "operation": operation.public_id},
    )


_TOO_OLD = Refusal(because=Because.GONE, sentence=leaving.TOO_OLD, step="They are shown on this page.")
_ASKED = Refusal(because=Because.GONE, sentence=removing.ASKED_ALREADY)
