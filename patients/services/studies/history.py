"""The history of decisions: a row for every state that was seen or made, never changed and never deleted.

The system knows how a decision stands now, and forgets it when its study is left; this is what stays. A row
is appended where the state is another than the latest row's, so that reading again appends nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef

from integrations.holdings import ScopeConsent
from patients.models import Decision, Operation, Participant, Patient, SourceRecord, Study
from patients.services.operations.wishes import Kind

from . import authority as authorities
from .authority import Authority

Scope = tuple[str, str]  # system and code
How = Decision.How


# --- keeping --------------------------------------------------------------------------------


@transaction.atomic
def note_read(
    record: SourceRecord, study: Study, scopes: Iterable[ScopeConsent], now: datetime
) -> list[Decision]:
    """Keep what a reading shows of one record's decisions in one study, where it is news; the rows that are
    new. A kind of data that was never decided is none; one that the reading does not show stays as it was."""
    _hold(record)
    latest = latest_of(record, study)
    rows = [
        _row(record, study, each, seen_at=now, how=How.READ)
        for each in scopes
        if _is_news(each, latest.get((each.system, each.code)))
    ]
    return Decision.objects.bulk_create(rows)


@transaction.atomic
def note_before_leaving(
    operation: Operation, scopes: Mapping[Study, Sequence[ScopeConsent]], now: datetime
) -> None:
    """Keep what is decided in studies that are about to be left, known already or not: once for each
    operation, however often it is tried."""
    record = _record(operation)
    _hold(record)
    for study, decided in scopes.items():
        latest = latest_of(record, study)
        rows = [
            _row(record, study, each, seen_at=now, how=How.BEFORE_LEAVING, operation=operation)
            for each in decided
            if each.agreed is not None and not _is_kept(each, latest.get((each.system, each.code)), operation)
        ]
        Decision.objects.bulk_create(rows)


def note_left(operation: Operation, studies: Iterable[Study], now: datetime) -> None:
    """The studies were left: from now on nothing is decided there. Inside the transaction that says so."""
    record = _record(operation)
    _hold(record)
    for study in studies:
        Decision.objects.bulk_create(
            Decision(
                record=record, study=study, scope_system=system, scope_code=code, agreed=None,
                seen_at=now, how=How.WRITTEN, operation=operation,
            )
            for (system, code), row in latest_of(record, study).items()
            if row.agreed is not None
        )  # fmt: skip


def note_written(
    operation: Operation, study: Study, decided: ScopeConsent, authority: Authority, now: datetime
) -> None:
    """A decision was written, or stood already as it was to be: by whose authority. Inside the transaction
    that ends the operation."""
    record = _record(operation)
    _hold(record)
    row = _row(record, study, decided, seen_at=now, how=How.WRITTEN, operation=operation)
    row.authority = authorities.to_keep(authority)
    row.save()


def _hold(record: SourceRecord) -> None:
    """Hold the record until the transaction ends: of two who see the same at once, one appends it."""
    SourceRecord.objects.select_for_update(of=("self",), no_key=True).values("pk").get(pk=record.pk)


def _record(operation: Operation) -> SourceRecord:
    record: SourceRecord | None = operation.record
    assert record is not None  # noqa: S101 (a decision is one of a record)
    return record


def _row(
    record: SourceRecord, study: Study, scope: ScopeConsent, *, seen_at: datetime, how: str,
    operation: Operation | None = None,
) -> Decision:  # fmt: skip
    return Decision(
        record=record, study=study, scope_system=scope.system, scope_code=scope.code, agreed=scope.agreed,
        decided_at=scope.decided_at, seen_at=seen_at, how=how, operation=operation,
    )  # fmt: skip


def _is_news(scope: ScopeConsent, latest: Decision | None) -> bool:
    if latest is None or latest.agreed is None:
        return scope.agreed is not None
    return _state(scope) != (latest.agreed, latest.decided_at)


def _is_kept(scope: ScopeConsent, latest: Decision | None, operation: Operation) -> bool:
    """Whether this operation has kept it before, in an earlier try."""
    if latest is None or latest.operation_id != operation.pk:
        return False
    return _state(scope) == (latest.agreed, latest.decided_at)


def _state(scope: ScopeConsent) -> tuple[bool | None, datetime | None]:
    return scope.agreed, scope.decided_at


# --- reading --------------------------------------------------------------------------------


def latest_of(record: SourceRecord, study: Study) -> dict[Scope, Decision]:
    """How each kind of data stood last, without what was read of authority."""
    rows = Decision.objects.filter(record=record, study=study).defer("authority").order_by("pk")
    return {(row.scope_system, row.scope_code): row for row in rows}


def decided_elsewhere(
    record: SourceRecord, study: Study, scopes: Iterable[ScopeConsent]
) -> list[ScopeConsent]:
    """Those of some decisions, as the system holds them, that were not written from here; none while one may
    have been written of which nothing is kept yet."""
    writing = Operation.objects.filter(record=record, kind=Kind.DECIDE, ended_at=None)
    if writing.exclude(left_at=None).exists():
        return []
    latest = latest_of(record, study)
    ours = {scope for scope, row in latest.items() if row.how == How.WRITTEN}
    return [each for each in scopes if each.agreed is not None and (each.system, each.code) not in ours]


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """Records that are said to be one person's, of which some agreed and others declined the same kind of
    data in the same study. Nothing is copied from one to the other: a person is asked."""

    study: Study
    scope: Scope
    agreed: tuple[SourceRecord, ...] = field(repr=False)
    declined: tuple[SourceRecord, ...] = field(repr=False)

    def among(self, records: Collection[int]) -> Disagreement | None:
        """What is left of it between some records, by our ids."""
        agreed, declined = (
            tuple(each for each in side if each.pk in records) for side in (self.agreed, self.declined)
        )
        return replace(self, agreed=agreed, declined=declined) if agreed and declined else None


def disagreements(patient: Patient) -> tuple[Disagreement, ...]:
    """Where decisions of a person's records stand against each other, as their records are linked now and
    in studies in which they take part now: what was decided in one that was left, nobody can settle.

    Nothing is stored of it: where a link is undone, each record's decisions are what they were.
    """
    takes_part = Participant.objects.filter(record=OuterRef("record"), study=OuterRef("study"), left_at=None)
    rows = Decision.objects.filter(Exists(takes_part), record__patient=patient, record__vanished_at=None)
    latest: dict[tuple[int, Scope], dict[int, Decision]] = {}
    for row in rows.defer("authority").select_related("record", "study").defer("record__held").order_by("pk"):
        key = (row.study_id, (row.scope_system, row.scope_code))
        latest.setdefault(key, {})[row.record_id] = row
    return tuple(_disagreeing(latest))


def _disagreeing(latest: Mapping[tuple[int, Scope], Mapping[int, Decision]]) -> Iterator[Disagreement]:
    for (_, scope), by_record in sorted(latest.items()):
        rows = list(by_record.values())
        agreed, declined = (tuple(row.record for row in rows if row.agreed is said) for said in (True, False))
        if agreed and declined:
            yield Disagreement(study=rows[0].study, scope=scope, agreed=agreed, declined=declined)
