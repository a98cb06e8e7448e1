"""What ends at once: an account that is switched off, a role that is taken away, a sign-in of one's own."""

from __future__ import annotations

import io

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command, get_commands
from django.test import Client

from portal.accounts.models import PersonToken, User
from portal.accounts.roles import Role, give_role
from portal.audit.models import Event
from tests.conftest import PASSWORD, signed_in
from tests.support import parsed


@pytest.fixture
def admins_client(client: Client, admin: User) -> Client:
    """An admin at work."""
    return signed_in(client, admin)


def browser_of(user: User) -> Client:
    """Somebody signed in, in a browser that their list of sign-ins knows."""
    client = signed_in(Client(), user)
    client.get("/")
    UserSession.objects.get_or_create(
        session_key=client.session.session_key,
        defaults={"user": user, "ip": "192.0.2.7", "user_agent": "Firefox"},
    )
    return client


def is_signed_in(client: Client) -> bool:
    """Whether a browser is still let in."""
    return "/accounts/login/" not in client.get("/accounts/sessions/").headers.get("Location", "")


def test_account_that_is_switched_off_is_signed_out_everywhere_at_once(
    admins_client: Client, reader: User
) -> None:
    browsers = [browser_of(reader), browser_of(reader)]
    keys = [each.session.session_key for each in browsers]
    PersonToken.objects.create(user=reader, system="jhe", subject="1", access="access", refresh="refresh")

    admins_client.post(f"/staff/{reader.pk}/switch")

    assert not any(is_signed_in(each) for each in browsers)
    assert not Session.objects.filter(session_key__in=keys).exists()
    assert not PersonToken.objects.filter(user=reader).exists()
    assert Event.objects.get(action="account.switched_off").details == {
        "account": str(reader.pk),
        "sessions": 2,
    }
    assert "switched off" in parsed(admins_client.get("/staff")).text.lower()


def test_sign_in_the_list_does_not_know_ends_too(admins_client: Client, reader: User) -> None:
    browser = signed_in(Client(), reader)
    UserSession.objects.filter(user=reader).delete()

    admins_client.post(f"/staff/{reader.pk}/switch")

    assert not is_signed_in(browser)


def test_account_that_is_switched_off_cannot_sign_in(
    admins_client: Client, reader: User, no_limits_spent: None
) -> None:
    admins_client.post(f"/staff/{reader.pk}/switch")
    browser = Client()

    browser.post("/accounts/login/", {"login": reader.email, "password": PASSWORD})

    assert not is_signed_in(browser)


def test_account_that_is_switched_on_again_has_its_role_and_signs_in_anew(
    admins_client: Client, reader: User
) -> None:
    browser = browser_of(reader)
    admins_client.post(f"/staff/{reader.pk}/switch")

    admins_client.post(f"/staff/{reader.pk}/switch", {"on": "1"})

    assert not is_signed_in(browser)
    again = User.objects.get(pk=reader.pk)
    assert (again.is_active, again.role) == (True, Role.READER)
    assert Event.objects.filter(action="account.switched_on").count() == 1


def test_reset_second_step_is_gone_everywhere_and_a_new_one_is_asked_for(
    reader: User, admin: User, no_limits_spent: None
) -> None:
    browser, admins_browser = browser_of(reader), browser_of(admin)
    RecoveryCodes.activate(reader)
    said = io.StringIO()

    call_command("reset_second_step", "Reader@example.org", "--reason", " lost her phone ", stdout=said)

    assert not is_signed_in(browser)
    assert is_signed_in(admins_browser)
    assert set(Authenticator.objects.values_list("user", flat=True)) == {admin.pk}
    event = Event.objects.get(action="account.second_step_reset")
    assert (event.reason, event.details) == (
        "lost her phone", {"account": str(reader.pk), "second_steps": 2, "sessions": 1},
    )  # fmt: skip
    assert "removed (2); sign-ins ended (1)" in said.getvalue()
    browser.post("/accounts/login/", {"login": reader.email, "password": PASSWORD})
    assert browser.get("/")["Location"] == "/second-step"


@pytest.mark.parametrize(
    "words",
    [
        ("reader@example.org",),
        ("reader@example.org", "--reason", "  "),
        ("reader@example.org", "--reason", "x" * 201),
        ("nobody.here@example.org", "--reason", "lost"),
    ],
)
def test_second_step_is_reset_for_somebody_known_and_for_a_reason_only(
    reader: User, words: tuple[str, ...]
) -> None:
    with pytest.raises(CommandError):
        call_command("reset_second_step", *words)

    assert Authenticator.objects.filter(user=reader).exists()
    assert not Event.objects.exists()


def test_staff_page_says_how_accounts_are_made_and_second_steps_reset(admins_client: Client) -> None:
    text = parsed(admins_client.get("/staff")).text

    assert {"create_account", "reset_second_step"} <= get_commands().keys()
    assert "manage.py create_account" in text
    assert "manage.py reset_second_step" in text


def test_nobody_switches_their_own_account_off(admins_client: Client, admin: User) -> None:
    admins_client.post(f"/staff/{admin.pk}/switch")

    assert User.objects.get(pk=admin.pk).is_active
    assert is_signed_in(admins_client)


def test_role_that_is_taken_away_ends_with_the_next_page(reader: User, admin: User) -> None:
    browser = browser_of(reader)
    assert browser.get("/").status_code == 200

    give_role(user=reader, role=None, by=admin)

    assert browser.get("/").status_code == 403


def test_admin_who_is_none_any_more_reads_no_trail(admins_client: Client, admin: User) -> None:
    address = admins_client.post("/audit", {"actor": str(admin.pk)})["Location"]
    assert admins_client.get(address).status_code == 200

    give_role(user=admin, role=Role.READER, by=None)

    assert admins_client.get(address).status_code == 403


def test_own_sign_in_elsewhere_is_ended_and_no_other(reader: User) -> None:
    here, there, third = browser_of(reader), browser_of(reader), browser_of(reader)
    number = UserSession.objects.get(session_key=there.session.session_key).pk
    assert f"/sessions/{number}/end" in parsed(here.get("/accounts/sessions/")).links()

    response = here.post(f"/sessions/{number}/end")

    assert (response.status_code, response["Location"]) == (303, "/accounts/sessions/")
    assert [is_signed_in(each) for each in (here, there, third)] == [True, False, True]
    assert Event.objects.filter(action="session.ended_elsewhere", actor=str(reader.pk)).count() == 1


def test_sign_in_of_somebody_else_and_the_present_one_are_left(reader: User, admin: User) -> None:
    here, foreign = browser_of(reader), browser_of(admin)

    for browser in (here, foreign):
        number = UserSession.objects.get(session_key=browser.session.session_key).pk
        here.post(f"/sessions/{number}/end")

    assert is_signed_in(here)
    assert is_signed_in(foreign)
    assert not Event.objects.filter(action="session.ended_elsewhere").exists()


def test_present_sign_in_is_marked_and_has_no_button(reader: User) -> None:
    here = browser_of(reader)
    page = parsed(here.get("/accounts/sessions/"))

    assert "This browser" in page.text
    assert not [each for each in page.links() if each.endswith("/end")]
