"""Signing in to the sandbox's JHE: the browser's way, tokens, their ends, API keys."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from joserfc import jwt
from joserfc.jwk import KeySet

from integrations.sandbox import jhe

from .jhe_replay import CHALLENGE, VERIFIER
from .jhe_support import CALLBACK, World, person

SECRET = {"client_id": jhe.CLIENT_ID, "client_secret": jhe.CLIENT_SECRET}
EXPIRED = 'Bearer realm="api",error="invalid_token",error_description="The access token has expired."'
INVALID = 'Bearer realm="api",error="invalid_token",error_description="The access token is invalid."'


@pytest.fixture(scope="module", params=jhe.DIALECTS)
def server(request: pytest.FixtureRequest) -> Iterator[World]:
    """A server of each generation."""
    with World(request.param) as world:
        yield world


@pytest.fixture
def world(server: World) -> World:
    """A server of each generation, as seeded."""
    return server.reset()


@pytest.fixture
def current() -> Iterator[World]:
    """A server of the current generation."""
    with World() as world:
        yield world


def authorize_query(**changes: str | None) -> dict[str, str]:
    """A good authorization request, with parameters replaced or (``None``) left out."""
    query: dict[str, str | None] = {
        "response_type": "code",
        "client_id": jhe.CLIENT_ID,
        "redirect_uri": CALLBACK,
        "scope": "openid",
        "state": "a-state",
        "nonce": "a-nonce",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    return {name: value for name, value in {**query, **changes}.items() if value is not None}


def sign_in(world: World, who: str = "manager_mary", password: str = jhe.PASSWORD) -> requests.Session:
    """A browser in which somebody has tried to sign in."""
    browser = requests.Session()
    page = browser.get(f"{world.url}/accounts/login/", timeout=10)
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
    assert found is not None
    form = {
        "csrfmiddlewaretoken": found[1],
        "username": f"{who}@example.com",
        "password": password,
        "next": "/health",
    }
    browser.post(page.url, data=form, timeout=10, allow_redirects=False)
    return browser


def authorize(world: World, browser: requests.Session, **changes: str | None) -> requests.Response:
    """The answer to an authorization request of a browser."""
    return browser.get(
        f"{world.url}/o/authorize/",
        params=authorize_query(**changes),
        timeout=10,
        allow_redirects=False,
    )


def outcome(response: requests.Response) -> dict[str, str]:
    """The parameters of a redirect."""
    assert response.status_code == 302
    return {
        name: values[0] for name, values in parse_qs(urlsplit(response.headers["Location"]).query).items()
    }


def exchange(world: World, grant_type: str, **fields: str) -> requests.Response:
    """The token endpoint's answer to the portal."""
    form = {"grant_type": grant_type, **SECRET, **fields}
    return requests.post(f"{world.url}/o/token/", data=form, timeout=10)


