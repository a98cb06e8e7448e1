"""A look at the connection to Jump by harmless reading."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations import health, limits
from integrations.errors import Forbidden, IntegrationError, ProtocolError
from integrations.health import Probe
from integrations.parallel import side_by_side
from integrations.types import AbilityState, Health

from . import replies
from .client import JumpClient

# One request each, one row at most: README, Scopes. What each is for completes the sentence
# "Without it the portal cannot …".
SCOPES: Mapping[str, tuple[str, Mapping[str, Any], str]] = {
    "read_patients": ("/patients", {"limit": 1}, "look people up in Jump EHR"),
    "read_appointments": ("/appointments", {"limit": 1}, "show appointments"),
    "read_appointment_templates": ("/appointment-templates", {"limit": 1}, "offer kinds of appointment"),
    "read_clinicians": ("/clinician-profiles", {"limit": 1}, "show who an appointment is with"),
    "read_locations": ("/locations", {"limit": 1}, "show where an appointment is"),
}
WRITE_SCOPES: Mapping[str, str] = {
    "write_patients": "register and edit people",
    "write_appointments": "book appointments",
}


def look(client: JumpClient) -> Health:
    """What a first small request shows; only if it is accepted, one more for every other scope."""
    try:
        return _look(client)
    except IntegrationError as error:
        return health.unwell(client.endpoint, Probe(error=error), error)


def _look(client: JumpClient) -> Health:
    first = _probe(client, "read_patients")
    problem = _problem(client, first)
    if problem is not None and not isinstance(problem, Forbidden):
        return health.unwell(client.endpoint, first, problem)
    others = [scope for scope in SCOPES if scope != "read_patients"]
    outcomes = side_by_side(lambda scope: _probe(client, scope), others, pool=client.endpoint.system)
    probes = dict(zip(others, outcomes, strict=True))
    abilities = [_ability("read_patients", first)]
    abilities += [_ability(scope, probe) for scope, probe in probes.items()]
    abilities += [_not_probed(scope) for scope in WRITE_SCOPES]
    page = replies.page(first.reply.json, offset=0) if first.reply else None
    return Health(
        system=client.endpoint.system,
        address=client.endpoint.url,
        reachable=True,
        authorised=True,
        generation=page.generation if page else "",
        version=client.endpoint.url.rpartition("/")[2],
        abilities=tuple(abilities),
        quota=limits.quota_of(client.endpoint.system),
        problem=problem.for_staff if problem else "",
        next_step="Give the API key the scope read_patients." if problem else "",
        request_id=first.reply.request_id if first.reply else "",
        milliseconds=first.reply.milliseconds if first.reply else 0,
    )


def _probe(client: JumpClient, scope: str) -> Probe:
    path, params, _purpose = SCOPES[scope]
    return health.probe(lambda: client.probe("healthcheck", path, params))


def _problem(client: JumpClient, first: Probe) -> IntegrationError | None:
    """What is wrong with the first probe; ``None`` where it brought a list."""
    if first.reply is None:
        return first.error
    if not first.reply.ok:
        return client.http.error_for(first.reply, "healthcheck")
    if replies.page(first.reply.json, offset=0) is None:
        return client.http.fault(ProtocolError, "healthcheck", reply=first.reply, reason="shape")
    return None


def _ability(scope: str, probe: Probe | Exception) -> AbilityState:
    purpose = SCOPES[scope][2]
    status = probe.status if isinstance(probe, Probe) else 0
    if 200 <= status < 300:
        return AbilityState(name=scope, available=True)
    if status == 403:
        reason = f"The API key lacks the scope {scope}. Without it the portal cannot {purpose}."
        return AbilityState(name=scope, available=False, reason=reason)
    if status in (404, 405):
        reason = f"This Jump EHR does not offer it. The portal cannot {purpose}."
        return AbilityState(name=scope, available=False, reason=reason)
    return AbilityState(name=scope, available=None, reason="This could not be found out just now.")


def _not_probed(scope: str) -> AbilityState:
    reason = (
        f"Only a change in Jump EHR would show whether the key may {WRITE_SCOPES[scope]}, "
        "so it was not tried. The dashboard lists the key's scopes."
    )
    return AbilityState(name=scope, available=None, reason=reason)
