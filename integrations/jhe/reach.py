"""Which organizations a caller reaches: those in which they hold a role.

JHE itself shows any record by id to any practitioner, so the portal holds this line
(README.md §3).
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Sequence
from dataclasses import replace

from integrations.types import Organization, RemotePatient, Role

from .client import JheClient
from .mapping import organization_from

MANAGING = frozenset(each for each in Role if each.may_write)
"""The roles that may create, change and remove people of an organization."""

KEPT_FOR = 30.0  # seconds; whoever keeps an answer adds their own: a change shows within a minute
MOST_KEPT = 1000

_kept: dict[tuple[str, str], tuple[float, tuple[Organization, ...]]] = {}
_lock = threading.Lock()


def own_organizations(client: JheClient) -> tuple[Organization, ...]:
    """The caller's organizations with their role, kept for half a minute under their token's hash."""
    name, now = _name(client), time.time()
    with _lock:
        kept = _kept.get(name)
    if kept is not None and 0 <= now - kept[0] < KEPT_FOR:  # not for longer when the clock is set back
        return kept[1]
    return tuple(each for each in every_organization(client) if each.role is not None)


def every_organization(client: JheClient) -> tuple[Organization, ...]:
    """All organizations of the installation, each with the caller's role or none, asked at this moment.

    What is kept is replaced by it.
    """
    now = time.time()
    rows = _placed([organization_from(row) for row in client.organizations()])
    name = _name(client)
    with _lock:
        if len(_kept) >= MOST_KEPT:
            _kept.clear()
        _kept[name] = (now, tuple(each for each in rows if each.role is not None))
    return rows


def _placed(rows: Sequence[Organization]) -> tuple[Organization, ...]:
    """Each with the names of those that it is part of. A list that goes in circles is cut where it would
    begin again, and one that names somebody who is not in it ends there."""
    by_id = {each.id: each for each in rows}
    placed = []
    for row in rows:
        above: list[str] = []
        seen, outer = {row.id}, by_id.get(row.part_of)
        while outer is not None and outer.id not in seen:
            above.insert(0, outer.name)
            seen.add(outer.id)
            outer = by_id.get(outer.part_of)
        placed.append(replace(row, above=tuple(above)))
    return tuple(placed)


def _name(client: JheClient) -> tuple[str, str]:
    token = hashlib.sha256(client.bearer.current().encode()).hexdigest()
    return (client.http.endpoint.url, token)


def forget() -> None:
    """Drop everything that is kept, for a caller who has to know at once."""
    with _lock:
        _kept.clear()


def reaches(own: Sequence[Organization], record: RemotePatient) -> bool:
    """Whether the caller holds a role in at least one organization of the record."""
    ids = {each.id for each in own}
    return any(each.id in ids for each in record.organizations)
