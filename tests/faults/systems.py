"""The sandbox as the harness uses it: its clock, people put into it, and its states in one plain form."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from integrations.impilo import mapping as impilo_mapping
from integrations.jhe import mapping as jhe_mapping
from integrations.jump import mapping as jump_mapping
from integrations.sandbox import jhe
from integrations.sandbox.faults import FaultBoard
from integrations.sandbox.impilo.bodies import EMPTY
from integrations.sandbox.jhe import shapes
from integrations.sandbox.jhe.seed import add_person
from integrations.sandbox.jump.drafts import new_row
from integrations.sandbox.jump.switches import JumpSwitches
from integrations.sandbox.run import Sandbox
from integrations.types import RemotePatient

from . import studies
from .intents import Held, Intent
from .judging import Key
from .kinds import Groups
from .people import Made

MANAGER = "manager_mary@example.com"  # of both organizations
GROUPS = Groups(home=20003, second=20002, study=30001)
# What a system writes by itself whenever anything is written.
BY_ITSELF = frozenset({"updated_at", "created_at", "archived_at", "archived_by", "last_updated", "id"})
STUDY_NUMBERS = "https://example.org/study-number"


class SystemsClock:
    """What the sandbox's systems take for the time; ``off`` is how far that is from ours."""

    def __init__(self) -> None:
        self.off = timedelta(0)

    def __call__(self) -> datetime:
        """The moment by their clock."""
        return datetime.now(UTC) + self.off


class Systems(Protocol):
    """The systems that the portal writes to, as the harness sees them: boards of faults, and the truth.

    ``groups`` are two organizations of JHE's in which the asker may write.
    """

    faults: Mapping[str, FaultBoard]
    groups: Groups
    dialect: str

    def put_in(self, system: str, made: Made, *, in_second: bool = False, in_study: bool = False) -> str:
        """Let a system hold somebody as if since long; the record's number. ``in_second``: they belong
        to a second organization, too. ``in_study``: they take part in the study, and have decided there."""
        ...

    def set_elsewhere(self, system: str, record: str, field: str, value: str) -> None:
        """Somebody else changes a record, in the system itself."""
        ...

    def read(self, intents: Iterable[Intent], records: Iterable[Key] = ()) -> dict[Key, Held]:
        """What the systems hold of all who are written about: every record that may be one of theirs."""
        ...

    def as_portal_reads(self, system: str, record: str) -> RemotePatient:
        """A record as the portal's adapter would have read it, for the index."""
        ...

    def problems(self, intents: Iterable[Intent], folder: Path) -> Iterator[str]:
        """What is wrong with what the portal keeps beside the systems, in its database and in ``folder``."""
        ...

    def tokens(self) -> tuple[str, str, str]:
        """The asker at JHE: number, access token and refresh token."""
        ...

    def environment(self) -> dict[str, str]:
        """Where the portal finds the systems, and with what."""
        ...


class Sandboxed:
    """The sandbox's three systems, read out of their states."""

    def __init__(self, sandbox: Sandbox, clock: SystemsClock) -> None:
        self.sandbox = sandbox
        self.faults: Mapping[str, FaultBoard] = sandbox.faults
        self.groups = GROUPS
        self.dialect = sandbox.dialect
        self._clock = clock
        sandbox.switches["jump"].set(custom_fields="always", rate_limit=10_000_000)

    def put_in(self, system: str, made: Made, *, in_second: bool = False, in_study: bool = False) -> str:
        """Straight into the state."""
        with self.sandbox.stores[system].writing() as state:
            record = _PUTTING[system](state, made, in_second)
            if in_study:
                studies.put_into(state, int(record), self.groups.study)
            return record

    def set_elsewhere(self, system: str, record: str, field: str, value: str) -> None:
        """Straight into the state."""
        with self.sandbox.stores[system].writing() as state:
            row, custom, name = state["patients"][record], *field.rpartition(".")[::2]
            (row["custom_fields"] if custom else row)[name] = value

    def read(self, intents: Iterable[Intent], records: Iterable[Key] = ()) -> dict[Key, Held]:
        """Every record of every system as it is now."""
        found: dict[Key, Held] = {}
        for system, store in self.sandbox.stores.items():
            with store.reading() as state:
                rows = list(_READING[system](state))
            found |= {(system, each.id): each for each in rows}
        return found

    def problems(self, intents: Iterable[Intent], folder: Path) -> Iterator[str]:
        """About studies."""
        with self.sandbox.stores["jhe"].reading() as state:
            held = copy.deepcopy(dict(state))
        yield from studies.problems(intents, held, folder)

    def as_portal_reads(self, system: str, record: str) -> RemotePatient:
        """By the adapters' own mappings."""
        with self.sandbox.stores[system].reading() as state:
            row = copy.deepcopy(state["patients"][record])
            if system == "jhe":
                older = state["dialect"] == jhe.OLDER
                return jhe_mapping.patient_from_rest(shapes.patient(dict(state), row, older=older))
        if system == "jump":
            return jump_mapping.patient(row, operation="get patient")
        return impilo_mapping.patient(row, operation="get patient")

    def tokens(self) -> tuple[str, str, str]:
        """Of a manager."""
        access, refresh = jhe.issue_token(self.sandbox.stores["jhe"], self._clock, MANAGER)
        return "10002", access, refresh

    def environment(self) -> dict[str, str]:
        """Addresses and published keys."""
        addresses = {f"{name.upper()}_URL": self.sandbox.url(name) for name in self.sandbox.stores}
        return addresses | {
            "JUMP_API_KEY": self.sandbox.keys["jump"]["full"],
            "IMPILO_API_KEY": self.sandbox.keys["impilo"]["full"],
            "JHE_CLIENT_ID": jhe.CLIENT_ID,
            "JHE_CLIENT_SECRET": jhe.CLIENT_SECRET,
        }


