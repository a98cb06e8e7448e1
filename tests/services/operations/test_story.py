"""Writes in plain words: every kind, every outcome of a try, every reason; forms that are too old."""

from __future__ import annotations

import inspect
import re
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from integrations import errors
from integrations.writes import Details, Part
from patients.models import Attempt, Operation
from patients.services.operations import decisions, step
from patients.services.operations.standing import standing_of
from patients.services.operations.whys import Why
from patients.services.operations.wishes import Kind
from patients.services.operations.wording import KINDS, field_label, title_of, try_of, value_of
from patients.services.seals import Broken, Trouble
from portal.accounts.models import User
from tests.writing import ZOE, new_record, register

State = Operation.State


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_words(kind: Kind) -> None:
    title = title_of(Operation(kind=kind, system="jump"))

    assert "Jump EHR" in title
    assert KINDS[kind]


@pytest.mark.parametrize(
    ("fields", "title"),
    [
        ((), "Change details in Impilo"),
        (("phone",), "Change phone in Impilo"),
        (("address", "phone"), "Change address and phone in Impilo"),
        (("nhs_number", "email", "consent_sms"), "Change NHS number, e-mail and text messages in Impilo"),
        (("title", "sex", "email", "phone"), "Change title, sex and 2 more details in Impilo"),
        (("custom_fields.insurance_provider",), "Change insurance provider in Impilo"),
    ],
)
def test_change_names_a_few_details(fields: tuple[str, ...], title: str) -> None:
    assert title_of(Operation(kind=Kind.CHANGE, system="impilo"), fields) == title


def test_every_detail_has_a_label_and_its_value_words() -> None:
    labels = [field_label(part) for part in Part]

    assert len(set(labels)) == len(labels)
    assert not any("_" in label for label in labels)
    assert value_of(ZOE, Part.BIRTH_DATE) == "09-Mar-1987"
    assert value_of(Details(nhs_number="9990000018"), Part.NHS_NUMBER) == "999 000 0018"
    assert value_of(Details(consent_sms=False), Part.CONSENT_SMS) == "No permission recorded"
    assert all(value_of(Details(), part) == "" for part in Part)


def _outcomes() -> set[str]:
    """What a try can come to, as the code that tries says it."""
    found = set(re.findall(r'(?:return|outcome =|else) "([a-z ]+)"', inspect.getsource(step)))
    return found | {f"{start}: {why}" for start in ("held", "refused") for why in Why if why}


def test_every_outcome_of_a_try_has_words() -> None:
    now = timezone.now()
    operation = Operation(system="jump", state=State.WAITING)
    outcomes = _outcomes()
    assert {"done", "waits", "not known", "limited", "paused", "taken over"} <= outcomes

    room = Attempt._meta.get_field("outcome").max_length
    assert room is not None
    for outcome in outcomes:
        assert len(outcome) <= room
        attempt = Attempt(began_at=now, ended_at=now, outcome=outcome)
        told = try_of(attempt, operation, is_latest=True)
        assert re.fullmatch(r"[A-Z].*\.", told.text), outcome
        assert told.seconds == 0.1


@pytest.mark.parametrize("fault", errors.IntegrationError.__subclasses__())
def test_every_fault_of_a_try_has_words(fault: type[errors.IntegrationError]) -> None:
    now = timezone.now()
    limited = issubclass(fault, errors.RateLimited)
    outcome = "limited" if limited else "waits"
    attempt = Attempt(began_at=now, ended_at=now, outcome=outcome, fault=fault.__name__)

    told = try_of(attempt, Operation(system="jump", state=State.WAITING), is_latest=True)

    assert told.text.startswith("Jump EHR ")


def test_try_without_an_end_is_under_way_only_while_it_is_sent() -> None:
    attempt = Attempt(began_at=timezone.now(), sent=True)
    told = {
        (state, is_latest): try_of(attempt, Operation(system="jump", state=state), is_latest=is_latest)
        for state in (State.SENDING, State.UNKNOWN)
        for is_latest in (True, False)
    }

    under_way = [key for key, each in told.items() if each.text == "Under way."]
    assert under_way == [(State.SENDING, True)]
    assert {each.sent for each in told.values()} == {None}


@pytest.mark.django_db
@pytest.mark.parametrize("state", State)
def test_every_state_says_why(state: str, clinic_staff: User) -> None:
    operation = register({"jump": new_record()}, by=clinic_staff)[0]
    operation.state, operation.problem = state, "Why it stands so."

    standing = standing_of(operation, behind=None, in_full=True)

    assert standing.word
    assert standing.sentence
    assert standing.is_moving == (state in {State.WAITING, State.SENDING, State.UNKNOWN})


@pytest.mark.django_db(transaction=True)
def test_form_is_refused_after_a_session_is_over(clinic_staff: User) -> None:
    operation = register({"jump": new_record()}, by=clinic_staff)[0]
    sealed = decisions.seal(operation, by=clinic_staff, part="p-1")
    decisions.check(sealed, operation, by=clinic_staff, part="p-1")

    with pytest.raises(Broken) as other:
        decisions.check(sealed, operation, by=clinic_staff, part="p-2")
    with time_machine.travel(timezone.now() + timedelta(hours=13)), pytest.raises(Broken) as old:
        decisions.check(sealed, operation, by=clinic_staff, part="p-1")

    assert (other.value.trouble, old.value.trouble) == (Trouble.ANOTHER_ADDRESS, Trouble.EXPIRED)
