"""Each way in which asking a system can end, for each system: they never look alike."""

from __future__ import annotations

import time
from functools import partial

import pytest
from pytest_django.fixtures import Settings

from integrations.registry import label_of
from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.run import Sandbox
from portal.accounts.models import User
from portal.accounts.roles import Role
from tests.conftest import make_user
from tests.support import PART, Desk, change, connected, parsed, side_by_side

MEGAN = "member_megan@example.com"
SYSTEMS = ("jump", "jhe", "impilo")
EACH = pytest.mark.parametrize("system", SYSTEMS)
FAULTS = {
    "error of the server": Fault(kind=FaultKind.STATUS, status=500),
    "page in place of data": Fault(kind=FaultKind.STATUS, status=502, html=True),
    "too many requests": Fault(kind=FaultKind.STATUS, status=429, retry_after="3600"),
    "refused right": Fault(kind=FaultKind.STATUS, status=403),
    "dropped connection": Fault(kind=FaultKind.RESET),
    "cut off": Fault(kind=FaultKind.TRUNCATED),
    "no data": Fault(kind=FaultKind.MALFORMED),
    "other types": Fault(kind=FaultKind.WRONG_TYPES),
}


@pytest.fixture
def desk(sandbox: Sandbox, clinic_staff: User) -> Desk:
    """Clinic staff who are members of the Lifespan Lab in JHE."""
    return Desk(connected(clinic_staff, MEGAN, sandbox))


@EACH
@pytest.mark.parametrize("kind", FAULTS)
def test_failing_system_is_named_with_reason_and_retry(
    desk: Desk, sandbox: Sandbox, system: str, kind: str
) -> None:
    sandbox.faults[system].add(FAULTS[kind])

    found = desk.look_up("grace mbeki")

    assert found.panels == {name: "failed" if name == system else "found" for name in SYSTEMS}
    words = found.panel(system)
    assert "Did not answer." in words
    assert label_of(system) in words.partition("Did not answer.")[2]
    assert found.names == ["MBEKI, Grace"]
    button = found.page.of_id(f"system-{system}").of_class("govuk-button")[0]
    assert button.text == f"Ask {label_of(system)} again"

    sandbox.faults[system].clear()
    again = parsed(desk.client.get(button.attributes["hx-get"], headers=PART))
    assert again.of_id(f"system-{system}").of_class("portal-panel--found")


@pytest.mark.parametrize("system", ["jump", "impilo"])
def test_refused_key_is_for_the_administrator(desk: Desk, sandbox: Sandbox, system: str) -> None:
    sandbox.faults[system].add(Fault(kind=FaultKind.STATUS, status=401))

    found = desk.look_up("grace mbeki")

    assert found.panels[system] == "failed"
    assert "administrator" in found.panel(system)


@EACH
def test_failed_system_is_asked_again_by_the_link_without_javascript(
    desk: Desk, sandbox: Sandbox, system: str
) -> None:
    sandbox.faults[system].add(FAULTS["error of the server"])
    found = desk.look_up("grace mbeki")
    sandbox.faults[system].clear()
    button = found.page.of_id(f"system-{system}").of_class("govuk-button")[0]

    assert button.attributes["href"] == f"{found.url}?all=1"
    assert set(desk.all_of(found.url).panels.values()) == {"found"}


@EACH
def test_failure_is_never_taken_for_nobody(desk: Desk, sandbox: Sandbox, system: str) -> None:
    empty = desk.look_up("Quillon Xanthopoulos 3/2/1931")
    sandbox.faults[system].add(FAULTS["error of the server"])
    failed = desk.look_up("Quillon Xanthopoulos 3/2/1931")

    assert set(empty.panels.values()) == {"nobody"}
    assert "Nobody found Every system" in empty.page.of_id("people").text
    assert "Answered: nobody found" in empty.panel(system)
    assert failed.panels[system] == "failed"
    assert "Nobody found where we could look" in failed.page.of_id("people").text
    assert "nobody found" not in failed.panel(system)


@EACH
def test_hanging_system_delays_nobody_else(
    desk: Desk, sandbox: Sandbox, settings: Settings, system: str
) -> None:
    change(settings, system, DEADLINE=0.4)
    sandbox.faults[system].add(Fault(kind=FaultKind.HANG))
    url = desk.type("grace mbeki")
    others = [name for name in SYSTEMS if name != system]

    def ask(name: str) -> None:
        desk_of_thread = Desk(desk.user)
        assert desk_of_thread.part(url, name).panels[name] == ("failed" if name == system else "found")

    side_by_side([partial(ask, name) for name in SYSTEMS])

    assert desk.shown(url).panels == {**dict.fromkeys(others, "found"), system: "failed"}


