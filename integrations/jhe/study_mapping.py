"""Wire JSON about studies, apps and invitations → ours. Pure; rules and their sources: README.md §14 to §16.

Every function returns a value or raises :class:`~integrations.errors.ProtocolError`, whatever it is given.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from integrations.errors import ProtocolError
from integrations.studies import App, DataSource, Invitation, InvitationState, Scope, Seen

from .mapping import LABEL, NAME, is_id

_STATES = {
    "issued": InvitationState.ISSUED,
    "reissued": InvitationState.REPLACED,
    "redeemed": InvitationState.REDEEMED,
    "cancelled": InvitationState.CANCELLED,
    "expired": InvitationState.EXPIRED,
}


def scope_from(data: Any) -> Scope:
    """The kind of data in one of a study's scope requests."""
    return _scope(_object(data, "scope request").get("scopeCode"))


def data_source_from(data: Any) -> DataSource:
    """The source in one of a study's links to it."""
    row = _object(_object(data, "study data source").get("dataSource"), "data source")
    return DataSource(id=_id(row.get("id")), name=_text(row.get("name")), kind=_text(row.get("type")))


def app_of_study(data: Any) -> App:
    """The app in one of a study's links to it. Nothing else of that OAuth application is looked at; whether
    an invitation leads to it, is not told there."""
    row = _object(_object(data, "study client").get("client"), "client")
    return App(id=_id(row.get("id")), name=_text(row.get("name")), invites=False)


def app_from(data: Any) -> App:
    """An app as the lists of apps give it."""
    row = _object(data, "client")
    invites = bool(_text(row.get("invitationUrl")))
    return App(id=_id(row.get("id")), name=_text(row.get("name")), invites=invites)


def invitation_from(data: Any) -> Invitation:
    """An invitation. Its token, where one stands beside it, is not looked at."""
    row = _object(data, "invitation")
    return Invitation(
        id=_id(row.get("id")),
        patient_id=_id(row.get("patientId")),
        app_id=_id(row.get("client_id")),
        state=_STATES.get(_text(row.get("status")), InvitationState.NOT_KNOWN),
        changed_at=_moment(row.get("lastUpdated")),
    )


def seen_from_fhir(data: Any) -> tuple[str, Seen]:
    """The number of a FHIR observation, and what a board needs of it."""
    row = _object(data, "Observation")
    reference = _text(_object(row.get("subject"), "subject").get("reference"))
    codings = _object(row.get("code"), "code").get("coding")
    coding = _object(codings[0] if isinstance(codings, list) and codings else None, "coding")
    meta = _object(row.get("meta"), "meta")
    return _id(row.get("id")), Seen(
        patient_id=_id(reference.removeprefix("Patient/")),
        scope=(_text(coding.get("system")), _text(coding.get("code"))),
        at=_moment(meta.get("lastUpdated")),
    )


def seen_from_rest(data: Any) -> tuple[str, Seen]:
    """The number of an observation of a REST list, and what a board needs of it."""
    row = _object(data, "observation")
    return _id(row.get("id")), Seen(
        patient_id=_id(row.get("subjectPatientId")),
        scope=(_text(row.get("codingSystem")), _text(row.get("codingCode"))),
        at=_moment(row.get("lastUpdated")),
    )


def _scope(data: Any) -> Scope:
    row = _object(data, "scope code")
    system, code = _text(row.get("codingSystem")), _text(row.get("codingCode"))
    if not (system and code):
        raise _malformed("a scope without code")
    return Scope(system=system, code=code, text=_text(row.get("text")))


def _moment(value: Any) -> datetime | None:
    """A moment with its offset; ``None`` where nothing is told."""
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise _malformed("not a moment") from None
    if moment.tzinfo is None:
        raise _malformed("a moment without offset")
    return moment


def _id(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**18:
        return str(value)
    if not isinstance(value, str) or not is_id(value):
        raise _malformed("not a number")
    return value


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _object(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _malformed(f"{what} is not an object")
    return value


def _malformed(reason: str) -> ProtocolError:
    return ProtocolError(system=NAME, operation="read a reply", label=LABEL, reason=reason)
