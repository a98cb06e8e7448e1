"""Sends a recorded exchange to the sandbox and says what differs in the answer."""

from __future__ import annotations

import base64
import hashlib
from collections import defaultdict
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from integrations.sandbox import jhe
from integrations.sandbox.jhe.tokens import hashed

from .support import CALLBACK, World

Shape = dict[str, set[str]]

VERIFIER = "a-verifier-of-forty-three-characters-or-more"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()

COMPARED_HEADERS = ("www-authenticate", "cache-control", "access-control-allow-origin")

# The older recording used the seeded people of its time; here both generations share theirs.
RENAMED = {
    "peter@example.com": "ll_patient_peter@example.com",
    "percy@example.com": "npl_patient_percy@example.com",
    "victor@example.com": "viewer_victor@example.com",
}

# A resource leaves these out where the person has none, so rows of a list differ in them.
OPTIONAL_IN_FHIR = ("identifier", "name", "birthDate", "telecom")

# The recordings cut the capabilities to three resource types and leave out their extensions.
NOT_ALIKE_IN_METADATA = "$.rest[].resource[].searchParam[].documentation"


def shape_of(value: Any, path: str = "$") -> Shape:
    """The type names at every path of a JSON value; the rows of a list count as one."""
    shape: Shape = defaultdict(set)
    shape[path].add(type(value).__name__)
    if isinstance(value, dict):
        parts = [(f"{path}.{key}", child) for key, child in value.items()]
    elif isinstance(value, list):
        parts = [(f"{path}[]", child) for child in value]
    else:
        parts = []
    for where, child in parts:
        for inner, types in shape_of(child, where).items():
            shape[inner] |= types
    return dict(shape)


def differences(recorded: Shape, answered: Shape) -> list[str]:
    """Where two shapes part: keys on one side only, or no type in common.

    Nothing is known below an empty list, nor below a null of ours where the recording has nulls
    beside objects; nothing is compared there.
    """
    unknown = {f"{path}[]" for shape in (recorded, answered) for path in _empty_lists(shape)}
    unknown |= {
        f"{path}." for path, types in answered.items() if types == {"NoneType"} <= recorded.get(path, set())
    }
    found = []
    for path in sorted(recorded.keys() | answered.keys()):
        if any(path.startswith(prefix) for prefix in unknown):
            continue
        if path not in answered:
            found.append(f"{path} is missing")
        elif path not in recorded:
            found.append(f"{path} is too much")
        elif not recorded[path] & answered[path]:
            types = (", ".join(sorted(each)) for each in (answered[path], recorded[path]))
            found.append("{} is {}, recorded as {}".format(path, *types))
    return found


def _empty_lists(shape: Shape) -> list[str]:
    return [path for path, types in shape.items() if "list" in types and f"{path}[]" not in shape]


def _renamed(sent: Any) -> Any:
    """A recorded body with the logins of the sandbox's own people."""
    if not isinstance(sent, dict):
        return sent
    return {
        key: RENAMED.get(value, value) if isinstance(value, str) else value for key, value in sent.items()
    }


