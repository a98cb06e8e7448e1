"""The traps of reading JHE (``integrations/jhe/README.md``), each set on purpose in the sandbox."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import requests
import time_machine
from django.utils import timezone

from integrations import errors
from integrations.jhe import reach
from integrations.jhe.adapter import JheAdapter
from integrations.sandbox import jhe as server
from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.run import utc_now
from integrations.types import CannotSearch, Found, Role, SearchQuery, Term

from .jhe_bench import NOT_THERE, adapter, asked, ids
from .subjects import FAMILY, GIVEN, Bench
from .subjects_jhe import CURRENT, OLDER, caller_of, patient_called

LAB = "20003"


# --- Console selection --------------------------------------------------------------------


def _selections(bench: Bench) -> dict[str, Any]:
    with bench.sandbox.stores["jhe"].reading() as state:
        return {key: dict(row["settings"]) for key, row in state["practitioners"].items()}


def test_list_with_a_persons_token_would_change_their_console(current: Bench) -> None:
    """The trap itself: without it the next test would prove nothing."""
    before = _selections(current)
    token = caller_of(current.sandbox).token
    assert token is not None
    headers = {"Authorization": f"Bearer {token.current()}"}
    params = {"organization_id": LAB}
    requests.get(f"{current.sandbox.url('jhe')}/api/v1/patients", params=params, headers=headers, timeout=5)
    assert _selections(current) != before


def test_nothing_that_the_adapter_does_changes_a_console(either: Bench) -> None:
    before = _selections(either)
    jhe = adapter(either)
    for organization in jhe.organizations():
        list(jhe.patients_of_organization(organization.id))
        for study in jhe.studies(organization.id):
            list(jhe.patients_of_study(study.id, organization.id))
    for query in (
        either.subject.finding,
        SearchQuery(words=(FAMILY,)),
        SearchQuery(email="grace.mbeki@example.org"),
        SearchQuery(nhs_number="9991346236"),
        SearchQuery(record_id="LS-0000"),
        SearchQuery(record_id=either.known_id),
    ):
        jhe.search(query)
    jhe.get(either.known_id)
    list(jhe.iterate())
    list(jhe.iterate(timezone.now() - timedelta(days=1)))
    jhe.global_lookup("grace.mbeki@example.org")
    jhe.account()
    jhe.healthcheck()
    jhe.holdings("40001", LAB)
    list(jhe.export("40001", LAB))
    list(JheAdapter(replace(jhe.caller, background=True)).iterate())
    assert _selections(either) == before
    if either.subject is CURRENT:
        assert asked(either, "/api/v1/(patients|studies|observations)$") == 0


# --- Searching ----------------------------------------------------------------------------


def test_name_is_found_with_hard_spellings(current: Bench) -> None:
    """Every name in the organization is found by itself, whatever its script and length."""
    jhe = adapter(current)
    for row in jhe.iterate():
        person = row.demographics
        if person.family_name:
            query = SearchQuery(given_name=person.given_name, family_name=person.family_name)
            assert row.id in ids(jhe.search(query)), row.id


def test_email_with_capitals_is_found_as_held_and_beside_a_name_in_any_case(current: Bench) -> None:
    """``global_lookup`` compares letter case; a name search brings the person all the same."""
    held = "Piotr.Zajac@Example.COM"
    jhe = adapter(current, "manager_mary@example.com")
    (record,) = jhe.global_lookup(held)
    assert jhe.global_lookup(held.lower()) == ()
    assert ids(jhe.search(SearchQuery(email=held))) == [record.id]
    assert ids(jhe.search(SearchQuery(email=held.lower()))) == []
    family = record.demographics.family_name
    query = SearchQuery(email=held.lower(), family_name=family, words=(family,))
    assert ids(jhe.search(query)) == [record.id]


def test_nhs_number_is_found_as_an_identifier_in_both_spellings(either: Bench) -> None:
    """The older generation holds one identifier a person, without a system."""
    jhe = adapter(either)
    with either.sandbox.stores["jhe"].writing() as state:
        row = state["patients"][either.known_id]
        row["identifier"] = "999 134 6236"
        for identifier in row["identifiers"]:
            if "nhs" in identifier["system"]:
                identifier["value"] = "999 134 6236"
    answer = jhe.search(SearchQuery(nhs_number="9991346236"))
    assert ids(answer) == [either.known_id]
    assert isinstance(answer, Found)
    assert answer.searched_by == {Term.NHS_NUMBER}


def test_same_value_of_another_party_is_no_nhs_number(current: Bench) -> None:
    """The server looks at the value alone: the system is ours to check."""
    with current.sandbox.stores["jhe"].writing() as state:
        state["patients"][current.known_id]["identifiers"] = [
            {"id": 1, "system": "https://example.org/mrn", "value": "9991346236"}
        ]
    assert ids(adapter(current).search(SearchQuery(nhs_number="9991346236"))) == []
    assert ids(adapter(current).search(SearchQuery(record_id="9991346236"))) == [current.known_id]


def test_older_generation_checks_the_name_on_what_the_email_finds(older: Bench) -> None:
    email = "grace.mbeki@example.org"
    assert ids(adapter(older).search(SearchQuery(email=email, words=("mbeki",)))) == [older.known_id]
    assert ids(adapter(older).search(SearchQuery(email=email, words=("smith",)))) == []


def test_older_generation_says_in_words_that_it_has_no_name_search(older: Bench) -> None:
    answer = adapter(older).search(SearchQuery(words=(GIVEN, FAMILY)))
    assert isinstance(answer, CannotSearch)
    assert answer.possible == {Term.EMAIL, Term.RECORD_ID, Term.NHS_NUMBER}
    assert "name" not in answer.for_staff


def test_many_hits_are_cut_and_said_to_be(current: Bench) -> None:
    _add_people(current, 120)
    answer = adapter(current).search(SearchQuery(words=("Crowd",)))
    assert isinstance(answer, Found)
    assert answer.more
    assert len(answer.records) == 40


def test_hit_that_was_removed_meanwhile_is_left_out(current: Bench) -> None:
    jhe = adapter(current)
    path = rf"/patients/{current.known_id}$"
    current.faults.add(Fault(kind=FaultKind.STATUS, status=404, path=path))
    assert ids(jhe.search(current.subject.finding)) == []


def test_hit_that_cannot_be_fetched_fails_the_search(current: Bench) -> None:
    """Reach is decided by the whole record: nobody is shown, and nobody is said to be missing."""
    path = rf"/patients/{current.known_id}$"
    current.faults.add(Fault(kind=FaultKind.STATUS, status=503, path=path))
    with pytest.raises(errors.Unavailable):
        adapter(current).search(current.subject.finding)


# --- Lists --------------------------------------------------------------------------------


def _add_people(bench: Bench, count: int, *, one_moment: bool = True) -> set[str]:
    added = set()
    with bench.sandbox.stores["jhe"].writing() as state:
        for number in range(count):
            row = {
                "email": f"crowd{number}@example.org",
                "given": f"Person{number}",
                "family": "Crowd",
                "birth_date": "1990-01-01",
                "phone": None,
                "identifiers": [],
                "organizations": [int(LAB)],
            }
            added.add(str(server.add_person(state, row)))
        if one_moment:
            for patient_id in added:
                state["patients"][patient_id]["last_updated"] = "2026-10-01T09:00:00.000001Z"
    return added


@pytest.mark.slow
def test_iterate_goes_over_several_pages_of_one_moment(either: Bench) -> None:
    """More people than a page holds, all changed in the same instant: paging has to go on."""
    added = _add_people(either, 1100)
    seen = [record.id for record in adapter(either).iterate()]
    assert len(seen) == len(set(seen))
    assert added <= set(seen)


def test_iterate_does_not_miss_who_changes_while_it_reads(current: Bench) -> None:
    _add_people(current, 600, one_moment=False)
    before = {record.id for record in adapter(current).iterate()}
    rows = adapter(current).iterate()
    first = next(rows)
    with current.sandbox.stores["jhe"].writing() as state:
        # To the end of the order: with page numbers, everybody behind moves up by one.
        state["patients"][first.id]["last_updated"] = "2026-12-31T09:00:00.000001Z"
    seen = [first.id, *(record.id for record in rows)]
    assert set(seen) == before
    assert sorted(seen) == sorted([*before, first.id])  # it comes again, as changed


# --- Reach --------------------------------------------------------------------------------


def _elsewhere(bench: Bench) -> str:
    """The id of somebody in none of the reader's organizations."""
    with bench.sandbox.stores["jhe"].reading() as state:
        rows = state["patients"].values()
        return next(str(row["id"]) for row in rows if int(LAB) not in row["organizations"])


