"""A browser that signs in to the sandbox's JHE, and the portal's side of the exchange."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from integrations.sandbox import jhe

from .replay import CHALLENGE, VERIFIER
from .support import CALLBACK, World

SECRET = {"client_id": jhe.CLIENT_ID, "client_secret": jhe.CLIENT_SECRET}


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
