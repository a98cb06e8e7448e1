"""What every adapter's healthcheck has in common: one probe in, reachability and next step out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from . import errors, limits
from .http import Endpoint, Reply
from .types import Health


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """The outcome of one harmless request: a reply of any status, or the error instead of one."""

    reply: Reply | None = None
    error: errors.IntegrationError | None = None

    @property
    def status(self) -> int:
        """The reply's status; 0 without a reply."""
        return self.reply.status if self.reply else 0


def probe(ask: Callable[[], Reply]) -> Probe:
    """Ask; what goes wrong between the systems becomes part of the outcome."""
    try:
        return Probe(reply=ask())
    except errors.IntegrationError as error:
        return Probe(error=error)


def unwell(endpoint: Endpoint, outcome: Probe, error: errors.IntegrationError) -> Health:
    """The health of a system whose first probe failed with ``error``."""
    refused = isinstance(error, errors.Unauthorised)
    return Health(
        system=endpoint.system,
        address=endpoint.url,
        reachable=outcome.reply is not None or isinstance(error, errors.RateLimited),
        authorised=False if refused else None,
        quota=limits.quota_of(endpoint.system),
        problem=error.for_staff,
        next_step=next_step(endpoint, error),
        request_id=error.request_id,
        milliseconds=outcome.reply.milliseconds if outcome.reply else 0,
    )


def next_step(endpoint: Endpoint, error: errors.IntegrationError) -> str:
    """What an admin can do about a connection that does not work."""
    name = endpoint.system.upper()
    match error:
        case errors.Unauthorised():
            return f"Check the API key ({name}_API_KEY): it may be mistyped, revoked or expired."
        case errors.NotConfigured():
            return f"Set {name}_URL (https) and {name}_API_KEY. Keys for live data work in production only."
        case errors.Unavailable():
            return f"Check the address ({name}_URL) and whether this server can reach it."
        case errors.ProtocolError() | errors.NotFound():
            return f"Check the address ({name}_URL): what answers there does not look like {endpoint.label}."
        case _:
            return error.next_step
