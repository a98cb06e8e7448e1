"""Asking side by side: deadlines of one's own, errors as answers, faults of ours contained."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from integrations.errors import IntegrationError, NotFound, Unavailable
from patients.services.asking import Question, ask_all, begin

# The pool's threads look after their database connections, which earlier tests may have left them.
pytestmark = pytest.mark.django_db


@pytest.fixture
def hanging() -> Iterator[threading.Event]:
    """Work that waits for this event hangs until the test is over."""
    event = threading.Event()
    yield event
    event.set()


def question(work: Callable[[], str], *, system: str = "jump", seconds: float = 20.0) -> Question[str]:
    """A question to a system."""
    return Question(system=system, operation="search", seconds=seconds, work=work)


def test_answers_come_by_key() -> None:
    answers = ask_all({"a": question(lambda: "one"), "b": question(lambda: "two")})

    assert answers == {"a": "one", "b": "two"}


def test_error_is_the_answer_of_its_system_alone() -> None:
    def missing() -> str:
        raise NotFound(system="jhe", operation="get")

    answers = ask_all({"a": question(missing, system="jhe"), "b": question(lambda: "two")})

    assert isinstance(answers["a"], NotFound)
    assert answers["b"] == "two"


def test_fault_of_ours_is_that_systems_failure_and_tells_nothing_of_the_value() -> None:
    def broken() -> str:
        raise ValueError("Xylophrastes")

    answers = ask_all({"a": question(broken, system="impilo"), "b": question(lambda: "two")})

    fault = answers["a"]
    assert isinstance(fault, IntegrationError)
    assert fault.system == "impilo"
    assert "Xylophrastes" not in f"{fault} {fault.for_staff} {fault.next_step}"
    assert answers["b"] == "two"


def test_hanging_system_costs_its_own_deadline(hanging: threading.Event) -> None:
    def hang() -> str:
        hanging.wait()
        return "too late"

    begun = time.monotonic()
    answers = ask_all({"a": question(hang, seconds=0.05), "b": question(lambda: "two")})

    assert time.monotonic() - begun < 10
    assert isinstance(answers["a"], Unavailable)
    assert answers["b"] == "two"


def test_answer_in_the_background_is_handed_over() -> None:
    got: list[object] = []

    begin(question(lambda: "one"), got.append).result(timeout=20)

    assert got == ["one"]


def test_answer_that_cannot_be_kept_is_logged_and_ends_the_work() -> None:
    def refuse(_: object) -> None:
        raise LookupError

    future = begin(question(lambda: "one"), refuse)

    assert future.result(timeout=20) is None
