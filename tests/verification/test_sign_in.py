"""Sign-in by OIDC and what becomes of its tokens; what the portal's own sign-in builds on."""

from __future__ import annotations

import pytest
import requests
from joserfc import jwt
from joserfc.jwk import KeySet
from pytest_django import Settings

from integrations import errors
from integrations.jhe import oauth
from integrations.jhe.adapter import JheAdapter
from integrations.types import Caller

from .conftest import FixedToken, adapter_of, token_of
from .sign_in import TIMEOUT, Challenge, answer_of, authorize, discovery, exchange, scopes_of, sign_in
from .subject import Subject


def test_discovery_names_every_endpoint_of_the_sign_in(subject: Subject) -> None:
    found = discovery(subject)
    assert found["issuer"] == f"{subject.url}/o"
    assert found["authorization_endpoint"] == f"{subject.url}/o/authorize/"
    assert found["token_endpoint"] == f"{subject.url}{oauth.TOKEN_PATH}"
    assert "openid" in found["scopes_supported"]
    assert "code" in found["response_types_supported"]


def test_sign_in_gives_a_signed_id_token_for_this_sign_in(subject: Subject) -> None:
    challenge = Challenge()
    tokens = sign_in(subject, subject.practitioner, challenge)
    assert tokens["token_type"] == "Bearer"
    assert tokens["expires_in"] > 0
    assert tokens["refresh_token"]
    found = discovery(subject)
    keys = KeySet.import_key_set(requests.get(found["jwks_uri"], timeout=TIMEOUT).json())
    claims = jwt.decode(tokens["id_token"], keys, algorithms=["RS256"]).claims
    assert claims["iss"] == found["issuer"]
    assert claims["aud"] in (subject.client_id, [subject.client_id])
    assert claims["nonce"] == challenge.nonce
    assert claims["exp"] > claims["iat"]
    account = JheAdapter(Caller(token=FixedToken(tokens["access_token"]))).account()
    assert account == (claims["sub"], "practitioner")


def test_userinfo_names_the_same_subject(subject: Subject) -> None:
    headers = {"Authorization": f"Bearer {token_of(subject, subject.practitioner)}"}
    reply = requests.get(f"{subject.url}/o/userinfo/", headers=headers, timeout=TIMEOUT)
    assert reply.json()["sub"] == adapter_of(subject, subject.practitioner).account()[0]


def test_sign_in_without_pkce_is_refused_on_the_redirect(subject: Subject) -> None:
    reply = authorize(subject, subject.practitioner, {"scope": "openid", "state": "kept"})
    answer = answer_of(reply)
    assert (answer["error"], answer["state"]) == ("invalid_request", "kept")


def test_scope_that_is_not_offered_is_refused_on_the_redirect(subject: Subject) -> None:
    parameters = {"scope": "openid offline_access", **Challenge().parameters()}
    assert answer_of(authorize(subject, subject.practitioner, parameters))["error"] == "invalid_scope"


def test_unregistered_redirect_address_is_never_followed(subject: Subject) -> None:
    parameters = {"scope": "openid", **Challenge().parameters()}
    reply = authorize(subject, subject.practitioner, parameters, redirect_uri="http://127.0.0.1:9/elsewhere")
    assert reply.status_code == 400


def test_code_works_once(subject: Subject) -> None:
    challenge = Challenge()
    parameters = {"scope": scopes_of(subject), **challenge.parameters()}
    code = answer_of(authorize(subject, subject.practitioner, parameters))["code"]
    assert exchange(subject, code, challenge.verifier).status_code == 200
    again = exchange(subject, code, challenge.verifier)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


def test_code_needs_its_own_verifier(subject: Subject) -> None:
    parameters = {"scope": scopes_of(subject), **Challenge().parameters()}
    code = answer_of(authorize(subject, subject.practitioner, parameters))["code"]
    reply = exchange(subject, code, Challenge().verifier)
    assert (reply.status_code, reply.json()["error"]) == (400, "invalid_grant")


def test_refresh_gives_a_new_pair_and_ends_the_old_one(subject: Subject) -> None:
    first = sign_in(subject, subject.practitioner)
    renewed = oauth.refresh(first["refresh_token"])
    assert renewed.access not in ("", first["access_token"])
    assert renewed.refresh not in ("", first["refresh_token"])
    assert renewed.expires_in > 0
    with pytest.raises(errors.Unauthorised):
        JheAdapter(Caller(token=FixedToken(first["access_token"]))).account()
    with pytest.raises(errors.Unauthorised, match="invalid_grant"):
        oauth.refresh(first["refresh_token"])
    account = JheAdapter(Caller(token=FixedToken(renewed.access))).account()
    assert account[1] == "practitioner"


def test_refused_token_says_so_in_its_header(subject: Subject) -> None:
    headers = {"Authorization": "Bearer of-nobody"}
    reply = requests.get(f"{subject.url}/api/v1/users/profile", headers=headers, timeout=TIMEOUT)
    assert reply.status_code == 401
    assert 'error="invalid_token"' in reply.headers["WWW-Authenticate"]


def test_revoked_token_is_refused(subject: Subject) -> None:
    tokens = sign_in(subject, subject.practitioner)
    oauth.revoke(tokens["access_token"])
    with pytest.raises(errors.Unauthorised):
        JheAdapter(Caller(token=FixedToken(tokens["access_token"]))).account()


def test_wrong_client_secret_is_the_portals_fault_and_not_the_persons(
    subject: Subject, settings: Settings
) -> None:
    wrong = {**settings.SYSTEMS["jhe"], "CLIENT_SECRET": "not the secret"}
    settings.SYSTEMS = {**settings.SYSTEMS, "jhe": wrong}
    with pytest.raises(errors.NotConfigured, match="invalid_client"):
        oauth.refresh("of-nobody")


def test_api_key_acts_as_a_practitioner(subject: Subject) -> None:
    if not subject.api_key:
        pytest.skip("no API key: this generation has none, or JHE_API_KEY is not set")
    background = JheAdapter(Caller(background=True))
    assert background.account()[1] == "practitioner"
    assert background.organizations()


def test_wrong_api_key_is_refused_in_words_for_admins(subject: Subject, settings: Settings) -> None:
    wrong = {**settings.SYSTEMS["jhe"], "API_KEY": "bm9ib2R5OndpdGhvdXQga2V5"}
    settings.SYSTEMS = {**settings.SYSTEMS, "jhe": wrong}
    with pytest.raises(errors.Unauthorised) as caught:
        JheAdapter(Caller(background=True)).account()
    assert "API key" in caught.value.for_staff
    health = JheAdapter(Caller()).healthcheck()
    assert health.authorised is False
    assert "API key" in health.problem


def test_patients_login_is_told_apart(subject: Subject) -> None:
    if subject.patient is None:
        pytest.skip("no patient's login is named (JHE_PATIENT_USER)")
    patient = adapter_of(subject, subject.patient)
    assert patient.account()[1] == "patient"
    assert patient.healthcheck().authorised is False
