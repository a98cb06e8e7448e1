"""Passkeys: set up, signed in with alone, asked for after a password, and opening a locked screen."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.account.utils import user_pk_to_url_str
from django.test import Client

from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.audit.models import Event
from tests.conftest import PASSWORD, make_user
from tests.web.passkeys import Passkey

ADD = "/accounts/2fa/webauthn/add/"


@pytest.fixture
def person(db: None) -> User:
    """Has no second step yet."""
    return make_user("pat@example.org", Role.READER, name="Pat Reader", second_step=False)


@pytest.fixture
def passkey(client: Client, person: User) -> Passkey:
    """Set up by the person right after signing in with a password; signed out again."""
    made = Passkey()
    client.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    options: dict[str, Any] = client.get(ADD).context["js_data"]["creation_options"]
    client.post(ADD, {"name": "Laptop", "credential": made.register(options), "passwordless": "on"})
    client.post("/accounts/logout/")
    return made


def sign_in(client: Client, person: User, passkey: Passkey) -> None:
    """With the passkey alone."""
    reply = client.get("/accounts/2fa/webauthn/login/", headers={"X-Requested-With": "XMLHttpRequest"})
    handle = user_pk_to_url_str(person).encode()
    credential = passkey.sign(reply.json()["request_options"], handle)
    client.post("/accounts/2fa/webauthn/login/", {"credential": credential})


def test_passkey_alone_is_both_steps(client: Client, person: User, passkey: Passkey) -> None:
    sign_in(client, person, passkey)

    assert client.session["_auth_user_id"] == str(person.pk)
    assert client.get("/accounts/sessions/").status_code == 200


def test_password_asks_for_the_passkey(client: Client, person: User, passkey: Passkey) -> None:
    response = client.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    assert response["Location"] == "/accounts/2fa/authenticate/"
    options = client.get("/accounts/2fa/authenticate/").context["js_data"]["request_options"]

    client.post("/accounts/2fa/authenticate/", {"credential": passkey.sign(options)})

    assert client.session["_auth_user_id"] == str(person.pk)


def test_passkey_opens_a_locked_screen(client: Client, person: User, passkey: Passkey) -> None:
    sign_in(client, person, passkey)
    client.post("/lock", {"page": "/accounts/sessions/"})
    options = client.get("/lock").context["js_data"]["request_options"]

    response = client.post("/unlock", {"credential": passkey.sign(options)})

    assert response["Location"] == "/accounts/sessions/"
    assert Event.objects.get(action="session.unlocked").details == {"with": "passkey"}


def test_foreign_passkey_leaves_it_locked(client: Client, person: User, passkey: Passkey) -> None:
    sign_in(client, person, passkey)
    client.post("/lock")
    options = client.get("/lock").context["js_data"]["request_options"]

    response = client.post("/unlock", {"credential": Passkey().sign(options)})

    assert response.status_code == 422
    assert client.get("/accounts/sessions/")["Location"] == "/lock"


def test_nonsense_in_place_of_a_passkey_is_refused(client: Client, person: User, passkey: Passkey) -> None:
    sign_in(client, person, passkey)
    client.post("/lock")

    for nonsense in ("", "{}", "not json", "[1]"):
        assert client.post("/unlock", {"credential": nonsense}).status_code == 422