@EACH
def test_hanging_system_costs_its_deadline_and_no_more(
    desk: Desk, sandbox: Sandbox, settings: Settings, system: str
) -> None:
    desk.look_up("warm up")
    change(settings, system, DEADLINE=0.4)
    sandbox.faults[system].add(Fault(kind=FaultKind.HANG))

    begun = time.monotonic()
    found = desk.look_up("grace mbeki")

    assert time.monotonic() - begun < 10  # every other deadline is 15 seconds
    assert found.panels == {name: "failed" if name == system else "found" for name in SYSTEMS}
    assert "not answering" in found.panel(system)


def test_all_systems_failing_still_makes_a_page(desk: Desk, sandbox: Sandbox) -> None:
    for board in sandbox.faults.values():
        board.add(FAULTS["error of the server"])

    found = desk.look_up("mbeki")

    assert set(found.panels.values()) == {"failed"}
    assert "Nobody found where we could look" in found.page.of_id("people").text


@EACH
def test_system_that_is_not_set_up_says_so(desk: Desk, settings: Settings, system: str) -> None:
    change(settings, system, URL="")

    found = desk.look_up("grace mbeki")

    assert found.panels == {name: "not_connected" if name == system else "found" for name in SYSTEMS}
    assert f"{label_of(system)} is not connected to this portal." in found.panel(system)
    assert "administrator" in found.panel(system)


@pytest.mark.parametrize(
    ("typed", "states"),
    [
        ("07700 900000", {"jump": "cannot", "jhe": "cannot", "impilo": "cannot"}),
        ("18/4/1975", {"jump": "cannot", "jhe": "found", "impilo": "found"}),
        ("M14 1AA", {"jump": "cannot", "jhe": "cannot"}),
    ],
)
def test_system_says_what_it_cannot_search_by(desk: Desk, typed: str, states: dict[str, str]) -> None:
    found = desk.look_up(typed)

    assert {name: found.panels[name] for name in states} == states
    for name in (name for name, state in states.items() if state == "cannot"):
        words = found.panel(name)
        assert "it cannot search by that" in words
        assert len(words.partition("cannot search by that")[2]) > 20  # and what it can search by
    if set(states.values()) == {"cannot"}:
        assert "Nobody found where we could look" in found.page.of_id("people").text


def test_person_without_a_jhe_account_is_told_so(sandbox: Sandbox, reader: User) -> None:
    found = Desk(reader).look_up("grace mbeki")

    assert found.panels == {"jump": "found", "jhe": "no_reach", "impilo": "found"}
    assert "your role does not reach there" in found.panel("jhe")
    assert not sandbox.faults["jhe"].requests(path="Patient|patients")


def test_list_is_filled_after_connecting_to_jhe(sandbox: Sandbox, reader: User) -> None:
    desk = Desk(reader)
    url = desk.look_up("grace mbeki").url
    connected(reader, MEGAN, sandbox)

    assert desk.all_of(url).panels["jhe"] == "found"


def test_practitioner_without_an_organization_reaches_nobody(sandbox: Sandbox) -> None:
    user = make_user("mary@example.org", Role.READER, name="Mary Manager")
    with sandbox.stores["jhe"].writing() as state:
        state["roles"] = [row for row in state["roles"] if row["user_id"] != 10003]

    found = Desk(connected(user, MEGAN, sandbox)).look_up("grace mbeki")

    assert found.panels["jhe"] == "no_reach"
    assert "no role in any" in found.panel("jhe")


def test_spent_jhe_sign_in_asks_to_sign_in_again(desk: Desk, sandbox: Sandbox) -> None:
    with sandbox.stores["jhe"].writing() as state:
        state["access_tokens"].clear()
        state["refresh_tokens"].clear()

    found = desk.look_up("grace mbeki")

    assert found.panels["jhe"] == "signed_out"
    assert "your sign-in there has ended" in found.panel("jhe")
    assert "again from your account page" in found.panel("jhe")


def test_request_id_is_shown_for_support(desk: Desk, sandbox: Sandbox) -> None:
    sandbox.faults["jump"].add(Fault(kind=FaultKind.TRUNCATED))

    assert "Request id req_" in desk.look_up("mbeki").panel("jump")


def test_many_more_than_can_be_read_is_said(desk: Desk, sandbox: Sandbox) -> None:
    with sandbox.stores["impilo"].writing() as state:
        first = next(iter(state["patients"].values()))
        for number in range(90_000, 90_120):
            row = {**first, "id": number, "lastName": "Crowd", "firstName": f"One{number}"}
            state["patients"][str(number)] = row

    found = desk.look_up("crowd")

    assert len(found.people) == 10
    assert "more than could be read" in found.panel("impilo")


def test_hits_that_differ_in_something_typed_are_counted_and_left_out(desk: Desk) -> None:
    found = desk.look_up("grace.mbeki@example.org 1/1/1999")

    words = " ".join(found.panel(name) for name in SYSTEMS)
    assert found.names == []
    assert "differs in something you typed" in words