def test_record_beyond_reach_is_forbidden_and_not_found_by_search(either: Bench) -> None:
    stranger = _elsewhere(either)
    with pytest.raises(errors.Forbidden) as caught:
        adapter(either).get(stranger)
    assert "role" in caught.value.for_staff
    assert ids(adapter(either).search(SearchQuery(record_id=stranger))) == []


def test_record_of_no_organization_is_beyond_reach(either: Bench) -> None:
    with either.sandbox.stores["jhe"].writing() as state:
        state["patients"][either.known_id]["organizations"] = []
    with pytest.raises(errors.Forbidden):
        adapter(either).get(either.known_id)


def test_manager_of_a_parent_organization_has_no_role_in_its_children(either: Bench) -> None:
    """No inheritance: ``manager_mark`` runs 20006, and 20008 is part of it."""
    own = {each.id: each.role for each in adapter(either, "manager_mark@example.com").organizations()}
    assert own["20006"] is Role.MANAGER
    assert "20008" not in own


def test_person_with_three_roles_has_each_in_its_own_organization(either: Bench) -> None:
    own = {each.id: each.role for each in adapter(either, "three_org_tom@example.com").organizations()}
    assert own == {"20003": Role.VIEWER, "20007": Role.MEMBER, "20008": Role.MANAGER}


