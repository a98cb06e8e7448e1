"""The app on a patient's phone, as far as the sandbox needs one: it follows an invitation, answers what the
studies ask, and sends a measurement. A client like any other: real HTTP, nothing of the server's insides.

What it needs to sign in comes out of the link; in the 2025-10 generation the verifier of its code is
a setting that app and server have in common.
"""

from __future__ import annotations

import base64
import json
import re
from datetime import datetime
from typing import Any
from urllib.parse import unquote

import requests

from .jhe.seed_data import OLDER_APP_ID, OLDER_APP_VERIFIER

TIMEOUT = 10  # seconds
DEVICE = 70001


class TurnedAway(Exception):
    """The server refused the app. Says its status and nothing else: an address can hold a token."""

    def __init__(self, status: int) -> None:
        super().__init__(f"turned away with {status}")
        self.status = status


class PatientApp:
    """One patient's app at one server, of either generation. Raises :class:`TurnedAway`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._headers: dict[str, str] = {}

    def follow(self, link: str) -> None:
        """Sign in by an invitation's link, as whoever holds it could."""
        plain = unquote(link)
        if "|" in plain:
            grant, verifier = self._older_grant(plain.rpartition("|")[2]), OLDER_APP_VERIFIER
        else:
            found = re.search(r"_([A-Za-z0-9]{32})", plain)
            if found is None:
                raise ValueError("this link holds no token")
            grant, verifier = self._redeemed(found[1]), _unpadded(found[1].encode())
        form = {**grant, "code_verifier": verifier}
        tokens = self._ask("POST", "/o/token/", data=form)
        self._headers = {"Authorization": f"Bearer {tokens['access_token']}"}

    def _redeemed(self, token: str) -> dict[str, str]:
        grant: dict[str, str] = self._ask("POST", f"/api/v1/invitation/{token}")["grant"]
        return grant

    def _older_grant(self, code: str) -> dict[str, str]:
        return {
            "grant_type": "authorization_code",
            "redirect_uri": f"{self.url}/auth/callback",
            "client_id": OLDER_APP_ID,
            "code": code,
        }

    @property
    def patient_id(self) -> int:
        """Whose app this is."""
        return int(self._ask("GET", "/api/v1/users/profile")["patient"]["id"])

    def pending(self) -> list[tuple[int, str, str]]:
        """What is still to be decided: study, coding system, code."""
        return [
            (study["id"], scope["code"]["codingSystem"], scope["code"]["codingCode"])
            for study in self._ask("GET", self._consents)["studiesPendingConsent"]
            for scope in study["pendingScopeConsents"]
        ]

    def decide(self, study_id: int, system: str, code: str, *, agreed: bool) -> None:
        """Answer one question of one study for the first time."""
        scope = {"codingSystem": system, "codingCode": code, "consented": agreed}
        body = {"studyScopeConsents": [{"studyId": study_id, "scopeConsents": [scope]}]}
        self._ask("POST", self._consents, json=body)

    @property
    def _consents(self) -> str:
        return f"/api/v1/patients/{self.patient_id}/consents"

    def send(self, system: str, code: str, body: dict[str, Any], *, at: datetime) -> int:
        """Send one measurement; the number that the server gave it."""
        observation = self._observation(system, code, body, at)
        try:
            return int(self._ask("POST", "/FHIR/R5/Observation", json=observation)["id"])
        except TurnedAway as turned:
            if turned.status != 404:  # which is how the older generation knows nothing of this address
                raise
        entry = {"resource": observation, "request": {"method": "POST", "url": "Observation"}}
        bundle = {"resourceType": "Bundle", "type": "batch", "entry": [entry]}
        (answer,) = self._ask("POST", "/fhir/r5/", json=bundle)["entry"]
        status = int(answer["response"]["status"].split()[0])
        if status != 201:
            raise TurnedAway(status)
        return int(answer["resource"]["id"])

    def _observation(self, system: str, code: str, body: dict[str, Any], at: datetime) -> dict[str, Any]:
        name, _, version = code.removeprefix("omh:").partition(":")
        header = {
            "modality": "sensed",
            "schema_id": {"name": name, "version": version, "namespace": "omh"},
            "source_creation_date_time": at.isoformat(),
        }
        measured = {"header": header, "body": {**body, "effective_time_frame": {"date_time": at.isoformat()}}}
        return {
            "resourceType": "Observation",
            "status": "final",
            "subject": {"reference": f"Patient/{self.patient_id}"},
            "device": {"reference": f"Device/{DEVICE}"},
            "code": {"coding": [{"system": system, "code": code}]},
            "valueAttachment": {
                "contentType": "application/json",
                "data": base64.b64encode(json.dumps(measured).encode()).decode(),
            },
        }

    def _ask(self, method: str, path: str, **kwargs: Any) -> Any:
        reply = requests.request(
            method, self.url + path, headers=self._headers, timeout=TIMEOUT, allow_redirects=False, **kwargs
        )
        if not reply.ok:
            raise TurnedAway(reply.status_code)
        return reply.json()


def _unpadded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
