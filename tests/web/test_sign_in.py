"""Signing in by password and second step, and what is never kept in the clear."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core import mail
from django.core.cache import cache
from django.test import Client
from pytest_django.fixtures import Settings

from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.audit.models import Event
from portal.web import crypto
from tests.conftest import PASSWORD, make_user, signed_in

LOGIN = "/accounts/login/"


def code_of(user: User) -> str:
    """What the person's authenticator app shows now."""
    secret = crypto.decrypt(Authenticator.objects.get(user=user, type="totp").data["secret"])
    counter = list(yield_hotp_counters_from_time())[-1]
    return str(format_hotp_value(hotp_value(secret, counter)))


def give_password(client: Client, user: User, password: str = PASSWORD) -> str:
    """Returns where it leads; empty if refused."""
    response = client.post(LOGIN, {"login": user.email, "password": password})
    return str(response.get("Location", ""))


def test_password_and_code_sign_in(client: Client, reader: User) -> None:
    assert give_password(client, reader) == "/accounts/2fa/authenticate/"
    assert "_auth_user_id" not in client.session

    response = client.post("/accounts/2fa/authenticate/", {"code": code_of(reader)})

    assert response["Location"] == "/"
    assert client.session["_auth_user_id"] == str(reader.pk)
    assert Event.objects.filter(action="session.started", actor=str(reader.pk)).count() == 1


def test_e_mail_may_be_typed_in_any_case(client: Client, reader: User) -> None:
    response = client.post(LOGIN, {"login": " READER@Example.org", "password": PASSWORD})

    assert response["Location"] == "/accounts/2fa/authenticate/"


def test_code_is_good_once(client: Client, reader: User) -> None:
    code = code_of(reader)
    give_password(client, reader)
    client.post("/accounts/2fa/authenticate/", {"code": code})
    other = Client()
    give_password(other, reader)

    assert other.post("/accounts/2fa/authenticate/", {"code": code}).status_code == 200
    assert "_auth_user_id" not in other.session


def test_sign_in_is_rate_limited(client: Client, reader: User) -> None:
    for _ in range(5):
        assert give_password(client, reader, "wrong") == ""

    assert give_password(client, reader) == ""
    assert Event.objects.filter(action="sign_in.failed", outcome="failed").count() == 5


def test_sign_in_stays_limited_however_much_else_is_cached(
    client: Client, reader: User, no_limits_spent: None
) -> None:
    for _ in range(5):
        give_password(client, reader, "wrong")

    cache.set_many({f"typed:{number}": "x" for number in range(400)}, timeout=3600)

    assert give_password(client, reader) == ""


def test_failed_sign_in_leaves_nothing_that_was_typed(client: Client, reader: User) -> None:
    client.post(LOGIN, {"login": "hunter2@example.org", "password": "hunter2"})

    event = Event.objects.get(action="sign_in.failed")
    assert "hunter2" not in repr(event.__dict__)


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.django_db
def test_role_without_a_second_step_is_led_to_set_one_up(client: Client, role: Role) -> None:
    user = make_user("new@example.org", role, second_step=False)
    assert give_password(client, user) == "/"

    for address in ("/accounts/sessions/", "/accounts/password/change/", "/accounts/2fa/"):
        assert client.get(address)["Location"] == "/second-step"
    assert client.get("/second-step").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_second_step_is_set_up_right_after_signing_in(client: Client) -> None:
    user = make_user("new@example.org", Role.READER, second_step=False)
    give_password(client, user)
    page = client.get("/accounts/2fa/totp/activate/")
    assert page.status_code == 200
    secret = client.session["mfa.totp.secret"]
    code = format_hotp_value(hotp_value(secret, list(yield_hotp_counters_from_time())[-1]))

    response = client.post("/accounts/2fa/totp/activate/", {"code": code})

    assert response["Location"] == "/accounts/2fa/recovery-codes/"
    assert client.get("/accounts/sessions/").status_code == 200
    assert Event.objects.filter(action="account.second_step_added").count() == 2  # and recovery codes


@pytest.mark.django_db
def test_second_step_can_be_left_off_for_a_demo(client: Client, settings: Settings) -> None:
    settings.SECOND_FACTOR_ROLES = []
    user = make_user("new@example.org", Role.READER, second_step=False)
    give_password(client, user)

    assert client.get("/accounts/sessions/").status_code == 200


def test_secrets_of_second_steps_are_encrypted_at_rest(reader: User) -> None:
    stored = Authenticator.objects.get(user=reader).data["secret"]

    assert len(crypto.decrypt(stored)) == 32
    assert crypto.decrypt(stored) not in stored


@pytest.mark.django_db
def test_nobody_signs_up(client: Client) -> None:
    response = client.post("/accounts/signup/", {"email": "new@example.org", "password1": PASSWORD})

    assert response.status_code == 403
    assert not User.objects.exists()


def test_deactivated_account_cannot_sign_in(client: Client, reader: User) -> None:
    reader.is_active = False
    reader.save()

    assert give_password(client, reader) == "/accounts/inactive/"
    assert "_auth_user_id" not in client.session


def test_forgotten_password_is_answered_alike_for_known_and_unknown(client: Client, reader: User) -> None:
    known = client.post("/accounts/password/reset/", {"email": reader.email})
    unknown = client.post("/accounts/password/reset/", {"email": "unknown@example.org"})

    assert known["Location"] == unknown["Location"] == "/accounts/password/reset/done/"
    assert [message.to for message in mail.outbox] == [[reader.email]]


def test_page_is_kept_nowhere_and_carries_an_id_of_ours(client: Client, reader: User) -> None:
    response = signed_in(client, reader).get("/accounts/2fa/", headers={"X-Request-Id": "theirs"})

    assert "no-store" in response["Cache-Control"]
    assert len(response["X-Request-Id"]) == 32
