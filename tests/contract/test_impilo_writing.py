"""Impilo's traps of changing, each with the section of integrations/impilo/README.md that names it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from pytest_django import Settings

from integrations import errors
from integrations.abilities import Archives, System, TakesMarks
from integrations.deadlines import Deadline
from integrations.impilo.mapping import is_recipe
from integrations.registry import get_system
from integrations.sandbox.faults import Fault, FaultKind
from integrations.types import Caller, RecordStatus, Sex
from integrations.writes import Changes, Part, details_of

from .impilo_bench import (
    HOME,
    KEY,
    LOST,
    NEW,
    ONE_REQUEST,
    OWN_ID,
    WIRE_HOME,
    plant,
    sent,
    stored,
    switch,
    update,
)
from .subjects import BORN, FAMILY, GIVEN, ON_DATABASE, Bench

pytestmark = ON_DATABASE


# --- changing (README, Changing) ----------------------------------------------------------------


@pytest.mark.parametrize("names", ["optional", "required"])
@pytest.mark.parametrize(
    "values",
    [
        {"given_name": "Gracia"},
        {"family_name": "O’Mbeki", "given_name": "Grâce"},
        {"birth_date": date(1975, 4, 19)},
        {"sex": Sex.UNKNOWN},
        {"email": "Grace@Example.org"},
        {"phone": "+44 20 7946 0001"},
        {"address": HOME},
        {"enrolled": False},
        {"birth_date": None, "sex": None, "email": "", "phone": "", "address": None},
    ],
    ids=lambda values: "-".join(values),
)
def test_update_sets_what_is_named_and_nothing_else(
    impilo: Bench, values: dict[str, Any], names: str
) -> None:
    switch(impilo, patch_names=names)
    plant(impilo, enrolled=True)
    before = details_of(impilo.adapter().get(impilo.known_id))
    after = details_of(update(impilo, **values))
    assert after == replace(before, **values)
    assert set(sent(impilo)) == {"GET", "PATCH"}
    assert stored(impilo)["archived"] is False


def test_update_reads_patches_and_believes_the_reply(impilo: Bench) -> None:
    impilo.adapter().update(impilo.known_id, Changes.to(phone="020 7946 0001"))
    assert sent(impilo) == ["GET", "PATCH"]


def test_update_whose_reply_shows_something_else_reads_again(impilo: Bench) -> None:
    switch(impilo, shows="before")
    assert update(impilo, phone="020 7946 0001").demographics.phones[0].number == "020 7946 0001"


def test_update_of_what_is_held_already_sends_nothing(impilo: Bench) -> None:
    update(impilo, given_name=f" {GIVEN} ", birth_date=BORN)
    impilo.adapter().update(impilo.known_id, Changes())
    assert set(sent(impilo)) == {"GET"}


def test_clearing_a_birth_date_that_cannot_be_read_is_sent_all_the_same(impilo: Bench) -> None:
    switch(impilo, birth_date="day_first")
    impilo.adapter().update(impilo.known_id, Changes.to(birth_date=None))
    assert stored(impilo)["dateOfBirth"] is None


def test_delivery_note_and_fourth_line_survive_a_change_beside_them(impilo: Bench) -> None:
    plant(impilo, address=WIRE_HOME)
    address = impilo.adapter().get(impilo.known_id).demographics.address
    assert address is not None
    update(impilo, address=replace(address, postcode="LS6 9ZZ", note=""))
    assert stored(impilo)["address"] == {**WIRE_HOME, "zipCode": "LS6 9ZZ"}
    update(impilo, address=replace(address, note="Leave it next door"))
    assert stored(impilo)["address"] == {**WIRE_HOME, "note": "Leave it next door"}


def test_new_street_replaces_every_line(impilo: Bench) -> None:
    plant(impilo, address={**WIRE_HOME, "lineThree": "Old quay"})
    update(impilo, address=HOME)
    row = stored(impilo)["address"]
    assert (row["lineOne"], row["lineTwo"], row["lineThree"]) == (*HOME.lines, None)
    assert "lineFour" not in row
    assert row["note"] == "Ring twice"


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({"given_name": ""}, {"given_name"}),
        ({"given_name": " ", "family_name": ""}, {"given_name", "family_name"}),
        ({"address": replace(HOME, country="")}, {"address"}),
        ({"enrolled": None}, {"enrolled"}),
    ],
)
def test_update_that_takes_away_what_is_needed_is_refused_before_anything_is_sent(
    impilo: Bench, values: dict[str, Any], fields: set[str]
) -> None:
    with pytest.raises(errors.Invalid) as caught:
        impilo.adapter().update(impilo.known_id, Changes.to(**values))
    assert set(caught.value.field_errors) == fields
    assert sent(impilo) == []


@pytest.mark.parametrize(
    "changes",
    [
        Changes.to(nhs_number="9990000018"),
        Changes.to(title=""),
        Changes.to(status=RecordStatus.ARCHIVED),
        Changes.to(status=RecordStatus.INACTIVE),
        Changes.to(status=None),
        Changes.to(address=replace(HOME, lines=("1", "2", "3", "4"))),
        Changes(custom_fields=(("ward", "3"),)),
    ],
)
def test_update_of_what_impilo_has_no_place_for_is_refused(impilo: Bench, changes: Changes) -> None:
    with pytest.raises(errors.Unsupported):
        impilo.adapter().update(impilo.known_id, changes)
    assert sent(impilo) == []


def test_refused_change_names_our_field(impilo: Bench) -> None:
    with pytest.raises(errors.Invalid) as caught:
        impilo.adapter().update(impilo.known_id, Changes.to(email="not an address"))
    assert set(caught.value.field_errors) == {"email"}
    assert not caught.value.outcome_unknown


@pytest.mark.parametrize("patient_id", ["999999999", "abc", "-1", str(2**63)])
def test_update_of_a_missing_record_is_not_found(impilo: Bench, patient_id: str) -> None:
    with pytest.raises(errors.NotFound) as caught:
        impilo.adapter().update(patient_id, Changes.to(phone="1"))
    assert not caught.value.outcome_unknown
    assert set(sent(impilo)) <= {"GET"}


@pytest.mark.parametrize(
    "name", sorted(LOST.keys() - {"404 html"})
)  # which reads like a missing method: below
def test_update_whose_outcome_is_lost_says_so_and_is_sent_once(impilo: Bench, name: str) -> None:
    fault, kind, there = LOST[name]
    impilo.faults.add(replace(fault, method="PATCH"))
    adapter = impilo.adapter(seconds=0.6 if fault.kind is FaultKind.HANG else 20)
    with pytest.raises(errors.IntegrationError) as caught:
        adapter.update(impilo.known_id, Changes.to(phone="020 7946 0001"))
    assert type(caught.value) is kind
    assert caught.value.outcome_unknown
    assert sent(impilo) == ["GET", "PATCH"]
    assert (stored(impilo)["phoneNumber"] == "020 7946 0001") is there


def at(request: int, do: Callable[[], object]) -> System:
    """An adapter that does something just before its so-manieth request leaves."""
    left = [request]

    def sending() -> None:
        left[0] -= 1
        if left[0] == 0:
            do()

    return get_system("impilo", Caller(deadline=Deadline.after(20), sending=sending))


def test_change_that_took_effect_and_cannot_be_read_back_is_of_unknown_outcome(impilo: Bench) -> None:
    switch(impilo, shows="before")
    adapter = at(3, lambda: impilo.faults.add(Fault(kind=FaultKind.STATUS, status=500)))
    with pytest.raises(errors.Unavailable) as caught:
        adapter.update(impilo.known_id, Changes.to(phone="020 7946 0001"))
    assert caught.value.outcome_unknown
    assert stored(impilo)["phoneNumber"] == "020 7946 0001"


# --- PUT where PATCH is not offered (README, Changing) -------------------------------------------


def _with_recipe(bench: Bench) -> str:
    rows = bench.sandbox.stores["impilo"].snapshot()["patients"].values()
    row = next(row for row in rows if is_recipe(row["externalIdentifier"] or "") and row["address"])
    plant(bench, str(row["id"]), site={"id": 302, "name": "Riverside at the Market", "active": True})
    return str(row["id"])


@pytest.mark.parametrize("how", ["not_allowed", "not_found", "html"])
def test_put_stands_in_for_patch_and_takes_nothing_away(impilo: Bench, how: str) -> None:
    patient_id = _with_recipe(impilo)
    plant(impilo, patient_id, enrolled=False, archived=True)
    if how == "html":
        impilo.faults.add(Fault(kind=FaultKind.STATUS, status=404, html=True, method="PATCH"))
    else:
        switch(impilo, patch=how)
    before = stored(impilo, patient_id)
    adapter = impilo.adapter()
    record = adapter.update(patient_id, Changes.to(phone="020 7946 0001", email=""))
    assert sent(impilo) == ["GET", "PATCH", "GET", "PUT", "GET"]
    assert record == adapter.get(patient_id)
    assert stored(impilo, patient_id) == {**before, "phoneNumber": "020 7946 0001", "email": None}


def test_put_is_merged_with_what_others_changed_meanwhile(impilo: Bench) -> None:
    switch(impilo, patch="not_allowed")
    adapter = at(2, lambda: plant(impilo, email="new@example.org"))
    adapter.update(impilo.known_id, Changes.to(phone="020 7946 0001"))
    row = stored(impilo)
    assert (row["email"], row["phoneNumber"]) == ("new@example.org", "020 7946 0001")


@pytest.mark.parametrize(
    "positions", [{"birth_date": "timestamp"}, {"sex_field": "gender"}, {"ids": "text"}], ids=str
)
def test_put_sends_documented_forms_whatever_the_record_was_shown_in(
    impilo: Bench, positions: dict[str, Any]
) -> None:
    before = stored(impilo)
    switch(impilo, patch="not_found", **positions)
    impilo.adapter().update(impilo.known_id, Changes.to(phone="020 7946 0001"))
    assert stored(impilo) == {**before, "phoneNumber": "020 7946 0001"}


def test_record_that_vanished_before_the_patch_is_not_found(impilo: Bench) -> None:
    def vanish() -> None:
        with impilo.sandbox.stores["impilo"].writing() as state:
            del state["patients"][impilo.known_id]

    with pytest.raises(errors.NotFound) as caught:
        at(2, vanish).update(impilo.known_id, Changes.to(phone="1"))
    assert not caught.value.outcome_unknown
    assert sent(impilo) == ["GET", "PATCH", "GET"]


def test_gateway_that_knows_no_record_leaves_the_outcome_unknown(impilo: Bench) -> None:
    gone = Fault(kind=FaultKind.STATUS, status=404, html=True)
    with pytest.raises(errors.ProtocolError) as caught:
        at(2, lambda: impilo.faults.add(gone)).update(impilo.known_id, Changes.to(phone="1"))
    assert caught.value.outcome_unknown
    assert sent(impilo) == ["GET", "PATCH", "GET"]


def test_put_is_not_sent_where_it_would_take_the_site_away(impilo: Bench) -> None:
    plant(impilo, site={"name": "Riverside"})
    switch(impilo, patch="not_allowed")
    with pytest.raises(errors.ProtocolError) as caught:
        impilo.adapter().update(impilo.known_id, Changes.to(phone="1"))
    assert not caught.value.outcome_unknown
    assert "PUT" not in sent(impilo)


@pytest.mark.parametrize("after", [False, True])
def test_put_whose_reply_is_lost_is_of_unknown_outcome(impilo: Bench, after: bool) -> None:
    switch(impilo, patch="not_allowed")
    impilo.faults.add(Fault(kind=FaultKind.RESET, method="PUT", after_effect=after))
    with pytest.raises(errors.Unavailable) as caught:
        impilo.adapter().update(impilo.known_id, Changes.to(phone="1"))
    assert caught.value.outcome_unknown
    assert sent(impilo).count("PUT") == ONE_REQUEST


# --- archiving and marking (README, Archiving; Marks) ---------------------------------------------


@pytest.mark.parametrize("patch", ["offered", "not_allowed"])
def test_archive_sets_one_flag_and_leaves_enrolment_alone(impilo: Bench, patch: str) -> None:
    switch(impilo, patch=patch)
    before = stored(impilo)
    adapter = impilo.adapter()
    assert isinstance(adapter, Archives)
    record = adapter.archive(impilo.known_id, reason="moved away", notes="to Leeds")
    assert record.status is RecordStatus.ARCHIVED
    assert stored(impilo) == {**before, "archived": True}
    impilo.faults.forget_requests()
    assert adapter.archive(impilo.known_id, reason="moved away") == record
    assert sent(impilo) == ["GET"]


@pytest.mark.parametrize("patch", ["offered", "not_allowed"])
def test_record_that_was_put_away_is_taken_back_by_one_flag(impilo: Bench, patch: str) -> None:
    plant(impilo, archived=True, enrolled=False)
    switch(impilo, patch=patch)
    before = stored(impilo)
    record = update(impilo, status=RecordStatus.ACTIVE)
    assert record.status is RecordStatus.ACTIVE
    assert stored(impilo) == {**before, "archived": False}
    impilo.faults.forget_requests()
    assert update(impilo, status=RecordStatus.ACTIVE) == record
    assert set(sent(impilo)) == {"GET"}


@pytest.fixture
def marking(impilo: Bench, settings: Settings) -> TakesMarks:
    """An adapter that may mark records."""
    system = {**settings.SYSTEMS["impilo"], "MARKS_RECORDS": True}
    settings.SYSTEMS = {**settings.SYSTEMS, "impilo": system}
    adapter = impilo.adapter()
    assert isinstance(adapter, TakesMarks)
    return adapter


def test_mark_is_written_where_there_is_no_identifier_and_once(impilo: Bench, marking: TakesMarks) -> None:
    plant(impilo, externalIdentifier=None)
    before = stored(impilo)
    record = marking.mark(impilo.known_id, OWN_ID)
    assert [each.value for each in record.identifiers] == [OWN_ID]
    assert stored(impilo) == {**before, "externalIdentifier": OWN_ID}
    impilo.faults.forget_requests()
    assert marking.mark(impilo.known_id, OWN_ID) == record
    assert sent(impilo) == ["GET"]


@pytest.mark.parametrize(
    "held", ["CRM-000007", "874aa79c933a3d5b514fc7cd79fd17b3", "portal-another", 17, ["x"]]
)
def test_mark_never_replaces_an_identifier(impilo: Bench, marking: TakesMarks, held: object) -> None:
    plant(impilo, externalIdentifier=held)
    with pytest.raises(errors.Conflict) as caught:
        marking.mark(impilo.known_id, OWN_ID)
    assert not caught.value.outcome_unknown
    assert stored(impilo)["externalIdentifier"] == held


def test_mark_that_another_record_holds_is_a_conflict(impilo: Bench, marking: TakesMarks) -> None:
    impilo.adapter().create(NEW, key=KEY)
    plant(impilo, externalIdentifier=None)
    with pytest.raises(errors.Conflict) as caught:
        marking.mark(impilo.known_id, OWN_ID)
    assert not caught.value.outcome_unknown


def test_mark_needs_the_setting(impilo: Bench) -> None:
    adapter = impilo.adapter()
    assert isinstance(adapter, TakesMarks)
    with pytest.raises(errors.Unsupported):
        adapter.mark(impilo.known_id, OWN_ID)
    assert sent(impilo) == []


def test_mark_without_an_id_is_a_mistake_of_ours(marking: TakesMarks) -> None:
    with pytest.raises(ValueError, match="own id"):
        marking.mark("1", "")


# --- what the adapter declares ---------------------------------------------------------------------


def test_declarations_of_what_can_be_written(impilo: Bench) -> None:
    adapter = impilo.adapter()
    assert adapter.needs == {Part.GIVEN_NAME, Part.FAMILY_NAME}
    assert adapter.needs < adapter.creates_with < adapter.changes
    assert adapter.changes - adapter.creates_with == {Part.ENROLLED, Part.STATUS}
    assert adapter.keys_last == timedelta(0)


def test_known_person_needs_no_writing_to_be_as_held(impilo: Bench) -> None:
    record = impilo.adapter().get(impilo.known_id)
    assert record.demographics.family_name == FAMILY
    details = details_of(record)
    assert impilo.adapter().as_held(details) == details
