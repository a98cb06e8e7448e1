"""The page that says how each system is doing, for admins and for everybody else."""

from __future__ import annotations

import pytest
from pytest_django.fixtures import Settings

from integrations.registry import label_of
from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.run import Sandbox
from patients.models import ConnectionLook
from portal.accounts.models import User
from tests.support import PART, Desk, Node, change, parsed

SYSTEMS = ("jump", "jhe", "impilo")
EACH = pytest.mark.parametrize("system", SYSTEMS)


def overview(user: User) -> Node:
    """The page."""
    return Desk(user).open("/connections")


def checked(user: User, system: str) -> Node:
    """One system's card after "check again"."""
    response = Desk(user).client.post(f"/connections/{system}/check", headers=PART)
    assert response.status_code == 200
    return parsed(response)


def test_admin_sees_address_generation_abilities_and_quota(sandbox: Sandbox, admin: User) -> None:
    page = overview(admin)

    for system in SYSTEMS:
        words = page.of_id(f"connection-{system}").text
        assert "Connected" in words
        assert sandbox.url(system) in words
    assert "Requests left" in page.of_id("connection-jump").text
    assert sum("/check" in link for link in page.links()) == 2 * len(SYSTEMS)


@pytest.mark.parametrize("who", ["reader", "clinic_staff", "coordinator"])
def test_staff_see_what_they_can_do_and_no_address(
    request: pytest.FixtureRequest, sandbox: Sandbox, who: str
) -> None:
    page = overview(request.getfixturevalue(who))

    for system in SYSTEMS:
        card = page.of_id(f"connection-{system}")
        assert sandbox.url(system) not in card.text
        assert f"Open {label_of(system)} itself" in card.text
    assert not any("/check" in link for link in page.links())


@EACH
def test_system_that_does_not_answer_is_said_to_everybody(
    sandbox: Sandbox, admin: User, reader: User, system: str
) -> None:
    sandbox.faults[system].add(Fault(kind=FaultKind.RESET))

    card = checked(admin, system)

    assert "Connected" not in card.text.replace("Not connected", "")
    assert label_of(system) in card.text
    words = overview(reader).of_id(f"connection-{system}").text
    assert f"done in {label_of(system)} itself" in words
    assert "Work goes on in the other systems" in words


@pytest.mark.parametrize("system", ["jump", "impilo"])
def test_refused_key_says_to_check_it(sandbox: Sandbox, settings: Settings, admin: User, system: str) -> None:
    change(settings, system, API_KEY="sk_test_wrong")

    assert "API key" in checked(admin, system).text


def test_jhe_without_an_api_key_says_what_is_switched_off(
    sandbox: Sandbox, settings: Settings, admin: User
) -> None:
    change(settings, "jhe", API_KEY="")

    assert "switched off" in checked(admin, "jhe").text


@EACH
def test_system_without_an_address_is_not_set_up(
    sandbox: Sandbox, settings: Settings, admin: User, system: str
) -> None:
    change(settings, system, URL="")

    assert "not" in checked(admin, system).text.lower()


@EACH
def test_check_without_htmx_leads_back_to_the_page(sandbox: Sandbox, admin: User, system: str) -> None:
    response = Desk(admin).client.post(f"/connections/{system}/check")

    assert (response.status_code, response["Location"]) == (303, "/connections")


def test_unknown_system_is_404(sandbox: Sandbox, admin: User) -> None:
    assert Desk(admin).client.post("/connections/nosuch/check").status_code == 404


def test_looking_changes_nothing_in_the_systems(sandbox: Sandbox, admin: User) -> None:
    before = {name: store.snapshot() for name, store in sandbox.stores.items()}
    before["jhe"].pop("access_tokens")

    overview(admin)

    after = {name: store.snapshot() for name, store in sandbox.stores.items()}
    after["jhe"].pop("access_tokens")  # the API key was exchanged for a token
    assert after == before


def test_page_shows_the_last_look_and_does_not_ask_again(sandbox: Sandbox, admin: User) -> None:
    overview(admin)
    assert ConnectionLook.objects.count() == len(SYSTEMS)
    for board in sandbox.faults.values():
        board.forget_requests()

    overview(admin)

    assert not any(board.requests() for board in sandbox.faults.values())
