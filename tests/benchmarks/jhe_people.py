"""As many people in one organization of a real JHE as the console's benchmark compares with, made by its API.

Idempotent: who is there is counted, and only who is missing is made.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any

import requests

from tests.verification.sign_in import sign_in
from tests.verification.subject import Subject

from .population import Population

AT_ONCE = 2
SEED = 17
PAGE = 500


class People:
    """The people of one organization, as a practitioner who may add some."""

    def __init__(self, subject: Subject, organization: int) -> None:
        self._subject = subject
        self._organization = organization
        self._headers = {"Authorization": f"Bearer {sign_in(subject, subject.practitioner)['access_token']}"}

    def make(self, wanted: int) -> int:
        """Make people until there are so many; returns how many there are then."""
        there = self._emails()
        rows = islice(
            (row for row in _rows() if row["telecomEmail"] not in there), max(wanted - len(there), 0)
        )
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for _ in pool.map(self._make, rows):
                pass
        return len(self._emails())

    def numbers(self) -> list[str]:
        """JHE's numbers of everybody there, in the order of the console's list."""
        return sorted((str(row["id"]) for row in self._listed()), key=int)

    def show_all(self) -> None:
        """Let the console show everybody of the organization: a list by the API is its next choice too."""
        asked = {"organization_id": self._organization, "page_size": 1}
        url = f"{self._subject.url}/api/v1/patients"
        requests.get(url, params=asked, headers=self._headers, timeout=60).raise_for_status()

    def _make(self, row: dict[str, str]) -> None:
        body = {**row, "organizationId": self._organization}
        reply = requests.post(
            f"{self._subject.url}/api/v1/patients", json=body, headers=self._headers, timeout=30
        )
        reply.raise_for_status()

    def _emails(self) -> set[str]:
        return {
            point["value"]
            for row in self._listed()
            for point in row.get("telecom", [])
            if point["system"] == "email"
        }

    def _listed(self) -> Iterator[dict[str, Any]]:
        page = 1
        while True:
            asked: dict[str, str | int] = {
                "patient.organization": self._organization,
                "_sort": "_lastUpdated",
                "_count": PAGE,
                "_page": page,
            }
            url = f"{self._subject.url}/FHIR/R5/Patient"
            reply = requests.get(url, params=asked, headers=self._headers, timeout=30)
            reply.raise_for_status()
            bundle = reply.json()
            yield from (each["resource"] for each in bundle.get("entry", []))
            if page * PAGE >= bundle["total"]:  # a page behind the last one is a 404
                return
            page += 1


def _rows() -> Iterator[dict[str, str]]:
    """People as the API takes them, each with an e-mail address of their own."""
    for number, known in enumerate(Population(records=20_000, seed=SEED).people()):
        details = known.copies[0].record.demographics
        if details.given_name and details.family_name and details.birth_date:
            yield {
                "nameGiven": details.given_name,
                "nameFamily": details.family_name,
                "birthDate": details.birth_date.isoformat(),
                "telecomEmail": f"bench-{number:05}@example.org",
                "telecomPhone": details.phones[0].number[:20] if details.phones else "",
            }
