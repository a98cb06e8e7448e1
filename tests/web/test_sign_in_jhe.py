"""Signing in at JHE: subject, token, checks, connecting and unlocking, against the sandbox's server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
import requests
import time_machine
from allauth.socialaccount.models import SocialAccount, SocialToken
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.core.cache import cache
from django.db import connection
from django.test import Client
from pytest_django.fixtures import Settings

from integrations.sandbox import jhe
from integrations.sandbox.run import Sandbox
from portal.accounts import ending
from portal.accounts.models import PersonToken, User
from portal.accounts.roles import Role, role_of
from portal.accounts.sign_in import RefusedSignIn
from portal.audit.models import Event
from tests.conftest import make_user, signed_in

CALLBACK = "http://testserver/accounts/oidc/jhe/login/callback/"
MARY = "manager_mary@example.com"
START = "/accounts/oidc/jhe/login/"


@pytest.fixture(scope="module", params=["current", "2025-10"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """Both generations of JHE."""
    with Sandbox(systems=("jhe",), dialect=request.param) as running:
        jhe.add_redirect_uri(running.stores["jhe"], CALLBACK)
        yield running


@pytest.fixture(autouse=True)
def _connected(settings: Settings, sandbox: Sandbox, db: None) -> None:
    app = {
        "provider_id": "jhe",
        "name": "JupyterHealth Exchange",
        "client_id": jhe.CLIENT_ID,
        "secret": jhe.CLIENT_SECRET,
        "settings": {
            "server_url": f"{sandbox.url('jhe')}/o/.well-known/openid-configuration",
            "uid_field": "sub",
            "oauth_pkce_enabled": True,
        },
    }
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app]}}
    entry = {**settings.SYSTEMS["jhe"], "URL": sandbox.url("jhe"), "CLIENT_ID": jhe.CLIENT_ID}
    settings.SYSTEMS = {**settings.SYSTEMS, "jhe": entry}


class Visitor:
    """Carries somebody from the portal to JHE's sign-in page and back."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.web = requests.Session()
        self.asked: dict[str, list[str]] = {}
        self.was_asked_to_sign_in = False

    def sign_in(self, email: str, query: str = "", password: str = jhe.PASSWORD) -> Any:
        """The answer of the portal's callback."""
        address = self.client.post(START + query)["Location"]
        self.asked = parse_qs(urlsplit(address).query)
        while not address.startswith(CALLBACK):
            reply = self.web.get(address, allow_redirects=False, timeout=10)
            if reply.status_code == 200:
                self.was_asked_to_sign_in = True
                reply = self.web.post(address, data=self._filled(reply.text, email, password),
                                      allow_redirects=False, timeout=10)  # fmt: skip
            address = urljoin(address, reply.headers["Location"])
        return self.client.get(address.removeprefix("http://testserver"))

    def _filled(self, page: str, email: str, password: str) -> dict[str, str]:
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
        hidden["next"] = hidden["next"].replace("&amp;", "&")
        return {**hidden, "username": email, "password": password}


@pytest.fixture
def visitor(client: Client) -> Visitor:
    """Nobody's yet."""
    return Visitor(client)


def test_new_subject_gets_an_account_without_a_role(visitor: Visitor) -> None:
    response = visitor.sign_in(MARY)

    assert response["Location"] == "/"
    user = User.objects.get()
    assert role_of(user) is None
    assert not user.has_usable_password()
    assert SocialAccount.objects.get(user=user).uid == PersonToken.objects.get(user=user).subject


def test_same_subject_is_the_same_person(visitor: Visitor) -> None:
    visitor.sign_in(MARY)
    visitor.client.post("/accounts/logout/")
    visitor.sign_in(MARY)

    assert User.objects.count() == 1
    token = PersonToken.objects.get()
    assert token.version == 2


def test_pkce_state_and_only_known_scopes_are_sent(visitor: Visitor, sandbox: Sandbox) -> None:
    visitor.sign_in(MARY, query="?scope=read,write&auth_params=prompt%3Dnone")

    assert visitor.asked["code_challenge_method"] == ["S256"]
    assert visitor.asked["state"][0]
    known = {"openid", "email"} if sandbox.dialect == "current" else {"openid"}
    assert set(visitor.asked["scope"][0].split()) == known
    assert "prompt" not in visitor.asked


