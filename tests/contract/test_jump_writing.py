"""Jump's writing traps, each with the section of integrations/jump/README.md that names it."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from pytest_django import Settings

from integrations import errors
from integrations.jump.adapter import JumpAdapter
from integrations.parallel import start
from integrations.sandbox.faults import Fault, FaultKind, Variant
from integrations.types import Address, Gender, Identifier, RemotePatient, Sex
from integrations.writes import Details, NewRecord, details_of
from tests.waiting import until

from .jump_bench import adapter, change, row_of, rows, sent, switch
from .subjects import FAMILY, GIVEN, ON_DATABASE, Bench

pytestmark = ON_DATABASE

PATIENTS = "/patients$"
RECORD = r"/patients/.+"
NADIA = Details(
    given_name="Nadia",
    family_name="Quillfeather",
    birth_date=date(1991, 2, 3),
    nhs_number="943-476-5919",
    email="Nadia.Quillfeather@example.org",
    sex=Sex.FEMALE,
    gender=Gender.NON_BINARY,
    mobile_phone="07700 900123",
    address=Address(lines=("1 Wharf Road",), town="Leeds", county="Yorkshire", postcode="LS1 1AA"),
    consent_sms=True,
)
OWN_ID = "portal-0f4e7b9c-0000-4000-8000-000000000001"
NEW = NewRecord(details=NADIA, own_id=OWN_ID)


def create(bench: Bench, new: NewRecord = NEW, key: str = "") -> RemotePatient:
    return adapter(bench).create(new, key=key or str(uuid4()))


def made(bench: Bench) -> list[dict[str, Any]]:
    return [row for row in rows(bench) if row["last_name"] == "Quillfeather"]


# --- creating (README, Creating) -------------------------------------------------------------


def test_created_record_comes_whole_and_holds_what_was_given(jump: Bench) -> None:
    record = create(jump)
    assert record.complete
    given = NADIA.given()
    wanted = adapter(jump).as_held(NADIA)
    held = details_of(record)
    assert {part: getattr(held, part) for part in given} == {part: getattr(wanted, part) for part in given}
    assert held.nhs_number == "9434765919"
    assert adapter(jump).get(record.id) == record
    assert sent(jump) == ["POST", "GET"]


def test_short_answer_is_completed_by_reading(jump: Bench) -> None:
    switch(jump, written="short")
    record = create(jump)
    assert (record.complete, record.demographics.nhs_number) == (True, "9434765919")
    assert sent(jump) == ["POST", "GET"]


def test_short_answer_that_cannot_be_completed_is_an_answer_all_the_same(jump: Bench) -> None:
    switch(jump, written="short")
    jump.faults.add(Fault(kind=FaultKind.RESET, method="GET"))
    record = create(jump)
    assert (record.complete, record.id) == (False, made(jump)[0]["id"])


def test_own_id_is_written_only_where_the_setting_says_so(jump: Bench) -> None:
    switch(jump, custom_fields="always")
    assert create(jump).identifiers == ()
    assert "custom_fields" not in made(jump)[0]


@pytest.mark.usefixtures("own_id_on")
def test_own_id_becomes_the_external_id(jump: Bench) -> None:
    assert create(jump).identifiers == (Identifier(system="external", value=OWN_ID),)


@pytest.mark.usefixtures("own_id_on")
def test_own_id_that_was_dropped_shows_in_the_record(jump: Bench) -> None:
    switch(jump, custom_fields_written="dropped")
    assert create(jump).identifiers == ()


def test_refused_here_sends_nothing(jump: Bench) -> None:
    for new in (NewRecord(details=replace(NADIA, birth_date=None)), NewRecord(details=Details())):
        with pytest.raises(errors.Invalid) as caught:
            create(jump, new)
        assert "birth_date" in caught.value.field_errors
    with pytest.raises(errors.Unsupported):
        create(jump, NewRecord(details=replace(NADIA, enrolled=True)))
    assert sent(jump) == []


@pytest.mark.parametrize("generation", ["g2", "g1", "flat"])
def test_refusal_names_our_field_and_is_known_to_have_changed_nothing(jump: Bench, generation: str) -> None:
    switch(jump, errors=generation)
    with pytest.raises(errors.Invalid) as caught:
        create(jump, NewRecord(details=replace(NADIA, birth_date=date(2999, 1, 1))))
    assert set(caught.value.field_errors) == {"birth_date"}
    assert not caught.value.outcome_unknown
    assert made(jump) == []


def test_key_without_the_scope_is_refused_for_certain(jump: Bench, settings: Settings) -> None:
    system = {**settings.SYSTEMS["jump"], "API_KEY": jump.sandbox.keys["jump"]["read_only"]}
    settings.SYSTEMS = {**settings.SYSTEMS, "jump": system}
    with pytest.raises(errors.Forbidden) as caught:
        create(jump)
    assert not caught.value.outcome_unknown


def test_error_tells_nothing_of_the_person(jump: Bench) -> None:
    with pytest.raises(errors.Invalid) as caught:
        create(jump, NewRecord(details=replace(NADIA, email="nobody at all")))
    said = f"{caught.value} {caught.value!r} {caught.value.field_errors} {NEW!r}"
    assert not re.search("Nadia|Quillfeather|943|nobody at all", said)


# --- the key (README, Creating) --------------------------------------------------------------


def test_same_key_again_makes_no_second_record(jump: Bench) -> None:
    key = str(uuid4())
    first, again = create(jump, key=key), create(jump, key=key)
    assert first == again
    assert len(made(jump)) == 1
    assert JumpAdapter.keys_last == timedelta(hours=24)


def test_key_with_another_body_is_a_conflict_to_be_looked_into(jump: Bench) -> None:
    key = str(uuid4())
    create(jump, key=key)
    with pytest.raises(errors.Conflict) as caught:
        create(jump, NewRecord(details=replace(NADIA, title="Dr")), key=key)
    assert caught.value.outcome_unknown
    assert len(made(jump)) == 1


def test_key_of_a_request_that_still_runs_leaves_the_outcome_unknown(jump: Bench) -> None:
    key = str(uuid4())
    switch(jump, creating="held")
    with ThreadPoolExecutor(1) as pool:
        slow = start(pool, partial(adapter(jump, None).create, NEW, key=key))
        until(lambda: "POST" in sent(jump), what="the first request")
        assert isinstance(slow.exception(timeout=10), errors.Unavailable)  # gave up waiting
    with pytest.raises(errors.Conflict) as caught:
        create(jump, key=key)
    assert caught.value.outcome_unknown
    assert made(jump) == []
    switch(jump, creating="at_once")
    until(lambda: bool(made(jump)), what="the first request taking effect")
    assert create(jump, key=key).id == made(jump)[0]["id"]
    assert len(made(jump)) == 1


def test_repeated_number_that_jump_refuses_is_a_conflict_and_its_holder_is_found(jump: Bench) -> None:
    switch(jump, same_number="refused")
    number = str(row_of(jump, id=jump.known_id)["nhs_number"])
    new = NewRecord(details=replace(NADIA, nhs_number=number))
    with pytest.raises(errors.Conflict) as caught:
        create(jump, new)
    assert caught.value.outcome_unknown
    assert [each.id for each in adapter(jump).created(new)] == [jump.known_id]


# --- lost answers ----------------------------------------------------------------------------

LOST = [
    (Fault(kind=FaultKind.HANG, method="POST", after_effect=True), errors.Unavailable),
    (Fault(kind=FaultKind.RESET, method="POST", after_effect=True), errors.Unavailable),
    (Fault(kind=FaultKind.STATUS, method="POST", after_effect=True), errors.Unavailable),
    (Fault(kind=FaultKind.STATUS, method="POST", after_effect=True, html=True), errors.Unavailable),
    (
        Fault(kind=FaultKind.STATUS, method="POST", after_effect=True, status=404, html=True),
        errors.ProtocolError,
    ),
    (Fault(kind=FaultKind.TRUNCATED, method="POST"), errors.ProtocolError),
    (Fault(kind=FaultKind.MALFORMED, method="POST"), errors.ProtocolError),
    (Fault(kind=FaultKind.BROKEN_OFF, method="POST"), errors.Unavailable),
    (Fault(kind=FaultKind.WRONG_TYPES, method="POST", variant=Variant.NULLS), errors.ProtocolError),
    (Fault(kind=FaultKind.WRONG_TYPES, method="POST", variant=Variant.CONTAINERS), errors.ProtocolError),
]
UNDONE = [
    Fault(kind=FaultKind.HANG, method="POST"),
    Fault(kind=FaultKind.RESET, method="POST"),
    Fault(kind=FaultKind.STATUS, method="POST", status=500),
    Fault(kind=FaultKind.REDIRECT, method="POST"),
]


def named(value: object) -> str:
    if isinstance(value, Fault):
        return f"{value.kind} {value.variant if value.kind is FaultKind.WRONG_TYPES else value.status}"
    return ""


@pytest.mark.parametrize(("fault", "kind"), LOST, ids=named)
def test_answer_lost_after_the_effect_is_unknown_and_the_record_is_found(
    jump: Bench, fault: Fault, kind: type[errors.IntegrationError]
) -> None:
    key = str(uuid4())
    active = jump.faults.add(fault)
    with pytest.raises(kind) as caught:
        create(jump, key=key)
    assert caught.value.outcome_unknown
    assert sent(jump) == ["POST"]  # never sent again here
    jump.faults.remove(active.id)
    (found,) = adapter(jump).created(NEW)
    assert found.id == made(jump)[0]["id"]
    assert create(jump, key=key).id == found.id
    assert len(made(jump)) == 1


@pytest.mark.parametrize("fault", UNDONE, ids=named)
def test_answer_lost_before_the_effect_is_unknown_too_and_nothing_is_found(jump: Bench, fault: Fault) -> None:
    key = str(uuid4())
    active = jump.faults.add(fault)
    with pytest.raises(errors.IntegrationError) as caught:
        create(jump, key=key)
    assert caught.value.outcome_unknown
    jump.faults.remove(active.id)
    assert list(adapter(jump).created(NEW)) == []
    create(jump, key=key)
    assert len(made(jump)) == 1


def test_refused_connection_is_known_to_have_changed_nothing(jump: Bench) -> None:
    server = jump.sandbox.servers["jump"]
    server.stop()
    try:
        with pytest.raises(errors.Unavailable) as caught:
            create(jump)
    finally:
        server.start()
    assert not caught.value.outcome_unknown
    assert made(jump) == []


def test_used_up_quota_is_known_to_have_changed_nothing(jump: Bench) -> None:
    switch(jump, rate_limit=0)
    with pytest.raises(errors.RateLimited) as caught:
        create(jump)
    assert not caught.value.outcome_unknown
    assert made(jump) == []


# --- what a creation left (README, Looking for what was created) -----------------------------


@pytest.mark.parametrize(
    "change_of",
    [
        {"email": None, "first_name": "Other"},
        {"nhs_number": None, "first_name": "Other"},
        {"nhs_number": None, "email": None},
        {"nhs_number": None, "email": "NADIA.QUILLFEATHER@EXAMPLE.ORG", "date_of_birth": "1980-01-01"},
        {"nhs_number": "943 476 5919", "email": None, "last_name": "Quillfeather", "first_name": "Other"},
        {"status": "archived"},
    ],
    ids=str,
)
def test_any_one_detail_finds_it(jump: Bench, change_of: dict[str, Any]) -> None:
    record = create(jump)
    change(jump, record.id, **change_of)
    (found,) = adapter(jump).created(NEW)
    assert (found.id, found.complete) == (record.id, True)


def test_nothing_in_common_finds_nothing(jump: Bench) -> None:
    record = create(jump)
    change(jump, record.id, nhs_number="9990932182", email="other@example.org", date_of_birth="1980-01-01")
    assert list(adapter(jump).created(NEW)) == []


@pytest.mark.usefixtures("own_id_on")
def test_own_id_is_recognised_on_what_a_search_brings(jump: Bench) -> None:
    record = create(jump)
    change(jump, record.id, nhs_number="9990932182", email=None, date_of_birth="1980-01-01")
    same_name = NewRecord(details=replace(NADIA, birth_date=date(1980, 1, 1)), own_id=OWN_ID)
    assert [each.id for each in adapter(jump).created(same_name)] == [record.id]


@pytest.mark.parametrize("form", ["digits", "hyphens", "spaces"])
def test_number_is_found_in_whatever_form_it_is_compared(jump: Bench, form: str) -> None:
    record = create(jump)
    change(jump, record.id, email=None, first_name="Other")
    switch(jump, nhs_search="stored", nhs_form=form)
    assert [each.id for each in adapter(jump).created(NEW)] == [record.id]


def test_name_is_found_in_another_spelling(jump: Bench) -> None:
    details = Details(given_name="Siobhán", family_name="O’Quillfeather", birth_date=date(1991, 2, 3))
    record = create(jump, NewRecord(details=details))
    change(jump, record.id, first_name="Siobhan", last_name="O'Quillfeather")
    assert [each.id for each in adapter(jump).created(NewRecord(details=details))] == [record.id]


def test_look_costs_few_requests(jump: Bench) -> None:
    create(jump)
    jump.faults.forget_requests()
    adapter(jump).created(NEW)
    assert len(sent(jump)) == 4  # number, record, e-mail, name
    jump.faults.forget_requests()
    stranger = replace(NADIA, given_name="Xanthe", family_name="Zzyzx", email="x@example.org")
    assert list(adapter(jump).created(NewRecord(details=replace(stranger, nhs_number="9876543210")))) == []
    assert len(sent(jump)) == 6  # three spellings, e-mail, name, its surest part


def test_look_that_could_not_read_everything_does_not_say_nobody(jump: Bench) -> None:
    create(jump)
    active = jump.faults.add(Fault(kind=FaultKind.RESET, path=RECORD))
    with pytest.raises(errors.Unavailable):
        adapter(jump).created(NEW)
    jump.faults.remove(active.id)
    template = row_of(jump, id=jump.known_id)
    with jump.sandbox.stores["jump"].writing() as state:
        for number in range(501):
            state["patients"][f"made-{number}"] = {**template, "id": f"made-{number}", "nhs_number": None}
    namesake = Details(given_name=GIVEN, family_name=FAMILY, birth_date=date(1999, 9, 9))
    with pytest.raises(errors.Conflict) as caught:
        adapter(jump).created(NewRecord(details=namesake))
    assert caught.value.reason == "too many hits"
    assert "mark this as done" in caught.value.next_step
    assert list(adapter(jump).created(NewRecord(details=replace(namesake, given_name="Xanthe")))) == []


def test_nhs_number_that_many_records_seem_to_hold_is_not_said_to_be_free(jump: Bench) -> None:
    create(jump)
    template = row_of(jump, id=jump.known_id)
    with jump.sandbox.stores["jump"].writing() as state:
        for number in range(30):  # in its spelling with spaces each part of it is in each of these
            held = f"999003{number:04}".replace("0000", "9003")
            row = {**template, "id": f"made-{number}", "nhs_number": f"9003{number:02}9993", "email": held}
            state["patients"][row["id"]] = row
    wanted = Details(given_name="Xanthe", family_name="Zzyzx", nhs_number="9990039003")
    with pytest.raises(errors.Conflict):
        adapter(jump).created(NewRecord(details=wanted))
