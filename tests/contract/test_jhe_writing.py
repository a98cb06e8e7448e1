"""Changing people in JHE: its traps (``integrations/jhe/README.md`` §11), each set on purpose."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from integrations import errors
from integrations.jhe.adapter import JheAdapter
from integrations.jhe.guards import UNREADABLE
from integrations.jhe.mapping import NHS_NUMBER_SYSTEM
from integrations.jhe.outgoing import IN_USE
from integrations.jhe.writing import LAST_ORGANIZATION, NOT_LAST
from integrations.sandbox.faults import Fault, FaultKind, Variant
from integrations.types import Identifier
from integrations.writes import Changes, left_to_do

from .jhe_bench import (
    INSTITUTE,
    LAB,
    MANAGER,
    PULSE,
    adapter,
    change,
    people_of,
    row_of,
    stranger,
    writes,
)
from .subjects import Bench
from .subjects_jhe import CURRENT

MRN = Identifier(system="https://clinic.example.org/mrn", value="MRN-77")
OID = Identifier(system="urn:oid:1.2.3", value=" X9")


def _plain(bench: Bench, *identifiers: Identifier) -> None:
    """Give the known person these identifiers, as the generation keeps them."""
    rows = [{"id": 900 + n, "system": i.system, "value": i.value} for n, i in enumerate(identifiers)]
    change(
        bench,
        bench.known_id,
        identifiers=rows,
        identifier=identifiers[0].value if identifiers else None,
    )


# --- Details ------------------------------------------------------------------------------


def test_update_sets_the_parts_named_and_nothing_else(either: Bench) -> None:
    jhe = adapter(either)
    before = row_of(either, either.known_id)
    changes = Changes.to(
        given_name=" Gráinne ", family_name="O'Mbeki", birth_date=date(1975, 4, 19), phone="1 2"
    )
    record = jhe.update(either.known_id, changes, organization_id=LAB)
    assert not left_to_do(record, changes, jhe.as_held).parts
    assert not left_to_do(jhe.get(either.known_id), changes, jhe.as_held).parts
    after = row_of(either, either.known_id)
    assert {name for name in after if after[name] != before[name]} - {"last_updated"} == {
        "name_given",
        "name_family",
        "birth_date",
        "telecom_phone",
    }


def test_phone_is_cleared_by_an_empty_one(either: Bench) -> None:
    record = adapter(either).update(either.known_id, Changes.to(phone=""), organization_id=LAB)
    assert record.demographics.phones == ()
    assert row_of(either, either.known_id)["telecom_phone"] is None


@pytest.mark.parametrize("values", [{"given_name": " "}, {"family_name": ""}, {"birth_date": None}])
def test_names_and_birth_date_are_never_cleared(either: Bench, values: dict[str, Any]) -> None:
    with pytest.raises(errors.Invalid) as caught:
        adapter(either).update(either.known_id, Changes.to(**values), organization_id=LAB)
    assert set(caught.value.field_errors) == set(values)
    assert writes(either) == []


def test_email_cannot_be_changed_and_that_is_said(either: Bench) -> None:
    """JHE answers 200 and leaves it as it is."""
    with pytest.raises(errors.Unsupported) as caught:
        adapter(either).update(either.known_id, Changes.to(email="new@example.org"), organization_id=LAB)
    assert "e-mail address" in caught.value.for_staff
    assert writes(either) == []


def test_nothing_to_change_sends_nothing(either: Bench) -> None:
    assert adapter(either).update(either.known_id, Changes(), organization_id=LAB).id == either.known_id
    assert writes(either) == []


def test_value_that_jhe_refuses_is_named_in_our_words(either: Bench) -> None:
    """A name that JHE finds wanting although we did not: told by our field, in our sentence."""
    fault = Fault(kind=FaultKind.STATUS, status=400, method="PATCH")
    either.faults.error_body, plain = (
        (lambda status: {"nameGiven": ["Not Ines, please."]}),
        either.faults.error_body,
    )
    try:
        either.faults.add(fault)
        with pytest.raises(errors.Invalid) as caught:
            adapter(either).update(either.known_id, Changes.to(given_name="Ines"), organization_id=LAB)
    finally:
        either.faults.error_body = plain
    assert caught.value.field_errors == {"given_name": "JupyterHealth Exchange did not accept this."}
    assert not caught.value.outcome_unknown


# --- Identifiers --------------------------------------------------------------------------


def test_identifiers_become_exactly_the_set_given(current: Bench) -> None:
    jhe = adapter(current)
    _plain(current, Identifier(system="urn:oid:9", value="old"))
    record = jhe.set_identifiers(current.known_id, [MRN, OID, MRN], organization_id=LAB)
    assert set(record.identifiers) == {MRN, OID}
    assert set(jhe.get(current.known_id).identifiers) == {MRN, OID}
    assert jhe.set_identifiers(current.known_id, [], organization_id=LAB).identifiers == ()


def test_single_identifier_of_2025_10_is_set_and_cleared(older: Bench) -> None:
    jhe = adapter(older)
    bare = Identifier(system="", value="X9")
    assert jhe.set_identifiers(older.known_id, [bare], organization_id=LAB).identifiers == (bare,)
    with pytest.raises(errors.Unsupported):
        jhe.set_identifiers(older.known_id, [bare, MRN], organization_id=LAB)
    assert jhe.set_identifiers(older.known_id, [], organization_id=LAB).identifiers == ()
    assert row_of(older, older.known_id)["identifier"] is None


def test_identifiers_that_are_there_already_are_not_written_again(current: Bench) -> None:
    _plain(current, MRN, OID)
    adapter(current).set_identifiers(current.known_id, [OID, MRN], organization_id=LAB)
    assert writes(current) == []


def test_identifier_of_another_record_is_a_conflict_and_nothing_is_sent(either: Bench) -> None:
    """JHE would answer 500, having deleted the record's own."""
    taken = MRN if either.subject is CURRENT else replace(MRN, system="")
    row = {"id": 950, "system": taken.system, "value": taken.value}
    change(either, "40002", identifiers=[row], identifier=taken.value)
    before = row_of(either, either.known_id)
    with pytest.raises(errors.Conflict) as caught:
        adapter(either).set_identifiers(either.known_id, [taken], organization_id=LAB)
    assert caught.value.reason == IN_USE
    assert not caught.value.outcome_unknown
    assert row_of(either, either.known_id) == before
    assert writes(either) == []


