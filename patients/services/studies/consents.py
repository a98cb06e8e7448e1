"""What somebody decided, as the portal knows it: by record, study and kind of data, and how it came about.

Everything is from the rows that readings and writes have left (``consent_reading``, ``history``), so that a
system that does not answer takes nothing away but the newest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from integrations.scopes import words_of
from patients.models import Decision, Operation, Participant, SourceRecord, Study
from patients.services.operations import queue
from patients.services.operations.study_wishes import Decide
from patients.services.operations.whom import wish_of
from patients.services.operations.wishes import Kind
from patients.services.visibility import Reach

from . import history, plans

Scope = tuple[str, str]


class Answer(StrEnum):
    """How a person stands to one kind of data."""

    AGREED = "agreed"
    DECLINED = "declined"
    PENDING = "not decided"


_ANSWERS = {True: Answer.AGREED, False: Answer.DECLINED, None: Answer.PENDING}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One kind of data in one study, and the answer. ``is_asked_for``: the study asks for it still;
    ``coming`` is the answer that is being written."""

    system: str
    code: str
    words: str
    answer: Answer = field(repr=False)
    decided_at: datetime | None = field(default=None, repr=False)
    seen_at: datetime | None = field(default=None, repr=False)
    is_asked_for: bool = True
    coming: Answer | None = field(default=None, repr=False)

    @property
    def key(self) -> Scope:
        """What names the kind of data."""
        return self.system, self.code


@dataclass(frozen=True, slots=True, kw_only=True)
class OfStudy:
    """One study of a record. ``participant`` is ``None`` where the portal only knows decisions of it;
    ``read_at`` is when decisions were read last."""

    study: Study
    participant: Participant | None = field(repr=False)
    asked: tuple[Asked, ...] = field(repr=False)

    @property
    def takes_part(self) -> bool:
        """Whether the record takes part, as far as is known."""
        return self.participant is not None and self.participant.left_at is None

    @property
    def read_at(self) -> datetime | None:
        """When decisions were read last."""
        return self.participant.checked_at if self.participant else None

    def count(self, answer: Answer) -> int:
        """How many of the kinds of data that it asks for stand so."""
        return sum(each.answer is answer for each in self.asked if each.is_asked_for)


def of_record(record: SourceRecord, reach: Reach) -> list[OfStudy]:
    """The studies of a record that the reader's role reaches: those in which it takes part first."""
    taking = {row.study_id: row for row in record.participations.select_related("study")}
    ids = set(record.decisions.values_list("study", flat=True)) | set(taking)
    own = reach.organizations.get(record.system, frozenset())
    studies = Study.objects.filter(pk__in=ids, organization__in=own).order_by("name", "pk")
    coming = on_their_way(record)
    found = [_of_study(each, record, taking.get(each.pk), coming) for each in studies]
    return sorted(found, key=lambda each: not each.takes_part)


def of_study(study: Study, record: SourceRecord) -> OfStudy:
    """One study of a record."""
    participant = Participant.objects.filter(study=study, record=record).first()
    return _of_study(study, record, participant, on_their_way(record))


def _of_study(
    study: Study, record: SourceRecord, participant: Participant | None, coming: Mapping[object, Answer]
) -> OfStudy:
    plan, latest = plans.plan_of(study), history.latest_of(record, study)
    keys = {each.key: each.text for each in plan.scopes}
    more = {key: "" for key, row in latest.items() if key not in keys and row.agreed is not None}
    return OfStudy(
        study=study,
        participant=participant,
        asked=tuple(
            asked_of(key, text, latest.get(key), key in keys, coming.get((study.remote_id, key)))
            for key, text in (keys | more).items()
        ),
    )


def asked_of(
    key: Scope, text: str, row: Decision | None, is_asked_for: bool, coming: Answer | None = None
) -> Asked:
    """One kind of data as a row of the history says it stands, or none."""
    return Asked(
        system=key[0],
        code=key[1],
        words=words_of(*key, text),
        answer=_ANSWERS[row.agreed if row is not None else None],
        decided_at=row.decided_at if row is not None else None,
        seen_at=row.seen_at if row is not None else None,
        is_asked_for=is_asked_for,
        coming=coming,
    )


def on_their_way(record: SourceRecord) -> dict[object, Answer]:
    """Study's number and kind of data → the answer that is being written; what cannot be read is left out."""
    found: dict[object, Answer] = {}
    rows = Operation.objects.filter(record=record, kind=Kind.DECIDE, state__in=queue.OPEN)
    for row in rows.defer(*queue.SEALED).order_by("pk"):
        wish = wish_of(row)
        if isinstance(wish, Decide):
            found[wish.study_id, wish.scope] = _ANSWERS[wish.agreed]
    return found