def by_code(world: World, code: str, **changes: str) -> requests.Response:
    """Exchange a code as the portal does."""
    form = {"code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER, **changes}
    return exchange(world, "authorization_code", **form)


def tokens(world: World, who: str = "manager_mary") -> dict[str, Any]:
    """A full set of tokens, the browser's way."""
    code = outcome(authorize(world, sign_in(world, who)))["code"]
    return dict(by_code(world, code).json())


def status_of(world: World, token: str) -> tuple[int, str | None]:
    """What a call with a token gets, and the challenge it comes with."""
    response = world.call("GET", "/api/v1/users/profile", headers={"Authorization": f"Bearer {token}"})
    return response.status_code, response.headers.get("WWW-Authenticate")


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


def test_id_token_is_signed_and_bound_to_request_and_access_token(world: World) -> None:
    given = tokens(world)
    keys = KeySet.import_key_set(world.call("GET", "/o/.well-known/jwks.json").json())

    token = jwt.decode(given["id_token"], keys, algorithms=["RS256"])

    claims = token.claims
    digest = hashlib.sha256(given["access_token"].encode()).digest()[:16]
    assert claims["at_hash"] == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert claims["nonce"] == "a-nonce"
    assert (claims["iss"], claims["aud"], claims["sub"]) == (f"{world.url}/o", jhe.CLIENT_ID, "10002")
    assert claims["exp"] - claims["iat"] == 10 * 3600
    assert ("email" in claims) == (world.dialect == jhe.CURRENT)


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


def test_a_code_works_once(world: World) -> None:
    code = outcome(authorize(world, sign_in(world)))["code"]
    assert by_code(world, code).status_code == 200
    again = by_code(world, code)
    assert (again.status_code, again.json()) == (400, {"error": "invalid_grant"})


def test_a_code_lives_sixty_seconds(world: World) -> None:
    browser = sign_in(world)
    early, late = (outcome(authorize(world, browser))["code"] for _ in range(2))
    world.passes(seconds=59)
    assert by_code(world, early).status_code == 200
    world.passes(seconds=1)
    assert by_code(world, late).json() == {"error": "invalid_grant"}


@pytest.mark.parametrize(
    "changes", [{"code_verifier": "wrong"}, {"redirect_uri": "https://elsewhere.example.org/x"}]
)
def test_a_code_needs_its_verifier_and_address(world: World, changes: dict[str, str]) -> None:
    code = outcome(authorize(world, sign_in(world)))["code"]
    assert by_code(world, code, **changes).json() == {"error": "invalid_grant"}


def test_a_plain_challenge_is_taken_too(world: World) -> None:
    query = {"code_challenge": VERIFIER, "code_challenge_method": "plain"}
    code = outcome(authorize(world, sign_in(world), **query))["code"]
    assert by_code(world, code).status_code == 200


def test_the_client_may_authenticate_by_basic_or_form_but_must(world: World) -> None:
    url = f"{world.url}/o/token/"
    form = {"grant_type": "refresh_token", "refresh_token": "x"}
    basic = requests.post(url, data=form, auth=(jhe.CLIENT_ID, jhe.CLIENT_SECRET), timeout=10)
    assert basic.json() == {"error": "invalid_grant"}
    for wrong in (
        {"client_id": jhe.CLIENT_ID},
        {**SECRET, "client_secret": "wrong"},
        {"client_id": "nobody"},
    ):
        response = requests.post(url, data={**form, **wrong}, timeout=10)
        assert (response.status_code, response.json()) == (401, {"error": "invalid_client"})


@pytest.mark.parametrize("grant_type", ["authorization_code", "refresh_token"])
def test_a_grant_without_its_code_or_token_is_an_invalid_request(world: World, grant_type: str) -> None:
    response = exchange(world, grant_type)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


def test_refresh_ends_the_old_access_token_at_once(world: World) -> None:
    first = tokens(world)
    second = exchange(world, "refresh_token", refresh_token=first["refresh_token"]).json()
    assert set(second) == set(first)
    assert status_of(world, first["access_token"]) == (401, INVALID)
    assert status_of(world, second["access_token"])[0] == 200


def test_a_spent_refresh_token_is_refused_and_the_new_set_goes_on(world: World) -> None:
    first = tokens(world)
    second = exchange(world, "refresh_token", refresh_token=first["refresh_token"]).json()
    again = exchange(world, "refresh_token", refresh_token=first["refresh_token"])
    assert (again.status_code, again.json()) == (400, {"error": "invalid_grant"})
    assert status_of(world, second["access_token"])[0] == 200


def test_an_access_token_expires_after_fourteen_days_and_can_be_refreshed(world: World) -> None:
    given = tokens(world)
    world.passes(days=14, seconds=-1)
    assert status_of(world, given["access_token"])[0] == 200
    world.passes(seconds=1)
    assert status_of(world, given["access_token"]) == (401, EXPIRED)
    assert exchange(world, "refresh_token", refresh_token=given["refresh_token"]).status_code == 200


def test_the_challenge_tells_missing_from_wrong(world: World) -> None:
    nobody = world.call("GET", "/api/v1/users/profile")
    assert nobody.headers["WWW-Authenticate"] == 'Bearer realm="api"'
    basic = world.call("GET", "/api/v1/users/profile", headers={"Authorization": "Basic eDp5"})
    assert basic.headers["WWW-Authenticate"] == 'Bearer realm="api"'
    assert status_of(world, "wrong") == (401, INVALID)


def test_a_token_in_the_query_counts(current: World) -> None:
    token = current.token("manager_mary")
    assert current.get("/api/v1/users/profile", None, access_token=token).status_code == 200


def test_revoking_either_token_ends_the_access_token(world: World) -> None:
    for kind in ("access_token", "refresh_token"):
        given = tokens(world)
        form = {**SECRET, "token": given[kind]}
        response = requests.post(f"{world.url}/o/revoke_token/", data=form, timeout=10)
        assert (response.status_code, response.text) == (200, "")
        assert status_of(world, given["access_token"])[0] == 401
    bare = requests.post(f"{world.url}/o/revoke_token/", data={"token": "x"}, timeout=10)
    assert bare.status_code == 401


def test_userinfo_refuses_with_json_that_is_labelled_html(world: World) -> None:
    response = world.call("GET", "/o/userinfo/")
    assert response.status_code == 401
    assert response.headers["Content-Type"].startswith("text/html")
    assert response.json()["error"] == "invalid_token"


def test_an_api_key_acts_as_its_practitioner(current: World) -> None:
    listed = current.get("/api/v1/practitioner_clients").json()["results"][0]["key"]
    key = jhe.issue_api_key(current.store, "manager_mary@example.com")
    assert key == listed
    response = requests.post(
        f"{current.url}/o/token/",
        data={"grant_type": "client_credentials"},
        headers={"Authorization": f"Basic {key}"},
        timeout=10,
    )
    assert set(response.json()) == {"access_token", "expires_in", "token_type", "scope"}
    headers = {"Authorization": f"Bearer {response.json()['access_token']}"}
    assert current.call("GET", "/api/v1/users/profile", headers=headers).json()["id"] == 10002


def test_the_portals_own_client_gets_no_client_credentials(world: World) -> None:
    assert exchange(world, "client_credentials").json() == {"error": "unauthorized_client"}


def test_api_keys_do_not_exist_in_the_older_generation() -> None:
    with World(jhe.OLDER) as older:
        response = older.get("/api/v1/practitioner_clients")
        assert (response.status_code, response.headers["Content-Type"]) == (404, "text/html; charset=utf-8")


def test_a_patients_login_can_sign_in_as_on_the_real_server(world: World) -> None:
    given = tokens(world, "ll_patient_peter")
    headers = {"Authorization": f"Bearer {given['access_token']}"}
    profile = world.call("GET", "/api/v1/users/profile", headers=headers).json()
    assert (profile["userType"], profile["patient"]["id"]) == ("patient", 40001)


def test_a_login_without_a_password_cannot_sign_in() -> None:
    with World(people=[person("Some", "One", "someone@example.com")]) as world:
        for password in ("", "None", jhe.PASSWORD):
            browser = sign_in(world, "someone", password)
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


def test_tokens_and_signing_key_survive_a_restart(tmp_path: Path) -> None:
    with World(path=tmp_path / "jhe.json") as first:
        given = tokens(first)
    with World(path=tmp_path / "jhe.json") as second:
        assert status_of(second, given["access_token"])[0] == 200
        keys = KeySet.import_key_set(second.call("GET", "/o/.well-known/jwks.json").json())
        assert jwt.decode(given["id_token"], keys, algorithms=["RS256"]).claims["sub"] == "10002"


def test_a_state_of_the_other_generation_is_refused(current: World) -> None:
    with pytest.raises(ValueError, match="generation"):
        jhe.create_app(current.store, current.clock, dialect=jhe.OLDER)


def test_tokens_and_keys_are_given_for_known_logins_only(current: World) -> None:
    with pytest.raises(LookupError):
        jhe.issue_token(current.store, current.clock, "nobody@example.com")
    with pytest.raises(LookupError):
        jhe.issue_api_key(current.store, "viewer_victor@example.com")


def test_no_logout_of_openid_connect(world: World) -> None:
    assert world.call("GET", "/o/logout/").status_code == 404
