"""What happened to a person's records: values that changed, links made and undone; newest first.

Values are personal data: only records within reach are told of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q

from integrations.registry import label_of
from patients.matching.fields import Field
from patients.models import Link, Patient, RecordChange, SourceRecord
from portal.accounts.models import User

from . import visibility
from .change_words import change_label, change_words
from .editing import former
from .editing.former import Hidden
from .visibility import Reach

PAGE = 20
MOST_FORMER = 50  # changes of one person that are looked through for former names


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One field that changed, in words; empty for nothing."""

    label: str
    before: str = field(repr=False)
    after: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that happened. ``by`` is a name, or the portal's; ``evidence`` says why it was believed."""

    at: datetime
    title: str
    changes: tuple[Change, ...] = field(default=(), repr=False)
    by: str = ""
    reason: str = field(default="", repr=False)
    evidence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """One page of it. ``number`` counts from 1."""

    entries: tuple[Entry, ...] = field(repr=False)
    number: int = 1
    has_older: bool = False

    @property
    def newer(self) -> int:
        """The number of the page before; 0 on the first."""
        return self.number - 1

    @property
    def older(self) -> int:
        """The number of the page after; 0 on the last."""
        return self.number + 1 if self.has_older else 0


def history_of(patient: Patient, reach: Reach, *, by: User, number: int = 1) -> History:
    """One page of what happened, the latest first; without what is hidden from who reads it."""
    ends = number * PAGE
    rows = visibility.records(reach).filter(Q(patient=patient) | Q(links__patient=patient)).distinct()
    records = {row.pk: row for row in rows.defer("held")}
    own = [pk for pk, row in records.items() if row.patient_id == patient.pk]
    everything = [
        *_changes(own, records, most=ends + 1, hidden=former.hidden_from(by, patient)),
        *_links(patient, records, most=ends + 1),
        *(_gone(records[pk], at) for pk in own if (at := records[pk].vanished_at)),
    ]
    everything.sort(key=lambda each: each.at, reverse=True)
    page = everything[ends - PAGE : ends]
    return History(entries=tuple(page), number=number, has_older=len(everything) > ends)


def former_names(patient: Patient, records: Sequence[int], *, by: User) -> dict[tuple[str, str], list[str]]:
    """System and id → names that a record of a person held earlier, the latest first, as the index saw them
    change; without those that are hidden from who reads it."""
    hidden = former.hidden_from(by, patient)
    found: dict[tuple[str, str], list[str]] = {}
    rows = RecordChange.objects.filter(record__in=records).select_related("record").defer("record__held")
    for change in rows.order_by("-seen_at", "-pk")[:MOST_FORMER]:
        for name in _NAMES:
            before, after = change.changes.get(name) or (None, None)
            is_another = bool(before) and str(before).casefold() != str(after or "").casefold()
            if is_another and not hidden.covers(name, before):
                key = (change.record.system, change.record.remote_id)
                words = f"{before} ({Field(name).label})"
                if words not in found.setdefault(key, []):
                    found[key].append(words)
    return found


_NAMES = ("family_name", "given_name")


def _changes(
    own: Sequence[int], records: Mapping[int, SourceRecord], *, most: int, hidden: Hidden
) -> Iterator[Entry]:
    for row in RecordChange.objects.filter(record__in=own).order_by("-seen_at", "-pk")[:most]:
        shown = former.told(row.changes, hidden)
        if not shown:
            continue
        yield Entry(
            at=row.seen_at,
            title=f"Changed in {label_of(records[row.record_id].system)}",
            changes=tuple(
                Change(
                    label=change_label(name),
                    before=change_words(name, before),
                    after=change_words(name, after),
                )
                for name, (before, after) in shown.items()
            ),
        )


def _gone(row: SourceRecord, at: datetime) -> Entry:
    return Entry(at=at, title=f"Record {row.remote_id} was not found any more in {label_of(row.system)}")


def _links(patient: Patient, records: Mapping[int, SourceRecord], *, most: int) -> Iterator[Entry]:
    involved = Q(patient=patient) | Q(came_from=patient) | Q(record__patient=patient)
    links = Link.objects.filter(involved, record__in=records.keys()).select_related("made_by", "undone_by")
    for link in links.order_by("-made_at", "-pk")[:most]:
        record = f"{label_of(records[link.record_id].system)} record {records[link.record_id].remote_id}"
        yield Entry(
            at=link.made_at,
            title=f"{record} was linked with this person",
            by=_who(link.made_by, rule=link.rule),
            reason=link.reason,
            evidence=_evidence(link.evidence, records.values()),
        )
        if link.undone_at is not None:
            yield Entry(
                at=link.undone_at,
                title=f"The link of {record} was undone",
                by=_who(link.undone_by),
                reason=link.undone_reason,
            )


def _who(user: User | None, *, rule: str = "") -> str:
    if user is not None:
        return user.get_full_name() or str(user)
    return f"the portal, by rule: the same {rule}" if rule else "the portal"


def _evidence(evidence: Mapping[str, Any], within: Iterable[SourceRecord]) -> str:
    """What a link rested on, field by field; the record beside it only where that is within reach."""
    levels = evidence.get("levels") or {}
    said = [f"{_field(name)} {_LEVELS.get(level, level)}" for name, level in levels.items()]
    known = {str(row): f"{label_of(row.system)} record {row.remote_id}" for row in within}
    beside = known.get(str(evidence.get("beside") or ""), "")
    return "; ".join(filter(None, [", ".join(said), f"compared with {beside}" if beside and said else ""]))


_LEVELS = {"exact": "the same", "nickname": "a nickname", "different": "different", "near": "nearly the same"}


def _field(name: str) -> str:
    return Field(name).label if name in set(Field) else name.replace("_", " ")
