"""How well and how fast the index finds people whose names are mistyped.

For each size and database an index of made-up people is filled (``population``), and at least
5,000 look-ups for each name origin are made, every one with an error in the name: with the birth
date right, with it wrong too, and with it wrong but a third detail right. One JSON line for
each database, size and kind of look-up, then one for each kind of error and each name origin,
with 95 % bounds (Wilson, JASA 1927). ``queries`` is how many statements one look-up sends at most.
The lines of kind "whole view" are the same look-ups as typed lines through the web server.

    make bench-index                                     10,000, 100,000 and 1,000,000 records on SQLite
    BENCH_SIZES=10000 BENCH_DATABASES=postgres://… make bench-index
    BENCH_FOLDER=… make bench-index                      keeps the SQLite files for the next run
    BENCH_EACH=1700 make bench-index                     fewer look-ups of each kind and origin than 5,000

A database that holds as many records already is taken as it is; any other has to be empty.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from math import sqrt
from multiprocessing import get_context
from pathlib import Path

from .index_fill import ORGANIZATION, fill
from .population import EACH_ORIGIN, FINAL_SEEDS, QUERY_SEED_OFFSET, Asked, Known, Population, Sample
from .support import KEY, Browser, signed_in, web_server

VIEWS = 2_000
SIZES = (10_000, 100_000, 1_000_000)
Z_95 = 1.96
WARM_UP = 200


@dataclass
class Tally:
    """Look-ups of one kind: how long each took, and where whoever was meant came."""

    milliseconds: list[float] = field(default_factory=list)
    first: int = 0
    among_ten: int = 0

    def add(self, milliseconds: float, rank: int | None) -> None:
        """One look-up; ``rank`` from 0, ``None`` where the person was not among those shown."""
        self.milliseconds.append(milliseconds)
        self.first += rank == 0
        self.among_ten += rank is not None

    def line(self) -> dict[str, object]:
        """The figures."""
        ordered, asked = sorted(self.milliseconds), len(self.milliseconds)
        low, high = wilson(self.first, asked)
        return {
            "asked": asked,
            "p50_ms": round(ordered[asked // 2], 2),
            "p95_ms": round(ordered[int(asked * 0.95)], 2),
            "recall_at_1": round(self.first / asked, 4),
            "recall_at_1_low": round(low, 4),
            "recall_at_1_high": round(high, 4),
            "recall_at_10": round(self.among_ten / asked, 4),
        }


def wilson(hits: int, asked: int) -> tuple[float, float]:
    """The 95 % bounds of a share."""
    share, square = hits / asked, Z_95**2
    middle = (share + square / (2 * asked)) / (1 + square / asked)
    half = Z_95 / (1 + square / asked) * sqrt(share * (1 - share) / asked + square / (4 * asked**2))
    return middle - half, middle + half


def main() -> None:
    """One process a database and size, so that each starts cold and alone."""
    sizes = [int(each) for each in os.environ.get("BENCH_SIZES", ",".join(map(str, SIZES))).split(",")]
    databases = os.environ.get("BENCH_DATABASES", "sqlite").split(",")
    for database in databases:
        for records in sizes:
            with _folder() as folder:
                alone = get_context("spawn").Process(target=measure, args=(database, records, folder))
                alone.start()
                alone.join()
                if alone.exitcode:
                    raise SystemExit(alone.exitcode)


def _folder() -> AbstractContextManager[str]:
    kept = os.environ.get("BENCH_FOLDER")
    return nullcontext(kept) if kept else tempfile.TemporaryDirectory()


def measure(database: str, records: int, folder: str) -> None:
    """Fill an index and look people up in it."""
    address = f"sqlite:///{Path(folder) / f'index-{records}.sqlite3'}" if database == "sqlite" else database
    os.environ.update(
        DATABASE_URL=address,
        VAR_DIR=folder,
        SECRET_KEY="benchmark",
        ENCRYPTION_KEYS=KEY,
        SECOND_FACTOR_ROLES="",
        DJANGO_SETTINGS_MODULE="portal.settings",
    )
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from patients.models import SourceRecord

    call_command("migrate", verbosity=0)
    call_command("createcachetable")
    each_origin = int(os.environ.get("BENCH_EACH", EACH_ORIGIN))
    sample = Sample(seed=FINAL_SEEDS[0] + QUERY_SEED_OFFSET, each_origin=each_origin)
    whose: list[int] = [0]
    begun = time.monotonic()
    people = _seen(Population(records=records, seed=FINAL_SEEDS[0]), sample, whose)
    head = {"benchmark": "index", "database": connection.vendor, "records": records}
    if there := SourceRecord.objects.count():
        if there != records:
            raise SystemExit(
                f"The database holds {there} records: name an empty one, or BENCH_SIZES={there}."
            )
        deque(people, maxlen=0)
    else:
        fill(people)
        _print(head | {"kind": "fill", "seconds": round(time.monotonic() - begun)})
    asked = list(sample.asked())
    tallies, statements = _look_up(asked, whose)
    for (kind, of), tally in sorted(tallies.items()):
        _print(head | {"kind": kind, "of": of} | tally.line() | {"queries": statements})
    _print(head | {"kind": "whole view"} | _view([each.line for each in asked]))


def _seen(population: Population, sample: Sample, whose: list[int]) -> Iterator[Known]:
    """The people, while a sample of them is drawn; ``whose`` gets each record's person by number."""
    for known in population.people():
        sample.see(known)
        whose.extend([known.person.number] * len(known.copies))
        yield known


