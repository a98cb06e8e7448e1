"""How many person pages carry the namesakes banner, and what asking for it costs.

An index of made-up people with real surname frequencies is filled, linked as they truly belong, and
the namesakes of people drawn from it are asked for as their pages do, then those of pages of ten. One
JSON line a size: ``share`` is of pages with the banner; it must not be above :data:`MOST`, or nobody
reads it, and the benchmark fails then. ``shown_of`` says how many of the true namesakes of each kind were
among those named: twins, people of one name born in one year, and relatives of one name at one address,
where records of both say so; a slip in one of them can still hide it. ``cpu_ms`` is the work of this process
for one page, whatever else the machine does.

    make bench-namesakes                                10,000 and 100,000 records on SQLite
    BENCH_SIZES=10000 BENCH_DATABASES=postgres://… make bench-namesakes
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Any

from .index_fill import ORGANIZATION, fill
from .population import FINAL_SEEDS, Known, Population

SIZES = (10_000, 100_000)
PAGES = 5_000
LISTS = 500  # pages of ten
MOST = 0.05


@dataclass
class Truth:
    """Who is who: people by the number of their first record, and who shares what."""

    people: dict[int, set[tuple[Any, ...]]] = field(default_factory=dict)
    sharing: dict[tuple[Any, ...], set[int]] = field(default_factory=lambda: defaultdict(set))
    _next: int = 1

    def see(self, people: Iterator[Known]) -> Iterator[Known]:
        """The people, noted as they pass."""
        for known in people:
            if known.copies:
                self._note(self._next, known)
            self._next += len(known.copies)
            yield known

    def _note(self, number: int, known: Known) -> None:
        self.people[number] = set(keys_of(known))
        for key in self.people[number]:
            self.sharing[key].add(number)

    def namesakes(self, number: int) -> Mapping[str, set[int]]:
        """Kind → the numbers of a person's true namesakes."""
        found: dict[str, set[int]] = defaultdict(set)
        for key in self.people[number]:
            found[key[0]] |= self.sharing[key] - {number}
        return found


def keys_of(known: Known) -> Iterator[tuple[Any, ...]]:
    """What makes two people namesakes of each kind, as far as a record of theirs tells it."""
    person = known.person
    for each in known.copies:
        held = each.record.demographics
        name = (held.given_name.casefold(), held.family_name.casefold())
        yield "twins", person.household, person.surname, person.birth_date, held.birth_date, name[1]
        if held.birth_date:
            yield "one name and year", *name, held.birth_date.year
        if (
            held.address
            and held.address.lines
            and name == (person.given.casefold(), person.surname.casefold())
        ):
            yield "one name and address", *name, person.household, held.address.postcode


def main() -> None:
    """One process a database and size, so that each starts cold and alone."""
    sizes = [int(each) for each in os.environ.get("BENCH_SIZES", ",".join(map(str, SIZES))).split(",")]
    for database in os.environ.get("BENCH_DATABASES", "sqlite").split(","):
        for records in sizes:
            with tempfile.TemporaryDirectory() as folder:
                alone = get_context("spawn").Process(target=measure, args=(database, records, folder))
                alone.start()
                alone.join()
                if alone.exitcode:
                    raise SystemExit(alone.exitcode)


def measure(database: str, records: int, folder: str) -> None:
    """Fill an index and ask for namesakes in it."""
    address = f"sqlite:///{Path(folder) / 'index.sqlite3'}" if database == "sqlite" else database
    os.environ.update(
        DATABASE_URL=address, VAR_DIR=folder, SECRET_KEY="benchmark", DJANGO_SETTINGS_MODULE="portal.settings"
    )
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    if connection.vendor == "postgresql":
        call_command("flush", interactive=False, verbosity=0)
    truth = Truth()
    filled = fill(truth.see(Population(records=records, seed=FINAL_SEEDS[0]).people()), linked=True)
    drawn = Random(records).sample(sorted(truth.people), min(PAGES, len(truth.people)))  # noqa: S311 (which pages)
    line = {"benchmark": "namesakes", "database": connection.vendor, "records": filled}
    line |= _pages(truth, drawn) | _lists(drawn)
    print(json.dumps(line), flush=True)  # noqa: T201
    if float(str(line["share"])) > MOST:
        raise SystemExit("too many pages carry the banner")


def _pages(truth: Truth, drawn: Sequence[int]) -> dict[str, object]:
    """Each person's own page."""
    took, shown, worked = [], 0, time.process_time()
    kinds: dict[str, int] = defaultdict(int)
    true: dict[str, list[bool]] = defaultdict(list)
    for number in drawn:
        begun = time.perf_counter()
        found = _ask([number]).get(number, [])
        took.append((time.perf_counter() - begun) * 1000)
        banner = [each for each in found if not each.likeness.is_one_person]
        shown += bool(banner)
        for name in {each.likeness.closeness.name.lower() for each in banner}:
            kinds[name] += 1
        named = {_number(each.public_id) for each in found}
        for kind, others in truth.namesakes(number).items():
            true[kind] += [other in named for other in others]
    worked = time.process_time() - worked
    took.sort()
    return {
        "share": round(shown / len(drawn), 4),
        "share_by_kind": {name: round(count / len(drawn), 4) for name, count in sorted(kinds.items())},
        "shown_of": {kind: f"{sum(hits)} of {len(hits)}" for kind, hits in sorted(true.items())},
        "p50_ms": round(took[len(took) // 2], 2),
        "p95_ms": round(took[int(len(took) * 0.95)], 2),
        "cpu_ms": round(worked * 1000 / len(drawn), 2),
    }


def _lists(drawn: Sequence[int]) -> dict[str, object]:
    """Pages of ten people."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    took, most = [], 0
    for start in range(0, min(LISTS * 10, len(drawn)), 10):
        some = drawn[start : start + 10]
        begun = time.perf_counter()
        _ask(some)
        took.append((time.perf_counter() - begun) * 1000)
        if start < 200:
            with CaptureQueriesContext(connection) as sent:
                _ask(some)
            most = max(most, len(sent))
    took.sort()
    return {
        "ten_p50_ms": round(took[len(took) // 2], 2),
        "ten_p95_ms": round(took[int(len(took) * 0.95)], 2),
        "ten_queries": most,
    }


def _ask(numbers: Sequence[int]) -> Any:
    from patients.services import namesakes
    from patients.services.visibility import Reach
    from portal.accounts.models import User
    from portal.accounts.roles import Role

    reader = User(email="benchmark@example.org")
    reader.__dict__["role"] = Role.READER
    reach = Reach(organizations={"jhe": frozenset({ORGANIZATION})})
    return namesakes.of_people(numbers, by=reader, reach=reach)


def _number(public_id: str) -> int:
    from patients.models import Patient

    return Patient.objects.values_list("pk", flat=True).get(public_id=public_id)


if __name__ == "__main__":
    main()
    sys.exit(0)
