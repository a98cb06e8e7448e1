"""Jump's reading traps, each with the section of integrations/jump/README.md that names it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pytest_django import Settings

from integrations import errors
from integrations.jump.adapter import JumpAdapter
from integrations.jump.client import JumpClient
from integrations.pages import walk
from integrations.sandbox.faults import Fault, FaultKind
from integrations.types import (
    Caller,
    Found,
    Gender,
    RecordStatus,
    Registration,
    RemotePatient,
    SearchQuery,
    Sex,
    Term,
)

from .jump_bench import change, row_of, rows, switch
from .subjects import FAMILY, GIVEN, ON_DATABASE, Bench

pytestmark = ON_DATABASE

PATIENTS = "/patients$"
RECORD = r"/patients/.+"


def found(bench: Bench, **query: Any) -> Found:
    answer = bench.adapter().search(SearchQuery(**query))
    assert isinstance(answer, Found)
    return answer


# --- NHS number (README, NHS number; Short rows) ---------------------------------------------


@pytest.mark.parametrize(("form", "asked"), [("digits", 1), ("hyphens", 2), ("spaces", 3)])
def test_number_is_found_in_whatever_form_it_is_stored(jump: Bench, form: str, asked: int) -> None:
    switch(jump, nhs_search="stored", nhs_form=form)
    number = row_of(jump, id=jump.known_id)["nhs_number"]
    answer = found(jump, nhs_number=number)
    assert [each.id for each in answer.records] == [jump.known_id]
    assert answer.records[0].demographics.nhs_number == number
    assert answer.searched_by == {Term.NHS_NUMBER}
    assert len(jump.faults.requests(path=PATIENTS)) == asked


def test_number_search_stops_at_the_first_hit(jump: Bench) -> None:
    found(jump, nhs_number=row_of(jump, id=jump.known_id)["nhs_number"])
    assert len(jump.faults.requests()) == 2  # one list, one record


def test_number_in_an_email_address_is_no_hit(jump: Bench) -> None:
    change(jump, jump.known_id, email="x9434765919@example.org")
    answer = found(jump, nhs_number="9434765919")
    assert answer.records == ()
    assert not answer.more


def test_two_people_behind_one_number_are_both_found(jump: Bench) -> None:
    names = {each.demographics.family_name for each in found(jump, nhs_number="9990932182").records}
    assert names == {"Calloway", "Mahmood"}


def test_unknown_number_falls_back_to_the_name_and_says_so(jump: Bench) -> None:
    answer = found(jump, nhs_number="9434765919", words=(GIVEN, FAMILY))
    assert [each.id for each in answer.records] == [jump.known_id]
    assert answer.searched_by == {Term.NAME}


def test_number_of_a_record_that_cannot_be_read_keeps_its_row(jump: Bench) -> None:
    jump.faults.add(Fault(kind=FaultKind.RESET, path=RECORD))
    answer = found(jump, nhs_number=row_of(jump, id=jump.known_id)["nhs_number"])
    assert [(each.id, each.complete) for each in answer.records] == [(jump.known_id, False)]


# --- short and full rows (README, Short rows) ------------------------------------------------


def test_short_rows_are_completed_for_the_first_hits_only(jump: Bench) -> None:
    answer = found(jump, words=("a",))
    assert [each.complete for each in answer.records[:8]] == [True] * 8
    assert not any(each.complete for each in answer.records[8:])
    assert answer.more


def test_full_rows_are_not_read_again(jump: Bench) -> None:
    switch(jump, rows="full")
    answer = found(jump, words=(GIVEN, FAMILY))
    assert answer.records[0].complete
    assert jump.faults.requests(path=RECORD) == []


def test_hanging_records_leave_short_rows_within_the_deadline(jump: Bench) -> None:
    jump.faults.add(Fault(kind=FaultKind.HANG, path=RECORD))
    answer = jump.adapter(seconds=0.8).search(SearchQuery(words=(GIVEN, FAMILY)))
    assert isinstance(answer, Found)
    assert [(each.id, each.complete) for each in answer.records] == [(jump.known_id, False)]


def test_short_row_does_not_claim_a_standard_registration(jump: Bench) -> None:
    record = next(JumpAdapter(Caller()).iterate())
    assert not record.complete
    assert record.registration is Registration.UNKNOWN


# --- names, e-mail, birth date (README, Searching) -------------------------------------------


@pytest.mark.parametrize(
    ("words", "family"),
    [
        (("siobhan", "o'connor"), "O'Connor"),
        (("O’Connor",), "O'Connor"),
        (("zoe", "nunez"), "Núñez"),
        (("Wojcik", "Lukasz"), "Wójcik"),
        (("ashton", "reeves"), "Ashton-Reeves"),
        (("Null",), "Null"),
        (("المصري",), "المصري"),
        (("王",), "王"),
        (("VRIES", "bram"), "de Vries"),
    ],
)
def test_hard_names_are_found(jump: Bench, words: tuple[str, ...], family: str) -> None:
    names = [each.demographics.family_name for each in found(jump, words=words).records]
    assert family in names


def test_every_word_has_to_match(jump: Bench) -> None:
    assert found(jump, words=(GIVEN, "Kavanagh")).records == ()


def test_birth_date_is_checked_on_the_rows(jump: Bench) -> None:
    answer = found(jump, words=("Robert", "Lockwood"), birth_dates=(date(1948, 2, 11),))
    assert [each.demographics.birth_date for each in answer.records] == [date(1948, 2, 11)]
    assert answer.searched_by == {Term.NAME, Term.BIRTH_DATE}


def test_either_reading_of_an_ambiguous_date_is_found(jump: Bench) -> None:
    dates = (date(1980, 3, 4), date(1980, 4, 3))
    assert len(found(jump, words=("smith",), birth_dates=dates).records) == 1


def test_birth_date_is_looked_for_beyond_the_first_hundred(jump: Bench) -> None:
    template = row_of(jump, id=jump.known_id)
    with jump.sandbox.stores["jump"].writing() as state:
        for number in range(150):  # newer than the known person, so that she comes last
            made = f"made-{number}"
            state["patients"][made] = {
                **template,
                "id": made,
                "date_of_birth": "1950-01-01",
                "created_at": "2026-10-01T00:00:00Z",
            }
    answer = found(jump, words=(GIVEN, FAMILY), birth_dates=(date(1975, 4, 18),))
    assert [each.id for each in answer.records] == [jump.known_id]
    assert found(jump, words=(GIVEN, FAMILY)).more


def test_email_in_any_case_is_found_and_no_other(jump: Bench) -> None:
    email = row_of(jump, id=jump.known_id)["email"]
    answer = found(jump, email=email.upper())
    assert [each.id for each in answer.records] == [jump.known_id]
    assert found(jump, email=email[1:]).records == ()


def test_record_id_decides_over_all_else(jump: Bench) -> None:
    answer = found(jump, record_id=jump.known_id, words=("Robert", "Lockwood"))
    assert [each.id for each in answer.records] == [jump.known_id]
    assert answer.searched_by == {Term.RECORD_ID}


def test_shared_mailbox_does_not_hide_a_person_of_that_name(jump: Bench) -> None:
    """The mailbox finds the family; the person asked for may be there without it."""
    change(jump, jump.known_id, email=None)
    answer = found(jump, email="the.kavanaghs@example.com", words=(GIVEN, FAMILY))
    families = {each.demographics.family_name for each in answer.records}
    assert families == {"Kavanagh", FAMILY}
    assert answer.searched_by == frozenset()


def test_mailbox_that_finds_the_person_is_enough(jump: Bench) -> None:
    answer = found(jump, email="the.kavanaghs@example.com", words=("niamh",))
    assert len(answer.records) == 4
    assert answer.searched_by == {Term.EMAIL}


# --- paging (README, Paging) -----------------------------------------------------------------


@pytest.mark.parametrize("envelope", ["g2", "g1"])
def test_both_envelopes_are_walked_to_the_end(jump: Bench, envelope: str) -> None:
    switch(jump, envelope=envelope)
    walked = list(walk(lambda cursor: jump.adapter().page(cursor, size=7)))
    assert len(walked) == len(list(rows(jump)))
    assert jump.adapter().healthcheck().generation == envelope.upper()


def test_rows_that_slip_between_pages_come_once(jump: Bench) -> None:
    adapter = JumpAdapter(Caller())
    expected = {row["id"] for row in rows(jump)} | {"made-later"}
    seen: list[RemotePatient] = []
    for record in adapter.iterate():
        if not seen:  # newest first: a new one pushes every row one place on
            template = row_of(jump, id=jump.known_id)
            now = (datetime.now(UTC) + timedelta(seconds=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
            with jump.sandbox.stores["jump"].writing() as state:
                state["patients"]["made-later"] = {**template, "id": "made-later", "created_at": now}
        seen.append(record)
    assert len(seen) == len({each.id for each in seen})
    assert {each.id for each in seen} == expected


def test_iterate_since_yields_what_changed(jump: Bench) -> None:
    change(jump, jump.known_id, updated_at="2026-11-20T10:00:00Z")
    since = datetime(2026, 11, 20, tzinfo=UTC)
    assert [each.id for each in jump.adapter().iterate(since)] == [jump.known_id]


@pytest.mark.parametrize("limit", [0, 101])
def test_limit_out_of_range_is_never_sent(jump: Bench, limit: int) -> None:
    with pytest.raises(ValueError, match="1 to 100"):
        JumpClient(Caller()).list_patients(limit=limit)
    assert jump.faults.requests() == []


def test_every_filter_narrows(jump: Bench) -> None:
    client = JumpClient(Caller())
    archived = client.list_patients(status="archived").rows
    assert {row["status"] for row in archived} == {"archived"}
    either = client.list_patients(status_in=("archived", "merged")).rows
    assert {row["status"] for row in either} == {"archived", "merged"}
    dummies = {row["id"] for row in client.list_patients(patient_type="dummy").rows}
    assert dummies == {row["id"] for row in rows(jump) if row["patient_type"] == "dummy"}
    moment = datetime.fromisoformat(row_of(jump, id=jump.known_id)["created_at"])
    exact = client.list_patients(created_at_gte=moment, created_at_lte=moment).rows
    assert jump.known_id in [row["id"] for row in exact]
    assert len(exact) < 5


# --- values (README, Generations; Custom fields) ---------------------------------------------


@pytest.mark.parametrize("timestamps", ["seconds", "fractions", "offset"])
def test_times_are_read_in_every_form(jump: Bench, timestamps: str) -> None:
    switch(jump, timestamps=timestamps)
    record = jump.adapter().get(jump.known_id)
    assert record.updated_at is not None
    assert record.updated_at.tzinfo is not None
    assert record.unread == ()


def test_older_gender_is_read_as_sex(jump: Bench) -> None:
    switch(jump, gender="g1", city="g1", custom_fields="always")
    demographics = jump.adapter().get(jump.known_id).demographics
    assert demographics.sex is Sex.FEMALE
    assert demographics.gender is None
    assert demographics.address is not None
    assert demographics.address.town == "Manchester"


def test_identity_is_kept_apart_from_sex(jump: Bench) -> None:
    record = jump.adapter().get(row_of(jump, last_name="Finch")["id"])
    assert (record.demographics.sex, record.demographics.gender) == (Sex.FEMALE, Gender.NON_BINARY)


@pytest.mark.parametrize(
    ("family", "status", "registration"),
    [
        ("Laurent", RecordStatus.ARCHIVED, Registration.ARCHIVED),
        ("Griffith", RecordStatus.INACTIVE, Registration.STANDARD),
        ("Do-Not-Use", RecordStatus.ACTIVE, Registration.DUMMY),
        ("Halvorsen", RecordStatus.ACTIVE, Registration.TEMPORARY),
    ],
)
def test_status_and_registration_are_read(
    jump: Bench, family: str, status: RecordStatus, registration: Registration
) -> None:
    record = jump.adapter().get(row_of(jump, last_name=family)["id"])
    assert (record.status, record.registration) == (status, registration)


def test_merged_records_are_found_and_marked(jump: Bench) -> None:
    statuses = {each.status for each in found(jump, words=("Northcott",)).records}
    assert statuses == {RecordStatus.ACTIVE, RecordStatus.MERGED}


# --- errors and keys (README, Errors; Scopes; What is called) --------------------------------


@pytest.mark.parametrize("shape", ["g2", "g1", "flat"])
@pytest.mark.parametrize("status", [422, 400])
def test_refused_values_are_named_in_every_shape(jump: Bench, shape: str, status: int) -> None:
    switch(jump, errors=shape, validation_status=status)
    with pytest.raises(errors.Invalid) as caught:
        JumpClient(Caller()).list_patients(offset=-1)
    assert list(caught.value.field_errors) == ["offset"]


@pytest.mark.parametrize("spelling", ["UNAUTHORISED", "UNAUTHORIZED"])
@pytest.mark.parametrize("key", ["revoked", "nonsense", "é", "ключ", "two\nlines"])
def test_refused_key_is_a_matter_for_the_admin(
    jump: Bench, settings: Settings, spelling: str, key: str
) -> None:
    switch(jump, unauthorised=spelling)
    use_key(jump, settings, jump.sandbox.keys["jump"].get(key, key))
    with pytest.raises((errors.Unauthorised, errors.NotConfigured)):
        jump.adapter().get(jump.known_id)
    assert len(jump.faults.requests()) <= 1  # never retried
    health = jump.adapter().healthcheck()
    assert not health.authorised
    assert "JUMP_" in health.next_step


@pytest.mark.parametrize(
    ("key", "missing"),
    [
        ("full", set()),
        (
            "patients_only",
            {"read_appointments", "read_appointment_templates", "read_clinicians", "read_locations"},
        ),
        ("without_patients", {"read_patients", "read_appointment_templates", "read_clinicians"}),
    ],
)
def test_scopes_of_the_key_are_found(jump: Bench, settings: Settings, key: str, missing: set[str]) -> None:
    use_key(jump, settings, jump.sandbox.keys["jump"][key])
    health = jump.adapter().healthcheck()
    assert health.authorised
    assert {each.name for each in health.abilities if each.available is False} == missing
    assert {each.name for each in health.abilities if each.available is None} == {
        "write_patients",
        "write_appointments",
    }
    assert bool(health.problem) == ("read_patients" in missing)


def test_key_of_live_data_is_refused_outside_production(jump: Bench, settings: Settings) -> None:
    use_key(jump, settings, jump.sandbox.keys["jump"]["live"])
    settings.PRODUCTION = False
    with pytest.raises(errors.NotConfigured):
        jump.adapter().get(jump.known_id)
    assert jump.faults.requests() == []


def use_key(bench: Bench, settings: Settings, key: str) -> None:
    settings.SYSTEMS = {**settings.SYSTEMS, "jump": {**settings.SYSTEMS["jump"], "API_KEY": key}}
