"""Signing in to the sandbox's JHE: the browser's way to a code."""

from __future__ import annotations

import re

import pytest
import requests

from integrations.sandbox import jhe

from .browser import (
    authorize,
    outcome,
    sign_in,
    tokens,
)
from .support import CALLBACK, World


def test_code_flow_gives_tokens_that_belong_to_the_person(world: World) -> None:
    browser = requests.Session()
    login = authorize(world, browser)
    assert login.headers["Location"].startswith("/accounts/login/?next=/o/authorize/%3F")

    given = tokens(world)

    assert given["expires_in"] == 14 * 24 * 3600
    assert re.fullmatch(r"[A-Za-z0-9]{30}", given["access_token"])
    headers = {"Authorization": f"Bearer {given['access_token']}"}
    profile = world.call("GET", "/api/v1/users/profile", headers=headers).json()
    assert profile["email"] == "manager_mary@example.com"
    userinfo = world.call("GET", "/o/userinfo/", headers=headers).json()
    assert userinfo["sub"] == str(profile["id"])
    assert ("email" in userinfo) == (world.dialect == jhe.CURRENT)


def test_discovery_names_what_the_server_serves(world: World) -> None:
    found = world.call("GET", "/o/.well-known/openid-configuration").json()
    assert found["issuer"] == f"{world.url}/o"
    assert found["scopes_supported"] == (["openid", "email"] if world.dialect == jhe.CURRENT else ["openid"])


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"code_challenge": None},
            {"error": "invalid_request", "error_description": "Code challenge required."},
        ),
        ({"scope": "openid read"}, {"error": "invalid_scope"}),
        ({"scope": "offline_access"}, {"error": "invalid_scope"}),
        ({"response_type": "magic"}, {"error": "unsupported_response_type"}),
    ],
)
def test_a_bad_request_goes_back_to_the_client_with_error_and_state(
    world: World, changes: dict[str, str | None], expected: dict[str, str]
) -> None:
    assert outcome(authorize(world, sign_in(world), **changes)) == {**expected, "state": "a-state"}


def test_email_is_a_scope_of_the_current_generation_only(world: World) -> None:
    answer = outcome(authorize(world, sign_in(world), scope="openid email"))
    assert ("error" in answer) == (world.dialect == jhe.OLDER)


@pytest.mark.parametrize("target", [f"{CALLBACK}/", f"{CALLBACK}?x=1", "https://elsewhere.example.org/x"])
def test_an_unregistered_redirect_address_is_never_used(world: World, target: str) -> None:
    before = authorize(world, requests.Session(), redirect_uri=target)
    assert before.headers["Location"].startswith("/accounts/login/")
    after = authorize(world, sign_in(world), redirect_uri=target)
    assert (after.status_code, "Location" in after.headers) == (400, False)


def test_an_unknown_client_gets_a_page_and_no_redirect(world: World) -> None:
    assert authorize(world, sign_in(world), client_id="nobody").status_code == 400


def test_prompt_none_without_a_session_fails_today_and_was_an_error_once(world: World) -> None:
    response = authorize(world, requests.Session(), prompt="none")
    if world.dialect == jhe.CURRENT:
        assert response.status_code == 500
    else:
        assert outcome(response) == {"error": "login_required", "state": "a-state"}


def test_prompt_none_with_a_session_gives_a_code(world: World) -> None:
    assert "code" in outcome(authorize(world, sign_in(world), prompt="none"))


def test_prompt_login_asks_again_in_a_signed_in_browser(world: World) -> None:
    location = authorize(world, sign_in(world), prompt="login").headers["Location"]
    assert location.startswith("/accounts/login/")
    assert "prompt" not in location


def test_a_patients_login_can_sign_in_as_on_the_real_server(world: World) -> None:
    given = tokens(world, "ll_patient_peter")
    headers = {"Authorization": f"Bearer {given['access_token']}"}
    profile = world.call("GET", "/api/v1/users/profile", headers=headers).json()
    assert (profile["userType"], profile["patient"]["id"]) == ("patient", 40001)


def test_a_login_without_a_password_cannot_sign_in(world: World) -> None:
    for password in ("", "None", jhe.PASSWORD):
        browser = sign_in(world, "cara", password)
        assert authorize(world, browser).headers["Location"].startswith("/accounts/login/")


def test_a_wrong_password_shows_the_form_again_with_the_error_in_words(world: World) -> None:
    browser = requests.Session()
    page = f"{world.url}/accounts/login/"
    browser.get(page, timeout=10)
    form = {
        "csrfmiddlewaretoken": browser.cookies["jhe_sandbox_csrf"],
        "username": "manager_mary@example.com",
        "password": "wrong",
    }
    response = browser.post(page, data=form, timeout=10)
    assert response.status_code == 200
    assert "<title>Error:" in response.text
    assert 'role="alert"' in response.text
    assert "jhe_sandbox_session" not in browser.cookies


def test_the_form_is_refused_without_its_token(world: World) -> None:
    form = {"username": "manager_mary@example.com", "password": jhe.PASSWORD}
    response = requests.post(f"{world.url}/accounts/login/", data=form, timeout=10)
    assert response.status_code == 403


@pytest.mark.parametrize(
    "target", ["https://elsewhere.example.org/", "//elsewhere.example.org", "/\\elsewhere"]
)
def test_signing_in_leads_to_no_other_site(world: World, target: str) -> None:
    browser = requests.Session()
    page = f"{world.url}/accounts/login/"
    browser.get(page, timeout=10)
    form = {
        "csrfmiddlewaretoken": browser.cookies["jhe_sandbox_csrf"],
        "username": "manager_mary@example.com",
        "password": jhe.PASSWORD,
        "next": target,
    }
    response = browser.post(page, data=form, timeout=10, allow_redirects=False)
    assert response.headers["Location"] == "/"


def test_the_sign_in_page_says_what_it_is_and_who_can_sign_in(world: World) -> None:
    page = world.call("GET", "/accounts/login/").text
    assert "sandbox" in page
    assert jhe.PASSWORD in page
    for login in jhe.LOGINS:
        assert login.email in page
    for field in ("id_username", "id_password"):
        assert f'<label for="{field}">' in page
        assert f'id="{field}"' in page


def test_signing_out_forgets_the_browser(world: World) -> None:
    browser = sign_in(world)
    browser.get(f"{world.url}/accounts/logout/", timeout=10)
    assert authorize(world, browser).headers["Location"].startswith("/accounts/login/")


def test_cookies_are_not_those_of_a_portal_on_the_same_host(world: World) -> None:
    assert set(sign_in(world).cookies.keys()) == {"jhe_sandbox_session", "jhe_sandbox_csrf"}


def test_a_browsers_session_ends_after_two_weeks(world: World) -> None:
    browser = sign_in(world)
    world.passes(days=14)
    assert authorize(world, browser).headers["Location"].startswith("/accounts/login/")


def test_no_logout_of_openid_connect(world: World) -> None:
    assert world.call("GET", "/o/logout/").status_code == 404
