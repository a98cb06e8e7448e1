"""Prints some of a population as a table, so that a person can judge whether it looks real."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator

from . import QUERY_SEED_OFFSET, Made, Population, queries

_COLUMNS = "{:>5} {:>5} {:<12} {:<6} {:<22} {:<24} {:<10} {:<6} {:<10} {:<34} {:<16} {}\n"


def main() -> None:
    """Print the first records, some look-ups, and how many there are of what."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.population", description=__doc__)
    parser.add_argument("--people", type=int, default=1000, help="source records to make")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rows", type=int, default=120, help="records to print")
    parser.add_argument("--queries", type=int, default=6, help="look-ups to print for each origin")
    options = parser.parse_args()
    population = Population(records=options.people, seed=options.seed)
    made = list(population)
    sys.stdout.writelines(_table(made[: options.rows]))
    sys.stdout.writelines(_look_ups(population, options.queries))
    sys.stdout.writelines(_counts(made))


def _table(made: list[Made]) -> Iterator[str]:
    yield _COLUMNS.format(
        *(
            "home",
            "who",
            "origin",
            "system",
            "given (middle)",
            "family",
            "born",
            "sex",
            "NHS",
            "e-mail",
            "phone",
        ),
        "address",
    )
    for each in made:
        about = each.record.demographics
        place = about.address
        yield _COLUMNS.format(
            each.household,
            each.person,
            each.origin,
            each.record.system,
            f"{about.given_name} ({about.middle_name})" if about.middle_name else about.given_name,
            about.family_name,
            str(about.birth_date),
            about.sex or "",
            about.nhs_number,
            about.email,
            about.phones[0].number if about.phones else "",
            f"{', '.join(place.lines)}, {place.town} {place.postcode}" if place else "",
        )


def _look_ups(population: Population, each_origin: int) -> Iterator[str]:
    yield "\n"
    asked = queries(population, seed=population.seed + QUERY_SEED_OFFSET, each_origin=each_origin)
    for each in asked:
        third = each.third or ""
        date_error = each.date_error or ""
        errors = f"{each.name_error:<24} {date_error:<22} {third:<9}"
        yield f"{each.person:>5} {each.origin:<12} {errors} {each.line}\n"


def _counts(made: list[Made]) -> Iterator[str]:
    people = {each.person: each.origin for each in made}
    homes = {each.household for each in made}
    yield f"\n{len(made)} records of {len(people)} people in {len(homes)} homes\n"
    for name, counter in (
        ("system", Counter(each.record.system for each in made)),
        ("origin", Counter(people.values())),
        ("surname", Counter(each.record.demographics.family_name for each in made)),
    ):
        yield f"{name}: {', '.join(f'{value} {count}' for value, count in counter.most_common(20))}\n"


if __name__ == "__main__":
    main()
