"""The whole form: nothing typed is lost, nothing raises, and what is held stops nobody."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from integrations.types import Address, Gender, RecordStatus, Registration, Sex
from integrations.writes import Details, Part
from patients.entering.editing import changed
from patients.entering.findings import FindingLevel
from patients.entering.reading import Entered, enter
from patients.entering.typed import (
    Typed,
    blank,
    is_blank,
    names_of,
    part_of,
    taking,
    typed_of,
)
from patients.matching.tags import Conventions

HERE = Conventions(today=date(2026, 11, 22))
NAMES = [each.name for each in fields(Typed)]
TYPICAL = (
    "07700 900123", "0113 243 2799 x12", "401 023 2137", "3/4/80", "MACDONALD", "Dr Anne", "anne@gmial.com",
    "ls6 2ab", "yes", "no", "female", "12 High St\r\nHeadingley", "\x00", "\u200b", "anne@localhost",
)  # fmt: skip
TEXT = st.text(max_size=20) | st.sampled_from(TYPICAL)
FORMS = st.builds(Typed, **dict.fromkeys(NAMES, TEXT))
HELD = st.text(max_size=12)
FLAG = st.none() | st.booleans()
ADDRESSES = st.builds(
    Address,
    lines=st.lists(HELD, max_size=4).map(tuple),
    **dict.fromkeys(("town", "county", "postcode", "country", "note"), HELD),
)
KINDS: dict[str, st.SearchStrategy[object]] = {
    "str": HELD,
    "date | None": st.none() | st.dates(),
    "bool | None": FLAG,
    "Sex | None": st.none() | st.sampled_from(Sex),
    "Gender | None": st.none() | st.sampled_from(Gender),
    "Registration | None": st.none() | st.sampled_from(Registration),
    "RecordStatus | None": st.none() | st.sampled_from(RecordStatus),
    "Address | None": st.none() | ADDRESSES,
}
HOLDINGS = st.builds(Details, **{each.name: KINDS[str(each.type)] for each in fields(Details)})
ANNE = Typed(
    title="Ms",
    given_name=" Anne ",
    family_name="O'Neill",
    birth_date="31/3/1980",
    sex="female",
    nhs_number="401 023 2137",
    email="anne@example.org",
    mobile_phone="07911 123456",
    address_lines="12 High Street\r\n\r\nHeadingley ",
    town="Leeds",
    postcode="ls62ab",
    consent_sms="no",
    notes="Rings twice.\r\nThen waits.",
)


def entered(typed: Typed, held: Details | None = None) -> Entered:
    return enter(typed, HERE, held=held or Details())


def test_form_becomes_details() -> None:
    made = entered(ANNE)
    assert made.findings == ()
    assert not made.stops
    assert made.typed is ANNE
    assert made.details == Details(
        title="Ms",
        given_name="Anne",
        family_name="O'Neill",
        birth_date=date(1980, 3, 31),
        sex=Sex.FEMALE,
        nhs_number="4010232137",
        email="anne@example.org",
        mobile_phone="+447911123456",
        address=Address(lines=("12 High Street", "Headingley"), town="Leeds", postcode="LS6 2AB"),
        consent_sms=False,
        notes="Rings twice.\nThen waits.",
    )


def test_every_part_has_its_fields_and_every_field_its_part() -> None:
    assert [name for part in Part for name in names_of(part) if name not in NAMES] == []
    assert {part_of(name) for name in NAMES} == set(Part)


def test_findings_come_in_the_order_of_the_form_and_the_gravest_of_a_field_first() -> None:
    made = entered(replace(ANNE, nhs_number="12", given_name="DR ANNE2", email="anne@gmial.com"))
    assert [finding.field for finding in made.findings] == ["given_name"] * 3 + ["nhs_number", "email"]
    assert [finding.level for finding in made.of("given_name")] == ["warns", "hints", "hints"]
    assert made.stops


def test_one_click_takes_a_suggestion() -> None:
    typed = replace(ANNE, title="", given_name="Dr Anne")
    (finding,) = entered(typed).findings
    after = taking(typed, finding)
    assert (after.title, after.given_name) == ("Dr", "Anne")
    assert entered(after).findings == ()


@pytest.mark.parametrize(
    ("name", "text"),
    [("sex", "both"), ("consent_sms", "perhaps"), ("status", "gone"), ("birth_date", "soon")],
)
def test_answer_that_is_none_stops(name: str, text: str) -> None:
    (finding,) = entered(Typed(**{name: text})).findings
    assert (finding.field, finding.level) == (name, FindingLevel.STOPS)


def test_what_a_system_holds_stops_nobody_and_stays_as_it_is() -> None:
    held = Details(
        given_name="ANNE",
        family_name="Smith",
        birth_date=date(1850, 5, 5),
        nhs_number="12 34",
        email="none",
        phone="x",
        home_phone="0113 496 0000",
        address=Address(lines=("1", "2", "3", "4"), postcode="ls6 2a8"),
    )
    made = entered(replace(typed_of(held), town="", given_name="Anna"), held)
    assert made.details == replace(held, given_name="Anna")
    assert not made.stops
    assert {finding.field for finding in made.findings} >= {"nhs_number", "email", "phone", "postcode"}


def test_what_is_held_is_checked_once_it_is_touched() -> None:
    held = Details(nhs_number="12 34", family_name="Smith")
    made = entered(replace(typed_of(held), nhs_number="12 345"), held)
    assert made.stops
    assert entered(replace(typed_of(held), nhs_number=""), held).details.nhs_number == ""


@given(FORMS)
@settings(deadline=None)
@example(Typed(given_name="\x1f", address_lines="\u2028", notes="\r"))
def test_nothing_typed_is_ever_lost(typed: Typed) -> None:
    made = entered(typed)
    assert made.typed == typed
    given_parts = made.details.given()
    stopped = {finding.field for finding in made.findings if finding.stops}
    for name in NAMES:
        if not is_blank(getattr(typed, name)):
            assert part_of(name) in given_parts or name in stopped, name
    assert blank(typed) is (not given_parts and not stopped)


@given(FORMS)
@settings(deadline=None)
def test_free_text_keeps_every_character_that_can_be_seen(typed: Typed) -> None:
    details = entered(typed).details
    for name in ("given_name", "family_name", "middle_name", "occupation", "notes"):
        written, kept = getattr(typed, name), getattr(details, name)
        if not is_blank(written):
            assert _seen(kept) == _seen(written)


def _seen(text: str) -> str:
    return "".join(char for char in "".join(text.split()) if char.isprintable() or char == "\u200b")


@given(FORMS)
@settings(deadline=None)
def test_normalising_twice_changes_nothing(typed: Typed) -> None:
    once = entered(typed).details
    assert entered(typed_of(once)).details == once


@given(HOLDINGS)
@settings(deadline=None)
def test_form_that_comes_back_as_it_was_shown_changes_nothing(held: Details) -> None:
    made = entered(typed_of(held), held)
    assert not made.stops
    assert not changed(held, made.details, country="GB").parts


@given(FORMS)
@settings(deadline=None)
def test_every_suggestion_is_for_the_form_and_moves_on(typed: Typed) -> None:
    for finding in entered(typed).findings:
        assert finding.sentence.endswith(".")
        assert {name for name, _ in finding.suggestion} <= set(NAMES)
        if finding.suggestion:
            assert finding not in entered(taking(typed, finding)).findings


def test_only_what_was_touched_may_be_too_long() -> None:
    held = Details(notes="One.\n" * 400)
    shown = typed_of(held)

    assert not enter(replace(shown, notes=shown.notes.replace("\n", "\r\n")), HERE, held=held).findings
    longer = enter(replace(shown, notes=f"{shown.notes}More."), HERE, held=held)
    assert [(each.field, each.stops) for each in longer.findings] == [("notes", True)]
    assert longer.typed.notes.endswith("More.")


def test_note_for_deliveries_is_not_taken_away_but_changed_or_gone_with_the_address() -> None:
    held = Details(address=Address(lines=("12 High Street",), town="Leeds", note="Ring twice"))
    shown = typed_of(held)

    assert [each.field for each in enter(replace(shown, address_note=" "), HERE, held=held).findings] == [
        "address_note"
    ]
    assert not enter(replace(shown, address_note="Ring once"), HERE, held=held).findings
    assert not enter(replace(shown, address_lines="", town="", address_note=""), HERE, held=held).findings