class Replayer:
    """Replays exchanges in order on one world, with live secrets where the recording is silent."""

    def __init__(self, world: World, dialect: str) -> None:
        self.world = world
        self.dialect = dialect
        self.code = ""
        self.refresh_token = ""
        self.spent_refresh_token = ""
        self.api_token = ""
        self.browser = ""
        self.invitations: list[str] = []

    def differences(self, exchange: dict[str, Any]) -> list[str]:
        """What differs between the recorded answer and ours."""
        response = self._send(exchange)
        recorded = exchange["response"]
        found = []
        if response.status_code != recorded["status"]:
            return [f"status {response.status_code}, recorded as {recorded['status']}"]
        headers = recorded["headers"]
        media_type = headers.get("content-type")
        if media_type and response.headers["Content-Type"] != media_type:
            found.append(f"media type {response.headers['Content-Type']}, recorded as {media_type}")
        found += [
            f"header {name} is {response.headers.get(name)}, recorded as {headers[name]}"
            for name in COMPARED_HEADERS
            if name in headers and response.headers.get(name) != headers[name]
        ]
        if "location" in headers:
            found += self._redirect(response, headers["location"])
        if "json" in recorded:
            found += self._body(response, recorded["json"])
        elif "text" in recorded:
            title = recorded["text"].partition("<title>")[2].partition("</title>")[0]
            found += [] if f"<title>{title}</title>" in response.text else ["another page"]
        return found

    def _body(self, response: requests.Response, recorded: Any) -> list[str]:
        answered = response.json()
        if isinstance(answered, dict) and answered.get("access_token"):
            self._keep(answered)
        if isinstance(answered, dict) and answered.get("token"):
            self.invitations.append(answered["token"])
        found = differences(shape_of(recorded), shape_of(answered))
        optional = tuple(f".resource.{name}" for name in OPTIONAL_IN_FHIR)
        return [
            each
            for each in found
            if NOT_ALIKE_IN_METADATA not in each and not (any(name in each for name in optional))
        ]

    def _redirect(self, response: requests.Response, recorded: str) -> list[str]:
        """Same place, same parameters; their values too unless they are secrets."""
        here, there = urlsplit(response.headers["Location"]), urlsplit(recorded)
        mine, theirs = parse_qs(here.query), parse_qs(there.query)
        self.code = mine.get("code", [self.code])[0]
        found = [] if here._replace(query="") == there._replace(query="") else ["redirect to another place"]
        for name in sorted(mine.keys() | theirs.keys()):
            if mine.get(name) != theirs.get(name) and theirs.get(name) != ["REDACTED"]:
                found.append(f"redirect parameter {name} differs")
        return found

    def _keep(self, answered: dict[str, Any]) -> None:
        if "refresh_token" in answered:
            self.spent_refresh_token, self.refresh_token = self.refresh_token, answered["refresh_token"]
        else:
            self.api_token = answered["access_token"]

    def _send(self, exchange: dict[str, Any]) -> requests.Response:
        request, name = exchange["request"], exchange["name"]
        headers = dict(request.get("headers", {}))
        cookies = {}
        if "Authorization" in headers or name == "token in query string":
            headers |= self._authorization(exchange)
        if name.startswith("authorize") and "session" not in name and "unknown" not in name:
            cookies = self._signed_in_browser()
        if name == "token: authorization code" and not self.code:
            self._get_code()
        return requests.request(
            request["method"],
            self.world.url + self._path(request["path"], name),
            headers=headers,
            params=self._live(request.get("query", {}), name),
            data=self._live(request["form"], name) if "form" in request else request.get("body_text"),
            json=_renamed(request.get("json")),
            cookies=cookies,
            timeout=10,
            allow_redirects=False,
        )

    def _path(self, path: str, name: str) -> str:
        """The path with a live invitation's token: the recording made six, one replaced by the next."""
        if not path.endswith("/REDACTED"):
            return path
        place = {"redeem replaced invitation": 0, "redeem expired": 3, "redeem cancelled": 5}.get(name, 1)
        token = self.invitations[place]
        columns = {3: {"last_updated": "2026-08-20T00:00:00.000000Z"}, 5: {"status": "cancelled"}}
        with self.world.store.writing() as data:
            row = next(each for each in data["invitations"].values() if each["token_hash"] == hashed(token))
            row.update(columns.get(place, {}))
        return path.replace("REDACTED", token)

    def _authorization(self, exchange: dict[str, Any]) -> dict[str, str]:
        name = exchange["name"]
        scheme = exchange["request"].get("headers", {}).get("Authorization", "").partition(" ")[0]
        special = {
            "garbage token": "Bearer garbage",
            "wrong scheme": f"Token {self.world.token('manager_mary')}",
            "profile with API key token": f"Bearer {self.api_token}",
        }
        if name == "token in query string":
            return {}
        if name == "expired token":
            return {"Authorization": f"Bearer {self._expired_token()}"}
        if scheme == "Basic":
            return {
                "Authorization": f"Basic {jhe.issue_api_key(self.world.store, 'manager_mary@example.com')}"
            }
        return {"Authorization": special.get(name, f"Bearer {self.world.token(exchange.get('as', ''))}")}

    def _expired_token(self) -> str:
        token = jhe.issue_token(self.world.store, self.world.clock, "manager_mary@example.com")[0]
        with self.world.store.writing() as data:
            data["access_tokens"][token]["expires"] = "2026-08-31T00:00:00.000000Z"
        return token

    def _live(self, sent: dict[str, Any], name: str) -> dict[str, Any]:
        """Parameters or form with what the recording keeps to itself filled in."""
        refresh = self.spent_refresh_token if "used twice" in name else self.refresh_token
        secrets = {
            "client_secret": jhe.CLIENT_SECRET,
            "code": self.code,
            "code_verifier": VERIFIER,
            "code_challenge": CHALLENGE,
            "refresh_token": "garbage" if "garbage" in name else refresh,
            "access_token": "garbage",
            "state": "REDACTED",
        }
        return {
            key: secrets.get(key, value) if value == "REDACTED" else RENAMED.get(value, value)
            for key, value in sent.items()
        }

    def _signed_in_browser(self) -> dict[str, str]:
        """The session cookie of a browser in which the manager has signed in."""
        if not self.browser:
            session = requests.Session()
            page = self.world.url + "/accounts/login/"
            session.get(page, timeout=10)
            form = {
                "csrfmiddlewaretoken": session.cookies["jhe_sandbox_csrf"],
                "username": "manager_mary@example.com",
                "password": jhe.PASSWORD,
            }
            session.post(page, data=form, timeout=10)
            self.browser = session.cookies["jhe_sandbox_session"]
        return {"jhe_sandbox_session": self.browser}

    def _get_code(self) -> None:
        """A code for recordings that begin with its exchange."""
        query = {
            "response_type": "code",
            "client_id": jhe.CLIENT_ID,
            "redirect_uri": CALLBACK,
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        response = requests.get(
            self.world.url + "/o/authorize/",
            params=query,
            cookies=self._signed_in_browser(),
            timeout=10,
            allow_redirects=False,
        )
        self.code = parse_qs(urlsplit(response.headers["Location"]).query)["code"][0]