def test_role_that_was_taken_away_ends_within_a_minute(either: Bench) -> None:
    caller = caller_of(either.sandbox)
    assert JheAdapter(caller).get(either.known_id)
    with either.sandbox.stores["jhe"].writing() as state:
        state["roles"] = []
    with (
        time_machine.travel(utc_now() + timedelta(seconds=reach.KEPT_FOR + 1)),
        pytest.raises(errors.Forbidden),
    ):
        JheAdapter(caller).get(either.known_id)


def test_patients_login_reaches_nobody(either: Bench) -> None:
    patient = adapter(either, "ll_patient_peter@example.com")
    assert patient.account() == ("10006", "patient")
    assert patient.organizations() == ()
    with pytest.raises(errors.Forbidden):
        patient.get("40001")


def test_organization_roles_are_asked_once_a_minute(either: Bench) -> None:
    caller = caller_of(either.sandbox)
    either.faults.forget_requests()
    for _ in range(3):
        JheAdapter(caller).get(either.known_id)
    assert asked(either, "/organizations$") == 1


# --- Ids and addresses --------------------------------------------------------------------


@pytest.mark.parametrize("wrong", ["abc", "40006/", "40006/consents?reset=true", "-1", "٤", "1" * 30])
def test_id_that_would_be_answered_by_a_500_is_never_sent(either: Bench, wrong: str) -> None:
    jhe = adapter(either)
    jhe.organizations()
    either.faults.forget_requests()
    with pytest.raises(errors.NotFound):
        jhe.get(wrong)
    with pytest.raises(errors.NotFound):
        jhe.patients_of_study(wrong, LAB)
    assert list(jhe.patients_of_organization(wrong)) == []
    assert asked(either, "/(patients|studies)") == 0


def test_html_500_is_unavailable_and_an_html_404_is_a_protocol_error(either: Bench) -> None:
    jhe = adapter(either)
    jhe.get(either.known_id)
    broken = either.faults.add(Fault(kind=FaultKind.STATUS, status=500, html=True))
    with pytest.raises(errors.Unavailable):
        jhe.get(either.known_id)
    either.faults.remove(broken.id)
    either.faults.add(replace(NOT_THERE, path="/patients/"))
    with pytest.raises(errors.ProtocolError, match="unknown path"):
        jhe.get(either.known_id)


def test_another_record_than_asked_for_is_refused(either: Bench) -> None:
    with either.sandbox.stores["jhe"].writing() as state:
        state["patients"][either.known_id]["id"] = 49999
        state["patients"]["49999"] = state["patients"][either.known_id]
    with pytest.raises(errors.IntegrationError):
        adapter(either).get(either.known_id)


# --- What is whose ------------------------------------------------------------------------


def test_records_carry_what_the_generation_holds(either: Bench) -> None:
    record = adapter(either).get(either.known_id)
    held = patient_called(either.sandbox, name_family=FAMILY, name_given=GIVEN)
    assert record.demographics.email == held["email"]
    assert [phone.number for phone in record.demographics.phones] == [held["telecom_phone"]]
    systems = [each.system for each in record.identifiers]
    if either.subject is OLDER:
        assert systems in ([], [""])
    else:
        assert record.demographics.nhs_number == "9991346236"
        assert len(systems) == 2
