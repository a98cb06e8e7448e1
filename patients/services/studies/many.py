"""Asking for one thing for many people at once: an outcome for each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from patients.models import Bulk, Operation, SourceRecord, Study
from patients.services.operations import bulks, recording
from patients.services.operations.bulks import Part
from patients.services.operations.wishes import Wish
from patients.services.visibility import Reach
from portal.accounts.models import User

from . import allowed
from .allowed import Because, Refusal, Refused

MEANWHILE = Refusal(
    because=Because.GONE,
    sentence="The record is not there any more, went to somebody else, or has left the study.",
    step="Look at the person's page again.",
)
Planned = Wish | Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of asking for one person: an operation, or why there is none."""

    record: SourceRecord = field(repr=False)
    operation: Operation | None = None
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedMany:
    """What came of asking for many, in their order. ``bulk`` is ``None`` where nothing was asked for."""

    bulk: Bulk | None
    outcomes: tuple[Outcome, ...]

    @property
    def refused(self) -> tuple[Outcome, ...]:
        """Those for whom nothing was asked."""
        return tuple(each for each in self.outcomes if each.operation is None)


def ask(planned: Planned, record: SourceRecord, *, by: User, reason: str = "") -> Operation:
    """Ask for one. Raises :class:`Refused` and ``Forbidden``."""
    if isinstance(planned, Refusal):
        raise Refused(planned)
    try:
        return recording.ask(planned, record=record, by=by, reason=reason)
    except recording.Nobody:
        raise Refused(MEANWHILE) from None


def ask_many(
    study: Study, records: Sequence[SourceRecord], plan: Callable[[SourceRecord], Planned], *, label: str,
    by: User, reach: Reach, reason: str = "",
) -> AskedMany:  # fmt: skip
    """Ask for each record once, as one bulk. Raises :class:`Refused` where the asker may change nothing in
    the study; what stands against one person is that person's outcome. Whoever was cut off at the same
    before begins anew. ``reason`` is for the trail."""
    allowed.require(study, by=by, reach=reach)
    label = label[:200]
    bulks.cancel_cut_off(system=study.system, organization=study.organization, label=label, by=by)
    each_once = list({record.pk: record for record in records}.values())
    planned = [plan(record) for record in each_once]
    parts = [
        Part(wish, record=record, reason=reason)
        for record, wish in zip(each_once, planned, strict=True)
        if not isinstance(wish, Refusal)
    ]
    asked = bulks.ask(parts, system=study.system, label=label, by=by) if parts else None
    made = iter(asked.outcomes if asked else ())
    return AskedMany(
        bulk=asked.bulk if asked else None,
        outcomes=tuple(
            _outcome(record, wish if isinstance(wish, Refusal) else next(made))
            for record, wish in zip(each_once, planned, strict=True)
        ),
    )


def _outcome(record: SourceRecord, came: bulks.Outcome) -> Outcome:
    if isinstance(came, Operation):
        return Outcome(record=record, operation=came)
    return Outcome(record=record, refusal=came if isinstance(came, Refusal) else MEANWHILE)
