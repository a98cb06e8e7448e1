"""Namesakes in the whole index: found by its keys, within reach, nobody who counts nowhere."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.types import Demographics, Organization, Registration, RemotePatient
from patients.models import SourceRecord
from patients.services import index, namesakes
from patients.services.visibility import Reach
from portal.accounts.models import User

REACH = Reach(organizations={"jhe": frozenset({"1"})})


def read(system: str, number: str, **details: Any) -> SourceRecord:
    """A record as a system gives it, taken into the index."""
    registration = details.pop("registration", Registration.STANDARD)
    places = tuple(Organization(id=each) for each in details.pop("organizations", ()))
    known: dict[str, Any] = {"given_name": "John", "family_name": "Smith", "birth_date": date(1980, 5, 3)}
    index.store(
        [
            RemotePatient(
                system=system,
                id=number,
                demographics=Demographics(**{**known, **details}),
                registration=registration,
                organizations=places,
            )
        ]
    )
    return SourceRecord.objects.get(system=system, remote_id=number)


def names_of(record: SourceRecord, user: User) -> list[str]:
    found = namesakes.of_people([record.patient_id], by=user, reach=REACH)
    return [each.name for each in found.get(record.patient_id, [])]


def test_namesake_in_the_index_is_named_with_birth_date_and_difference(reader: User) -> None:
    one = read("jump", "1")
    other = read("impilo", "2", given_name="Jon", birth_date=date(1981, 5, 3))
    read("impilo", "3", given_name="Paul", family_name="Okafor")

    (found,) = namesakes.of_people([one.patient_id], by=reader, reach=REACH)[one.patient_id]

    assert found.name == "SMITH, Jon, born 03-May-1981"
    assert found.public_id == other.patient.public_id
    assert found.likeness.differs == ("given name like it", "other year of birth")
    assert names_of(other, reader) == ["SMITH, John, born 03-May-1980"]


def test_own_records_are_no_namesakes(reader: User) -> None:
    one = read("jump", "1", email="john@example.org")
    other = read("impilo", "2", email="john@example.org")
    assert one.patient_id == other.patient_id

    assert names_of(one, reader) == []


def test_test_records_and_those_that_are_gone_are_no_namesakes(reader: User) -> None:
    one = read("jump", "1")
    read("jump", "2", given_name="Jon", registration=Registration.DUMMY)
    gone = read("impilo", "3", given_name="Jon")
    index.mark_vanished([gone], at=timezone.now())

    assert names_of(one, reader) == []


def test_namesake_out_of_reach_is_not_named(reader: User, coordinator: User) -> None:
    one = read("jhe", "1", organizations=["1"])
    read("jhe", "2", given_name="Jon", organizations=["2"])
    read("impilo", "3", family_name="Smyth")

    assert names_of(one, reader) == ["SMYTH, John, born 03-May-1980"]
    assert names_of(one, coordinator) == []


def test_statements_do_not_grow_with_the_people_of_a_page(reader: User) -> None:
    people = [read("jump", str(number), given_name=name) for number, name in enumerate(["John", "Jon"])]
    people += [read("impilo", str(each), birth_date=date(1980, 1 + each, 3)) for each in range(8)]
    ids = [each.patient_id for each in people]

    with CaptureQueriesContext(connection) as few:
        assert namesakes.of_people(ids[:2], by=reader, reach=REACH)
    with CaptureQueriesContext(connection) as many:
        assert len(namesakes.of_people(ids, by=reader, reach=REACH)) == 10

    batches = 1 if connection.vendor == "sqlite" else 0  # SQLite reads keys in batches of 48
    assert len(many) <= len(few) + batches


def test_records_that_the_index_does_not_know_have_none(reader: User) -> None:
    one = read("jump", "1")
    read("impilo", "2", given_name="Jon")

    found = namesakes.of_records([("jump", "1"), ("jump", "none")], by=reader, reach=REACH)

    assert [each.name for each in found["jump", "1"]] == ["SMITH, Jon, born 03-May-1980"]
    assert ("jump", "none") not in found
    assert one.patient_id