def test_token_is_kept_encrypted_and_nowhere_else(visitor: Visitor, sandbox: Sandbox) -> None:
    visitor.sign_in(MARY)

    token = PersonToken.objects.get()
    reply = requests.get(
        f"{sandbox.url('jhe')}/o/userinfo/", headers={"Authorization": f"Bearer {token.access}"}, timeout=10
    )
    assert reply.json()["sub"] == token.subject
    assert token.refresh
    assert token.expires_at is not None
    assert "openid" in token.scope
    assert not SocialToken.objects.exists()
    assert not _stored_anywhere(token.access)
    assert not _stored_anywhere(token.refresh)


def test_token_stays_out_of_the_session_while_the_second_step_is_asked(visitor: Visitor) -> None:
    user = _mary_with_a_role_and_second_step(visitor)

    response = visitor.sign_in(MARY)

    assert response["Location"] == "/accounts/2fa/authenticate/"
    assert "_auth_user_id" not in visitor.client.session
    token = PersonToken.objects.get(user=user)
    assert token.access not in str(dict(visitor.client.session))
    assert token.refresh not in str(dict(visitor.client.session))


def test_role_without_a_second_step_is_led_to_one_after_jhe_too(visitor: Visitor) -> None:
    visitor.sign_in(MARY)
    _give(User.objects.get(), Role.COORDINATOR)

    assert visitor.client.get("/accounts/2fa/")["Location"] == "/second-step"


def test_login_of_a_patient_is_not_let_in(visitor: Visitor) -> None:
    response = visitor.sign_in("ll_patient_peter@example.com")

    assert response.status_code == 403
    assert not User.objects.exists()


def refuse_everybody(user: User | None, system: str, subject: str, access_token: str, /) -> None:
    """A sign-in check."""
    assert (user, system) == (None, "jhe")
    assert subject.isdigit()
    assert access_token
    raise RefusedSignIn


def test_account_that_a_check_refuses_is_not_let_in(visitor: Visitor, settings: Settings) -> None:
    settings.SIGN_IN_CHECKS = [f"{__name__}.refuse_everybody"]

    response = visitor.sign_in("ll_patient_peter@example.com")

    assert response.status_code == 403
    assert "This sign-in is for participants, not staff." in response.content.decode()
    assert not User.objects.exists()
    assert not PersonToken.objects.exists()
    assert Event.objects.get().action == "sign_in.refused"


def test_e_mail_of_a_local_account_opens_nothing(visitor: Visitor, sandbox: Sandbox) -> None:
    make_user(MARY, Role.ADMIN)

    response = visitor.sign_in(MARY)

    if sandbox.dialect == "current":
        assert response.status_code == 403
        assert "then connect JHE" in response.content.decode()
    assert not SocialAccount.objects.filter(user__email=MARY).exists()
    assert visitor.client.session.get("_auth_user_id") != str(User.objects.get(email=MARY).pk)


def test_local_account_connects_jhe(visitor: Visitor, clinic_staff: User) -> None:
    signed_in(visitor.client, clinic_staff)

    response = visitor.sign_in(MARY, query="?process=connect")

    assert response["Location"] == "/accounts/connections/"
    assert SocialAccount.objects.get().user == clinic_staff
    assert PersonToken.objects.get().user == clinic_staff
    assert Event.objects.filter(action="account.connected", actor=str(clinic_staff.pk)).count() == 1


def test_jhe_account_of_somebody_else_is_not_connected(visitor: Visitor, clinic_staff: User) -> None:
    visitor.sign_in(MARY)
    mary = User.objects.get(tokens__system="jhe")
    signed_in(visitor.client, clinic_staff)

    visitor.sign_in(MARY, query="?process=connect")

    assert SocialAccount.objects.get().user == mary
    assert PersonToken.objects.get().user == mary


def test_locked_screen_opens_by_signing_in_at_jhe_again(visitor: Visitor) -> None:
    visitor.sign_in(MARY)
    key = visitor.client.session.session_key
    visitor.client.post("/lock", {"page": "/accounts/sessions/"})
    visitor.was_asked_to_sign_in = False
    assert f'action="{START}' in visitor.client.get("/lock").content.decode()

    response = visitor.sign_in(MARY)

    assert visitor.asked["prompt"] == ["login"]
    assert visitor.was_asked_to_sign_in
    assert response["Location"] == "/accounts/sessions/"
    assert visitor.client.session.session_key == key
    assert visitor.client.get("/accounts/sessions/").status_code == 200


