"""Impilo's traps of creating, each with the section of integrations/impilo/README.md that names it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from flask import Flask
from pytest_django import Settings

from integrations import errors
from integrations.sandbox.faults import Fault, FaultKind, Variant
from integrations.sandbox.server import Server
from integrations.types import Address, Gender, Identifier, RecordStatus, Sex
from integrations.writes import Details, NewRecord, details_of
from tests.waiting import until

from .impilo_bench import (
    HOME,
    KEY,
    LOST,
    NEW,
    NOVA,
    ONE_REQUEST,
    OWN_ID,
    create_fails,
    found_again,
    people,
    sent,
    stored,
    switch,
    update,
)
from .subjects import ON_DATABASE, Bench

pytestmark = ON_DATABASE


# --- creating (README, Creating) --------------------------------------------------------------


@pytest.mark.parametrize("status", ["created", "ok"])
def test_create_gives_the_whole_record_as_it_is_held(impilo: Bench, status: str) -> None:
    switch(impilo, creates_with=status)
    record = impilo.adapter().create(NEW, key=KEY)
    assert sent(impilo) == ["POST"]
    assert record == impilo.adapter().get(record.id)
    assert record.identifiers == (Identifier(system="external", value=OWN_ID),)
    assert details_of(record) == replace(
        impilo.adapter().as_held(NOVA),
        status=RecordStatus.ACTIVE,
        registration=record.registration,
        is_deceased=False,
        requires_review=False,
        enrolled=True,
    )


def test_create_with_names_alone_sends_names_and_our_id_alone(impilo: Bench) -> None:
    new = NewRecord(details=Details(given_name=" Nova ", family_name="Abercorn"), own_id=OWN_ID)
    record = impilo.adapter().create(new, key=KEY)
    row = stored(impilo, record.id)
    assert {name for name, value in row.items() if value not in (None, False, True)} == {
        "id",
        "externalIdentifier",
        "firstName",
        "lastName",
    }
    assert row["firstName"] == "Nova"


def test_create_writes_indeterminate_as_other_and_the_town_for_a_county(impilo: Bench) -> None:
    details = replace(NOVA, sex=Sex.INDETERMINATE, address=replace(HOME, county="", note=" Ring twice "))
    record = impilo.adapter().create(NewRecord(details=details, own_id=OWN_ID), key=KEY)
    assert record.demographics.sex is Sex.OTHER
    assert record.demographics.address == replace(HOME, county="Leeds", note="Ring twice")
    assert impilo.adapter().as_held(details).address == record.demographics.address


def test_create_without_our_id_is_a_mistake_of_ours(impilo: Bench) -> None:
    with pytest.raises(ValueError, match="own id"):
        impilo.adapter().create(NewRecord(details=NOVA), key=KEY)
    assert sent(impilo) == []


@pytest.mark.parametrize(
    ("details", "fields"),
    [
        (replace(NOVA, family_name=""), {"family_name"}),
        (replace(NOVA, given_name="  ", family_name="\n"), {"given_name", "family_name"}),
        (replace(NOVA, address=replace(HOME, postcode=" ", lines=())), {"address"}),
        (replace(NOVA, address=Address(note="Ring twice")), {"address"}),
    ],
)
def test_create_that_lacks_something_is_refused_before_it_is_sent(
    impilo: Bench, details: Details, fields: set[str]
) -> None:
    fault = create_fails(impilo, NewRecord(details=details, own_id=OWN_ID))
    assert isinstance(fault, errors.Invalid)
    assert set(fault.field_errors) == fields
    assert not fault.outcome_unknown
    assert sent(impilo) == []


@pytest.mark.parametrize(
    "new",
    [
        replace(NEW, details=replace(NOVA, nhs_number="9990000018")),
        replace(NEW, details=replace(NOVA, gender=Gender.WOMAN)),
        replace(NEW, details=replace(NOVA, is_deceased=False)),
        replace(NEW, details=replace(NOVA, address=replace(HOME, lines=("1", "2", "3", "4")))),
        replace(NEW, custom_fields=(("ward", "3"),)),
        replace(NEW, identifiers=(Identifier(system="x", value="1"),)),
    ],
    ids=["nhs number", "gender", "deceased", "four lines", "custom field", "identifier"],
)
def test_create_with_what_impilo_has_no_place_for_is_refused(impilo: Bench, new: NewRecord) -> None:
    assert isinstance(create_fails(impilo, new), errors.Unsupported)
    assert sent(impilo) == []


def test_address_that_impilo_insists_on_is_asked_of_staff(impilo: Bench) -> None:
    switch(impilo, address="required")
    fault = create_fails(impilo, replace(NEW, details=replace(NOVA, address=None)))
    assert isinstance(fault, errors.Invalid)
    assert set(fault.field_errors) == {"address"}
    assert not fault.outcome_unknown


@pytest.mark.parametrize("duplicates", ["conflict", "bad_request"])
def test_identifier_in_use_after_a_lost_reply_is_a_conflict_that_the_look_resolves(
    impilo: Bench, duplicates: str
) -> None:
    switch(impilo, duplicates=duplicates)
    impilo.faults.add(Fault(kind=FaultKind.RESET, after_effect=True, method="POST", times=1))
    assert create_fails(impilo).outcome_unknown
    fault = create_fails(impilo)
    assert isinstance(fault, errors.Conflict)
    assert fault.outcome_unknown
    (patient_id,) = found_again(impilo)
    assert stored(impilo, patient_id)["externalIdentifier"] == OWN_ID


@pytest.mark.parametrize("name", LOST)
def test_create_whose_outcome_is_lost_says_so_and_is_sent_once(impilo: Bench, name: str) -> None:
    fault, kind, there = LOST[name]
    impilo.faults.add(replace(fault, method="POST"))
    before = people(impilo)
    caught = create_fails(impilo, seconds=0.6 if fault.kind is FaultKind.HANG else 20)
    assert type(caught) is kind
    assert caught.outcome_unknown
    assert sent(impilo) == ["POST"]
    assert people(impilo) == before + there
    assert len(found_again(impilo)) == there


def test_create_that_takes_effect_after_everybody_left_is_found_later(impilo: Bench) -> None:
    impilo.faults.add(Fault(kind=FaultKind.DELAY, seconds=1.5, method="POST"))
    assert create_fails(impilo, seconds=0.4).outcome_unknown
    assert found_again(impilo) == []
    until(lambda: len(found_again(impilo)) == 1, what="the record made late")


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, errors.Unauthorised), (403, errors.Forbidden), (415, errors.ProtocolError), (422, errors.Invalid)],
)
def test_create_that_is_refused_has_changed_nothing(
    impilo: Bench, status: int, kind: type[errors.IntegrationError]
) -> None:
    impilo.faults.add(Fault(kind=FaultKind.STATUS, status=status))
    fault = create_fails(impilo)
    assert type(fault) is kind
    assert not fault.outcome_unknown


def test_create_that_is_throttled_says_when_to_come_back_and_is_not_repeated(impilo: Bench) -> None:
    impilo.faults.add(Fault(kind=FaultKind.STATUS, status=429, retry_after="3"))
    fault = create_fails(impilo)
    assert isinstance(fault, errors.RateLimited)
    assert (fault.retry_after, fault.outcome_unknown, len(sent(impilo))) == (3, False, ONE_REQUEST)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind=FaultKind.STATUS, status=201, after_effect=True),
        *(Fault(kind=FaultKind.WRONG_TYPES, variant=variant) for variant in Variant),
    ],
    ids=lambda fault: f"{fault.kind} {fault.variant}",
)
def test_reply_without_a_record_leaves_a_create_unknown_and_a_change_read_again(
    impilo: Bench, fault: Fault
) -> None:
    impilo.faults.add(replace(fault, method="POST"))
    impilo.faults.add(replace(fault, method="PATCH"))
    caught = create_fails(impilo)
    assert isinstance(caught, errors.ProtocolError)
    assert caught.outcome_unknown
    assert len(found_again(impilo)) == 1
    update(impilo, phone="020 7946 0001")


def test_create_answered_with_somebody_elses_record_is_not_believed(
    impilo: Bench, settings: Settings
) -> None:
    app = Flask("another")
    row = {**stored(impilo), "externalIdentifier": "CRM-000001"}
    app.add_url_rule("/patient", "make", lambda: (row, 201), methods=["POST"])
    server = Server(app)
    server.start()
    system = {**settings.SYSTEMS["impilo"], "URL": server.url}
    settings.SYSTEMS = {**settings.SYSTEMS, "impilo": system}
    try:
        caught = create_fails(impilo)
    finally:
        server.stop()
    assert isinstance(caught, errors.ProtocolError)
    assert caught.outcome_unknown


def test_create_that_never_left_has_changed_nothing(impilo: Bench) -> None:
    impilo.adapter().get(impilo.known_id)
    assert not create_fails(impilo, seconds=-1).outcome_unknown
    impilo.sandbox.servers["impilo"].stop()
    try:
        fault = create_fails(impilo)
    finally:
        impilo.sandbox.servers["impilo"].start()
    assert isinstance(fault, errors.Unavailable)
    assert not fault.outcome_unknown


def test_create_whose_reply_shows_little_is_believed(impilo: Bench) -> None:
    switch(impilo, nulls=True)
    record = impilo.adapter().create(NEW, key=KEY)
    assert record.identifiers == ()
    assert stored(impilo, record.id)["externalIdentifier"] == OWN_ID


# --- what was created (README, Creating) --------------------------------------------------------


def test_created_looks_by_id_email_and_birth_date_in_few_requests(impilo: Bench) -> None:
    assert found_again(impilo) == []
    assert sent(impilo) == ["GET"] * 4  # the e-mail in two spellings
    impilo.faults.forget_requests()
    found_again(impilo, replace(NEW, details=replace(NOVA, email="nova@example.org")))
    assert sent(impilo) == ["GET"] * 3


@pytest.mark.parametrize(
    ("new", "there"),
    [
        (NewRecord(details=Details(given_name="Some", family_name="Body"), own_id=OWN_ID), True),
        (
            NewRecord(details=Details(given_name="Quillon", family_name="Xu", email="NOVA.al@EXAMPLE.org")),
            True,
        ),
        (NewRecord(details=replace(NOVA, email="", birth_date=None)), True),
        (NewRecord(details=replace(NOVA, email="", family_name="Abercorn Lisle")), True),
        (NewRecord(details=replace(NOVA, email="", birth_date=date(1991, 3, 2))), False),
        (NewRecord(details=replace(NOVA, email="", given_name="Nora")), False),
        (NewRecord(details=Details(email="al@example.org"), own_id=OWN_ID[:-1]), False),
    ],
)
@pytest.mark.parametrize("filters", ["honoured", "ignored"])
def test_created_finds_the_record_by_each_detail_and_nobody_else(
    impilo: Bench, new: NewRecord, there: bool, filters: str
) -> None:
    record = impilo.adapter().create(NEW, key=KEY)
    switch(impilo, filters=filters)
    found = impilo.adapter().created(new)
    assert [each.id for each in found] == ([record.id] if there else [])
    assert all(each.complete for each in found)


def crowd(bench: Bench, size: int) -> None:
    """Many people, listed before the one who is created."""
    template = stored(bench)
    with bench.sandbox.stores["impilo"].writing() as state:
        for number in range(1, size + 1):
            state["patients"][str(number)] = {
                **template,
                "id": number,
                "externalIdentifier": f"CRM-x{number}",
            }


def test_created_reads_on_where_the_filter_is_ignored(impilo: Bench) -> None:
    crowd(impilo, 600)
    record = impilo.adapter().create(NEW, key=KEY)
    switch(impilo, filters="ignored")
    assert found_again(impilo) == [record.id]


@pytest.mark.parametrize(
    ("size", "positions", "fault"),
    [(300, {"paging": "repeats"}, errors.ProtocolError), (10_001, {}, errors.Conflict)],
    ids=["repeating", "too many"],
)
def test_created_never_says_nobody_where_not_everybody_could_be_read(
    impilo: Bench, size: int, positions: dict[str, Any], fault: type[errors.IntegrationError]
) -> None:
    crowd(impilo, size)
    switch(impilo, filters="ignored", **positions)
    with pytest.raises(fault):
        impilo.adapter().created(NewRecord(details=Details(), own_id=OWN_ID))
