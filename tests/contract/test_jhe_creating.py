"""Creating people in JHE: what is sent, what is refused before, and what stands in the way."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from pytest_django import Settings

from integrations import errors
from integrations.jhe.mapping import NHS_NUMBER_SYSTEM
from integrations.jhe.outgoing import IN_USE
from integrations.sandbox.faults import Fault, FaultKind
from integrations.types import Identifier
from integrations.writes import NewRecord, Part, details_of

from .jhe_bench import (
    ANYBODY,
    ELSEWHERE,
    LAB,
    PULSE,
    VIEWER,
    adapter,
    change,
    create,
    new_record,
    people_of,
    row_of,
    writes,
)
from .subjects import BORN, FAMILY, GIVEN, Bench
from .subjects_jhe import CURRENT

MRN = Identifier(system="https://clinic.example.org/mrn", value="MRN 77 ")
BARE = Identifier(system="", value="MRN 77")


def the_identifier(bench: Bench) -> Identifier:
    """An identifier that the generation can hold."""
    return MRN if bench.subject is CURRENT else BARE


def nhs_numbers_are_written(settings: Settings) -> None:
    system = {**settings.SYSTEMS["jhe"], "WRITES_NHS_NUMBER": True}
    settings.SYSTEMS = {**settings.SYSTEMS, "jhe": system}


def test_created_record_holds_what_was_said_to_be_held(either: Bench) -> None:
    jhe = adapter(either)
    asked = replace(
        ANYBODY,
        given_name=" Ines ",
        email=" Ines.Okafor@Example.ORG",
        phone=" 020 7946 0123 ",
        nhs_number="999 134 6236",
    )
    made = jhe.create(NewRecord(details=asked, organization_id=LAB), key="k")
    assert details_of(made) == details_of(jhe.get(made.id))
    held = jhe.as_held(asked)
    assert {part: getattr(details_of(made), part) for part in jhe.creates_with} == {
        part: getattr(held, part) for part in jhe.creates_with
    }
    assert held.nhs_number == ""
    assert [each.id for each in made.organizations] == [LAB]
    assert row_of(either, made.id)["identifiers"] == []


def test_phone_may_be_missing(either: Bench) -> None:
    made = create(adapter(either), phone="")
    assert made.demographics.phones == ()


@pytest.mark.parametrize("name", ["O'Brien-Núñez", "李", "<b>Bold</b>", "x" * 300, "de la Cruz  y Soto"])
def test_name_is_kept_letter_by_letter(either: Bench, name: str) -> None:
    made = create(adapter(either), family_name=name)
    assert made.demographics.family_name == name
    assert adapter(either).get(made.id).demographics.family_name == name


# --- Refused before anything is sent ------------------------------------------------------


@pytest.mark.parametrize(
    ("details", "fields"),
    [
        ({"email": ""}, {"email"}),
        ({"email": "  "}, {"email"}),
        ({"email": "not-an-email"}, {"email"}),
        ({"email": "two@at@example.org"}, {"email"}),
        ({"email": "x" * 250 + "@example.org"}, {"email"}),
        ({"given_name": " "}, {"given_name"}),
        ({"family_name": "", "birth_date": None}, {"family_name", "birth_date"}),
    ],
)
def test_what_a_record_needs_is_asked_for_by_our_names(
    either: Bench, details: dict[str, Any], fields: set[str]
) -> None:
    """2025-10 would take several of these, others would be a 500."""
    with pytest.raises(errors.Invalid) as caught:
        create(adapter(either), **details)
    assert set(caught.value.field_errors) == fields
    assert all(sentence.endswith(".") for sentence in caught.value.field_errors.values())
    assert writes(either) == []


@pytest.mark.parametrize("part", sorted(set(Part) - {"given_name", "family_name", "birth_date", "email"}))
def test_part_that_jhe_does_not_keep_is_refused_and_not_dropped(current: Bench, part: Part) -> None:
    jhe = adapter(current)
    value: Any = "x"
    if part in jhe.creates_with:
        assert create(jhe, **{part: value})
        return
    with pytest.raises(errors.Unsupported) as caught:
        create(jhe, **{part: value})
    assert caught.value.reason == "parts"
    assert writes(current) == []


def test_custom_fields_are_refused(either: Bench) -> None:
    new = replace(new_record(), custom_fields=(("ward", "7"),))
    with pytest.raises(errors.Unsupported, match="parts"):
        adapter(either).create(new, key="k")


@pytest.mark.parametrize(
    ("who", "organization_id", "words"),
    [
        (VIEWER, LAB, "is viewer"),
        (ELSEWHERE, LAB, "no JupyterHealth Exchange role at Lifespan Lab"),
        (ELSEWHERE, "20008", "no JupyterHealth Exchange role"),  # part of one that he manages
        ("ll_patient_peter@example.com", LAB, "no JupyterHealth Exchange role"),
        ("member_megan@example.com", "99999", "this organization"),
        ("member_megan@example.com", "abc", "this organization"),
    ],
)
def test_who_may_not_create_there_is_told_role_and_whom_to_ask(
    either: Bench, who: str, organization_id: str, words: str
) -> None:
    before = people_of(either)
    with pytest.raises(errors.Forbidden) as caught:
        create(adapter(either, who), organization_id=organization_id)
    assert words in caught.value.for_staff
    assert "member or manager" in caught.value.for_staff
    assert caught.value.next_step.startswith("Ask a manager of ")
    assert writes(either) == []
    assert people_of(either) == before


def test_organization_has_to_be_named(either: Bench) -> None:
    with pytest.raises(errors.Invalid) as caught:
        create(adapter(either), organization_id="")
    assert set(caught.value.field_errors) == {"organization_id"}


def test_role_that_ended_a_moment_ago_is_noticed(either: Bench) -> None:
    """Reading may go on for half a minute with what is kept; writing asks."""
    jhe = adapter(either)
    assert jhe.organizations()
    with either.sandbox.stores["jhe"].writing() as state:
        state["roles"] = []
    assert jhe.organizations()
    with pytest.raises(errors.Forbidden):
        create(jhe)
    assert writes(either) == []
    assert jhe.organizations() == ()  # what was learnt counts for reading, too


def test_role_that_ends_between_look_and_write_is_refused_by_jhe_itself(either: Bench) -> None:
    either.faults.add(Fault(kind=FaultKind.STATUS, status=403, method="POST", path="/patients$"))
    with pytest.raises(errors.Forbidden) as caught:
        create(adapter(either))
    assert not caught.value.outcome_unknown


# --- Conflicts ----------------------------------------------------------------------------


def test_email_of_another_record_is_a_conflict_or_unknown_and_found_by_looking(either: Bench) -> None:
    """One person per e-mail, in whatever organization: the current generation says so in a sentence,
    2025-10 by a 500."""
    jhe = adapter(either)
    other = create(adapter(either, ELSEWHERE), organization_id=PULSE, given_name="Somebody")
    with pytest.raises(errors.IntegrationError) as caught:
        create(jhe)
    if either.subject is CURRENT:
        assert isinstance(caught.value, errors.Conflict)
        assert not caught.value.outcome_unknown
    else:
        assert isinstance(caught.value, errors.Unavailable)
        assert caught.value.outcome_unknown
    assert [each.id for each in jhe.created(new_record())] == [other.id]


def test_login_left_behind_by_2025_10_is_used_by_the_next_try(older: Bench) -> None:
    jhe = adapter(older)
    with older.sandbox.stores["jhe"].writing() as state:  # as a create that failed half-way
        number = state["last_ids"]["users"] + 1
        state["last_ids"]["users"] = number
        state["users"][str(number)] = {**state["users"]["10001"], "id": number, "email": ANYBODY.email}
    assert jhe.created(new_record()) == ()
    assert create(jhe).administrative.login == str(number)


def test_email_of_a_practitioner_makes_them_a_patient_too(either: Bench) -> None:
    """A limit of JHE's: their login is found by no look-up."""
    jhe = adapter(either)
    assert jhe.created(new_record(email=VIEWER)) == ()
    assert create(jhe, email=VIEWER).administrative.login == "10004"
    assert adapter(either, VIEWER).account() == ("10004", "practitioner")


