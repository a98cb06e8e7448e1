"""A participant's number in a study ("LL-014"): kept with the enrolment, here alone, one person's each."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from patients.matching.study_numbers import folded
from patients.models import Participant
from patients.services.hand_links import Side
from patients.services.seals import held, seal
from portal import audit
from portal.accounts.models import User

PURPOSE = "number in a study"  # the kind of form
LONGEST = 40


class Taken(Exception):
    """Somebody else in the study has this number."""


def seal_number(whole: Side, participant: Participant, *, by: User) -> str:
    """What the form carries that gives a participant a number."""
    return seal(whole.named, purpose=PURPOSE, part=str(participant.pk), by=by)


def set_number(participant: Participant, number: str, *, sealed: str, at: str, name: str, by: User) -> None:
    """Give a participant their number in the study, or take it away with an empty one. ``name`` is what the
    person is called now.

    Raises :class:`Taken`, and :class:`~patients.services.seals.Broken`.
    """
    with held(sealed, purpose=PURPOSE, part=str(participant.pk), at=[at], by=by, still_named=name):
        give(participant, number, by=by)


def give(participant: Participant, number: str, *, by: User) -> None:
    """The same for who has no page. Raises :class:`Taken`."""
    number = " ".join(number.split())[:LONGEST]
    try:
        with transaction.atomic():
            row = Participant.objects.select_for_update(of=("self",)).get(pk=participant.pk, left_at=None)
            if row.number == number:
                return
            row.number, row.number_key = number, folded(number)
            row.save(update_fields=["number", "number_key"])
            audit.write(
                "participant.numbered",
                by=by,
                system=row.record.system,
                record_id=row.record.remote_id,
                subject_key=row.record.patient.public_id,
                details={"study": row.study.public_id, "form": "given" if number else "taken away"},
            )
    except IntegrityError:
        raise Taken from None
