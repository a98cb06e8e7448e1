"""Changing, archiving and marking in Jump; sections cited are of integrations/jump/README.md."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from integrations import errors
from integrations.jump.adapter import JumpAdapter
from integrations.sandbox.faults import Fault, FaultKind, Variant
from integrations.types import Address, Caller, Identifier, RecordStatus, Sex
from integrations.writes import Changes, left_to_do

from .jump_bench import adapter, change, row_of, rows, sent, switch
from .subjects import ON_DATABASE, Bench

pytestmark = ON_DATABASE

OWN_ID = "portal-0f4e7b9c-0000-4000-8000-000000000001"


# --- changing (README, Changing) -------------------------------------------------------------


def test_change_sends_only_what_it_names(jump: Bench) -> None:
    before = row_of(jump, id=jump.known_id)
    changes = Changes.to(phone=" 020 7946 0001", middle_name="", address=Address(town="Leeds", county="Kent"))
    record = adapter(jump).update(jump.known_id, changes)
    after = row_of(jump, id=jump.known_id)
    wanted = {"phone": "020 7946 0001", "middle_name": None, "address_line_1": "Kent", "town_city": "Leeds"}
    wanted |= dict.fromkeys(("address_line_2", "postcode", "country"))
    assert after == {**before, **wanted, "updated_at": after["updated_at"]}
    assert record.complete
    assert left_to_do(record, changes, adapter(jump).as_held).parts == frozenset()


def test_change_of_nothing_sends_nothing(jump: Bench) -> None:
    assert adapter(jump).update(jump.known_id, Changes()).id == jump.known_id
    assert sent(jump) == ["GET"]


def test_change_that_cannot_be_asks_nothing(jump: Bench) -> None:
    with pytest.raises(errors.Invalid) as caught:
        adapter(jump).update(jump.known_id, Changes.to(family_name=" "))
    assert set(caught.value.field_errors) == {"family_name"}
    with pytest.raises(errors.Unsupported):
        adapter(jump).update(jump.known_id, Changes.to(enrolled=True))
    assert sent(jump) == []


def test_change_that_jump_refuses_names_our_field(jump: Bench) -> None:
    with pytest.raises(errors.Invalid) as caught:
        adapter(jump).update(jump.known_id, Changes.to(email="nobody"))
    assert set(caught.value.field_errors) == {"email"}
    assert not caught.value.outcome_unknown


def test_short_answer_to_a_change_is_completed(jump: Bench) -> None:
    switch(jump, written="short")
    record = adapter(jump).update(jump.known_id, Changes.to(notes="Rings twice"))
    assert (record.complete, record.administrative.notes) == (True, "Rings twice")


def test_change_in_the_older_generation(jump: Bench) -> None:
    switch(jump, city="g1", gender="g1", errors="g1", validation_status=400)
    changes = Changes.to(address=Address(lines=("1 Wharf Road",), town="Leeds"), sex=Sex.MALE)
    record = adapter(jump).update(jump.known_id, changes)
    assert left_to_do(record, changes, adapter(jump).as_held).parts == frozenset()


@pytest.mark.parametrize("merged", [{"status": "merged"}, {"patient_type": "merged"}], ids=str)
@pytest.mark.usefixtures("own_id_on")
def test_merged_record_is_never_written_to(jump: Bench, merged: dict[str, str]) -> None:
    change(jump, jump.known_id, **merged)
    before = row_of(jump, id=jump.known_id)
    system = adapter(jump)
    writes: list[Callable[[], object]] = [
        lambda: system.update(jump.known_id, Changes.to(phone="1")),
        lambda: system.archive(jump.known_id, reason="moved"),
        lambda: system.mark(jump.known_id, OWN_ID),
    ]
    for write in writes:
        with pytest.raises(errors.Conflict) as caught:
            write()
        assert not caught.value.outcome_unknown
    assert set(sent(jump)) == {"GET"}
    assert row_of(jump, id=jump.known_id) == before


def test_change_of_nobody_is_not_found(jump: Bench) -> None:
    for record_id in (jump.subject.missing_id, "..", ""):
        with pytest.raises(errors.NotFound) as caught:
            adapter(jump).update(record_id, Changes.to(phone="1"))
        assert not caught.value.outcome_unknown


def test_record_that_cannot_be_read_first_is_not_changed(jump: Bench) -> None:
    jump.faults.add(Fault(kind=FaultKind.RESET, method="GET"))
    with pytest.raises(errors.Unavailable) as caught:
        adapter(jump).update(jump.known_id, Changes.to(phone="1"))
    assert not caught.value.outcome_unknown
    assert "PATCH" not in sent(jump)


def test_record_that_says_it_is_another_is_not_changed(jump: Bench) -> None:
    system = adapter(jump)
    other = next(row["id"] for row in rows(jump) if row["id"] != jump.known_id)
    with jump.sandbox.stores["jump"].writing() as state:
        state["patients"][jump.known_id]["id"] = other
    with pytest.raises(errors.ProtocolError):
        system.update(jump.known_id, Changes.to(phone="1"))
    assert "PATCH" not in sent(jump)


LOST = [
    Fault(kind=FaultKind.HANG, method="PATCH", after_effect=True),
    Fault(kind=FaultKind.RESET, method="PATCH", after_effect=True),
    Fault(kind=FaultKind.STATUS, method="PATCH", after_effect=True),
    Fault(kind=FaultKind.TRUNCATED, method="PATCH"),
    Fault(kind=FaultKind.WRONG_TYPES, method="PATCH", variant=Variant.NULLS),
]


@pytest.mark.parametrize("fault", LOST, ids=lambda fault: f"{fault.kind} {fault.variant}")
def test_change_whose_answer_is_lost_is_unknown(jump: Bench, fault: Fault) -> None:
    jump.faults.add(fault)
    with pytest.raises(errors.IntegrationError) as caught:
        adapter(jump).update(jump.known_id, Changes.to(occupation="Diver"))
    assert caught.value.outcome_unknown
    assert row_of(jump, id=jump.known_id)["occupation"] == "Diver"
    assert sent(jump) == ["GET", "PATCH"]


# --- archiving (README, Archiving) -----------------------------------------------------------


def test_archived_record_says_why(jump: Bench) -> None:
    record = adapter(jump).archive(jump.known_id, reason="moved away", notes="to Leeds")
    office = record.administrative
    assert record.status is RecordStatus.ARCHIVED
    assert (office.archive_reason, office.archive_notes) == ("moved away", "to Leeds")
    assert office.archived_at is not None


def test_reason_that_did_not_take_shows_in_the_record(jump: Bench) -> None:
    switch(jump, archive_reason="ignored")
    record = adapter(jump).archive(jump.known_id, reason="moved away", notes="to Leeds")
    assert (record.status, record.administrative.archive_reason) == (RecordStatus.ARCHIVED, "")


def test_archived_record_keeps_its_first_reason_and_comes_back(jump: Bench) -> None:
    system = adapter(jump)
    first = system.archive(jump.known_id, reason="moved away")
    assert system.archive(jump.known_id, reason="twice") == first
    assert sent(jump).count("PATCH") == 1
    back = system.update(jump.known_id, Changes.to(status=RecordStatus.ACTIVE))
    assert (back.status, back.administrative.archived_at) == (RecordStatus.ACTIVE, None)


def test_archiving_needs_a_reason(jump: Bench) -> None:
    with pytest.raises(errors.Invalid):
        adapter(jump).archive(jump.known_id, reason=" ")
    assert sent(jump) == []


# --- custom fields and marks (README, Custom fields) -----------------------------------------


def test_custom_fields_are_merged_and_keep_their_types(jump: Bench) -> None:
    change(jump, jump.known_id, custom_fields={"a": "1", "news": True, "gone": "x"})
    changes = Changes(custom_fields=(("news", "no"), ("gone", None), ("b", "2")))
    record = adapter(jump).update(jump.known_id, changes)
    assert row_of(jump, id=jump.known_id)["custom_fields"] == {"a": "1", "news": False, "b": "2"}
    assert left_to_do(record, changes, adapter(jump).as_held).custom_fields == ()


def test_custom_fields_that_did_not_take_are_left_to_do(jump: Bench) -> None:
    switch(jump, custom_fields="always", custom_fields_written="dropped")
    changes = Changes(custom_fields=(("b", "2"),))
    record = adapter(jump).update(jump.known_id, changes)
    assert left_to_do(record, changes, adapter(jump).as_held).custom_fields == (("b", "2"),)


@pytest.mark.usefixtures("own_id_on")
def test_custom_fields_that_are_not_shown_are_not_written(jump: Bench) -> None:
    change(jump, jump.known_id, custom_fields={"external_id": "H-1"})
    switch(jump, custom_fields="never")
    system = adapter(jump)
    assert not system.shows_custom_fields(system.get(jump.known_id))
    writes: list[Callable[[], object]] = [
        lambda: system.update(jump.known_id, Changes(custom_fields=(("b", "2"),))),
        lambda: system.mark(jump.known_id, OWN_ID),
    ]
    for write in writes:
        with pytest.raises(errors.Unsupported) as caught:
            write()
        assert not caught.value.outcome_unknown
    assert "PATCH" not in sent(jump)


@pytest.mark.usefixtures("own_id_on")
@pytest.mark.parametrize("held", [{}, {"external_id": None}, {"external_id": "", "insurer": "Bupa"}], ids=str)
def test_mark_takes_the_free_place_and_nothing_else(jump: Bench, held: dict[str, Any]) -> None:
    switch(jump, custom_fields="always")
    change(jump, jump.known_id, custom_fields=held)
    system = adapter(jump)
    assert system.shows_custom_fields(system.get(jump.known_id))
    record = system.mark(jump.known_id, OWN_ID)
    assert Identifier(system="external", value=OWN_ID) in record.identifiers
    assert row_of(jump, id=jump.known_id)["custom_fields"] == {**held, "external_id": OWN_ID}
    assert system.mark(jump.known_id, OWN_ID) == record
    assert sent(jump).count("PATCH") == 1


@pytest.mark.usefixtures("own_id_on")
def test_mark_never_takes_somebody_elses_place(jump: Bench) -> None:
    change(jump, jump.known_id, custom_fields={"external_id": "H-1"})
    with pytest.raises(errors.Conflict) as caught:
        adapter(jump).mark(jump.known_id, OWN_ID)
    assert not caught.value.outcome_unknown
    assert row_of(jump, id=jump.known_id)["custom_fields"] == {"external_id": "H-1"}


def test_mark_is_not_written_unless_the_setting_says_so(jump: Bench) -> None:
    switch(jump, custom_fields="always")
    with pytest.raises(errors.Unsupported):
        JumpAdapter(Caller()).mark(jump.known_id, OWN_ID)
    assert sent(jump) == []


# --- accessibility (README, Custom fields) ---------------------------------------------------


@pytest.mark.parametrize(
    ("held", "written"),
    [
        (None, "Large print\nBSL interpreter"),
        ("Wheelchair access", "Large print\nBSL interpreter"),
        (["Hearing loop"], ["Large print", "BSL interpreter"]),
        ({"interpreter": "BSL"}, {"Large print": True, "BSL interpreter": True}),
    ],
)
def test_needs_are_written_in_the_form_that_is_there(jump: Bench, held: object, written: object) -> None:
    change(jump, jump.known_id, accessibility_needs=held)
    changes = Changes.to(accessibility_needs="Large print\n\n BSL interpreter ")

    record = adapter(jump).update(jump.known_id, changes)

    assert row_of(jump, id=jump.known_id)["accessibility_needs"] == written
    assert left_to_do(record, changes, adapter(jump).as_held).parts == frozenset()


def test_entries_of_an_object_keep_what_they_hold(jump: Bench) -> None:
    held = {"interpreter": "British Sign Language", "minutes": 20, "ramp": True, "none": None}
    change(jump, jump.known_id, accessibility_needs=held)
    needs = "\n".join(adapter(jump).get(jump.known_id).accessibility.needs)

    adapter(jump).update(jump.known_id, Changes.to(accessibility_needs=f"{needs}\nseating: window"))

    wanted = {key: value for key, value in held.items() if value} | {"seating": "window"}
    assert row_of(jump, id=jump.known_id)["accessibility_needs"] == wanted


def test_needs_are_cleared_by_null(jump: Bench) -> None:
    change(jump, jump.known_id, accessibility_needs=["Hearing loop"])

    record = adapter(jump).update(jump.known_id, Changes.to(accessibility_needs=""))

    assert row_of(jump, id=jump.known_id)["accessibility_needs"] is None
    assert record.accessibility.needs == ()


def test_fields_of_other_parties_are_closed_and_types_are_known_beforehand(jump: Bench) -> None:
    change(jump, jump.known_id, custom_fields={"visits": 3, "marketing_consent": True, "note": "x"})
    record = adapter(jump).get(jump.known_id)

    assert adapter(jump).closed_custom_fields() == {"external_id", "emis_guid", "systmone_id"}
    problems = {
        (name, value): bool(adapter(jump).custom_field_problem(record, name, value))
        for name, value in [
            ("visits", "4"),
            ("visits", "many"),
            ("marketing_consent", "perhaps"),
            ("note", "y"),
        ]
    }
    assert list(problems.values()) == [False, True, True, False]
