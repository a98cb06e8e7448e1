"""What every adapter does when nothing goes wrong."""

from __future__ import annotations

import pytest
from django.conf import settings
from pytest_django import Settings

from integrations import errors
from integrations.abilities import PROTOCOLS, System
from integrations.registry import label_of, system_class, system_names
from integrations.types import CannotSearch, Found, Health, SearchQuery

from .subjects import BORN, FAMILY, GIVEN, ON_DATABASE, Bench

pytestmark = ON_DATABASE


def test_search_known_person_is_found_with_enough_to_tell_them_apart(bench: Bench) -> None:
    answer = bench.adapter().search(bench.subject.finding)
    assert isinstance(answer, Found)
    assert answer.searched_by >= bench.subject.sure_terms
    (record,) = [each for each in answer.records if each.id == bench.known_id]
    assert record.system == bench.subject.system
    assert record.complete
    assert record.demographics.family_name == FAMILY
    assert record.demographics.given_name == GIVEN
    assert record.demographics.birth_date == BORN


def test_search_unknown_person_finds_nobody(bench: Bench) -> None:
    answer = bench.adapter().search(bench.subject.nobody)
    assert isinstance(answer, Found)
    assert not answer.records
    assert not answer.more
    assert answer.searched_by >= bench.subject.sure_terms


def test_search_by_what_the_system_cannot_search_says_so(bench: Bench) -> None:
    answer = bench.adapter().search(bench.subject.impossible)
    assert isinstance(answer, CannotSearch)
    assert answer.for_staff.startswith(bench.adapter().label)
    assert answer.for_staff.endswith(".")
    assert answer.possible == bench.adapter().search_terms or answer.possible <= bench.adapter().search_terms
    assert not bench.faults.requests(path=bench.subject.record_path)


def test_search_by_another_systems_id_cannot_be_done(bench: Bench) -> None:
    query = SearchQuery(record_id="12345", record_system="somewhere else")
    assert isinstance(bench.adapter().search(query), CannotSearch)


def test_search_by_record_id_finds_that_record(bench: Bench) -> None:
    query = SearchQuery(record_id=bench.known_id, record_system=bench.subject.system)
    answer = bench.adapter().search(query)
    assert isinstance(answer, Found)
    assert [each.id for each in answer.records] == [bench.known_id]


@pytest.mark.parametrize(
    "record_id", ["../patients", "..", "a/b?c=d", "%2e%2e", "0x1", "9" * 300, "é", "1 2"]
)
def test_search_by_odd_record_id_finds_nobody_and_harms_nothing(bench: Bench, record_id: str) -> None:
    answer = bench.adapter().search(SearchQuery(record_id=record_id))
    assert not isinstance(answer, Found) or not answer.records


def test_get_known_person_reads_the_whole_record(bench: Bench) -> None:
    record = bench.adapter().get(bench.known_id)
    assert record.id == bench.known_id
    assert record.complete
    assert record.demographics.family_name == FAMILY
    assert record.unread == ()


@pytest.mark.parametrize("patient_id", ["", ".", "..", "../patients", "a?b", "☃"])
def test_get_what_cannot_be_an_id_is_not_found(bench: Bench, patient_id: str) -> None:
    with pytest.raises(errors.NotFound):
        bench.adapter().get(patient_id)


def test_get_missing_record_is_not_found(bench: Bench) -> None:
    with pytest.raises(errors.NotFound) as caught:
        bench.adapter().get(bench.subject.missing_id)
    assert not caught.value.retryable
    assert caught.value.for_staff
    assert caught.value.next_step


def test_iterate_yields_every_record_once(bench: Bench) -> None:
    ids = [record.id for record in bench.adapter().iterate()]
    assert len(ids) == len(set(ids))
    assert bench.known_id in ids
    assert len(ids) > 20


def test_records_show_no_person_in_their_representation(bench: Bench) -> None:
    record = bench.adapter().get(bench.known_id)
    assert FAMILY not in repr(record)
    assert str(BORN.year) not in repr(record)


def test_reading_sends_nothing_but_get(bench: Bench) -> None:
    adapter = bench.adapter()
    adapter.search(bench.subject.finding)
    adapter.get(bench.known_id)
    adapter.healthcheck()
    next(iter(adapter.iterate()))
    assert {each.method for each in bench.faults.requests(path="/(api|patient|functions)")} == {"GET"}


def test_healthcheck_of_a_good_connection(bench: Bench) -> None:
    health = bench.adapter().healthcheck()
    assert isinstance(health, Health)
    assert health.reachable
    assert health.authorised
    assert health.problem == ""
    assert health.address == bench.sandbox.url(bench.subject.system)
    assert health.abilities
    assert all(each.reason for each in health.abilities if not each.available)


def test_record_url_comes_from_the_setting(bench: Bench, settings: Settings) -> None:
    name = bench.subject.system
    for template, wanted in (
        ("", ""),
        ("https://console.example.org/p/{id}?tab=1", f"https://console.example.org/p/{bench.known_id}?tab=1"),
    ):
        settings.SYSTEMS = {**settings.SYSTEMS, name: {**settings.SYSTEMS[name], "CONSOLE_URL": template}}
        assert bench.adapter().record_url(bench.known_id) == wanted


def test_capability_is_declared_exactly_where_its_protocol_is_implemented(bench: Bench) -> None:
    adapter = bench.adapter()
    for capability, protocol in PROTOCOLS.items():
        assert (capability in adapter.capabilities) == isinstance(adapter, protocol), capability


def test_every_configured_system_has_an_adapter_of_its_name() -> None:
    assert system_names() == list(settings.SYSTEMS)
    for name in system_names():
        adapter: type[System] = system_class(name)
        assert adapter.name == name
        assert label_of(name) == adapter.label
        assert adapter.search_terms


def test_what_stays_as_it_was_made_is_shown_and_not_changed(bench: Bench) -> None:
    """What is read-only has a reason, and is no part that can be changed."""
    adapter = bench.adapter()
    assert not adapter.fixed.keys() & adapter.changes
    assert adapter.fixed.keys() <= adapter.creates_with
    assert all(sentence.endswith(".") for sentence in adapter.fixed.values())