def test_old_sign_in_at_jhe_does_not_open_a_locked_screen(visitor: Visitor) -> None:
    with time_machine.travel(datetime.now(UTC), tick=True) as clock:
        visitor.sign_in(MARY)
        clock.shift(7200)
        visitor.client.get("/accounts/sessions/")
        key = visitor.client.session.session_key
        address = visitor.client.post(START)["Location"].replace("&prompt=login", "")
        reply = visitor.web.get(address, allow_redirects=False, timeout=10)

        response = visitor.client.get(reply.headers["Location"].removeprefix("http://testserver"))

    assert response.status_code == 403
    assert visitor.client.session.session_key == key
    assert visitor.client.get("/accounts/sessions/")["Location"] == "/lock"


@pytest.mark.parametrize("query", ["", "?process=connect", "?process=redirect&next=/accounts/sessions/"])
def test_somebody_else_signing_in_does_not_open_my_screen(visitor: Visitor, query: str) -> None:
    visitor.sign_in(MARY)
    mary = User.objects.get()
    visitor.client.post("/lock", {"page": "/accounts/sessions/"})
    visitor.web.cookies.clear()

    response = visitor.sign_in("viewer_victor@example.com", query=query)

    assert response.status_code == 403
    assert "sign them out first" in response.content.decode()
    assert visitor.client.get("/accounts/sessions/")["Location"] == "/lock"
    assert SocialAccount.objects.get().user == PersonToken.objects.get().user == User.objects.get() == mary
    assert Event.objects.filter(action="sign_in.refused").count() == 1


def test_login_known_here_as_somebody_else_does_not_open_my_screen(
    visitor: Visitor, clinic_staff: User
) -> None:
    visitor.sign_in(MARY)
    visitor.client.post("/accounts/logout/")
    signed_in(visitor.client, clinic_staff)
    visitor.client.post("/lock")

    assert visitor.sign_in(MARY).status_code == 403
    assert visitor.client.session["_auth_user_id"] == str(clinic_staff.pk)
    assert visitor.client.get("/accounts/sessions/")["Location"] == "/lock"
    assert PersonToken.objects.get().version == 1


def test_sign_in_that_does_not_say_when_it_was_opens_no_locked_screen(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor.sign_in(MARY)
    visitor.client.post("/lock")
    whole = OpenIDConnectOAuth2Adapter._decode_id_token
    monkeypatch.setattr(
        OpenIDConnectOAuth2Adapter, "_decode_id_token", lambda *args: whole(*args) | {"auth_time": None}
    )

    assert visitor.sign_in(MARY).status_code == 403
    assert visitor.client.get("/accounts/sessions/")["Location"] == "/lock"


def test_account_that_is_switched_off_gets_no_token(visitor: Visitor) -> None:
    visitor.sign_in(MARY)
    user = User.objects.get()
    ending.switch_off(user=user, by=None)

    response = visitor.sign_in(MARY)

    assert response.status_code == 403
    assert "switched off" in response.content.decode()
    assert "_auth_user_id" not in visitor.client.session
    assert not PersonToken.objects.exists()
    assert Event.objects.filter(action="sign_in.refused").count() == 1


def test_disconnecting_forgets_the_token(visitor: Visitor, clinic_staff: User) -> None:
    signed_in(visitor.client, clinic_staff)
    visitor.sign_in(MARY, query="?process=connect")

    visitor.client.post("/accounts/connections/", {"account": SocialAccount.objects.get().pk})

    assert not SocialAccount.objects.exists()
    assert not PersonToken.objects.exists()


def test_jhe_that_does_not_answer_is_said_on_a_page(visitor: Visitor, settings: Settings) -> None:
    app = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]
    app["settings"]["server_url"] = "http://127.0.0.1:9/o/.well-known/openid-configuration"

    response = visitor.client.post(START)

    assert response.status_code == 401
    assert "127.0.0.1:9" not in response.content.decode()


def _mary_with_a_role_and_second_step(visitor: Visitor) -> User:
    user = make_user("mary@example.org", Role.COORDINATOR)
    signed_in(visitor.client, user)
    visitor.sign_in(MARY, query="?process=connect")
    visitor.client.post("/accounts/logout/")
    cache.clear()
    return user


def _give(user: User, role: Role) -> None:
    from portal.accounts.roles import give_role

    give_role(user=user, role=role, by=None)


def _stored_anywhere(secret: str) -> bool:
    """Whether a text stands in the clear in any row of any table."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608  names of the schema
            if any(secret in str(value) for row in cursor.fetchall() for value in row):
                return True
    return False
