"""The list of what was asked for against what the systems hold: lost, doubled, wrong.

Pure. A write that was held or refused is counted as such; of what such a write may have touched nothing
is claimed, except that a refused creation must have left no record. One that waits behind such a write
must have done nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from .intents import OPEN_TO_PEOPLE, Held, Intent

Key = tuple[str, str]  # system and record


UNDONE = ("refused", "behind")


class Kind(StrEnum):
    """What can be wrong with a write; the names are those of the JSON line."""

    LOST = "lost"
    DUPLICATED = "duplicated"
    WRONG_VALUE = "wrong_value"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, and the intent that it is counted with."""

    kind: Kind
    intent: Intent
    field: str = ""

    def __str__(self) -> str:
        """A line for whoever looks into it; made-up people only, and still no values."""
        where = f"{self.intent.kind} × {self.intent.fault}"
        return (
            f"{self.kind} {self.field} · {where} · intent {self.intent.number} {self.intent.operation} "
            f"record {self.intent.record or '-'} ({self.intent.state} {self.intent.why})"
        )


def judge(intents: Sequence[Intent], before: Mapping[Key, Held], after: Mapping[Key, Held]) -> list[Finding]:
    """Everything that is wrong. ``before`` are the records as they were put in, ``after`` as they are."""
    answered = [each for each in intents if each.answered]
    by_family: dict[Key, list[Held]] = defaultdict(list)
    for held in after.values():
        by_family[held.system, held.family].append(held)
    findings = [
        finding
        for each in answered
        if each.creates
        for finding in _creation(each, by_family[each.system, each.person])
    ]
    changed: dict[Key, list[Intent]] = defaultdict(list)
    for each in answered:
        if not each.creates:
            changed[each.system, each.record].append(each)
    for key, asked in changed.items():
        findings += _changes(sorted(asked, key=lambda each: each.number), before[key], after.get(key))
    return [*findings, *_bystanders(intents, before.keys() - after.keys())]


def _creation(intent: Intent, found: Sequence[Held]) -> Iterator[Finding]:
    if len(found) > 1:
        yield Finding(Kind.DUPLICATED, intent)
    if intent.state in UNDONE and found:
        yield Finding(Kind.WRONG_VALUE, intent, f"{intent.state}, and there")
    if intent.state in OPEN_TO_PEOPLE:
        return
    if not found:
        yield Finding(Kind.LOST, intent)
        return
    for effect in intent.effects:
        if any(each.fields.get(effect.field) != effect.value for each in found):
            yield Finding(Kind.WRONG_VALUE, intent, effect.field)


def _changes(asked: Sequence[Intent], before: Held, after: Held | None) -> Iterator[Finding]:
    """What is wrong with one record after several changes, in the order in which they were asked for."""
    if asked[-1].deletes:
        yield from _deletion(asked[-1], before, after)
        return
    if after is None:
        yield Finding(Kind.LOST, asked[-1], "the whole record")
        return
    wanted, last = dict(before.fields), {}
    open_fields = set()
    for intent in (each for each in asked if each.state != "behind"):
        for effect in intent.effects:
            if intent.state in OPEN_TO_PEOPLE:
                open_fields.add(effect.field)
            wanted[effect.field] = effect.on(wanted.get(effect.field))
            last[effect.field] = intent
    for name in sorted({*wanted, *after.fields} - open_fields):
        kind = _compared(before.fields.get(name), wanted.get(name), after.fields.get(name), name in last)
        if kind is not None:
            yield Finding(kind, last.get(name, asked[-1]), name)


def _deletion(intent: Intent, before: Held, after: Held | None) -> Iterator[Finding]:
    """What is wrong with a record that was to be deleted: it is there still, or it is there in part."""
    if intent.state in UNDONE and after is None:
        yield Finding(Kind.WRONG_VALUE, intent, f"{intent.state}, and gone")
    if intent.state in OPEN_TO_PEOPLE or after is None:
        return
    is_as_before = dict(after.fields) == dict(before.fields)
    yield Finding(Kind.LOST if is_as_before else Kind.WRONG_VALUE, intent, "the whole record")


def _bystanders(intents: Sequence[Intent], gone: Iterable[Key]) -> Iterator[Finding]:
    """Records that are gone and that nobody has written about; the last deletion is blamed."""
    written = {(each.system, each.record) for each in intents}
    deletions = [each for each in intents if each.answered and each.deletes and each.state == "done"]
    for system, record in set(gone) - written:
        blamed = [each for each in deletions if each.system == system] or list(intents)
        yield Finding(Kind.WRONG_VALUE, blamed[-1], f"somebody else's record, {record}")


def _compared(before: Any, wanted: Any, held: Any, is_touched: bool) -> Kind | None:
    if held == wanted:
        return None
    if isinstance(held, list):
        return _compared_lists(before or [], wanted or [], held)
    return Kind.LOST if is_touched and held == before else Kind.WRONG_VALUE


def _compared_lists(before: list[Any], wanted: list[Any], held: list[Any]) -> Kind:
    """Lost is what was to come and has not, or was to go and is there; all else is somebody's mistake."""
    if any(count > 1 for count in Counter(held).values()):
        return Kind.DUPLICATED
    missing, too_much = set(wanted) - set(held), set(held) - set(wanted)
    is_as_before = not missing & set(before) and too_much <= set(before)
    return Kind.LOST if is_as_before else Kind.WRONG_VALUE


def counts(findings: Iterable[Finding]) -> dict[str, int]:
    """How many of each kind."""
    found = Counter(each.kind for each in findings)
    return {kind.value: found[kind] for kind in Kind}
