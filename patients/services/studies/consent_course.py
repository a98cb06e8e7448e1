"""How decisions came about: what the portal has seen and made, for the timeline and the study file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from patients.models import Decision, SourceRecord, Study
from patients.services.operations import queue
from portal.web.crypto import Undecryptable

from . import authority as authorities
from . import plans
from .authority import Authority
from .consents import Asked, asked_of

Scope = tuple[str, str]
TOGETHER = timedelta(minutes=10)  # decisions by one authority that are one entry
How = Decision.How
_SEALED = tuple(f"operation__{name}" for name in queue.SEALED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Decisions that became known together. ``by`` is who entered them here; empty where they were read."""

    study: Study
    at: datetime
    how: str
    by: str
    answers: tuple[Asked, ...] = field(repr=False)
    authority: Authority | None = field(default=None, repr=False)
    is_unreadable: bool = False  # by whose authority: the key is gone
    is_end: bool = False  # the study was left: nothing is decided there any more


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """A row of the history with what stands behind it."""

    row: Decision
    said: Authority | None = field(repr=False)
    is_unreadable: bool

    @property
    def key(self) -> Scope:
        return self.row.scope_system, self.row.scope_code

    @property
    def is_end(self) -> bool:
        return self.row.how == How.WRITTEN and self.row.agreed is None

    @property
    def by(self) -> str:
        operation = self.row.operation
        return str(operation.asked_by) if operation is not None and self.row.how == How.WRITTEN else ""

    def goes_with(self, other: _Known) -> bool:
        """Whether both became known together."""
        one, two = (
            (each.row.study_id, each.row.how, each.is_end, each.by, each.said, each.is_unreadable)
            for each in (self, other)
        )
        return one == two and self.row.seen_at - other.row.seen_at <= TOGETHER


def entries(record: SourceRecord, studies: Iterable[Study]) -> list[Entry]:
    """Every change that the portal has seen or made in these studies, those of one authority together, the
    earliest first."""
    by_id = {each.pk: each for each in studies}
    texts = {pk: {each.key: each.text for each in plans.plan_of(row).scopes} for pk, row in by_id.items()}
    found: list[list[_Known]] = []
    for each in _known(record, by_id):
        group = found[-1] if found else []
        is_again = any(other.key == each.key for other in group)
        if group and not is_again and each.goes_with(group[0]):
            group.append(each)
        else:
            found.append([each])
    return [_entry(group, by_id[group[0].row.study_id], texts) for group in found]


def _entry(group: Sequence[_Known], study: Study, texts: Mapping[int, Mapping[Scope, str]]) -> Entry:
    first, own = group[0], texts[study.pk]
    return Entry(
        study=study,
        at=group[-1].row.seen_at,
        how=first.row.how,
        by=first.by,
        answers=tuple(asked_of(each.key, own.get(each.key, ""), each.row, each.key in own) for each in group),
        authority=first.said,
        is_unreadable=first.is_unreadable,
        is_end=first.is_end,
    )


def _known(record: SourceRecord, studies: Iterable[int]) -> list[_Known]:
    rows = Decision.objects.filter(record=record, study__in=list(studies)).order_by("pk")
    found = list(rows.select_related("operation__asked_by").defer("authority", *_SEALED))
    said = authorities_of([row.pk for row in found if row.how == How.WRITTEN])
    return [
        _Known(row=row, said=said.get(row.pk), is_unreadable=row.pk in said and said[row.pk] is None)
        for row in found
    ]


def authorities_of(decisions: Sequence[int]) -> dict[int, Authority | None]:
    """Decision → by whose authority, for those that have one; ``None`` where it cannot be read any more."""
    rows = Decision.objects.filter(pk__in=decisions, authority__isnull=False)
    try:
        return {pk: authorities.kept(data) for pk, data in rows.values_list("pk", "authority")}
    except Undecryptable:
        return {row.pk: _authority(row) for row in rows.defer("authority")}


def _authority(row: Decision) -> Authority | None:
    try:
        return authorities.kept(row.authority)
    except Undecryptable:
        return None
