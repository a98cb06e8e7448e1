"""What is to be written, by kind; kept encrypted with the operation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import cattrs.preconf.json

from integrations.types import Identifier
from integrations.writes import Changes, IdentifierChange, NewRecord, Shown
from portal.web.crypto import Undecryptable

from .study_wishes import CancelInvitation, Decide, Enrol, Invite, StudyWish, Unenrol

_json = cattrs.preconf.json.make_converter(forbid_extra_keys=True)


class Kind(StrEnum):
    """The kinds of write."""

    CREATE = "create"
    CHANGE = "change"
    ARCHIVE = "archive"
    IDENTIFY = "identify"
    JOIN = "join"
    LEAVE = "leave"
    REMOVE = "remove"
    MARK = "mark"
    ENROL = "enrol"
    UNENROL = "unenrol"
    DECIDE = "decide"
    INVITE = "invite"
    CANCEL_INVITATION = "cancel invitation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Create:
    """A new record of a person. ``apart``: numbers of records that somebody has said are other people;
    ``namesake``: the reason for which it is another person than whoever has the same names and birth date;
    ``is_test``: it is somebody made up, whose record is marked as such as soon as it is there."""

    new: NewRecord = field(repr=False)
    apart: tuple[str, ...] = ()
    namesake: str = field(default="", repr=False)
    is_test: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Details of a record to be set.

    ``shown`` is what the record held where the changes were made; ``pending`` the same, as earlier
    operations that were still open then will have made it. What is neither nor what is wanted was
    changed by somebody else meanwhile: then a person decides.
    """

    changes: Changes = field(repr=False)
    shown: Shown = field(repr=False)
    pending: Shown | None = field(default=None, repr=False)
    organization_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """A record to be put away."""

    reason: str = field(repr=False)
    notes: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identify:
    """Identifiers to be added to a record, or taken from it."""

    change: IdentifierChange = field(repr=False)
    organization_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """A record to be added to an organization."""

    organization_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """A record to be removed from an organization; never from its last one."""

    organization_id: str
    reason: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Remove:
    """A record to be removed from its last organization, with which its system deletes it. Asked for by
    nothing but a removal that a second person has confirmed (``recording.ask_confirmed``)."""

    organization_id: str
    reason: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """The portal's own id (the operation's) to be written into a record that has none."""


Wish = Create | Change | Archive | Identify | Join | Leave | Remove | Mark | StudyWish

_CLASSES: Mapping[Kind, type[Wish]] = {
    Kind.CREATE: Create,
    Kind.CHANGE: Change,
    Kind.ARCHIVE: Archive,
    Kind.IDENTIFY: Identify,
    Kind.JOIN: Join,
    Kind.LEAVE: Leave,
    Kind.REMOVE: Remove,
    Kind.MARK: Mark,
    Kind.ENROL: Enrol,
    Kind.UNENROL: Unenrol,
    Kind.DECIDE: Decide,
    Kind.INVITE: Invite,
    Kind.CANCEL_INVITATION: CancelInvitation,
}
#: What the portal sees for itself whether it has happened, so that nobody says so by hand.
SEEN_BY_LOOKING = frozenset(
    {Kind.REMOVE, Kind.ENROL, Kind.UNENROL, Kind.DECIDE, Kind.INVITE, Kind.CANCEL_INVITATION}
)
_KINDS = {each: kind for kind, each in _CLASSES.items()}


def kind_of(wish: Wish) -> Kind:
    """The kind of write that a wish is."""
    return _KINDS[type(wish)]


def organization_of(wish: Wish) -> str:
    """The organization that a wish names; empty for none."""
    named = wish.new if isinstance(wish, Create) else wish
    return str(getattr(named, "organization_id", ""))


def custom_field(name: str) -> str:
    """What a field of the organization's own is called where the fields of an operation are named."""
    return f"custom_fields.{name}"


def to_keep(wish: Wish) -> dict[str, Any]:
    """A wish as JSON."""
    kept: dict[str, Any] = _json.unstructure(wish)
    return kept


def kept(kind: str, data: object) -> Wish:
    """The wish that was kept. Raises ``Undecryptable`` where it cannot be read any more: nothing is left
    out of it."""
    try:
        wish: Wish = _json.structure(data, _CLASSES[Kind(kind)])
    except Exception as fault:  # cattrs raises groups of many kinds, whose texts hold the values
        raise Undecryptable(f"a wish of kind {kind} cannot be read: {type(fault).__name__}") from None
    return wish


def identifiers_to_keep(identifiers: tuple[Identifier, ...]) -> Any:
    """Identifiers as JSON."""
    return _json.unstructure(identifiers)


def kept_identifiers(data: object) -> tuple[Identifier, ...]:
    """The identifiers that were kept."""
    found: tuple[Identifier, ...] = _json.structure(data, tuple[Identifier, ...])
    return found
