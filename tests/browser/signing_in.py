"""Ways to the pages of signing in and of somebody's own account, and what goes wrong there."""

from __future__ import annotations

from playwright.sync_api import expect

from integrations.sandbox.faults import FaultKind
from portal.accounts.roles import Role
from tests.conftest import make_user

from .journey import Journey

PATIENT = "ll_patient_peter@example.com"


def wrong_password(journey: Journey) -> None:
    """The sign-in page after a wrong password."""
    user = journey.given_account()
    journey.when_they_sign_in(user, "not this one, surely")
    expect(journey.page.get_by_role("alert")).to_be_visible()


def too_many_attempts(journey: Journey) -> None:
    """The page for somebody who keeps trying."""
    user = journey.given_account()
    heading = journey.page.get_by_role("heading", level=1)
    for _ in range(12):
        journey.when_they_sign_in(user, "not this one, surely")
        if "Too many" in (heading.text_content() or "") or "Too many" in journey.page.content():
            return
    raise AssertionError("nobody ever says that it is enough")


def second_step(journey: Journey) -> None:
    """The page that asks for a code."""
    user = journey.given_account()
    journey.when_they_sign_in(user)
    journey.then_they_see("Second step")


def second_step_wrong(journey: Journey) -> None:
    """... after a wrong code."""
    second_step(journey)
    journey.page.get_by_label("code").fill("000000")
    journey.page.get_by_role("button", name="Sign in").click()
    expect(journey.page.get_by_role("alert")).to_be_visible()


def jhe_patient_refused(journey: Journey) -> None:
    """What a participant of a study sees."""
    journey.when_they_sign_in_at_jhe(PATIENT)
    journey.then_they_see("You cannot sign in this way")


def jhe_down(journey: Journey) -> None:
    """Signing in at JHE while it does not answer."""
    journey.given_fault("jhe", FaultKind.RESET)
    journey.when_they_go_to("/accounts/oidc/jhe/login/")
    journey.page.locator("main form button").click()
    expect(journey.page.get_by_role("heading", level=1)).not_to_contain_text("JupyterHealth Exchange")


def second_step_missing(journey: Journey) -> None:
    """Somebody whose role asks for a second step and who has none yet."""
    user = make_user("new@example.org", Role.CLINIC_STAFF, name="Noor New", second_step=False)
    journey.when_they_sign_in(user)
    journey.then_they_see("Set up a second step")


def authenticator_app(journey: Journey) -> None:
    """Setting up one-time codes."""
    second_step_missing(journey)
    journey.page.get_by_role("button", name="Use an app on my phone").click()
    journey.then_they_see("Set up an authenticator app")


def add_passkey(journey: Journey) -> None:
    """Setting up a passkey."""
    second_step_missing(journey)
    journey.page.get_by_role("button", name="Use a passkey").click()
    journey.then_they_see("Add a passkey or security key")


def password_change_refused(journey: Journey) -> None:
    """A new password that will not do."""
    journey.when_they_go_to("/accounts/password/change/")
    for label in ("Current Password", "New Password", "New Password (again)"):
        journey.page.get_by_label(label, exact=True).fill("short")
    journey.page.locator("main form button[type=submit]").last.click()
    expect(journey.page.get_by_role("alert").first).to_be_visible()


def sessions(journey: Journey) -> None:
    """Where somebody is signed in."""
    journey.page.context.clear_cookies()
    assert journey.user is not None
    journey.when_they_sign_in(journey.user)
    journey.when_they_give_the_code()
    journey.when_they_go_to("/accounts/sessions/")


def people_and_roles(journey: Journey) -> None:
    """Every account, as an admin sees them."""
    make_user("noor@example.org", None, name="Noor New")
    make_user("rita.longish-name@a-department.example.org", Role.READER, name="Rita Reader")
    journey.when_they_go_to("/staff")
