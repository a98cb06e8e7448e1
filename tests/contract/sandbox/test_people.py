"""The made-up people: recognisably made up, and as varied as the portal needs them."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from typing import Any

import pytest
from nhs_number.validate import is_valid

from integrations.sandbox.jhe import DIALECTS
from integrations.sandbox.people import CAST, NOTES, SAME_PERSON, impilo_rows, jhe_rows, jump_rows
from integrations.sandbox.run import Sandbox

DRAMA_PHONES = re.compile(r"(07700 ?-?900-?\d{3}|020 ?-?7946 ?-?0\d{3})")


def rows_of(system: str, case: str) -> list[dict[str, Any]]:
    """The rows of a case in Jump or Impilo."""
    rows = {str(row["id"]): row for row in {"jump": jump_rows, "impilo": impilo_rows}[system]()}
    return [rows[id_] for name, id_ in CAST[case] if name == system]


def test_enough_people_in_each_system_in_two_and_in_three() -> None:
    assert min(len(jump_rows()), len(jhe_rows()), len(impilo_rows())) >= 60
    reach = Counter(len({system for system, _ in records}) for records in SAME_PERSON.values())
    assert reach[2] >= 40
    assert reach[3] >= 15
    assert 140 <= len(SAME_PERSON) <= 170


def test_people_are_the_same_at_every_start() -> None:
    assert (jump_rows(), jhe_rows(), impilo_rows()) == (jump_rows(), jhe_rows(), impilo_rows())


def test_numbers_and_addresses_are_of_kinds_that_nobody_is_given() -> None:
    numbers = {re.sub(r"\D", "", row["nhs_number"]) for row in jump_rows() if row["nhs_number"]}
    documented = {"1234567890"}  # of the API's documentation
    assert documented < numbers
    assert all(each.startswith("999") and is_valid(each) for each in numbers - documented)
    emails = [row["email"] for row in (*jump_rows(), *jhe_rows(), *impilo_rows()) if row["email"]]
    assert all(re.search(r"@example\.(com|org)$", each.lower()) for each in emails)
    phones = [row["phone"].replace("+44 ", "0") for row in jump_rows() if row["phone"]]
    phones += [row["phoneNumber"] for row in impilo_rows() if row["phoneNumber"]]
    phones += [row["phone"] for row in jhe_rows() if row["phone"]]
    assert [each for each in phones if not DRAMA_PHONES.fullmatch(each)] == []


def test_birth_dates_are_real_and_past() -> None:
    dates = [row["date_of_birth"] for row in jump_rows()] + [row["dateOfBirth"] for row in impilo_rows()]
    dates += [row["birth_date"] for row in jhe_rows()]
    assert all(date(1900, 1, 1) <= date.fromisoformat(each) <= date(2026, 6, 30) for each in dates)


def test_ids_and_unique_details_are_unique() -> None:
    for rows, name in ((jump_rows(), "id"), (impilo_rows(), "id"), (jhe_rows(), "email")):
        assert [value for value, count in Counter(row[name] for row in rows).items() if count > 1] == []
    identifiers = [row["externalIdentifier"] for row in impilo_rows() if row["externalIdentifier"]]
    assert len(identifiers) == len(set(identifiers))
    external = [tuple(each.values()) for row in jhe_rows() for each in row["identifiers"]]
    assert len(external) == len(set(external))


def test_every_record_is_of_exactly_one_person() -> None:
    records = [record for records in SAME_PERSON.values() for record in records]
    assert len(records) == len(set(records)) == len(jump_rows()) - 1 + len(jhe_rows()) + len(impilo_rows())


def test_every_case_has_its_note_and_every_note_its_case() -> None:
    assert set(CAST) == set(NOTES)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_records_of_the_cast_are_where_it_says(dialect: str) -> None:
    sandbox = Sandbox(dialect=dialect)
    states = {name: store.snapshot() for name, store in sandbox.stores.items()}
    missing = [
        record
        for records in (*CAST.values(), *SAME_PERSON.values())
        for record in records
        if record[1] not in states[record[0]]["patients"]
    ]
    assert missing == []
    users = states["jhe"]["users"]
    ours = list(states["jhe"]["patients"].values())[-len(jhe_rows()) :]
    assert [users[str(row["user_id"])]["email"] for row in ours] == [row["email"] for row in jhe_rows()]
    first_case = next(id_ for system, id_ in CAST["in_all_three"] if system == "jhe")
    assert states["jhe"]["patients"][first_case]["name_family"] == "Mbeki"


def test_cases_are_what_their_names_say() -> None:
    (a, b) = rows_of("jump", "twins")
    assert (a["last_name"], a["date_of_birth"]) == (b["last_name"], b["date_of_birth"])
    assert a["first_name"] != b["first_name"]
    assert len({row["email"] for row in rows_of("jump", "shared_mailbox")}) == 1
    (a, b) = rows_of("jump", "father_and_son")
    assert (a["first_name"], a["last_name"]) == (b["first_name"], b["last_name"])
    assert a["date_of_birth"] != b["date_of_birth"]
    assert len({row["nhs_number"] for row in rows_of("jump", "one_nhs_number_two_people")}) == 1
    (long,) = rows_of("jump", "hundred_characters")
    assert len(f"{long['first_name']} {long['last_name']}") == 100
    assert {type(row["accessibility_needs"]) for row in rows_of("jump", "accessibility_needs")} == {
        str,
        list,
        dict,
    }
    assert rows_of("jump", "deceased")[0]["is_deceased"] is True
    assert rows_of("impilo", "archived")[0]["archived"] is True
    assert rows_of("impilo", "maiden_name")[0]["lastName"] != rows_of("jump", "maiden_name")[0]["last_name"]
