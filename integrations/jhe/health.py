"""What can be said about a connection to JHE by harmless reading."""

from __future__ import annotations

import time

from django.conf import settings

from integrations import errors
from integrations.types import AbilityState, Caller, Health, TokenSource

from . import dialect as dialects
from . import mapping, oauth
from .client import JheClient
from .dialect import Dialect

_INVITATIONS = {
    "client": "Invitations name a patient app; made in the study's own list of apps.",
    "application": "Invitations are links that need the number of a patient app.",
    "link": "Invitations are links; JHE keeps no state of them.",
}
_TWO_STEPS = "The old decision is forgotten before the new one is made; the portal reads back after each."


def look(client: JheClient, caller: Caller) -> Health:
    """Probe the installation anew, try the caller's token and the API key. Never raises."""
    started = time.monotonic()
    dialect, problem = _dialect(client)
    authorised, refusal = key_accepted, _ = None, None
    if isinstance(problem, errors.Unauthorised):
        authorised = False
    if dialect is not None:
        authorised, refusal = key_accepted, _ = _accepted(client, oauth.api_key_source(client.http))
        if caller.token is not None:
            authorised, refusal = _accepted(client, caller.token)
    trouble = problem or refusal
    return Health(
        system=mapping.NAME,
        address=client.http.endpoint.url,
        reachable=dialect is not None or _answered(problem),
        authorised=authorised,
        generation=dialect.generation if dialect else "",
        version=dialect.version if dialect else "",
        abilities=_abilities(dialect, key_accepted) if dialect else (),
        problem=trouble.for_staff if trouble else "",
        next_step=trouble.next_step if trouble else "",
        request_id=trouble.request_id if trouble else "",
        milliseconds=round((time.monotonic() - started) * 1000),
    )


def _answered(problem: errors.IntegrationError | None) -> bool:
    """Whether an answer came, though not one to work with."""
    return isinstance(problem, errors.ProtocolError) or bool(problem and problem.reason.startswith("status"))


def _dialect(client: JheClient) -> tuple[Dialect | None, errors.IntegrationError | None]:
    try:
        return dialects.probe(client.http), None
    except errors.IntegrationError as fault:
        return None, fault


def _accepted(client: JheClient, source: TokenSource) -> tuple[bool | None, errors.IntegrationError | None]:
    """Whether a token is accepted; ``None`` where there is none or it cannot be told."""
    try:
        _subject, kind = mapping.account_from(JheClient(client.http, oauth.Bearer(source)).profile())
    except (errors.Unauthorised, errors.Forbidden) as fault:
        return False, fault
    except errors.IntegrationError as fault:
        return None, None if fault.reason == oauth.NO_API_KEY else fault
    if kind != "practitioner":
        return False, client.http.fault(
            errors.Forbidden,
            "profile",
            for_staff=f"This {mapping.LABEL} login belongs to a patient.",
            next_step="Use a practitioner's login.",
        )
    return True, None


def _abilities(dialect: Dialect, key_accepted: bool | None) -> tuple[AbilityState, ...]:
    unknown = dialect.filters is None
    names = None if unknown else dialect.searches_names
    numbers = dialect.lists_freely or (None if unknown else dialect.searches_identifiers)
    return (
        AbilityState(
            name="Search by name and date of birth",
            available=names,
            reason=_reason(names, "Only e-mail, identifier and id find a person: there is no FHIR search."),
        ),
        AbilityState(
            name="Search by NHS number and other identifiers",
            available=numbers,
            reason=_reason(numbers, "The only search by identifier here would disturb JHE's own console."),
        ),
        AbilityState(name="Look up by e-mail in every organization", available=True),
        _background(dialect, key_accepted),
        AbilityState(name="Invitations", available=True, reason=_INVITATIONS[dialect.invitations]),
        AbilityState(
            name="Change a consent in one step",
            available=dialect.changes_decisions,
            reason="" if dialect.changes_decisions else _TWO_STEPS,
        ),
    )


def _background(dialect: Dialect, key_accepted: bool | None) -> AbilityState:
    """Reading without a person's session, as the mirror needs it."""
    name = "Background reading with an API key"
    if not dialect.api_keys:
        reason = "This version has no API keys: background reading needs a connected practitioner."
        return AbilityState(name=name, available=False, reason=reason)
    if not settings.SYSTEMS[mapping.NAME]["API_KEY"]:
        reason = "No API key is set (JHE_API_KEY): background reading is off."
        return AbilityState(name=name, available=False, reason=reason)
    reason = "The API key is refused: check it, or make a new one." if key_accepted is False else ""
    return AbilityState(name=name, available=key_accepted, reason=reason)


def _reason(available: bool | None, missing: str) -> str:
    if available is None:
        return "Cannot be told without a person's token."
    return "" if available else missing
