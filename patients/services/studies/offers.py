"""Which studies a record can be put into: those of the organizations in which somebody holds a role."""

from __future__ import annotations

from dataclasses import dataclass

from integrations.abilities import Capability
from integrations.registry import system_class
from patients.models import Operation, Participant, SourceRecord, Study
from patients.services.operations import queue
from patients.services.operations.study_wishes import Enrol, Unenrol
from patients.services.operations.whom import wish_of
from patients.services.operations.wishes import Kind
from patients.services.visibility import Reach
from portal.accounts.models import User

from . import readings
from .places import OwnPlace, own_places


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A study with its organization. ``takes_part``: the record does; ``is_inside``: it belongs to the
    organization; ``on_its_way``: how it is being enrolled or taken out."""

    study: Study
    own: OwnPlace
    takes_part: bool = False
    is_inside: bool = False
    on_its_way: Operation | None = None


def has_studies(record: SourceRecord) -> bool:
    """Whether a record is one that can take part in studies."""
    return Capability.ENROLMENT in system_class(record.system).capabilities and record.vanished_at is None


def offers_for(record: SourceRecord, *, by: User, reach: Reach) -> list[Offer]:
    """Every study of one's own organizations, those first to which the record belongs. Organizations whose
    studies were not read lately are read soon."""
    places = [each for each in own_places(reach) if each.system == record.system]
    for own in places:
        readings.ask_for_place(own, by=by, hold=readings.COUNTS_HOLD, with_people=False)
    belongs = set(record.memberships.values_list("organization", flat=True))
    numbers = {each.organization: each for each in places}
    studies = Study.objects.filter(system=record.system, organization__in=numbers, vanished_at=None)
    mine = set(Participant.objects.filter(record=record, left_at=None).values_list("study_id", flat=True))
    coming = on_their_way(record)
    found = [
        Offer(
            study=study,
            own=numbers[study.organization],
            takes_part=study.pk in mine,
            is_inside=study.organization in belongs,
            on_its_way=coming.get(study.remote_id),
        )
        for study in studies.order_by("name", "pk")
    ]
    return sorted(found, key=lambda each: not each.is_inside)


def on_their_way(record: SourceRecord) -> dict[str, Operation]:
    """Study → the last operation that is to put the record into it or take it out, where it is open."""
    rows = Operation.objects.filter(record=record, kind__in=(Kind.ENROL, Kind.UNENROL), state__in=queue.OPEN)
    return {
        wish.study_id: each
        for each in rows.order_by("pk")
        if isinstance(wish := wish_of(each), Enrol | Unenrol)
    }


def last_enrolment(study: Study, record: SourceRecord) -> Operation | None:
    """How the record's last enrolment in a study goes or went."""
    rows = Operation.objects.filter(record=record, kind=Kind.ENROL).order_by("-pk")
    return next(
        (
            each
            for each in rows[:20]
            if isinstance(wish := wish_of(each), Enrol) and wish.study_id == study.remote_id
        ),
        None,
    )
