"""A study of a real JHE with participants who have decided, for the console's benchmark, made by its API.

Idempotent: what is there is found by its name, and only what is missing is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import requests

from tests.verification.sign_in import sign_in
from tests.verification.subject import Subject

NAME = "Study of the console benchmark"
ASKED_FOR = ("Blood pressure", "Heart Rate")


class StudyThere:
    """The study, as a manager of its organization sees it; ``number`` is JHE's."""

    def __init__(self, subject: Subject, organization: int) -> None:
        self.organization = organization
        self._base = f"{subject.url}/api/v1"
        self._headers = {"Authorization": f"Bearer {sign_in(subject, subject.practitioner)['access_token']}"}
        self.number = self._found() or self._made()

    def taking_part(self) -> list[str]:
        """JHE's numbers of the participants, in the order of its lists."""
        return [str(each["id"]) for each in self._pages(f"/studies/{self.number}/patients")]

    def enrol(self, people: Sequence[str], *, wanted: int) -> None:
        """Let so many take part; each who is new to it agrees to everything."""
        there = set(self.taking_part())
        missing = [each for each in people if each not in there][: max(wanted - len(there), 0)]
        if missing:
            numbers = [int(each) for each in missing]
            self._asked("POST", f"/studies/{self.number}/patients", {"patientIds": numbers})
        asked = [each["scopeCode"] for each in self._asked("GET", f"/studies/{self.number}/scope_requests")]
        for number in missing:
            self._agree(number, asked)

    def _agree(self, number: str, asked: Iterable[dict[str, Any]]) -> None:
        decided = [
            {"codingSystem": each["codingSystem"], "codingCode": each["codingCode"], "consented": True}
            for each in asked
        ]
        body = {"studyScopeConsents": [{"studyId": int(self.number), "scopeConsents": decided}]}
        self._asked("POST", f"/patients/{number}/consents", body)

    def _found(self) -> str:
        of_place = self._pages(f"/studies?organization_id={self.organization}")
        return next((str(each["id"]) for each in of_place if each["name"] == NAME), "")

    def _made(self) -> str:
        body = {"name": NAME, "description": "Made by a measurement", "organization": self.organization}
        number = str(self._asked("POST", "/studies", body)["id"])
        for scope in self._asked("GET", "/data_sources/all_scopes"):
            if scope["text"] in ASKED_FOR:
                self._asked("POST", f"/studies/{number}/scope_requests", {"scopeCodeId": scope["id"]})
        app = next(each for each in self._asked("GET", "/clients")["results"] if each["invitationUrl"])
        self._asked("POST", f"/studies/{number}/clients", {"clientId": app["id"]})
        return number

    def _pages(self, path: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        page, joint = 1, "&" if "?" in path else "?"
        while True:
            found = self._asked("GET", f"{path}{joint}page={page}&page_size=1000")
            rows += found["results"]
            if not found["next"]:
                return rows
            page += 1

    def _asked(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        reply = requests.request(method, self._base + path, json=body, headers=self._headers, timeout=60)
        reply.raise_for_status()
        return reply.json() if reply.content else None
