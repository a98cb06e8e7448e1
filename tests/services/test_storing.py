"""Storing in batches, one by one, in any order and side by side: the same index comes of it."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from integrations.types import RemotePatient
from patients.models import (
    Identifier,
    KeptApart,
    Key,
    Link,
    ListEntry,
    Membership,
    Patient,
    RecordChange,
    SourceRecord,
)
from patients.services import index, one_writer
from portal.audit.models import Event
from tests.benchmarks.population import Population
from tests.support import side_by_side

PEOPLE = 120
pytestmark = pytest.mark.slow
MOMENT = timezone.now() - timedelta(hours=1)
Content = dict[str, Any]


@pytest.fixture(scope="module")
def records() -> list[RemotePatient]:
    """A small clinic in three systems, families and erring records among them."""
    return [copy.record for known in Population(records=PEOPLE, seed=31).people() for copy in known.copies]


@cache
def before() -> list[RemotePatient]:
    """A few others."""
    return [known.copies[0].record for known in Population(records=60, seed=7).people()][:12]


def store(records: Sequence[RemotePatient], *, at_once: int) -> None:
    """Store these after a few others: weights count how many there are, and start at a dozen."""
    index.store([replace(each, id=f"before-{each.id}") for each in before()], read_at=MOMENT)
    for start in range(0, len(records), at_once):
        index.store(records[start : start + at_once], read_at=MOMENT)


def content() -> Content:
    """All that the index holds, told by records' own names instead of our ids."""
    names = {row.pk: str(row) for row in SourceRecord.objects.defer("held")}
    people: dict[int, set[str]] = {}
    for row in SourceRecord.objects.defer("held"):
        people.setdefault(row.patient_id, set()).add(names[row.pk])
    who = {pk: frozenset(some) for pk, some in people.items()}
    plain = [
        each.name
        for each in SourceRecord._meta.concrete_fields
        if each.name not in {"id", "patient", "survivor"}
    ]
    return {
        "records": {str(row): [getattr(row, name) for name in plain] for row in SourceRecord.objects.all()},
        "keys": {(key, names[record]) for key, record in Key.objects.values_list("key", "record_id")},
        "identifiers": set(_told(Identifier, names, "party", "value")),
        "organizations": set(_told(Membership, names, "system", "organization")),
        "people": set(who.values()),
        "of organizations": {
            (names[record], who[patient])
            for record, patient in Membership.objects.values_list("record", "patient")
        },
        "list": {
            (who[row.patient_id], row.sort_name, row.birth, row.created, row.facets, row.places)
            for row in ListEntry.objects.all()
        },
        "shown": {
            (who[row.pk], row.everybodys) for row in Patient.objects.filter(is_listed=True, merged_into=None)
        },
    }


def _told(model: Any, names: dict[int, str], *fields: str) -> Iterable[tuple[str, ...]]:
    return ((names[record], *rest) for record, *rest in model.objects.values_list("record", *fields))


def links() -> set[tuple[str, str, str]]:
    """Every link that stands: of which record, by which rule, beside which."""
    rows = Link.objects.filter(undone_at=None).select_related("record")
    return {(str(row.record), row.rule, str(row.evidence["beside"])) for row in rows}


def empty() -> None:
    for model in (Link, KeptApart, ListEntry, Membership, Identifier, RecordChange, SourceRecord):
        model.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM patients_key")
    Patient.objects.update(merged_into=None)
    Patient.objects.all().delete()


@pytest.mark.django_db
@pytest.mark.parametrize("at_once", [7, 100, 1000])
def test_batches_give_what_records_one_by_one_give(records: list[RemotePatient], at_once: int) -> None:
    store(records, at_once=1)
    one_by_one = content()
    assert links()
    empty()

    store(records, at_once=at_once)

    assert content() == one_by_one


@pytest.mark.django_db
def test_any_order_gives_the_same_index(records: list[RemotePatient]) -> None:
    store(records, at_once=50)
    in_order = content()
    for seed in range(2):
        empty()
        shuffled = random.Random(seed).sample(records, len(records))  # noqa: S311 (no secret)
        store(shuffled, at_once=50)
        assert content() == in_order


@pytest.mark.django_db
def test_second_record_of_one_system_takes_back_what_rested_on_there_being_one() -> None:
    first, other, third = _namesakes()
    index.store([first, other])
    assert len(content()["people"]) == 1

    index.store([third])

    assert len(content()["people"]) == 3
    assert Event.objects.filter(action="link.undone").count() == 1


def _namesakes() -> tuple[RemotePatient, RemotePatient, RemotePatient]:
    """Records with names and birth date alike: one of each of two systems, and a second of the first."""
    known = next(
        each
        for each in Population(records=PEOPLE, seed=31).people()
        if {copy.record.system for copy in each.copies} >= {"jump", "impilo"}
    )
    by_system = {copy.record.system: copy.record for copy in known.copies}
    details = replace(by_system["jump"].demographics, nhs_number="")
    first = replace(by_system["jump"], demographics=details)
    return first, replace(by_system["impilo"], demographics=details), replace(first, id="another")


# --- side by side ---------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_two_that_store_the_same_people_at_once_give_one_index(records: list[RemotePatient]) -> None:
    """Overlapping batches in opposite order: neither misses the other's records, nobody stands in the way."""
    backwards = records[::-1]
    side_by_side([lambda: store(records, at_once=13), lambda: store(backwards, at_once=17)])
    together = content()
    empty()

    store(records, at_once=50)

    assert together["people"] == content()["people"]
    assert together["keys"] == content()["keys"]
    assert len(together["records"]) == len(records) + len(before())


def test_index_is_held_for_a_transaction_only(transactional_db: None) -> None:
    with pytest.raises(RuntimeError):
        one_writer.hold()
    with transaction.atomic():
        one_writer.hold()