def test_same_value_of_another_party_is_no_conflict(current: Bench) -> None:
    change(current, "40002", identifiers=[{"id": 950, "system": "urn:other", "value": MRN.value}])
    record = adapter(current).set_identifiers(current.known_id, [MRN], organization_id=LAB)
    assert record.identifiers == (MRN,)


def test_conflict_that_no_look_can_see_empties_the_record_and_is_unknown(current: Bench) -> None:
    """The other record is in an organization that the caller cannot search."""
    change(current, "40003", identifiers=[{"id": 950, "system": MRN.system, "value": MRN.value}])
    jhe = adapter(current)
    with pytest.raises(errors.Unavailable) as caught:
        jhe.set_identifiers(current.known_id, [OID, MRN], organization_id=LAB)
    assert caught.value.outcome_unknown
    assert jhe.whole_record(current.known_id).identifiers == (OID,)  # those before it were stored


@pytest.mark.parametrize(
    "held", [{"id": 1, "system": "urn:x", "value": "  "}, {"id": 1, "system": 7, "value": "v"}]
)
def test_identifier_that_cannot_be_read_is_not_lost(current: Bench, held: dict[str, Any]) -> None:
    change(current, current.known_id, identifiers=[held])
    with pytest.raises(errors.Conflict) as caught:
        adapter(current).set_identifiers(current.known_id, [MRN], organization_id=LAB)
    assert caught.value.reason == UNREADABLE
    assert row_of(current, current.known_id)["identifiers"] == [held]


# --- Organizations ------------------------------------------------------------------------


def test_record_beyond_reach_is_added_to_ones_own_organization(either: Bench) -> None:
    jhe = adapter(either)
    theirs = stranger(either)
    assert [each.id for each in jhe.whole_record(theirs).organizations] == [INSTITUTE]
    record = jhe.add_to_organization(theirs, LAB)
    assert [each.id for each in record.organizations] == [INSTITUTE, LAB]
    assert jhe.get(theirs) == jhe.whole_record(theirs)


def test_adding_again_sends_nothing(either: Bench) -> None:
    record = adapter(either).add_to_organization(either.known_id, LAB)
    assert LAB in [each.id for each in record.organizations]
    assert writes(either) == []


def test_somebody_who_was_quicker_in_adding_did_the_same(either: Bench) -> None:
    """A refused token stands for the moment between look and write: the second request finds them added."""
    theirs = stranger(either)
    either.faults.add(Fault(kind=FaultKind.STATUS, status=401, method="PATCH", times=1, after_effect=True))
    record = adapter(either).add_to_organization(theirs, LAB)
    assert [each.id for each in record.organizations] == [INSTITUTE, LAB]
    assert writes(either) == ["PATCH", "PATCH"]


