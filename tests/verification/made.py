"""People made up for one test, and how they are removed again."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import requests

from integrations.jhe.adapter import JheAdapter
from integrations.types import Identifier, Organization, RemotePatient, Role
from integrations.writes import Details, NewRecord

from .sign_in import TIMEOUT

PATIENTS = "/api/v1/patients"
MANAGING = {Role.MANAGER, Role.MEMBER, Role.SUPERUSER}


def unique_email() -> str:
    """An address that nobody had before."""
    return f"verification-{secrets.token_hex(8)}@example.org"


def unique_identifier(system: str = "urn:verification") -> Identifier:
    """An identifier that nobody had before."""
    return Identifier(system=system, value=f"V-{secrets.token_hex(6)}")


def somebody(organization_id: str, *identifiers: Identifier, **details: Any) -> NewRecord:
    """A made-up person of an organization."""
    person = Details(
        given_name="Verification",
        family_name="O'Made-Úp",
        birth_date=date(1984, 2, 29),
        email=unique_email(),
        phone="020 7946 0123",
    )
    return NewRecord(
        details=replace(person, **details), organization_id=organization_id, identifiers=identifiers
    )


@dataclass
class Made:
    """One practitioner's adapter and plain requests; ``ids`` are removed by :meth:`tidy`.

    Out of its last organization, JHE deletes a person with everything.
    """

    jhe: JheAdapter
    url: str
    token: str = field(repr=False)
    ids: list[str] = field(default_factory=list)

    @property
    def organizations(self) -> list[Organization]:
        """Where this practitioner may write."""
        return [each for each in self.jhe.organizations() if each.role in MANAGING]

    def create(self, new: NewRecord) -> RemotePatient:
        """A person, through the adapter."""
        record = self.jhe.create(new, key="verification")
        self.ids.append(record.id)
        return record

    def send(self, method: str, path: str, *, organization_id: str = "", **kwargs: Any) -> requests.Response:
        """One request with nothing of ours in between; who is created is noted."""
        if organization_id:
            kwargs["params"] = {"organization_id": organization_id}
        headers = {"Authorization": f"Bearer {self.token}"}
        reply = requests.request(
            method, self.url + path, headers=headers, timeout=TIMEOUT, allow_redirects=False, **kwargs
        )
        if method == "POST" and reply.ok:
            self.ids.append(str(reply.json()["id"]))
        return reply

    def tidy(self) -> None:
        """Take everybody made here out of every organization of this practitioner."""
        for patient_id in self.ids:
            path = f"{PATIENTS}/{patient_id}"
            reply = self.send("GET", path)
            for place in reply.json()["organizations"] if reply.ok else ():
                self.send("DELETE", path, organization_id=str(place["id"]))
