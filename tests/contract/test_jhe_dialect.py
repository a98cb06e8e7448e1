"""Which JHE this is: found by probing, kept, and found anew when the server changes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pytest_django import Settings

from integrations import errors
from integrations.jhe import dialect as dialects
from integrations.jhe.adapter import JheAdapter
from integrations.sandbox.run import Sandbox
from integrations.types import Caller, CannotSearch, Found, SearchQuery

from .jhe_bench import NOT_THERE, adapter, asked, ids
from .subjects import FAMILY, GIVEN, Bench
from .subjects_jhe import CURRENT, OLDER, caller_of, connected


def test_dialect_is_found_once_and_without_a_token(either: Bench) -> None:
    dialects.forget(either.sandbox.url("jhe"))
    either.faults.forget_requests()
    for _ in range(3):
        adapter(either).search(either.subject.finding)
    assert asked(either, "/health$") == 1
    assert dialects.find(JheAdapter(Caller()).http).has_health is (either.subject is CURRENT)


def test_dialect_is_shared_between_processes_by_the_cache(either: Bench) -> None:
    adapter(either).healthcheck()
    kept = dialects.find(JheAdapter(Caller()).http)
    dialects.forget_here()
    either.faults.forget_requests()
    assert dialects.find(JheAdapter(Caller()).http) == kept
    assert asked(either, "/health$") == 0


def test_dialect_is_not_learnt_from_a_gateways_page(current: Bench) -> None:
    dialects.forget(current.sandbox.url("jhe"))
    fault = current.faults.add(NOT_THERE)
    with pytest.raises(errors.ProtocolError):
        adapter(current).search(current.subject.finding)
    current.faults.remove(fault.id)
    assert current.known_id in ids(adapter(current).search(current.subject.finding))


def test_server_that_became_another_generation_is_probed_anew(current: Bench, settings: Settings) -> None:
    """An address that has gone answers HTML 404; the same call is made again in the new dialect."""
    with Sandbox(dialect="current", systems=("jhe",)) as before:
        port = int(before.url("jhe").rpartition(":")[2])
        system = {**settings.SYSTEMS["jhe"], **connected(before)}
        settings.SYSTEMS = {**settings.SYSTEMS, "jhe": system}
        assert isinstance(JheAdapter(caller_of(before)).search(current.subject.finding), Found)
    with Sandbox(dialect="2025-10", systems=("jhe",), ports={"jhe": port}) as after:
        answer = JheAdapter(caller_of(after)).search(current.subject.finding)
        assert isinstance(answer, CannotSearch)
        assert ids(JheAdapter(caller_of(after)).search(OLDER.finding))


def test_filters_are_tried_out_where_no_capability_statement_names_them(current: Bench) -> None:
    """Servers between the generations have FHIR search and no ``metadata``."""
    dialects.forget(current.sandbox.url("jhe"))
    current.faults.add(replace(NOT_THERE, path="/metadata$"))
    assert current.known_id in ids(adapter(current).search(current.subject.finding))
    found = dialects.find(JheAdapter(Caller()).http)
    assert found.filters == frozenset(dialects.CANARIES)
    dialects.forget(current.sandbox.url("jhe"))


def test_filters_that_are_ignored_are_not_used(current: Bench) -> None:
    dialects.forget(current.sandbox.url("jhe"))
    current.faults.add(replace(NOT_THERE, path="/metadata$"))
    http = JheAdapter(Caller()).http
    found = dialects.probe(http, totals=lambda filters: 7)
    assert found.filters == frozenset()
    assert not found.searches_names
    answer = adapter(current).search(SearchQuery(words=(GIVEN, FAMILY)))
    assert isinstance(answer, CannotSearch)
    with pytest.raises(errors.Unsupported):  # its lists would disturb the console
        list(adapter(current).iterate())
    dialects.forget(current.sandbox.url("jhe"))
