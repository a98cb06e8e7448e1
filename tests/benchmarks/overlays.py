"""Whether an edit that writes one person over another is stopped, and honest edits are left alone.

People are made up (``population``), each with a record as a system holds it, errors included. Three kinds of
overlay put somebody else into it: a stranger, a relative of the same home, and a namesake (of one name, or of
one surname with a given name near to it). Honest edits mend typing errors, change the surname at a marriage,
change the address, or two of these at once. One JSON line: ``stopped`` is of the overlays that change
two or more of surname, given name, birth date and NHS number; ``disturbed`` of the honest edits;
each with 95 % bounds (Wilson), all together and by kind. It fails where fewer than :data:`LEAST_STOPPED` of
the overlays are stopped, or more than :data:`MOST_DISTURBED` of the honest edits are.

    make bench-overlays                    on 500 overlays and 1,000 honest edits
    BENCH_TIMES=12 make bench-overlays     twelve times as many; BENCH_SEED=11 draws others
"""

from __future__ import annotations

import json
import os
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from itertools import cycle, islice
from random import Random

from integrations.types import Address, RemotePatient
from integrations.writes import Details, Part, details_of
from patients.entering.editing import changed
from patients.entering.overwriting import is_still_the_same_person
from patients.matching.contact import show_phone
from patients.matching.levels import Level, name_level
from patients.matching.names import compact, fold

from .index import wilson
from .population import FINAL_SEEDS, Known, Population
from .population.homes import address_of
from .population.slips import misheard, misread, typing_slip
from .population.wrong_dates import day_and_month_swapped, one_digit_wrong, one_year_off

RECORDS = 60_000
OVERLAYS = 500
HONEST = 1_000
LEAST_STOPPED = 0.99
MOST_DISTURBED = 0.02
COUNTRY = "GB"

Slip = Callable[[str, Random], str | None]


@dataclass(frozen=True, slots=True)
class Edit:
    """A record's details before and after."""

    kind: str
    before: Details = field(repr=False)
    after: Details = field(repr=False)

    @property
    def changes(self) -> frozenset[Part]:
        """Which of the four it changes."""
        one, other = self._identity(self.before), self._identity(self.after)
        return frozenset(part for part in one if one[part] != other[part])

    @staticmethod
    def _identity(details: Details) -> dict[Part, object]:
        """The four, whatever their case, accents and spacing."""
        return {
            Part.FAMILY_NAME: compact(details.family_name),
            Part.GIVEN_NAME: compact(details.given_name),
            Part.BIRTH_DATE: details.birth_date,
            Part.NHS_NUMBER: details.nhs_number,
        }


class Crowd:
    """People by home and by surname, to find somebody else for a record."""

    def __init__(self, people: Sequence[Known]) -> None:
        self.people = [each for each in people if each.copies]
        self._homes: dict[int, list[Known]] = defaultdict(list)
        self._surnames: dict[str, list[Known]] = defaultdict(list)
        for each in self.people:
            self._homes[each.person.household].append(each)
            self._surnames[fold(each.person.surname)].append(each)

    def stranger(self, known: Known, chance: Random) -> Known | None:
        """Anybody."""
        return _other(known, chance, self.people)

    def relative(self, known: Known, chance: Random) -> Known | None:
        """Somebody of the same home and the same surname."""
        home = self._homes[known.person.household]
        return _other(known, chance, [each for each in home if each.person.surname == known.person.surname])

    def namesake(self, known: Known, chance: Random) -> Known | None:
        """Somebody else of the surname, whose given name is the same or near."""
        person = known.person
        near = [
            each
            for each in self._surnames[fold(person.surname)]
            if each.person.household != person.household
            and name_level(fold(each.person.given), fold(person.given)) in (Level.EXACT, Level.NEAR)
        ]
        return _other(known, chance, near)


def _other(known: Known, chance: Random, among: Sequence[Known]) -> Known | None:
    others = among if len(among) > 100 else [each for each in among if each is not known]
    found = chance.choice(others) if others else None
    return None if found is known else found


# --- overlays -------------------------------------------------------------------------------


def overlays(crowd: Crowd, chance: Random, wanted: int) -> Iterator[Edit]:
    """As many overlays of each kind in turn as are wanted, all of which change two or more of the four."""
    kinds = {"stranger": crowd.stranger, "relative": crowd.relative, "namesake": crowd.namesake}
    for kind, find in islice(cycle(kinds.items()), wanted):
        yield _drawn(partial(_overlay, kind, find, crowd, chance), lambda edit: len(edit.changes) > 1)


def _overlay(
    kind: str, find: Callable[[Known, Random], Known | None], crowd: Crowd, chance: Random
) -> Edit | None:
    known = chance.choice(crowd.people)
    other = find(known, chance)
    if other is None:
        return None
    record, theirs = _record(known, chance), _record(other, chance)
    before, after = details_of(record), details_of(theirs)
    if record.system != "jump":
        after = replace(after, nhs_number="")  # no place for it there
    return Edit(kind, before, after)


# --- honest edits ---------------------------------------------------------------------------


def honest(crowd: Crowd, chance: Random, wanted: int) -> Iterator[Edit]:
    """Honest edits of each kind in turn; each changes something."""
    for kind in islice(cycle(_HONEST), wanted):
        yield _drawn(
            partial(_edited, kind, crowd, chance),
            lambda edit: bool(changed(edit.before, edit.after, country=COUNTRY).parts),
        )


