"""The part of the first state that is about no person: organizations, studies, scopes, OAuth clients."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from . import seed_data as fixed
from .calls import Data, Row, instant

SEEDED_AT = datetime(2026, 8, 21, 9, 0, 0, 1000, tzinfo=UTC)
"""When the seed was made; rows get one second each after it, so that an order by time is total."""


def moment(place: int) -> str:
    """The instant of the row at a place in its table."""
    return instant(SEEDED_AT + timedelta(seconds=place))


def _table(rows: Iterable[Row]) -> dict[str, Row]:
    return {str(row["id"]): {**row, "last_updated": moment(place)} for place, row in enumerate(rows)}


def _links(numbers: count[int], field: str, ids: Iterable[int]) -> list[Row]:
    """The rows of a linking table that belong to one record."""
    return [{"id": next(numbers), field: each} for each in ids]


def catalogue(*, older: bool) -> Data:
    """The tables ``organizations``, ``scope_codes``, ``data_sources`` and ``studies``."""
    return {
        "organizations": _table(
            {"id": id_, "name": name, "type": old if older else kind, "part_of": part_of}
            for id_, name, kind, old, part_of in fixed.ORGANIZATIONS
        ),
        "scope_codes": _scope_codes(older=older),
        "data_sources": _data_sources(older=older),
        "studies": _studies(older=older),
    }


def _scope_codes(*, older: bool) -> dict[str, Row]:
    codes = fixed.SCOPE_CODES[: fixed.OLDER_CODES] if older else fixed.SCOPE_CODES
    return _table(
        {
            "id": id_,
            "coding_system": fixed.CODE_SYSTEMS.get(code, fixed.OPENMHEALTH),
            "coding_code": code,
            "text": text,
        }
        for id_, (code, text) in enumerate(codes, start=50001)
    )


def _data_sources(*, older: bool) -> dict[str, Row]:
    sources = fixed.DATA_SOURCES[: fixed.OLDER_SOURCES] if older else fixed.DATA_SOURCES
    numbers = count(1)
    return _table(
        {
            "id": id_,
            "name": name,
            "type": kind,
            "supported": [] if older else _links(numbers, "scope_code_id", scopes),
        }
        for id_, (name, kind, scopes) in enumerate(sources, start=70001)
    )


def _studies(*, older: bool) -> dict[str, Row]:
    known = {int(key) for key in _scope_codes(older=older)}
    requests, sources, clients = count(1), count(1), count(1)
    return _table(
        {
            "id": id_,
            "name": name,
            "description": description,
            "organization_id": organization,
            "icon_url": None,
            "scope_requests": _links(requests, "scope_code_id", (each for each in scopes if each in known)),
            "data_sources": [] if older else _links(sources, "data_source_id", used),
            "clients": [] if older else _links(clients, "client_id", apps),
        }
        for id_, name, description, organization, scopes, used, apps in fixed.STUDIES
    )


def _client(id_: int, **fields: Any) -> Row:
    """One OAuth application; ``secret`` is ``None`` for a public one."""
    blank: Row = {"secret": None, "grant": "authorization-code", "redirect_uris": [], "user_id": None}
    return {"id": id_, **blank, "invitation_url": None, "created": moment(id_), **fields}


def clients(*, older: bool) -> tuple[dict[str, Row], list[Row]]:
    """The tables ``clients`` (patient apps, the portal, owners of keys) and ``api_keys``."""
    apps = [] if older else list(fixed.APPS)
    made = [
        _client(place, name=name, client_id=client_id, invitation_url=url)
        for place, (name, client_id, url) in enumerate(apps, start=1)
    ]
    if older:
        made.append(_client(2, name="Patients", client_id=fixed.OLDER_APP_ID))
    portal = {"client_id": fixed.CLIENT_ID, "secret": fixed.CLIENT_SECRET}
    number = 1 if older else len(made) + 1
    made.append(_client(number, name="Portal", redirect_uris=list(fixed.REDIRECT_URIS), **portal))
    keys: list[Row] = []
    users = {email: (user_id, practitioner) for user_id, email, _, _, _, practitioner in fixed.USERS}
    for email, client_id, secret in [] if older else fixed.API_KEYS:
        user_id, practitioner = users[email]
        name = f"_practitioner_client_{practitioner}_{SEEDED_AT:%Y%m%d%H%M%S}"
        owner = {"user_id": user_id, "grant": "client-credentials", "name": name}
        made.append(_client(len(made) + 1, client_id=client_id, secret=secret, **owner))
        keys.append({"id": len(keys) + 1, "client": len(made), "user_id": user_id, "label": "Portal"})
    return {str(row["id"]): row for row in made}, keys