# --- putting people in ----------------------------------------------------------------------


def _put_into_jump(state: dict[str, Any], made: Made, _: bool) -> str:
    body = {
        "first_name": made.given,
        "last_name": made.family,
        "date_of_birth": made.born.isoformat(),
        "email": made.email,
        "phone": made.phone,
        "custom_fields": {"ward_round": "never", "seen_by": "another integration"},
    }
    row = new_row(body, (), datetime.now(UTC), JumpSwitches())
    state["patients"][row["id"]] = row
    return str(row["id"])


def _put_into_jhe(state: dict[str, Any], made: Made, in_second: bool) -> str:
    older = state["dialect"] == jhe.OLDER
    row = {
        "email": made.email,
        "given": made.given,
        "family": made.family,
        "birth_date": made.born.isoformat(),
        "phone": made.phone,
        "identifiers": [] if older else [{"system": STUDY_NUMBERS, "value": f"LS-{uuid.uuid4()}"}],
        "organizations": [GROUPS.home, GROUPS.second] if in_second else [GROUPS.home],
    }
    return str(add_person(state, row))


def _put_into_impilo(state: dict[str, Any], made: Made, _: bool) -> str:
    number = max((row["id"] for row in state["patients"].values()), default=0) + 1
    row = {
        **EMPTY,
        "id": number,
        "firstName": made.given,
        "lastName": made.family,
        "dateOfBirth": made.born.isoformat(),
        "email": made.email,
        "phoneNumber": made.phone,
        "sex": "female",
        "enrolled": True,
    }
    state["patients"][str(number)] = row
    return str(number)


_PUTTING = {"jump": _put_into_jump, "jhe": _put_into_jhe, "impilo": _put_into_impilo}


# --- what they hold -------------------------------------------------------------------------


def of_jump(state: Mapping[str, Any]) -> Iterator[Held]:
    """Jump's records; custom fields each a field of its own."""
    for row in state["patients"].values():
        fields = {name: value for name, value in row.items() if name not in BY_ITSELF}
        custom = fields.pop("custom_fields", None) or {}
        fields |= {f"custom.{name}": value for name, value in custom.items()}
        yield Held(system="jump", id=row["id"], family=row["last_name"], fields=copy.deepcopy(fields))


def of_jhe(state: Mapping[str, Any]) -> Iterator[Held]:
    """JHE's records with the e-mail of their login and what hangs on them (``studies``); organizations and
    identifiers as sorted lists."""
    hangings = studies.Hangings(state)
    for row in state["patients"].values():
        fields = {name: value for name, value in row.items() if name not in (*BY_ITSELF, "user_id")}
        fields["identifiers"] = sorted(f"{each['system']}|{each['value']}" for each in row["identifiers"])
        fields["organizations"] = sorted(row["organizations"])
        fields["email"] = state["users"][str(row["user_id"])]["email"]
        fields |= hangings.of(row)
        yield Held(system="jhe", id=str(row["id"]), family=row["name_family"] or "", fields=fields)


def of_impilo(state: Mapping[str, Any]) -> Iterator[Held]:
    """Impilo's records as they are."""
    for row in state["patients"].values():
        fields = {name: value for name, value in row.items() if name not in BY_ITSELF}
        yield Held(
            system="impilo", id=str(row["id"]), family=row["lastName"] or "", fields=copy.deepcopy(fields)
        )


_READING = {"jump": of_jump, "jhe": of_jhe, "impilo": of_impilo}
