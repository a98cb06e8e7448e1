"""Whether lines as staff type them find the person meant, in an index of 100,000 records.

The people of ``tests/data/typed_people.csv`` are stored among made-up ones (``population``), and
every line goes the way of typing: understood, looked up in the index as far as a reader's role
reaches, suggested. One JSON line: how many lines, how often the person was first and within the
first three, the numbers of the lines missed (never their text), and what a line takes.

    make bench-typed                                     tests/data/typed_lines.csv
    make bench-typed FILE=lines.csv                      any file with the columns line and expected
    make bench-typed ARGS="--people people.csv --keep index.sqlite3 --records 1000000"

``--keep`` names an index: taken as it is where it is there, else filled and kept for the next time.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from integrations.types import RemotePatient

from .index_fill import ORGANIZATION, fill
from .population import FINAL_SEEDS, Known, Population

RECORDS = 100_000
LINES = Path("tests/data/typed_lines.csv")
PEOPLE = Path("tests/data/typed_people.csv")
WARM_UP = 5  # lines, before anything is measured


@dataclass
class Tally:
    """Where whoever was meant came, line by line, and how long each line took."""

    milliseconds: list[float] = field(default_factory=list)
    first: int = 0
    near: int = 0
    misses: list[int] = field(default_factory=list)

    def figures(self) -> dict[str, object]:
        """The figures; lines are named by their number alone."""
        ordered = sorted(self.milliseconds)
        return {
            "lines": len(ordered),
            "first": self.first,
            "within_three": self.near,
            "misses": self.misses,
            "p50_ms": round(ordered[len(ordered) // 2], 1),
            "p95_ms": round(ordered[int(len(ordered) * 0.95)], 1),
        }


def main(arguments: Sequence[str]) -> None:
    """Fill or take an index, then type every line."""
    options = _options(arguments)
    with tempfile.TemporaryDirectory() as folder:
        index = options.keep or Path(folder) / "index.sqlite3"
        is_there = index.exists()
        _start(index)
        from tests.typed import lines_of, records_of

        people = records_of(options.people)
        if not is_there:
            _fill(options.records, people)
        tally = _type(lines_of(options.lines), people)
        head = {"benchmark": "typed", "database": "sqlite", "records": _records()}
        print(json.dumps(head | tally.figures()), flush=True)  # noqa: T201


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench-typed")
    parser.add_argument("lines", nargs="?", type=Path, default=LINES)
    parser.add_argument("--people", type=Path, default=PEOPLE)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--records", type=int, default=RECORDS)
    return parser.parse_args(arguments)


def _start(index: Path) -> None:
    """Django over this index, with the keys that it is encrypted with beside it."""
    os.environ.update(
        DATABASE_URL=f"sqlite:///{index.resolve()}",
        VAR_DIR=str(index.resolve().parent),
        SECRET_KEY="benchmark",
        DJANGO_SETTINGS_MODULE="portal.settings",
    )
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def _fill(records: int, people: Mapping[str, Sequence[RemotePatient]]) -> None:
    """Made-up people in bulk, then those who are meant as syncing stores them."""
    from patients.services import index

    meant = [record for each in people.values() for record in each]
    population = Population(records=records - len(meant), seed=FINAL_SEEDS[0])
    fill(_others(population, meant))
    index.store(meant)


def _others(population: Population, meant: Sequence[RemotePatient]) -> Iterator[Known]:
    """The population without whoever has one of the NHS numbers meant: a number is one person's."""
    taken = {each.demographics.nhs_number for each in meant} - {""}
    return (known for known in population.people() if known.person.nhs_number not in taken)


def _records() -> int:
    from patients.models import SourceRecord

    return SourceRecord.objects.count()


def _type(lines: Sequence[Any], people: Mapping[str, Sequence[RemotePatient]]) -> Tally:
    from patients.services import suggesting, visibility
    from patients.services.understanding import Asked, read
    from tests.typed import NEAR, rank_of

    by = _reader()
    reach = visibility.reach_of(by)
    for line in lines[:WARM_UP]:
        suggesting.suggest(read(Asked(text=line.text)).to_query(), run="warm-up", by=by, reach=reach)
    tally = Tally()
    for line in lines:
        begun = time.perf_counter()
        shown = suggesting.suggest(
            read(Asked(text=line.text)).to_query(), run=f"line-{line.number}", by=by, reach=reach
        ).people
        tally.milliseconds.append((time.perf_counter() - begun) * 1000)
        rank = rank_of(people[line.expected], shown)
        tally.first += rank == 0
        if rank is not None and rank < NEAR:
            tally.near += 1
        else:
            tally.misses.append(line.number)
    return tally


def _reader() -> Any:
    """A reader who holds a role in the organization of all JHE records, which nobody is asked about."""
    from django.contrib.auth.models import Group
    from django.utils import timezone

    from patients.models import OwnRoles
    from portal.accounts.models import User
    from portal.accounts.roles import Role

    user, _ = User.objects.get_or_create(email="benchmark@example.org")
    user.groups.add(Group.objects.get(name=Role.READER.value))
    OwnRoles.objects.update_or_create(
        user=user,
        system="jhe",
        defaults={"organizations": [ORGANIZATION], "read_at": timezone.now() + timedelta(hours=1)},
    )
    return user


if __name__ == "__main__":
    main(sys.argv[1:])