def _look_up(asked: Sequence[Asked], whose: list[int]) -> tuple[dict[tuple[str, str], Tally], int]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from patients.services import finding
    from patients.services.visibility import Reach
    from portal.accounts.models import User
    from portal.accounts.roles import Role

    reader = User(email="benchmark@example.org")
    reader.__dict__["role"] = Role.READER
    reach = Reach(organizations={"jhe": frozenset({ORGANIZATION})})
    tallies: dict[tuple[str, str], Tally] = defaultdict(Tally)
    most = 0
    for number, each in enumerate(asked):
        if number < WARM_UP:
            with CaptureQueriesContext(connection) as sent:
                finding.find(each.query, by=reader, reach=reach)
            most = max(most, len(sent))
        begun = time.perf_counter()
        found = finding.find(each.query, by=reader, reach=reach)
        took = (time.perf_counter() - begun) * 1000
        ranks = (place for place, one in enumerate(found.people) if whose[one.patient_id] == each.person)
        rank = next(ranks, None)
        kind = _kind(each)
        for of in ("all", f"origin: {each.origin}", f"error: {each.name_error}"):
            tallies[kind, of].add(took, rank)
    return tallies, most


def _view(lines: Sequence[str]) -> dict[str, object]:
    """Typed lines sent to the look-up box of somebody with a role in JHE's organization."""
    from django.db import connections

    from portal.accounts.roles import Role

    cookie = signed_in(Role.READER, [ORGANIZATION])
    connections.close_all()
    chosen = lines[:: max(len(lines) // VIEWS, 1)]
    with web_server({}, workers=1) as address:
        browser = Browser(address, cookie)
        token = browser.token("/")
        took = sorted(browser.send("/typed", text=line, run="r" * 22, token=token) for line in chosen)
    return {
        "asked": len(took),
        "p50_ms": round(took[len(took) // 2], 2),
        "p95_ms": round(took[int(len(took) * 0.95)], 2),
    }


def _kind(asked: Asked) -> str:
    if asked.date_error is None:
        return "birth date right"
    return "birth date wrong, third detail right" if asked.third else "birth date wrong"


def _print(line: dict[str, object]) -> None:
    print(json.dumps(line), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
    sys.exit(0)
