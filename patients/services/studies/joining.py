"""Whom a study can be offered to: people of its organization who take no part in it, and participants whose
invitations lead nowhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from django.db.models import Exists, OuterRef, Q, QuerySet

from integrations.studies import InvitationState as State
from integrations.types import RecordStatus
from patients.matching.names import fold
from patients.models import Bulk, Participant, SourceRecord, Study
from patients.services import people_rows, visibility
from patients.services.people_list import sight_of
from patients.services.people_rows import Row
from patients.services.visibility import Reach
from portal import audit
from portal.accounts.models import User

from . import board
from .within import participants_within

SIZE = 100
MOST = 500  # participants who are shown, and invited, at once
_IN_USE = ~Q(status__in=(RecordStatus.MERGED, RecordStatus.ARCHIVED))
_REAL = {"record__vanished_at": None, "is_test": False, "record__is_test": False}

#: Whom an invitation is for → who they are, by their latest invitation.
NEW, OVER, WAITING = "new", "over", "waiting"
_BY_INVITATION: dict[str, Q] = {
    NEW: Q(invited_at=None, connected_at=None),
    OVER: Q(invitation_state__in=(State.EXPIRED, State.CANCELLED, State.REPLACED), connected_at=None),
    WAITING: Q(
        invited_at__isnull=False, connected_at=None, invitation_state__in=(State.ISSUED, State.NOT_KNOWN)
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One person of such a list, by the record that would take part."""

    record: int
    row: Row = field(repr=False)
    participant: Participant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some of them. ``total`` is how many there are."""

    people: tuple[Listed, ...] = field(repr=False)
    number: int
    total: int

    @property
    def last(self) -> int:
        """The number of the last page."""
        return max(-(-self.total // SIZE), 1)


def outside(study: Study, *, name: str, number: int, by: User, reach: Reach) -> Page:
    """People of the study's organization who take no part in it; ``name`` is how one of their names begins.
    One event."""
    rows = _outside(study, reach)
    for word in fold(name).split():
        rows = rows.filter(Q(family__startswith=word) | Q(given__startswith=word))
    total = rows.count()
    number = min(max(number, 1), max(-(-total // SIZE), 1))
    found = list(rows.order_by("family", "given", "pk")[(number - 1) * SIZE : number * SIZE])
    people = _listed(found, by=by, reach=reach)
    _note(study, people, by=by)
    return Page(people=people, number=number, total=total)


def chosen(study: Study, numbers: Iterable[int], *, reach: Reach) -> list[SourceRecord]:
    """The records of these numbers that are within reach, of the study's system."""
    rows = visibility.records(reach).filter(pk__in=list(numbers), system=study.system)
    return list(rows.select_related("patient").order_by("pk"))


def records_of(people: Collection[int], study: Study, *, reach: Reach) -> dict[int, SourceRecord]:
    """Person → their record in the study's system: one that belongs to its organization goes first."""
    rows = visibility.records(reach).filter(_IN_USE, patient__in=people, system=study.system)
    rows = rows.filter(vanished_at=None, is_test=False).select_related("patient")
    inside = set(rows.filter(memberships__organization=study.organization).values_list("pk", flat=True))
    found: dict[int, SourceRecord] = {}
    for row in sorted(rows.defer("held"), key=lambda each: (each.pk not in inside, each.pk)):
        found.setdefault(row.patient_id, row)
    return found


def to_invite(
    study: Study, which: str, *, bulk: Bulk | None = None, by: User, reach: Reach
) -> tuple[tuple[Listed, ...], int]:
    """Participants who may be invited: those never invited, those whose invitation is over, those who were
    invited and did not connect, or those of a bulk that enrolled them; and how many there are. One event."""
    rows = _people_of(study, reach)
    if bulk is not None:
        rows = rows.filter(record__operations__bulk=bulk).distinct()
    else:
        rows = rows.filter(_BY_INVITATION[which])
    total = rows.count()
    found = list(rows.select_related("record").order_by("record__family", "record__given", "pk")[:MOST])
    people = _listed([each.record for each in found], found, by=by, reach=reach)
    _note(study, people, by=by)
    return people, total


def taking_part(
    study: Study, among: Collection[int] | None, *, by: User, reach: Reach
) -> tuple[tuple[Listed, ...], int]:
    """Who takes part, of some people or of all; and how many they are. One event."""
    rows = _people_of(study, reach)
    rows = rows if among is None else rows.filter(record__patient__in=among)
    total = rows.count()
    found = list(rows.select_related("record").order_by("record__family", "record__given", "pk")[:MOST])
    people = _listed([each.record for each in found], found, by=by, reach=reach)
    _note(study, people, by=by)
    return people, total


def count_taking_part(people: Collection[int], *, reach: Reach) -> list[tuple[Study, int]]:
    """The studies in which some people take part, by name, and how many of them."""
    rows = participants_within(reach).filter(record__patient__in=people, **_REAL)
    count = Counter(rows.values_list("study", flat=True))
    studies = Study.objects.filter(pk__in=count, vanished_at=None).defer("plan", "sent")
    return sorted(
        ((each, count[each.pk]) for each in studies), key=lambda one: (one[0].name.casefold(), one[0].pk)
    )


def counts(study: Study, reach: Reach) -> dict[str, int]:
    """How many participants are in each of these lists."""
    rows = _people_of(study, reach)
    return {which: rows.filter(condition).count() for which, condition in _BY_INVITATION.items()}


def named(records: Sequence[SourceRecord], *, by: User, reach: Reach) -> dict[int, Row]:
    """Record → its person as a line."""
    return {each.record: each.row for each in _listed(records, by=by, reach=reach)}


def _people_of(study: Study, reach: Reach) -> QuerySet[Participant]:
    """Everybody who takes part and is within reach; test participants are nobody."""
    return board.people_of(study, reach).filter(is_test=False, record__is_test=False)


def _outside(study: Study, reach: Reach) -> QuerySet[SourceRecord]:
    takes_part = Participant.objects.filter(study=study, left_at=None, record=OuterRef("pk"))
    rows = visibility.records(reach).filter(
        _IN_USE,
        ~Exists(takes_part),
        system=study.system,
        memberships__system=study.system,
        memberships__organization=study.organization,
        vanished_at=None,
        is_test=False,
    )
    return rows.defer("held")


def _listed(
    records: Sequence[SourceRecord], rows: Sequence[Participant] = (), *, by: User, reach: Reach
) -> tuple[Listed, ...]:
    participants = {each.record_id: each for each in rows}
    people = list(dict.fromkeys(each.patient_id for each in records))
    lines = {row.patient: row for row in people_rows.rows_of(sight_of(by, reach), people)}
    return tuple(
        Listed(record=each.pk, row=lines[each.patient_id], participant=participants.get(each.pk))
        for each in records
        if each.patient_id in lines
    )


def _note(study: Study, people: Sequence[Listed], *, by: User) -> None:
    audit.look(
        "study.people_listed",
        by=by,
        system=study.system,
        details={"study": study.public_id, "count": len(people)},
    )
