"""Needs and alerts, before everything else on a page: what is recorded, and whether "nothing" can be said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from .answers import KeptRecord
from .contents import ALERT_FIELDS, ALERTS
from .rows import Row, Source, Standing, row_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """What is to be known of one record beside the alerts shown. ``kind``: none (nothing is recorded there),
    asking (that is being checked) or unread (that cannot be told)."""

    kind: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerts:
    """Every need and alert of a person, and for each record without one how sure that is."""

    rows: tuple[Row, ...] = field(repr=False)
    silences: tuple[Silence, ...] = ()

    @property
    def is_certain(self) -> bool:
        """Whether every record was read now, and whole."""
        return all(each.kind == "none" for each in self.silences)


def alerts_of(kept: Sequence[KeptRecord], sources: Sequence[Source]) -> Alerts:
    """The needs and alerts in a person's records. None is left out because another record has none."""
    records = [each.record for each in kept]
    rows = [row_of(label, values, records, sources) for label, values in ALERTS]
    silences = [_silence(each, source) for each, source in zip(kept, sources, strict=True)]
    return Alerts(
        rows=tuple(row for row in rows if row.is_held),
        silences=tuple(each for each in silences if each is not None),
    )


def _silence(kept: KeptRecord, source: Source) -> Silence | None:
    label = source.system_label
    unread = [words for name, words in ALERT_FIELDS.items() if name in kept.record.unread]
    if unread:
        names = " and ".join(unread)
        return Silence(
            kind="unread",
            sentence=f"{label} holds something under {names} that cannot be read here. Look there.",
        )
    has_some = any(any(values(kept.record)) for _, values in ALERTS)
    if source.standing is Standing.ASKING:
        return Silence(kind="asking", sentence=_being_checked(kept, source, has_some=has_some))
    if not kept.record.complete:
        return Silence(
            kind="unread",
            sentence=f"{label} could not be read whole: whether it holds needs or alerts is not known.",
        )
    if source.standing is Standing.OLD:
        return Silence(
            kind="unread",
            sentence=f"{label} could not be read now: {_as_it_was(source, has_some=has_some)}. "
            "That may have changed.",
        )
    return None if has_some else Silence(kind="none", sentence=f"No needs or alerts recorded in {label}.")


def _being_checked(kept: KeptRecord, source: Source, *, has_some: bool) -> str:
    if not kept.record.complete:
        return f"{source.system_label} is being asked: its needs and alerts were never read whole."
    return f"{source.system_label} is being asked: {_as_it_was(source, has_some=has_some)}."


def _as_it_was(source: Source, *, has_some: bool) -> str:
    return f"what is shown of it is {source.age}" if has_some else f"none were recorded {source.age}"
