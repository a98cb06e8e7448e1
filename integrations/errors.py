"""One family of errors, whatever the system.

    IntegrationError
    ├── NotConfigured        no address or key is set
    ├── Unauthorised         401: key or token missing, wrong, expired
    ├── Forbidden            403: role or scope does not reach
    ├── NotFound             404: no such record
    ├── Invalid              400, 422: a value was refused (field_errors)
    ├── Conflict             409: somebody or something was first
    ├── RateLimited          429, or the quota's reserve is reached (retry_after)
    ├── Unavailable          no connection, time-out, 5xx
    ├── ProtocolError        a reply that does not fit the contract
    └── Unsupported          this system cannot do that at all
    WebhookRejected          a delivery whose secret or signature is wrong

Errors carry system, operation and request id and never anything about a person: their text
is ours, and what a system wrote in its reply stays out of it. ``for_staff`` is one sentence
that staff understand, ``next_step`` one thing they can do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, TypedDict, Unpack

__all__ = [
    "BEYOND_REACH",
    "Conflict",
    "Forbidden",
    "IntegrationError",
    "Invalid",
    "NotConfigured",
    "NotFound",
    "ProtocolError",
    "RateLimited",
    "Unauthorised",
    "Unavailable",
    "Unsupported",
    "WebhookRejected",
]


BEYOND_REACH = "beyond reach"
"""The reason of a ``Forbidden`` that is about this one record, not about the key or token."""


class Details(TypedDict, total=False):
    """What may be said about an error beyond system and operation; never about a person."""

    label: str
    request_id: str
    reason: str
    outcome_unknown: bool
    under_way: bool
    for_staff: str
    next_step: str


class IntegrationError(Exception):
    """Something went wrong between the portal and one system.

    ``retryable``: the same request may succeed later without anybody changing anything.
    ``outcome_unknown``: a write left and it cannot be told whether it took effect. ``under_way``: it may
    take effect still, since nobody answered, or a gateway in the system's place.
    ``reason`` is one of a few fixed words for logs and tests ("timeout", "connection", "html"…).
    """

    retryable: ClassVar[bool] = False
    staff_sentence: ClassVar[str] = "{label} could not do what was asked."
    step: ClassVar[str] = "Try again. If it happens again, tell your administrator."

    def __init__(self, *, system: str, operation: str, **details: Unpack[Details]) -> None:
        self.system = system
        self.operation = operation
        self.label = details.get("label") or system
        self.request_id = details.get("request_id", "")
        self.reason = details.get("reason", "")
        self.outcome_unknown = details.get("outcome_unknown", False)
        self.under_way = details.get("under_way", False)
        self.for_staff = details.get("for_staff") or self.staff_sentence.format(label=self.label)
        self.next_step = details.get("next_step") or self.step
        super().__init__(
            f"{type(self).__name__}: {system} {operation} {self.reason} {self.request_id}".rstrip()
        )


class NotConfigured(IntegrationError):
    """The portal has no address or key for this system."""

    staff_sentence = "{label} is not connected to this portal."
    step = "Ask your administrator to connect it."


class Unauthorised(IntegrationError):
    """The key or token was refused."""

    staff_sentence = "{label} does not accept the portal's key or your sign-in."
    step = "Ask your administrator to check the connection."


class Forbidden(IntegrationError):
    """The key or token is good, but its role or scope does not reach this."""

    staff_sentence = "{label} does not allow this with the access you have."
    step = "Ask somebody whose role allows it, or your administrator."


class NotFound(IntegrationError):
    """There is no such record, or none that the caller may know of."""

    staff_sentence = "{label} has no such record. It may have been removed or merged."
    step = "Look the person up again."


class Invalid(IntegrationError):
    """A value was refused. ``field_errors``: our field name → one sentence of ours."""

    staff_sentence = "{label} did not accept one of the details."
    step = "Check the details and try again."

    def __init__(
        self,
        *,
        system: str,
        operation: str,
        field_errors: Mapping[str, str] | None = None,
        **details: Unpack[Details],
    ) -> None:
        super().__init__(system=system, operation=operation, **details)
        self.field_errors = dict(field_errors or {})


class Conflict(IntegrationError):
    """Somebody or something was first."""

    staff_sentence = "{label} holds something that stands against this."
    step = "Look the person up again before going on."


class RateLimited(IntegrationError):
    """Too many requests. ``retry_after`` is in seconds, ``None`` where nobody says."""

    retryable = True
    staff_sentence = "{label} has had too many requests for now."
    step = "Wait a moment and try again."

    def __init__(
        self,
        *,
        system: str,
        operation: str,
        retry_after: float | None = None,
        **details: Unpack[Details],
    ) -> None:
        super().__init__(system=system, operation=operation, **details)
        self.retry_after = retry_after


class Unavailable(IntegrationError):
    """No answer: no connection, a time-out, or a server fault."""

    retryable = True
    staff_sentence = "{label} is not answering."
    step = "Try again in a minute. The other systems are not affected."


class ProtocolError(IntegrationError):
    """An answer came, and it does not fit the contract."""

    staff_sentence = "{label} answered in a way the portal does not understand."
    step = "Try again. If it happens again, give your administrator the request id."


class Unsupported(IntegrationError):
    """This system cannot do that at all; raised rather than dropping what was asked."""

    staff_sentence = "{label} cannot do that."
    step = "Use a system that can."


class WebhookRejected(Exception):
    """A webhook delivery whose secret, signature or time is wrong."""
