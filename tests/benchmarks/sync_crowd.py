"""The sandbox with as many made-up people as a benchmark wants, some of them in several systems."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from integrations.sandbox.run import Sandbox
from integrations.types import RemotePatient

from .population import Population

SEED = 23
FIRST_CHANGE = datetime(2020, 1, 1, tzinfo=UTC)
Row = dict[str, Any]


def crowd(sandbox: Sandbox, *, each_system: int) -> dict[str, set[str]]:
    """Put so many people into each system in place of its own; system → their ids there."""
    there: dict[str, dict[str, Row]] = {name: {} for name in sandbox.stores}
    like = {name: _first(sandbox, name) for name in sandbox.stores}
    for known in Population(records=each_system * 5, seed=SEED).people():
        for copy in known.copies:
            mine = there[copy.record.system]
            if len(mine) < each_system:
                number = len(mine) + 1
                mine[str(number)] = _ROWS[copy.record.system](like[copy.record.system], copy.record, number)
    for name, store in sandbox.stores.items():
        with store.writing() as state:
            if name == "jhe":
                state["users"] |= {str(900_000 + row["id"]): _login(row) for row in there[name].values()}
            state["patients"] = {str(row["id"]): row for row in there[name].values()}
    return {name: {str(row["id"]) for row in rows.values()} for name, rows in there.items()}


def _first(sandbox: Sandbox, system: str) -> Row:
    with sandbox.stores[system].reading() as state:
        return dict(next(iter(state["patients"].values())))


def _jump(like: Row, record: RemotePatient, number: int) -> Row:
    told, stamp = record.demographics, _stamp(number)
    return like | {
        "id": f"00000000-0000-4000-8000-{number:012}",
        "first_name": told.given_name,
        "last_name": told.family_name,
        "middle_name": told.middle_name or None,
        "preferred_name": None,
        "date_of_birth": _day(record),
        "biological_sex": told.sex,
        "nhs_number": told.nhs_number or None,
        "email": told.email or None,
        "phone": _phone(record),
        "mobile_phone": None,
        "address_line_1": told.address.lines[0] if told.address and told.address.lines else None,
        "address_line_2": None,
        "postcode": told.address.postcode if told.address else None,
        "created_at": stamp,
        "updated_at": stamp,
    }


def _jhe(like: Row, record: RemotePatient, number: int) -> Row:
    told = record.demographics
    return like | {
        "id": 100_000 + number,
        "user_id": 1_000_000 + number,
        "name_family": told.family_name,
        "name_given": told.given_name,
        "birth_date": _day(record),
        "telecom_phone": _phone(record),
        "identifiers": [],
        "organizations": [20003],
        "last_updated": _stamp(number),
    }


def _login(row: Row) -> Row:
    return {
        "id": row["user_id"],
        "email": f"crowd-{row['id']}@example.org",
        "first_name": "",
        "last_name": "",
        "user_type": None,
        "is_superuser": False,
        "password": "",
    }


def _impilo(like: Row, record: RemotePatient, number: int) -> Row:
    told = record.demographics
    return like | {
        "id": 100_000 + number,
        "externalIdentifier": f"{number:032x}",
        "firstName": told.given_name,
        "lastName": told.family_name,
        "dateOfBirth": _day(record),
        "email": told.email or None,
        "phoneNumber": _phone(record),
        "sex": told.sex,
    }


_ROWS: Mapping[str, Callable[[Row, RemotePatient, int], Row]] = {
    "jump": _jump,
    "jhe": _jhe,
    "impilo": _impilo,
}


def _day(record: RemotePatient) -> str | None:
    told = record.demographics.birth_date
    return told.isoformat() if told else None


def _phone(record: RemotePatient) -> str | None:
    phones = record.demographics.phones
    return phones[0].number[:20] if phones else None


def _stamp(number: int) -> str:
    return (FIRST_CHANGE + timedelta(minutes=number)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