# --- Identifiers --------------------------------------------------------------------------


def test_identifier_is_stored_letter_by_letter(either: Bench) -> None:
    given = the_identifier(either)
    made = create(adapter(either), given)
    assert made.identifiers == (given,)
    assert adapter(either).get(made.id).identifiers == (given,)


def test_identifier_in_use_stops_a_create(either: Bench) -> None:
    jhe = adapter(either)
    create(jhe, the_identifier(either))
    with pytest.raises(errors.Conflict) as caught:
        create(jhe, the_identifier(either), email="other@example.org")
    assert caught.value.reason == IN_USE
    assert writes(either) == ["POST"]


def test_identifier_that_only_jhe_can_see_in_use_is_its_conflict(current: Bench) -> None:
    create(adapter(current, ELSEWHERE), MRN, organization_id=PULSE, email="elsewhere@example.org")
    with pytest.raises(errors.Conflict) as caught:
        create(adapter(current), MRN)
    assert caught.value.reason == IN_USE
    assert "MRN" not in str(caught.value) + caught.value.for_staff
    assert writes(current) == ["POST", "POST"]


@pytest.mark.parametrize("identifiers", [(MRN,), (BARE, Identifier(system="", value="other"))])
def test_2025_10_holds_one_identifier_without_its_party(
    older: Bench, identifiers: tuple[Identifier, ...]
) -> None:
    with pytest.raises(errors.Unsupported, match="single identifier"):
        create(adapter(older), *identifiers)
    assert writes(older) == []


