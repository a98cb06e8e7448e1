"""Signing in at JHE as a browser does: login form, code with PKCE, token; over plain HTTP."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import requests

from .subject import Person, Subject

TIMEOUT = 30.0


@dataclass(frozen=True, kw_only=True)
class Challenge:
    """What one sign-in makes up and later proves."""

    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    state: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(12))

    def parameters(self) -> dict[str, str]:
        """The part of the authorization request that they go into."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        code_challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        return {
            "state": self.state,
            "nonce": self.nonce,
            "code_challenge": code_challenge,
            "code_challenge_method": "S256",
        }


def discovery(subject: Subject) -> dict[str, Any]:
    """The server's own description of its sign-in."""
    reply = requests.get(f"{subject.url}/o/.well-known/openid-configuration", timeout=TIMEOUT)
    reply.raise_for_status()
    found: dict[str, Any] = reply.json()
    return found


def scopes_of(subject: Subject) -> str:
    """What to ask for: those of OpenID that the server lists."""
    offered = discovery(subject)["scopes_supported"]
    return " ".join(scope for scope in ("openid", "email") if scope in offered)


def authorize(
    subject: Subject, person: Person, parameters: dict[str, str], *, redirect_uri: str = ""
) -> requests.Response:
    """Walk from the authorization request through the login form to the first reply that leaves JHE."""
    session = requests.Session()
    wanted = redirect_uri or subject.redirect_uri
    asked = {"response_type": "code", "client_id": subject.client_id, "redirect_uri": wanted, **parameters}
    page = session.get(f"{subject.url}/o/authorize/", params=asked, timeout=TIMEOUT)
    assert urlsplit(page.url).path == "/accounts/login/"
    hidden = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
    assert hidden is not None
    form = {
        "username": person.email,
        "password": person.password,
        "csrfmiddlewaretoken": hidden.group(1),
    }
    reply = session.post(
        page.url, data=form, headers={"Referer": page.url}, allow_redirects=False, timeout=TIMEOUT
    )
    while reply.is_redirect and not reply.headers["Location"].startswith(wanted):
        target = urljoin(reply.url, reply.headers["Location"])
        assert target.startswith(subject.url), "the sign-in left the server for another address"
        reply = session.get(target, allow_redirects=False, timeout=TIMEOUT)
    return reply


def answer_of(reply: requests.Response) -> dict[str, str]:
    """What a redirect back to the portal carries: ``code`` and ``state``, or ``error``."""
    assert reply.is_redirect
    return {key: values[0] for key, values in parse_qs(urlsplit(reply.headers["Location"]).query).items()}


def exchange(subject: Subject, code: str, verifier: str) -> requests.Response:
    """Hand in a code at the token endpoint."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": subject.redirect_uri,
        "client_id": subject.client_id,
        "client_secret": subject.client_secret,
        "code_verifier": verifier,
    }
    return requests.post(f"{subject.url}/o/token/", data=form, timeout=TIMEOUT)


def sign_in(subject: Subject, person: Person, challenge: Challenge | None = None) -> dict[str, Any]:
    """The whole way; the token reply."""
    challenge = challenge or Challenge()
    parameters = {"scope": scopes_of(subject), **challenge.parameters()}
    answer = answer_of(authorize(subject, person, parameters))
    assert answer["state"] == challenge.state
    reply = exchange(subject, answer["code"], challenge.verifier)
    assert reply.status_code == 200
    tokens: dict[str, Any] = reply.json()
    return tokens
