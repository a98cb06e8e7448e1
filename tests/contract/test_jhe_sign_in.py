"""What becomes of JHE's tokens: renewed once, refreshed without guessing, keys never for staff."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

import pytest
from pytest_django import Settings

from integrations import errors
from integrations.jhe import oauth
from integrations.jhe.adapter import JheAdapter
from integrations.sandbox import jhe as server
from integrations.sandbox.faults import Fault, FaultKind, Variant
from integrations.sandbox.run import utc_now
from integrations.types import Caller, SearchQuery

from .subjects import Bench
from .subjects_jhe import KEY_OWNER, caller_of

READER = "member_megan@example.com"


@dataclass(kw_only=True)
class KeptTokens:
    """A person's tokens as whoever keeps them hands them out, counting how often it was asked."""

    tokens: list[str]
    asked: int = 0
    rejected: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def current(self) -> str:
        with self.lock:
            self.asked += 1
            return self.tokens[0]

    def renewed(self, rejected: str) -> str:
        with self.lock:
            self.rejected.append(rejected)
            if len(self.tokens) == 1:
                raise errors.Unauthorised(system="jhe", operation="renew")
            self.tokens.pop(0)
            return self.tokens[0]


def issued(bench: Bench, email: str = READER) -> tuple[str, str]:
    """Access and refresh token of a person."""
    return server.issue_token(bench.sandbox.stores["jhe"], utc_now, email)


def adapter_with(*tokens: str) -> tuple[JheAdapter, KeptTokens]:
    kept = KeptTokens(tokens=list(tokens))
    return JheAdapter(Caller(token=kept)), kept


# --- a person's token ---------------------------------------------------------------------


def test_refused_token_is_renewed_once_for_requests_side_by_side(either: Bench) -> None:
    jhe, kept = adapter_with("worn-out", issued(either)[0])
    jhe.search(either.subject.finding)
    jhe.get(either.known_id)
    assert kept.rejected == ["worn-out"]
    assert kept.asked == 1


def test_token_that_is_refused_again_is_given_up(either: Bench) -> None:
    jhe, kept = adapter_with("worn-out", "worn-out-too")
    with pytest.raises(errors.Unauthorised):
        jhe.account()
    assert kept.rejected == ["worn-out"]
    assert len(either.faults.requests(path="/users/profile$")) == 2


def test_person_whose_token_cannot_be_renewed_is_told_by_the_keeper(either: Bench) -> None:
    jhe, _kept = adapter_with("worn-out")
    with pytest.raises(errors.Unauthorised):
        jhe.get(either.known_id)


def test_without_a_token_nobody_reads_with_the_api_key(current: Bench) -> None:
    nobody = JheAdapter(Caller())
    current.faults.forget_requests()
    for call in (
        lambda: nobody.get(current.known_id),
        lambda: nobody.search(SearchQuery(email="grace.mbeki@example.org")),
        lambda: list(nobody.iterate()),
        lambda: nobody.global_lookup("grace.mbeki@example.org"),
    ):
        with pytest.raises(errors.Unauthorised) as caught:
            call()
        assert "Connect" in caught.value.next_step
    assert current.faults.requests(path="/(patients|token|organizations|Patient$)") == [
        each for each in current.faults.requests(path="/FHIR/R5/Patient$") if each.status == 401
    ]


# --- refresh and revoke -------------------------------------------------------------------


def test_refresh_ends_the_old_pair_at_once(either: Bench) -> None:
    access, refresh = issued(either)
    renewed = oauth.refresh(refresh)
    assert {renewed.access, renewed.refresh}.isdisjoint({access, refresh, ""})
    jhe, _kept = adapter_with(access)
    with pytest.raises(errors.Unauthorised):
        jhe.account()
    assert adapter_with(renewed.access)[0].account()[1] == "practitioner"


def test_spent_refresh_token_is_the_persons_to_mend(either: Bench) -> None:
    _access, refresh = issued(either)
    renewed = oauth.refresh(refresh)
    with pytest.raises(errors.Unauthorised) as caught:
        oauth.refresh(refresh)
    assert caught.value.reason == "invalid_grant"
    assert not caught.value.outcome_unknown
    assert adapter_with(renewed.access)[0].account()[1] == "practitioner"


def test_wrong_client_secret_is_the_administrators_to_mend(either: Bench, settings: Settings) -> None:
    _access, refresh = issued(either)
    wrong = {**settings.SYSTEMS["jhe"], "CLIENT_SECRET": "wrong"}
    settings.SYSTEMS = {**settings.SYSTEMS, "jhe": wrong}
    with pytest.raises(errors.NotConfigured):
        oauth.refresh(refresh)


LOST: dict[str, Fault] = {
    "reset after": Fault(kind=FaultKind.RESET, after_effect=True),
    "broken off": Fault(kind=FaultKind.BROKEN_OFF),
    "500": Fault(kind=FaultKind.STATUS, status=500, html=True, after_effect=True),
    "malformed": Fault(kind=FaultKind.MALFORMED),
    "truncated": Fault(kind=FaultKind.TRUNCATED),
    "other types": Fault(kind=FaultKind.WRONG_TYPES, variant=Variant.NULLS),
}


