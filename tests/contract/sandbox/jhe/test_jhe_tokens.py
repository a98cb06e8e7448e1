"""Tokens of the sandbox's JHE: where they come from, what they say, how they end."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest
import requests
from joserfc import jwt
from joserfc.jwk import KeySet

from integrations.sandbox import jhe

from .browser import (
    SECRET,
    authorize,
    by_code,
    exchange,
    outcome,
    sign_in,
    status_of,
    tokens,
)
from .replay import VERIFIER
from .support import World

EXPIRED = 'Bearer realm="api",error="invalid_token",error_description="The access token has expired."'
INVALID = 'Bearer realm="api",error="invalid_token",error_description="The access token is invalid."'


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


def test_api_keys_do_not_exist_in_the_older_generation(older: World) -> None:
    response = older.get("/api/v1/practitioner_clients")
    assert (response.status_code, response.headers["Content-Type"]) == (404, "text/html; charset=utf-8")


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
