"""A real JHE in place of the sandbox's: faults by a proxy before it, the truth from its own API.

The environment names it and a practitioner of two organizations at least, as for ``make verify-jhe``. People
who are made are removed in the end. Nothing here goes through the portal's adapter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import requests

from integrations.jhe import mapping
from integrations.sandbox.faults import FaultBoard
from integrations.types import RemotePatient
from tests.verification.sign_in import sign_in
from tests.verification.subject import from_environment

from .intents import Held, Intent
from .judging import Key
from .kinds import Groups
from .people import Made
from .proxy import proxy

REST = "/api/v1"
SECONDS = 30.0
WRITING = frozenset({"manager", "member"})
MOST_ORGANIZATIONS = 1000


class RealJhe:
    """A running JHE behind a proxy; a context manager that removes whom it made."""

    def __init__(self) -> None:
        self._subject = from_environment()
        self._token = sign_in(self._subject, self._subject.practitioner)
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {self._token['access_token']}"
        self._proxy = proxy(self._subject.url)
        self._made: set[str] = set()
        self.faults: Mapping[str, FaultBoard] = {"jhe": self._proxy.board}
        self.groups = self._own_groups()
        has_health = self._session.get(f"{self._subject.url}/health", timeout=SECONDS).ok
        self.dialect = "current" if has_health else "2025-10"  # which has no such address

    def __enter__(self) -> Self:
        self._proxy.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._proxy.stop()
        for record in self._made:
            self._remove(record)

    # --- as the harness sees systems ----------------------------------------------------

    def put_in(self, system: str, made: Made, *, in_second: bool = False, in_study: bool = False) -> str:
        """By the API, past the proxy."""
        assert not in_study  # writes about studies are not tried here
        body = {
            "nameGiven": made.given,
            "nameFamily": made.family,
            "birthDate": made.born.isoformat(),
            "telecomEmail": made.email,
            "telecomPhone": made.phone,
            "organizationId": self.groups.home,
        }
        record = str(self._ask("POST", "/patients", json=body)["id"])
        if in_second:
            path = f"/patients/{record}/global_add_organization"
            self._ask("PATCH", path, organization_id=self.groups.second)
        self._made.add(record)
        return record

    def set_elsewhere(self, system: str, record: str, field: str, value: str) -> None:
        """A telephone, past the portal."""
        assert field == "telecom_phone"
        self._ask("PATCH", f"/patients/{record}", json={"telecomPhone": value})

    def read(self, intents: Iterable[Intent], records: Iterable[Key] = ()) -> dict[Key, Held]:
        """The records that were put in or changed, and whoever holds an e-mail of those created."""
        asked = list(intents)
        ids = {each.record for each in asked if not each.creates} | {record for _, record in records}
        rows = [self._ask("GET", f"/patients/{each}", missing=True) for each in sorted(ids)]
        for email in (effect.value for each in asked if each.creates for effect in each.effects
                      if effect.field == "email"):  # fmt: skip
            rows += self._ask("GET", "/patients/global_lookup", email=email)
        held = [_held(row) for row in rows if row is not None]
        self._made |= {each.id for each in held}
        return {("jhe", each.id): each for each in held}

    def problems(self, intents: Iterable[Intent], folder: Path) -> Iterator[str]:
        """Nothing is kept beside what is tried here."""
        yield from ()

    def as_portal_reads(self, system: str, record: str) -> RemotePatient:
        """By the adapter's mapping."""
        return mapping.patient_from_rest(self._ask("GET", f"/patients/{record}"))

    def tokens(self) -> tuple[str, str, str]:
        """Of the practitioner; without a refresh token, since a run is shorter than a token lasts."""
        return str(self._ask("GET", "/users/profile")["id"]), str(self._token["access_token"]), ""

    def environment(self) -> dict[str, str]:
        """The portal knows the proxy, and no other system."""
        return {
            "JUMP_URL": "",
            "IMPILO_URL": "",
            "JHE_URL": self._proxy.url,
            "JHE_API_KEY": "",
            "JHE_CLIENT_ID": self._subject.client_id,
            "JHE_CLIENT_SECRET": self._subject.client_secret,
        }

    # --- asking it ----------------------------------------------------------------------

    def _ask(
        self, method: str, path: str, *, json: object = None, missing: bool = False, **query: Any
    ) -> Any:
        """The JSON of an answer, ``None`` where a record may be ``missing`` and is."""
        reply = self._session.request(
            method, f"{self._subject.url}{REST}{path}", json=json, params=query, timeout=SECONDS
        )
        if missing and reply.status_code == requests.codes.not_found:
            return None
        reply.raise_for_status()
        return reply.json() if reply.content else None

    def _own_groups(self) -> Groups:
        """The first two organizations where the practitioner may write."""
        rows = self._ask("GET", "/organizations", pageSize=MOST_ORGANIZATIONS)["results"]
        writable = sorted(row["id"] for row in rows if row.get("currentUserRole") in WRITING)
        if len(writable) < 2:
            raise SystemExit("the practitioner needs two organizations as manager or member")
        return Groups(home=writable[-1], second=writable[0])

    def _remove(self, record: str) -> None:
        """Out of every organization: with the last one the record goes."""
        row = self._ask("GET", f"/patients/{record}", missing=True)
        for each in row["organizations"] if row is not None else ():
            self._session.delete(
                f"{self._subject.url}{REST}/patients/{record}",
                params={"organization_id": each["id"]},
                timeout=SECONDS,
            )


def _held(row: Mapping[str, Any]) -> Held:
    """A record in the fields that the sandbox's states have."""
    identifiers = row.get("identifiers")
    return Held(
        system="jhe",
        id=str(row["id"]),
        family=row["nameFamily"] or "",
        fields={
            "name_given": row["nameGiven"],
            "birth_date": row["birthDate"],
            "telecom_phone": row["telecomPhone"],
            "email": row["telecomEmail"],
            "organizations": sorted(each["id"] for each in row["organizations"]),
            "identifiers": sorted(f"{each['system']}|{each['value']}" for each in identifiers or ()),
            "identifier": row.get("identifier"),
        },
    )
