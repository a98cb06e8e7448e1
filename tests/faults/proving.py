"""That the judge finds what is wrong: after a run losses, doubles and wrong values are planted in a copy of
what the systems hold, one at a time and of every kind of write, and each has to be found where it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from .intents import Held, Intent
from .judging import Key, Kind, judge

WRONG = "planted"
State = Mapping[Key, Held]


def missed(intents: Sequence[Intent], before: State, after: State) -> list[str]:
    """What was planted and not found as what it is; empty where the judge can be trusted."""
    return [
        f"{planted} of {intent.kind} was not found"
        for intent in _samples(intents)
        for planted, state in _plants(intent, intents, before, after)
        if [(each.kind, each.intent.number) for each in judge(intents, before, state)]
        != [(planted, intent.number)]
    ]


def _samples(intents: Sequence[Intent]) -> list[Intent]:
    """One write of every kind, the last one of its record."""
    last: dict[tuple[str, str], Intent] = {}
    for each in intents:
        if each.answered and each.state == "done":
            last[each.system, each.record or each.person] = each
    return list({each.kind: each for each in last.values()}.values())


def _plants(
    intent: Intent, intents: Sequence[Intent], before: State, after: State
) -> Iterator[tuple[Kind, State]]:
    if intent.creates:
        key = next(key for key, each in after.items() if _is_of(each, intent))
        yield Kind.LOST, {other: each for other, each in after.items() if other != key}
        double = replace(after[key], id="planted")
        yield Kind.DUPLICATED, {**after, (intent.system, "planted"): double}
        yield Kind.WRONG_VALUE, _with(after, key, intent.effects[0].field, lambda _: WRONG)
        return
    key = (intent.system, intent.record)
    if intent.deletes:
        yield Kind.LOST, {**after, key: before[key]}
        fields = before[key].fields
        in_part = {name: [] if isinstance(each, list) else each for name, each in fields.items()}
        yield Kind.WRONG_VALUE, {**after, key: replace(before[key], fields=in_part)}
        written = {(each.system, each.record) for each in intents}
        beside = next(other for other in before if other in after and other not in written)
        yield Kind.WRONG_VALUE, {other: each for other, each in after.items() if other != beside}
        return
    name = intent.effects[0].field
    yield Kind.LOST, _with(after, key, name, lambda _: before[key].fields.get(name))
    held = after[key].fields[name]
    if isinstance(held, list):
        yield Kind.DUPLICATED, _with(after, key, name, lambda _: [*held, held[-1]])
        yield Kind.WRONG_VALUE, _with(after, key, name, lambda _: [*held, WRONG])
    else:
        yield Kind.WRONG_VALUE, _with(after, key, name, lambda _: WRONG)


def _is_of(held: Held, intent: Intent) -> bool:
    return held.system == intent.system and held.family == intent.person


def _with(state: State, key: Key, name: str, change: Callable[[object], object]) -> State:
    held = state[key]
    fields = {**held.fields, name: change(held.fields.get(name))}
    return {**state, key: replace(held, fields=fields)}
