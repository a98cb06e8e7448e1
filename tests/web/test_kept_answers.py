"""What is kept of the systems' answers, and how a page waits for one that somebody else asks for."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from django.db import connections
from django.utils import timezone

from integrations.sandbox.run import Sandbox
from integrations.types import Demographics, RemotePatient
from patients.models import Answer, LookUp
from patients.services import answers, lookup
from patients.services.answers import KeptRecord, Outcome, State
from patients.services.understanding import Asked
from portal.accounts.models import User

SYSTEMS = ("jump", "jhe", "impilo")


@pytest.fixture
def kept(transactional_db: None) -> LookUp:
    """A look-up that nobody asks any system for."""
    user = User.objects.create_user("somebody@example.org")
    return LookUp.objects.create(user=user, asked=Asked(text="smith").to_json())


def outcome(system: str, *ids: str) -> Outcome:
    records = tuple(
        RemotePatient(system=system, id=each, demographics=Demographics(), complete=True) for each in ids
    )
    now = timezone.now()
    return Outcome(
        system=system,
        state=State.FOUND,
        answered_at=now,
        records=tuple(KeptRecord(number=0, read_at=now, record=record) for record in records),
    )


def numbers(kept_lookup: LookUp, system: str) -> dict[str, int]:
    return {each.record.id: each.number for each in answers.kept(kept_lookup)[system].records}


def test_no_two_records_of_a_look_up_have_one_number(kept: LookUp) -> None:
    for system in SYSTEMS:
        answers.keep_first(kept, outcome(system, *"abcde"))
    given = [number for system in SYSTEMS for number in numbers(kept, system).values()]
    assert len(set(given)) == len(given) == 15


def test_record_keeps_its_number_when_it_is_not_first_any_more(kept: LookUp) -> None:
    answers.keep_first(kept, outcome("jhe", "a", "b"))
    before = numbers(kept, "jhe")
    answers.keep(kept, outcome("jhe", "new", "b"))
    answers.keep(kept, outcome("jhe", "a"))
    assert numbers(kept, "jhe") == {"a": before["a"]}
    answers.keep(kept, outcome("jhe", "new", "b", "a"))
    after = numbers(kept, "jhe")
    assert (after["a"], after["b"]) == (before["a"], before["b"])
    assert len(set(after.values())) == 3


def test_late_answer_replaces_none_that_was_asked_for_since(kept: LookUp) -> None:
    answers.keep(kept, outcome("jump", "since"))
    answers.keep_first(kept, outcome("jump", "late"))
    assert set(numbers(kept, "jump")) == {"since"}


def test_answer_to_a_look_up_that_was_thrown_away_is_not_kept(transactional_db: None) -> None:
    user = User.objects.create_user("somebody@example.org")
    gone = LookUp(user=user, asked=Asked(text="smith").to_json())
    answers.keep_first(gone, outcome("jump", "a"))
    assert not Answer.objects.exists()


def test_page_waits_for_what_another_process_asks(sandbox: Sandbox) -> None:
    user = User.objects.create_user("somebody@example.org")
    waiting = LookUp.objects.create(user=user, asked=Asked(text="smith").to_json())
    asked_elsewhere = threading.Event()

    def elsewhere() -> None:
        try:
            asked_elsewhere.wait(10)
            answers.keep_first(waiting, replace(outcome("jump", "a"), sentence="From elsewhere."))
        finally:
            connections.close_all()

    other = threading.Thread(target=elsewhere)
    other.start()
    threading.Timer(0.05, asked_elsewhere.set).start()
    lookup.wait_for(waiting, ["jump"], by=user)
    other.join()

    assert answers.kept(waiting)["jump"].sentence == "From elsewhere."
    assert not sandbox.faults["jump"].requests()
