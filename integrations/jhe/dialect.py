"""Which JHE this is, found feature by feature, never from a version number.

JHE's generations differ in paths, envelopes and abilities, and servers in between exist. The
answers belong to the installation, not to a person: they are found without a token (a path
that exists answers 401, one that does not 404), kept for an hour in the process and in the
shared cache, and found anew by a health check and after a 404 that cannot be.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from django.core.cache import cache

from integrations import errors
from integrations.http import HttpConnection, Reply
from integrations.parallel import side_by_side

from .mapping import NAME

UNKNOWN_PATH = "unknown path"
KEPT_FOR = 3600.0  # seconds; an upgrade can change what a call does without removing a path
NEW_FHIR = "/FHIR/R5"
OLD_FHIR = "/fhir/r5"

ALWAYS_THERE = "/api/v1/users/profile"
OPEN = ("/health", f"{NEW_FHIR}/metadata")
CLOSED = (
    f"{NEW_FHIR}/Patient",
    "/api/v1/invitation",
    "/api/v1/clients",
    "/api/v1/practitioner_clients",
)

# What a search needs from FHIR Patient. Names as in the CapabilityStatement.
NAME_FILTERS = frozenset({"family", "given", "name", "birthdate"})
# A value that nobody has, for each filter: a server that applies the filter finds nobody.
CANARIES = {
    "family": "zz-nobody-zz",
    "given": "zz-nobody-zz",
    "name": "zz-nobody-zz",
    "birthdate": "1000-01-01",
    "identifier": "|zz-nobody-zz",
    "_lastUpdated": "gt2999-01-01T00:00:00Z",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """What one installation offers. ``filters`` are the FHIR Patient parameters that it applies.

    ``filters`` is ``None`` where only a search with a token could tell. ``invitations`` is
    ``client``, ``application`` (a link that needs the client's number) or ``link``.
    """

    version: str
    has_health: bool
    fhir_base: str
    filters: frozenset[str] | None
    invitations: str
    api_keys: bool

    @property
    def searches_names(self) -> bool:
        """Whether people can be searched by name and birth date."""
        return self._applies(NAME_FILTERS)

    @property
    def searches_identifiers(self) -> bool:
        """Whether FHIR finds people by an identifier's value."""
        return self._applies({"identifier"})

    @property
    def searches_changes(self) -> bool:
        """Whether FHIR lists people by when their record changed."""
        return self._applies({"_lastUpdated"})

    @property
    def lists_freely(self) -> bool:
        """Whether REST lists leave the caller's console selection alone.

        They have saved it since 2026-05-02, the health address is older (2026-03-21): a server
        without one is safe.
        """
        return not self.has_health

    @property
    def changes_decisions(self) -> bool:
        """Whether a decision that was made can be changed by PATCH: since 2026-05-22. API keys are younger
        (2026-06-16): a server that has them has this, whatever else (README.md §15)."""
        return self.api_keys

    @property
    def generation(self) -> str:
        """The generation in a few words, for admins."""
        if self.searches_names and self.api_keys:
            return "current (FHIR search, API keys)"
        if not self.has_health and self.fhir_base == OLD_FHIR:
            return "2025-10 (no FHIR search by name, no API keys)"
        return "between 2025-10 and current"

    def _applies(self, names: set[str] | frozenset[str]) -> bool:
        return self.filters is not None and names <= self.filters


_found: dict[str, tuple[float, Dialect]] = {}
_lock = threading.Lock()


def find(http: HttpConnection, totals: Callable[[dict[str, str]], int] | None = None) -> Dialect:
    """The dialect of an installation: kept, or probed for.

    ``totals`` searches FHIR Patient with a token and says how many there are; it is used only
    for the generations that have this search and no CapabilityStatement to name its filters.
    """
    url = http.endpoint.url
    with _lock:
        kept = _found.get(url)
    if kept is not None and kept[0] > time.monotonic() and (kept[1].filters is not None or totals is None):
        return kept[1]
    shared = cache.get(_key(url))
    dialect = _from_cache(shared)
    if dialect is None or (dialect.filters is None and totals is not None):
        return probe(http, totals)
    _keep(url, dialect)
    return dialect


def probe(http: HttpConnection, totals: Callable[[dict[str, str]], int] | None = None) -> Dialect:
    """Ask the installation itself, and keep the answers for everybody. Changes nothing there."""
    replies = []
    for reply in side_by_side(lambda path: _ask(http, path), [ALWAYS_THERE, *OPEN, *CLOSED], pool=NAME):
        if isinstance(reply, Exception):
            raise reply
        replies.append(reply)
    always, health, metadata, patient, invitation, clients, keys = replies
    if not _there(always):  # a gateway's page, or no JHE: nothing to be learnt from what is missing
        raise http.fault(errors.ProtocolError, "probe", reply=always, reason=UNKNOWN_PATH)
    new_fhir = _there(patient)
    filters: frozenset[str] | None = frozenset()
    if new_fhir:
        filters = _declared(http, metadata) if _there(metadata) else _honoured(totals)
    dialect = Dialect(
        version=_version(health),
        has_health=_there(health),
        fhir_base=NEW_FHIR if new_fhir else OLD_FHIR,
        filters=filters,
        invitations="client" if _there(invitation) else "application" if _there(clients) else "link",
        api_keys=_there(keys),
    )
    kept = asdict(dialect)
    kept["filters"] = None if filters is None else sorted(filters)
    cache.set(_key(http.endpoint.url), kept, KEPT_FOR)
    _keep(http.endpoint.url, dialect)
    return dialect


def forget(url: str) -> None:
    """Drop what is kept of an installation, so that the next call probes anew."""
    with _lock:
        _found.pop(url, None)
    cache.delete(_key(url))


def forget_here() -> None:
    """Drop what this process keeps; other processes and the shared cache are left alone."""
    with _lock:
        _found.clear()


def _keep(url: str, dialect: Dialect) -> None:
    with _lock:
        _found[url] = (time.monotonic() + KEPT_FOR, dialect)


def _key(url: str) -> str:
    return "jhe-dialect-" + hashlib.sha256(url.encode()).hexdigest()[:32]


def _from_cache(kept: Any) -> Dialect | None:
    if not isinstance(kept, dict):
        return None
    filters = kept.get("filters")
    try:
        return Dialect(**{**kept, "filters": None if filters is None else frozenset(filters)})
    except TypeError:  # kept by another release of the portal
        return None


def _ask(http: HttpConnection, path: str) -> Reply:
    """A reply that says whether the address is there; any other is no answer to build on."""
    reply = http.ask("probe", "GET", path)
    if reply.status not in (404, 200 if path in OPEN else 401):
        if reply.ok:
            raise http.fault(errors.ProtocolError, "probe", reply=reply, reason="no sign-in asked for")
        raise http.error_for(reply, "probe")
    if reply.ok and reply.text_kind:
        raise http.fault(errors.ProtocolError, "probe", reply=reply, reason=reply.text_kind)
    return reply


def _there(reply: Reply) -> bool:
    return reply.status != 404


def _version(health: Reply) -> str:
    version = health.json.get("version") if health.ok and isinstance(health.json, dict) else ""
    return version[:40] if isinstance(version, str) else ""


def _declared(http: HttpConnection, metadata: Reply) -> frozenset[str]:
    """The Patient search parameters that a CapabilityStatement names."""
    try:
        resources = [each for rest in metadata.json["rest"] for each in rest["resource"]]
        patient = next(each for each in resources if each["type"] == "Patient")
        return frozenset(str(each["name"]) for each in patient["searchParam"])
    except (KeyError, TypeError, StopIteration):
        reason = "no CapabilityStatement"
        raise http.fault(errors.ProtocolError, "probe", reply=metadata, reason=reason) from None


def _honoured(totals: Callable[[dict[str, str]], int] | None) -> frozenset[str] | None:
    """The parameters that find nobody when asked for nobody; an ignored one finds everybody."""
    if totals is None:
        return None
    counts = side_by_side(lambda item: totals({item[0]: item[1]}), CANARIES.items(), pool=NAME)
    for count in counts:
        if isinstance(count, Exception) and not isinstance(count, errors.Invalid):
            raise count
    if totals({}) == 0:  # nobody in reach: an ignored filter would look the same
        return None
    return frozenset(name for name, count in zip(CANARIES, counts, strict=True) if count == 0)
