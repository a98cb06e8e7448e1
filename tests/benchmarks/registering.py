"""What the gate before registering finds, of people who are held already and of new ones.

* ``existing``: people whom the index holds are registered anew, with an error in the name and, in two
  of three, in the birth date, and what the desk asks for besides (telephone, e-mail, address, now and then
  the NHS number: as they are now, which no record need hold). ``silent``: nobody would be asked, and a
  second person would come to be unnoticed. ``first``: who was meant is the first of those shown.
* ``new``: people whom the index does not hold, every seventh of a family that it holds.
  ``interrupted`` are those for whom a reason would be asked; ``family`` those with a note about relatives.

    make bench-registering                              100,000 records on SQLite, 1,000 registrations of each
    BENCH_SIZES=10000 BENCH_EACH=200 make bench-registering
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from .index import wilson
from .index_fill import ORGANIZATION, fill
from .population import FINAL_SEEDS, QUERY_SEED_OFFSET, Known, Population
from .population.homes import address_of
from .population.misnaming import misname
from .population.wrong_dates import day_and_month_swapped, one_digit_wrong, one_year_off, two_parts_wrong
from .support import KEY

if TYPE_CHECKING:
    from integrations.writes import Details
    from patients.services.registering.passing import Doubt

EACH = 1_000
APART = 7  # one of so many people is left out of the index
NHS_GIVEN = 0.4
WRONG_DATES = (
    (0.25, lambda born, _: day_and_month_swapped(born)),
    (0.4, one_digit_wrong),
    (0.2, one_year_off),
    (0.15, two_parts_wrong),
)


@dataclass
class People:
    """Who is in the index, and who is left out of it to be new."""

    seed: int
    each: int
    held: list[Known] = field(default_factory=list)
    new: list[Known] = field(default_factory=list)
    whose: list[int] = field(default_factory=lambda: [0])

    def of(self, population: Population) -> Iterator[Known]:
        """Those who go into the index; a sample of both is drawn on the way."""
        chance = Random(self.seed)
        seen = Counter[str]()
        for known in population.people():
            is_new = known.person.number % APART == 0
            chosen = self.new if is_new else self.held
            seen[str(is_new)] += 1
            if len(chosen) < self.each:
                chosen.append(known)
            elif (at := int(chance.random() * seen[str(is_new)])) < self.each:
                chosen[at] = known
            if not is_new:
                self.whose.extend([known.person.number] * len(known.copies))
                yield known


def main() -> None:
    """One process a size."""
    for size in map(int, os.environ.get("BENCH_SIZES", "100000").split(",")):
        with tempfile.TemporaryDirectory() as folder:
            alone = get_context("spawn").Process(target=measure, args=(size, folder))
            alone.start()
            alone.join()
            if alone.exitcode:
                raise SystemExit(alone.exitcode)


def measure(records: int, folder: str) -> None:
    """Fill an index, and register people past it."""
    os.environ.update(
        DATABASE_URL=f"sqlite:///{Path(folder) / 'index.sqlite3'}",
        VAR_DIR=folder,
        SECRET_KEY="benchmark",
        ENCRYPTION_KEYS=KEY,
        DJANGO_SETTINGS_MODULE="portal.settings",
    )
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("createcachetable")
    seed = int(os.environ.get("BENCH_SEED", FINAL_SEEDS[1]))
    each = int(os.environ.get("BENCH_EACH", EACH))
    people = People(seed=seed + QUERY_SEED_OFFSET, each=each)
    fill(people.of(Population(records=records, seed=seed)), linked=True)
    head = {"benchmark": "registering", "records": records}
    print(json.dumps(head | _existing(people)), flush=True)  # noqa: T201
    print(json.dumps(head | _new(people)), flush=True)  # noqa: T201


def _existing(people: People) -> dict[str, object]:
    from patients.services.registering.passing import Nearness

    chance = Random(people.seed)
    asked, silent, first, found = 0, 0, 0, Counter[str]()
    missed, took = Counter[str](), []
    for known in people.held:
        wrong = damaged(known, chance)
        if wrong is None:
            continue
        kind, details = wrong
        begun = time.perf_counter()
        doubts = [each for each in _met(details) if each.nearness > Nearness.FAMILY]
        took.append((time.perf_counter() - begun) * 1000)
        asked += 1
        mine = [each for each in doubts if people.whose[each.patient] == known.person.number]
        silent += not doubts
        first += bool(doubts) and people.whose[doubts[0].patient] == known.person.number
        found[mine[0].nearness.name.lower() if mine else "another" if doubts else "none"] += 1
        missed[kind] += not doubts
    low, high = wilson(silent, asked)
    return {
        "kind": "existing", "asked": asked, "silent": silent, "silent_low": round(low, 4),
        "silent_high": round(high, 4), "first": round(first / asked, 4), "nearness": dict(found),
        "silent_by": {each: count for each, count in missed.items() if count},
        "p95_ms": round(sorted(took)[len(took) * 95 // 100], 1),
    }  # fmt: skip


def _new(people: People) -> dict[str, object]:
    chance = Random(people.seed + 1)
    nearest = Counter[str]()
    for known in people.new:
        doubts = _met(as_told(known, chance))
        nearest[max(each.nearness for each in doubts).name.lower() if doubts else "nobody"] += 1
    asked = len(people.new)
    interrupted = asked - nearest["nobody"] - nearest["family"]
    low, high = wilson(interrupted, asked)
    return {
        "kind": "new", "asked": asked, "interrupted": interrupted, "share": round(interrupted / asked, 4),
        "share_low": round(low, 4), "share_high": round(high, 4), "nearest": dict(nearest),
    }  # fmt: skip


def _met(details: Details) -> tuple[Doubt, ...]:
    from patients.services.registering.meeting import meet
    from patients.services.visibility import Reach
    from portal.accounts.models import User
    from portal.accounts.roles import Role

    desk = User(email="benchmark@example.org")
    desk.__dict__["role"] = Role.CLINIC_STAFF
    reach = Reach(organizations={"jhe": frozenset({ORGANIZATION})})
    return meet(details, by=desk, reach=reach).doubts


def as_told(known: Known, chance: Random) -> Details:
    """A person as they stand at the desk: what is true of them now. Records may hold something else."""
    from integrations.writes import Details

    person = known.person
    return Details(
        given_name=person.given,
        family_name=person.surname,
        birth_date=person.birth_date,
        sex=person.sex,
        email=person.email,
        mobile_phone=person.mobile,
        home_phone=person.landline,
        address=address_of(person.home, shortened=False),
        nhs_number=person.nhs_number if chance.random() < NHS_GIVEN else "",
    )


def damaged(known: Known, chance: Random) -> tuple[str, Details] | None:
    """A person as they are typed wrongly: what kind of error, and the details."""
    wrong = misname(known, chance)
    if wrong is None:
        return None
    names = (wrong.surname, wrong.given) if wrong.swapped else (wrong.given, wrong.surname)
    details = replace(as_told(known, chance), given_name=names[0], family_name=names[1])
    if chance.random() < 1 / 3:
        return str(wrong.slip), details
    return f"{wrong.slip}, birth date", replace(
        details, birth_date=_wrong_date(known.person.birth_date, chance)
    )


def _wrong_date(born: date, chance: Random) -> date:
    while True:
        (_, slip), *_ = chance.choices(WRONG_DATES, weights=[share for share, _ in WRONG_DATES])
        wrong = slip(born, chance)
        if wrong is not None and wrong != born:
            return wrong


if __name__ == "__main__":
    main()
    sys.exit(0)