def _edited(kind: str, crowd: Crowd, chance: Random) -> Edit | None:
    """What is true now against what a record held. Where a name is mended, the record had the slip."""
    known = chance.choice(crowd.people)
    true = replace(details_of(_record(known, chance)), **_truth(known))  # type: ignore[arg-type]
    before = true
    for make in _HONEST[kind]:
        made = make(before, known, chance)
        if made is None:
            return None
        before = made
    return Edit(kind, before, true)


def _truth(known: Known) -> dict[str, object]:
    person = known.person
    return {"given_name": person.given, "family_name": person.surname, "birth_date": person.birth_date}


def _slipped_name(true: Details, known: Known, chance: Random) -> Details | None:
    part = chance.choice((Part.GIVEN_NAME, Part.FAMILY_NAME))
    slip: Slip = chance.choice((typing_slip, typing_slip, misheard, misread))
    wrong = slip(getattr(true, part), chance)
    return replace(true, **{part.value: wrong}) if wrong else None  # type: ignore[arg-type]


def _slipped_date(true: Details, known: Known, chance: Random) -> Details | None:
    born = known.person.birth_date
    wrong = chance.choice(
        (
            lambda: day_and_month_swapped(born),
            lambda: one_digit_wrong(born, chance),
            lambda: one_year_off(born, chance),
        )
    )()
    return replace(true, birth_date=wrong) if wrong else None


def _unknown_date(true: Details, known: Known, chance: Random) -> Details | None:
    born = known.person.birth_date
    return replace(true, birth_date=chance.choice((date(1900, 1, 1), date(born.year, 1, 1))))


def _slipped_number(true: Details, known: Known, chance: Random) -> Details | None:
    number = known.person.nhs_number
    if not (true.nhs_number and number):
        return None
    at = chance.randrange(3, 9)
    other = chance.choice("0123456789".replace(number[at], ""))
    turned = f"{number[:at]}{number[at + 1]}{number[at]}{number[at + 2 :]}"
    wrong = turned if chance.random() < 0.5 else f"{number[:at]}{other}{number[at + 1 :]}"
    return replace(true, nhs_number=wrong) if wrong != number else None


def _before_marriage(true: Details, known: Known, chance: Random) -> Details | None:
    earlier = known.person.earlier_surname
    return replace(true, family_name=earlier) if earlier else None


def _before_move(true: Details, known: Known, chance: Random) -> Details | None:
    former: Address = address_of(known.person.earlier_home, chance.random() < 0.5)
    phone = show_phone(known.person.landline, COUNTRY)
    return replace(true, address=former, home_phone=phone)


_HONEST: dict[str, tuple[Callable[[Details, Known, Random], Details | None], ...]] = {
    "name mended": (_slipped_name,),
    "birth date mended": (_slipped_date,),
    "birth date filled in": (_unknown_date,),
    "NHS number mended": (_slipped_number,),
    "marriage": (_before_marriage,),
    "move": (_before_move,),
    "marriage and move": (_before_marriage, _before_move),
    "name and birth date mended": (_slipped_name, _slipped_date),
    "marriage, birth date mended": (_before_marriage, _slipped_date),
}


# --- drawing and judging ----------------------------------------------------------------------


def _record(known: Known, chance: Random) -> RemotePatient:
    return chance.choice(known.copies).record


def _drawn(make: Callable[[], Edit | None], fits: Callable[[Edit], bool]) -> Edit:
    while True:
        edit = make()
        if edit is not None and fits(edit):
            return edit


def judged(edits: Sequence[Edit]) -> dict[str, dict[str, float]]:
    """How many are stopped, with bounds; all and by kind."""
    by_kind: dict[str, list[bool]] = defaultdict(list)
    for edit in edits:
        stopped = is_still_the_same_person(edit.before, edit.after).stops
        by_kind["all"].append(stopped)
        by_kind[edit.kind].append(stopped)
    return {kind: _share(stopped) for kind, stopped in by_kind.items()}


def _share(stopped: Sequence[bool]) -> dict[str, float]:
    low, high = wilson(sum(stopped), len(stopped))
    return {
        "of": len(stopped),
        "share": round(sum(stopped) / len(stopped), 4),
        "low": round(max(low, 0.0), 4),
        "high": round(min(high, 1.0), 4),
    }


def main() -> int:
    """Draw, judge and print; 1 where a bound is missed."""
    times = int(os.environ.get("BENCH_TIMES", 1))
    seed = int(os.environ.get("BENCH_SEED", FINAL_SEEDS[0]))
    crowd = Crowd(list(Population(records=RECORDS, seed=seed).people()))
    chance = Random(seed)
    bad = list(overlays(crowd, chance, OVERLAYS * times))
    good = list(honest(crowd, chance, HONEST * times))
    stopped, disturbed = judged(bad), judged(good)
    line = {"benchmark": "overlays", "seed": seed, "stopped": stopped, "disturbed": disturbed}
    print(json.dumps(line), flush=True)  # noqa: T201
    reached = stopped["all"]["share"] >= LEAST_STOPPED and disturbed["all"]["share"] <= MOST_DISTURBED
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
