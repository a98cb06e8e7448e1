"""Impilo's writing traps, each with the section of integrations/impilo/README.md that names it."""

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
from integrations.types import Address, Caller, Gender, Identifier, RecordStatus, RemotePatient, Sex
from integrations.writes import Changes, Details, NewRecord, Part, details_of, left_to_do
from tests.waiting import until

from .subjects import BORN, FAMILY, GIVEN, ON_DATABASE, Bench

pytestmark = ON_DATABASE

OWN_ID = "portal-0e6a1f0c-6f0e-4c8e-9d5e-3f4b1a2c7d88"
HOME = Address(
    lines=("4 Lantern Row", "Flat 9"),
    town="Leeds",
    county="West Yorkshire",
    postcode="LS6 1AA",
    country="United Kingdom",
)
NOVA = Details(
    given_name="Nova",
    family_name="Abercorn-Lisle",
    birth_date=date(1991, 2, 3),
    sex=Sex.FEMALE,
    email="Nova.AL@example.org",
    phone="07700 900456",
    address=HOME,
)
NEW = NewRecord(details=NOVA, own_id=OWN_ID)
KEY = "not used"
ONE_REQUEST = 1
WIRE_HOME = {
    "lineOne": "12 Quay Street",
    "lineTwo": "Top floor",
    "lineThree": None,
    "city": "Bristol",
    "state": "Bristol",
    "zipCode": "BS3 1AA",
    "country": "United Kingdom",
    "note": "Ring twice",
    "lineFour": "Behind the mill",
}


def switch(bench: Bench, **positions: Any) -> None:
    bench.sandbox.switches["impilo"].set(**positions)


def stored(bench: Bench, patient_id: str = "") -> dict[str, Any]:
    """What the sandbox itself holds of one record."""
    row: dict[str, Any] = bench.sandbox.stores["impilo"].snapshot()["patients"][patient_id or bench.known_id]
    return row


def plant(bench: Bench, patient_id: str = "", **fields: Any) -> None:
    """Let a record hold something from the beginning."""
    with bench.sandbox.stores["impilo"].writing() as state:
        state["patients"][patient_id or bench.known_id].update(fields)


def people(bench: Bench) -> int:
    return len(bench.sandbox.stores["impilo"].snapshot()["patients"])


def sent(bench: Bench) -> list[str]:
    """The methods of all requests, in order."""
    return [each.method for each in bench.faults.requests()]


def update(bench: Bench, patient_id: str = "", **values: Any) -> RemotePatient:
    """An edit that is done afterwards, in the eyes of whoever verifies it."""
    changes = Changes.to(**values)
    record = bench.adapter().update(patient_id or bench.known_id, changes)
    assert left_to_do(record, changes, bench.adapter().as_held) == replace(changes, parts=frozenset())
    assert record == bench.adapter().get(patient_id or bench.known_id)
    return record


def create_fails(bench: Bench, new: NewRecord = NEW, *, seconds: float = 20) -> errors.IntegrationError:
    with pytest.raises(errors.IntegrationError) as caught:
        bench.adapter(seconds=seconds).create(new, key=KEY)
    texts = f"{caught.value} {caught.value.args} {caught.value.for_staff} {caught.value.next_step}"
    assert not [each for each in (NOVA.given_name, NOVA.family_name, OWN_ID, "1991", "@") if each in texts]
    return caught.value


def found_again(bench: Bench, new: NewRecord = NEW) -> list[str]:
    return [record.id for record in bench.adapter().created(new)]


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


LOST: dict[str, tuple[Fault, type[errors.IntegrationError], bool]] = {
    # fault, our error, whether the record is there
    "reset before": (Fault(kind=FaultKind.RESET), errors.Unavailable, False),
    "reset after": (Fault(kind=FaultKind.RESET, after_effect=True), errors.Unavailable, True),
    "broken off": (Fault(kind=FaultKind.BROKEN_OFF), errors.Unavailable, True),
    "truncated": (Fault(kind=FaultKind.TRUNCATED), errors.ProtocolError, True),
    "malformed": (Fault(kind=FaultKind.MALFORMED), errors.ProtocolError, True),
    "half done": (Fault(kind=FaultKind.HALF_DONE), errors.Unavailable, True),
    "500 after": (Fault(kind=FaultKind.STATUS, status=500, after_effect=True), errors.Unavailable, True),
    "502 before": (Fault(kind=FaultKind.STATUS, status=502, html=True), errors.Unavailable, False),
    "503 before": (Fault(kind=FaultKind.STATUS, status=503), errors.Unavailable, False),
    "200 html": (Fault(kind=FaultKind.STATUS, status=200, html=True), errors.ProtocolError, False),
    "404 html": (Fault(kind=FaultKind.STATUS, status=404, html=True), errors.ProtocolError, False),
    "redirect": (Fault(kind=FaultKind.REDIRECT), errors.ProtocolError, False),
    "hang before": (Fault(kind=FaultKind.HANG), errors.Unavailable, False),
    "hang after": (Fault(kind=FaultKind.HANG, after_effect=True), errors.Unavailable, True),
}


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
    ("size", "positions"), [(300, {"paging": "repeats"}), (10_001, {})], ids=["repeating", "too many"]
)
def test_created_never_says_nobody_where_not_everybody_could_be_read(
    impilo: Bench, size: int, positions: dict[str, Any]
) -> None:
    crowd(impilo, size)
    switch(impilo, filters="ignored", **positions)
    with pytest.raises(errors.ProtocolError):
        impilo.adapter().created(NewRecord(details=Details(), own_id=OWN_ID))


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
    assert adapter.changes - adapter.creates_with == {Part.ENROLLED}
    assert adapter.keys_last == timedelta(0)


def test_known_person_needs_no_writing_to_be_as_held(impilo: Bench) -> None:
    record = impilo.adapter().get(impilo.known_id)
    assert record.demographics.family_name == FAMILY
    details = details_of(record)
    assert impilo.adapter().as_held(details) == details
