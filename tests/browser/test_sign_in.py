"""Signing in by every way there is, with the second step, and out again."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from portal.accounts.models import User
from portal.accounts.roles import Role
from tests.conftest import PASSWORD, make_user

from .devices import Fingerprint, code_of
from .journey import Journey

pytestmark = pytest.mark.browser

HOME = "Look somebody up"


def test_password_and_code(journey: Journey) -> None:
    user = journey.given_account()
    journey.when_they_sign_in(user)
    journey.then_they_see("Second step")
    journey.when_they_give_the_code()
    journey.then_they_see(HOME)


def test_new_account_sets_up_codes_and_then_gets_in(journey: Journey) -> None:
    user = make_user("new@example.org", Role.CLINIC_STAFF, name="Noor New", second_step=False)
    journey.when_they_sign_in(user)
    journey.then_they_see("Set up a second step")
    journey.page.get_by_role("button", name="Use an app on my phone").click()
    secret = journey.page.get_by_label("Or type this key").input_value()
    journey.page.get_by_label("Authenticator code").fill(code_of(secret))
    journey.page.get_by_role("button", name="Turn it on").click()
    expect(journey.page.get_by_role("heading", level=1)).not_to_contain_text("Set up")
    journey.when_they_go_to("/")
    journey.then_they_see(HOME)


def test_passkey_as_second_step_then_alone_then_to_unlock(journey: Journey) -> None:
    user = make_user("new@example.org", Role.CLINIC_STAFF, name="Noor New", second_step=False)
    finger = Fingerprint(journey.page)
    journey.when_they_sign_in(user)
    journey.page.get_by_role("button", name="Use a passkey").click()
    journey.page.get_by_label("Passwordless").check()
    journey.page.get_by_role("button", name="Add", exact=True).click()
    journey.then_they_see("Confirm that it is you")  # before recovery codes are shown
    assert finger.keys == 1
    journey.page.get_by_label("Password").fill(PASSWORD)
    journey.page.get_by_role("button", name="Confirm", exact=True).click()
    journey.then_they_see("Recovery codes")

    journey.when_they_sign_out()
    journey.when_they_sign_in(user)
    journey.then_they_see("Second step")
    journey.page.get_by_role("button", name="Use a passkey or security key").click()
    journey.then_they_see(HOME)

    journey.when_they_sign_out()
    journey.when_they_go_to("/accounts/login/")
    journey.page.get_by_role("button", name="Sign in with a passkey").click()
    journey.then_they_see(HOME)

    journey.when_they_lock_the_screen()
    journey.page.get_by_role("button", name="Unlock with a passkey").click()
    journey.then_they_see(HOME)


def test_jhe_for_somebody_with_a_role(journey: Journey) -> None:
    journey.when_they_sign_in_at_jhe("manager_mary@example.com")
    journey.then_they_see("You have no role here yet")
    journey.user = User.objects.get(email="manager_mary@example.com")
    journey.given_role(Role.COORDINATOR)
    journey.page.reload()
    journey.then_they_see("Set up a second step")
    journey.given_codes()

    journey.when_they_sign_out()
    journey.when_they_go_to("/accounts/login/")
    journey.page.get_by_role("button", name="JupyterHealth Exchange").click()
    journey.when_they_give_the_code()
    journey.then_they_see(HOME)
    journey.when_they_type_and_send("grace mbeki 18/4/75")
    journey.then_the_panel_says("jhe", "1 record found")


def test_participant_of_a_study_is_refused(journey: Journey) -> None:
    journey.when_they_sign_in_at_jhe("ll_patient_peter@example.com")
    journey.then_they_see("You cannot sign in this way")
    expect(journey.page.get_by_text("for participants, not staff")).to_be_visible()
    journey.when_they_go_to("/")
    expect(journey.page.get_by_role("heading", level=1, name=HOME)).to_have_count(0)
    expect(journey.page.get_by_role("navigation", name="Main")).to_have_count(0)


def test_nothing_is_shown_after_signing_out_and_going_back(journey: Journey) -> None:
    journey.given_signed_in()
    journey.when_they_look_up("grace mbeki 18/4/75")
    journey.then_they_find("MBEKI, Grace")
    journey.when_they_open("MBEKI, Grace")
    journey.when_they_sign_out()
    for _ in range(3):
        journey.page.go_back()
        journey.then_they_see("Sign in")
        assert "Mbeki" not in journey.page.content()


def test_wrong_code_lets_nobody_in(journey: Journey) -> None:
    user = journey.given_account()
    journey.when_they_sign_in(user)
    journey.page.get_by_label("Code").fill("000000")
    journey.page.get_by_role("button", name="Sign in", exact=True).click()
    expect(journey.page.get_by_role("alert")).to_be_visible()
    journey.when_they_go_to("/")
    expect(journey.page.get_by_role("heading", level=1, name=HOME)).to_have_count(0)
    expect(journey.page.get_by_role("navigation", name="Main")).to_have_count(0)