@pytest.mark.parametrize("name", LOST)
def test_lost_reply_to_a_refresh_is_unknown_and_not_asked_again(either: Bench, name: str) -> None:
    """The old token may be spent: a second try would end what a first one gave."""
    _access, refresh = issued(either)
    either.faults.forget_requests()
    either.faults.add(LOST[name])
    with pytest.raises(errors.IntegrationError) as caught:
        oauth.refresh(refresh)
    assert isinstance(caught.value, errors.Unavailable | errors.ProtocolError)
    assert caught.value.outcome_unknown
    assert refresh not in repr(caught.value)
    assert len(either.faults.requests(path="/o/token/$")) == 1


def test_token_set_shows_no_token(either: Bench) -> None:
    renewed = oauth.refresh(issued(either)[1])
    assert renewed.access not in repr(renewed)
    assert renewed.refresh not in repr(renewed)


def test_revoked_token_is_dead_and_revoking_again_does_no_harm(either: Bench) -> None:
    access, _refresh = issued(either)
    oauth.revoke(access)
    oauth.revoke(access)
    with pytest.raises(errors.Unauthorised):
        adapter_with(access)[0].account()


# --- API keys -----------------------------------------------------------------------------


def test_api_key_is_exchanged_once_and_acts_as_its_owner(current: Bench) -> None:
    current.faults.forget_requests()
    expected = JheAdapter(caller_of(current.sandbox, KEY_OWNER)).account()
    for _ in range(3):
        assert JheAdapter(Caller(background=True)).account() == expected
    assert len(current.faults.requests(path="/o/token/$")) <= 1


def test_token_of_a_key_that_died_is_exchanged_anew(current: Bench) -> None:
    background = JheAdapter(Caller(background=True))
    background.account()
    with current.sandbox.stores["jhe"].writing() as state:
        state["access_tokens"].clear()
    current.faults.forget_requests()
    assert JheAdapter(Caller(background=True)).account() == background.account()
    assert len(current.faults.requests(path="/o/token/$")) == 1


def _with_key(settings: Settings, key: str) -> None:
    settings.SYSTEMS = {**settings.SYSTEMS, "jhe": {**settings.SYSTEMS["jhe"], "API_KEY": key}}


@pytest.mark.parametrize("key", ["bm9ib2R5OndpdGhvdXQga2V5", "not base64 at all"])
def test_wrong_api_key_is_named_in_words_for_admins(either: Bench, settings: Settings, key: str) -> None:
    _with_key(settings, key)
    with pytest.raises(errors.Unauthorised) as caught:
        list(JheAdapter(Caller(background=True)).iterate())
    assert "API key" in caught.value.for_staff
    assert key not in repr(caught.value)


def test_background_reading_without_a_key_says_that_it_is_off(either: Bench, settings: Settings) -> None:
    _with_key(settings, "")
    with pytest.raises(errors.NotConfigured) as caught:
        list(JheAdapter(Caller(background=True)).iterate())
    assert "background reading is off" in caught.value.for_staff


# --- health -------------------------------------------------------------------------------


def ability(jhe: JheAdapter, word: str) -> Any:
    return next(each for each in jhe.healthcheck().abilities if word in each.name)


def test_health_names_the_generation_and_what_is_missing(current: Bench, older: Bench) -> None:
    assert "2025-10" in JheAdapter(caller_of(older.sandbox)).healthcheck().generation
    assert ability(JheAdapter(caller_of(older.sandbox)), "name").available is False
    assert ability(JheAdapter(caller_of(older.sandbox)), "API key").available is False


def test_health_of_the_current_generation_names_its_version(current: Bench) -> None:
    health = JheAdapter(Caller()).healthcheck()
    assert (health.reachable, health.authorised, health.version) == (True, True, "v0.0.13")
    assert health.generation.startswith("current")
    assert all(each.available for each in health.abilities if "consent" not in each.name)


def test_health_says_check_the_api_key(current: Bench, settings: Settings) -> None:
    _with_key(settings, "bm9ib2R5OndpdGhvdXQga2V5")
    health = JheAdapter(Caller()).healthcheck()
    assert health.authorised is False
    assert "Check the API key" in health.next_step
    assert ability(JheAdapter(Caller()), "API key").available is False


def test_health_without_key_or_token_cannot_tell(current: Bench, settings: Settings) -> None:
    _with_key(settings, "")
    health = JheAdapter(Caller()).healthcheck()
    assert (health.reachable, health.authorised, health.problem) == (True, None, "")


def test_health_refuses_a_patients_login(either: Bench) -> None:
    health = JheAdapter(caller_of(either.sandbox, "ll_patient_peter@example.com")).healthcheck()
    assert health.authorised is False
    assert "patient" in health.problem