def test_removal_ends_membership_and_enrolment_and_nothing_else(either: Bench) -> None:
    jhe = adapter(either, MANAGER)
    change(either, "40001", organizations=[int(LAB), int(INSTITUTE)])
    jhe.remove_from_organization("40001", LAB)
    assert [each.id for each in jhe.get("40001").organizations] == [INSTITUTE]
    assert people_of(either)["observations"]


def test_last_organization_is_never_left(either: Bench) -> None:
    """JHE would delete the person with all observations."""
    change(either, either.known_id, organizations=[int(LAB)])
    before = people_of(either)
    with pytest.raises(errors.Conflict) as caught:
        adapter(either).remove_from_organization(either.known_id, LAB)
    assert caught.value.reason == LAST_ORGANIZATION
    assert "delete" in caught.value.for_staff
    assert writes(either) == []
    assert people_of(either) == before


def test_record_of_no_organization_is_left_alone(either: Bench) -> None:
    """JHE would delete it, whichever organization was named."""
    change(either, either.known_id, organizations=[])
    adapter(either).remove_from_organization(either.known_id, LAB)
    assert writes(either) == []
    assert row_of(either, either.known_id)


def test_removal_of_who_has_left_already_sends_nothing(either: Bench) -> None:
    adapter(either).remove_from_organization(stranger(either), LAB)
    assert writes(either) == []


# --- Removing altogether ------------------------------------------------------------------


def test_out_of_its_last_organization_a_record_is_deleted_and_nobody_elses(either: Bench) -> None:
    jhe = adapter(either)
    change(either, "40001", organizations=[int(LAB)])
    before = people_of(either)
    jhe.remove_altogether("40001", LAB)
    after = people_of(either)
    with pytest.raises(errors.NotFound):
        jhe.whole_record("40001")
    assert before["patients"].keys() - after["patients"].keys() == {"40001"}
    assert [row for row in before["observations"].values() if row["patient_id"] == 40001]
    others = [row for row in before["observations"].values() if row["patient_id"] != 40001]
    assert list(after["observations"].values()) == others
    assert [row for row in before["enrolments"] if row["patient_id"] != 40001] == after["enrolments"]
    assert writes(either) == ["DELETE"]


def test_record_of_another_organization_too_is_not_removed_altogether(either: Bench) -> None:
    """JHE would take it out of this one and keep it: less than was said."""
    change(either, "40001", organizations=[int(LAB), int(PULSE)])
    before = people_of(either)
    with pytest.raises(errors.Conflict) as caught:
        adapter(either).remove_altogether("40001", LAB)
    assert caught.value.reason == NOT_LAST
    assert writes(either) == []
    assert people_of(either) == before


@pytest.mark.parametrize("organizations", [[], [int(INSTITUTE)]], ids=["none", "another"])
def test_record_outside_the_organization_is_not_removed_altogether(
    either: Bench, organizations: list[int]
) -> None:
    """JHE would delete the one of no organization, whichever was named."""
    change(either, "40001", organizations=organizations)
    with pytest.raises(errors.Conflict):
        adapter(either).remove_altogether("40001", LAB)
    assert writes(either) == []
    assert row_of(either, "40001")


def test_record_whose_organizations_cannot_be_read_is_not_removed(either: Bench) -> None:
    nulls = Fault(kind=FaultKind.WRONG_TYPES, variant=Variant.NULLS, path=r"/patients/\d+$")
    either.faults.add(nulls)
    with pytest.raises(errors.ProtocolError):
        adapter(either).remove_altogether("40001", LAB)
    assert writes(either) == []


def test_removing_altogether_what_is_gone_is_not_found(either: Bench) -> None:
    adapter(either).remove_altogether("40001", LAB)
    with pytest.raises(errors.NotFound):
        adapter(either).remove_altogether("40001", LAB)
    assert writes(either) == ["DELETE"]


def test_identifier_that_would_not_be_written_is_told_beforehand(current: Bench, settings: Settings) -> None:
    problem = JheAdapter.identifier_problem
    number = Identifier(system=NHS_NUMBER_SYSTEM, value="9991346236")

    assert problem(Identifier(system="https://registry.example.org", value="r/17")) == ""
    assert "empty" in problem(Identifier(system="https://registry.example.org", value=" "))
    assert "NHS numbers" in problem(number)
    settings.SYSTEMS = {**settings.SYSTEMS, "jhe": {**settings.SYSTEMS["jhe"], "WRITES_NHS_NUMBER": True}}
    assert problem(number) == ""
