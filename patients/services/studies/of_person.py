"""The studies in which one person takes part, by their records."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from patients.models import Participant, Patient, Place, SourceRecord, Study
from patients.services.people_rows import called
from patients.services.visibility import Reach

from .board_rows import invitation_in_words
from .within import participants_within

Standing = Participant.Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Participation:
    """That one record of a person takes part in a study. ``place`` is our own number of the study's
    organization; counts are ``None`` where decisions were never read."""

    study: Study
    record: SourceRecord = field(repr=False)
    organization: str
    place: int | None
    number: str = field(repr=False)
    standing: Participant.Standing
    since: datetime
    is_test: bool
    invitation: str
    invited_at: datetime | None
    agreed: int | None = field(repr=False)
    declined: int | None = field(repr=False)
    pending: int | None = field(repr=False)
    data_at: datetime | None = field(repr=False)

    @property
    def asked(self) -> int:
        """Of how many kinds of data it is known how the person decided, or that they have not yet."""
        return (self.agreed or 0) + (self.declined or 0) + (self.pending or 0)


def participations(patient: Patient, reach: Reach) -> list[Participation]:
    """The studies of a person's records within reach, by record and name; only those of organizations in
    which the reader holds a role."""
    rows = participants_within(reach).filter(record__patient=patient).select_related("study", "record")
    found = list(rows.defer("record__held", "study__plan", "study__sent"))
    places = _places(found)
    made = [_participation(each, places) for each in found]
    return sorted(made, key=lambda each: (each.record.pk, each.study.name.casefold(), each.study.pk))


def _places(rows: Iterable[Participant]) -> dict[tuple[str, str], Place]:
    wanted = {(each.study.system, each.study.organization) for each in rows}
    found = Place.objects.filter(organization__in={organization for _, organization in wanted})
    pairs = {(each.system, each.organization): each for each in found}
    return {pair: place for pair, place in pairs.items() if pair in wanted}


def _participation(each: Participant, places: dict[tuple[str, str], Place]) -> Participation:
    study = each.study
    place = places.get((study.system, study.organization))
    return Participation(
        study=study,
        record=each.record,
        organization=called(place) if place else f"organization {study.organization}",
        place=place.pk if place else None,
        number=each.number,
        standing=Standing(each.standing),
        since=each.since_at,
        is_test=each.is_test or each.record.is_test,
        invitation=invitation_in_words(study, each),
        invited_at=each.invited_at,
        agreed=each.agreed,
        declined=each.declined,
        pending=each.pending,
        data_at=each.data_at,
    )