@pytest.mark.parametrize("value", ["", "  ", "a\0b", "\ud800"])
def test_identifier_that_cannot_be_stored_is_never_sent(either: Bench, value: str) -> None:
    with pytest.raises(errors.Invalid) as caught:
        create(adapter(either), Identifier(system="", value=value))
    assert set(caught.value.field_errors) == {"identifiers"}
    assert writes(either) == []


def test_nhs_number_is_written_only_where_a_setting_says_so(current: Bench, settings: Settings) -> None:
    jhe = adapter(current)
    nhs = Identifier(system=NHS_NUMBER_SYSTEM, value="9991346236")
    change(current, current.known_id, identifiers=[])
    with pytest.raises(errors.Unsupported, match="NHS number"):
        create(jhe, nhs)
    nhs_numbers_are_written(settings)
    made = create(jhe, nhs_number="999-134-6236")
    assert made.identifiers == (nhs,)
    assert details_of(made).nhs_number == jhe.as_held(replace(ANYBODY, nhs_number="999-134-6236")).nhs_number


def test_2025_10_cannot_hold_an_nhs_number_and_says_so(older: Bench, settings: Settings) -> None:
    nhs_numbers_are_written(settings)
    with pytest.raises(errors.Unsupported):
        create(adapter(older), nhs_number="9991346236")
    assert writes(older) == []


# --- What may be it -----------------------------------------------------------------------


def test_created_finds_by_email_in_any_organization_as_typed_and_in_lower_case(either: Bench) -> None:
    jhe = adapter(either)
    made = create(adapter(either, ELSEWHERE), organization_id=PULSE)
    found = jhe.created(new_record(email="Ines.Okafor@example.org", given_name="A", family_name="B"))
    assert [each.id for each in found] == [made.id]
    assert found[0].complete
    assert [each.id for each in found[0].organizations] == [PULSE]


def test_created_finds_by_identifier_and_by_name_with_birth_date(either: Bench) -> None:
    jhe = adapter(either)
    made = create(jhe, the_identifier(either))
    asked = new_record(
        the_identifier(either), email="a@example.org", given_name="A", birth_date=date(1900, 1, 1)
    )
    assert [each.id for each in jhe.created(asked)] == [made.id]
    by_name = jhe.created(new_record(email="a@example.org"))
    assert [each.id for each in by_name] == ([made.id] if either.subject is CURRENT else [])


def test_created_finds_nobody_who_only_shares_a_name_or_a_day(either: Bench) -> None:
    jhe = adapter(either)
    assert jhe.created(new_record()) == ()
    for near in ({"birth_date": BORN}, {"given_name": GIVEN, "family_name": FAMILY}):
        assert jhe.created(new_record(email="nobody@example.org", **near)) == ()
