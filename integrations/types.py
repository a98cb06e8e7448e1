"""Normalised values: what the three systems say, in the words of the portal.

Adapters make these from wire JSON (``<system>/mapping.py``) and nobody outside
``integrations`` sees anything else. All dataclasses are frozen, slotted and
keyword-only; only system and id appear in ``repr``, so that no value about a person
reaches a log or a traceback by accident. An empty text, an empty tuple and ``None`` all
mean "the system holds nothing here". A wire value that we do not know becomes
``UNKNOWN`` and stays readable in ``raw``; it is never guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Protocol

from .deadlines import Deadline


class Sex(StrEnum):
    """Recorded sex. ``OTHER`` is Impilo's, ``INDETERMINATE`` Jump's; the two are not the same."""

    FEMALE = "female"
    MALE = "male"
    INDETERMINATE = "indeterminate"
    OTHER = "other"
    UNKNOWN = "unknown"


class Gender(StrEnum):
    """Gender identity as the person gives it; never derived from sex."""

    WOMAN = "woman"
    MAN = "man"
    NON_BINARY = "non_binary"
    OTHER = "other"
    PREFER_NOT_TO_SAY = "prefer_not_to_say"
    UNKNOWN = "unknown"


class RecordStatus(StrEnum):
    """Where a record stands in its own system."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    ARCHIVED = "archived"
    MERGED = "merged"
    UNKNOWN = "unknown"


class Registration(StrEnum):
    """Kind of registration. ``TEMPORARY`` is a real person; ``DUMMY`` is a test record."""

    STANDARD = "standard"
    TEMPORARY = "temporary"
    DUMMY = "dummy"
    ARCHIVED = "archived"
    MERGED = "merged"
    UNKNOWN = "unknown"


class PhoneKind(StrEnum):
    """Which of a record's phones a number is."""

    MAIN = "main"
    MOBILE = "mobile"
    HOME = "home"


class Role(StrEnum):
    """A practitioner's role in one JHE organization (``integrations/jhe/README.md``, Roles)."""

    MANAGER = "manager"
    MEMBER = "member"
    VIEWER = "viewer"
    SUPERUSER = "super_user"

    @property
    def may_write(self) -> bool:
        """Whether whoever holds it may change people of the organization."""
        return self is not Role.VIEWER


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """One telephone number, as the system holds it."""

    kind: PhoneKind = PhoneKind.MAIN
    number: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A postal address; ``lines`` holds up to three lines without town and postcode.

    ``note`` is for whoever delivers there (Impilo's); no part of where it is.
    """

    lines: tuple[str, ...] = field(default=(), repr=False)
    town: str = field(default="", repr=False)
    county: str = field(default="", repr=False)
    postcode: str = field(default="", repr=False)
    country: str = field(default="", repr=False)
    note: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Demographics:
    """Who a record says the person is.

    ``full_name`` is filled only where a system gives one unsplit name. ``nhs_number`` is ten
    digits where it can be read so, else the text as held. ``birth_date`` is ``None`` where the
    system holds none or an unreadable one (then ``RemotePatient.unread`` names it).
    """

    given_name: str = field(default="", repr=False)
    family_name: str = field(default="", repr=False)
    middle_name: str = field(default="", repr=False)
    preferred_name: str = field(default="", repr=False)
    title: str = field(default="", repr=False)
    full_name: str = field(default="", repr=False)
    birth_date: date | None = field(default=None, repr=False)
    sex: Sex | None = field(default=None, repr=False)
    gender: Gender | None = field(default=None, repr=False)
    nhs_number: str = field(default="", repr=False)
    email: str = field(default="", repr=False)
    phones: tuple[Phone, ...] = field(default=(), repr=False)
    address: Address | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactPreferences:
    """How the person wants to be reached. ``None`` = the system says nothing."""

    preferred_method: str = field(default="", repr=False)
    sms: bool | None = field(default=None, repr=False)
    email: bool | None = field(default=None, repr=False)
    marketing: bool | None = field(default=None, repr=False)
    electronic: bool | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accessibility:
    """What the person needs to be served well; each entry is a phrase to be shown."""

    needs: tuple[str, ...] = field(default=(), repr=False)
    notes: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Administrative:
    """What the system notes about the record rather than about the person's identity.

    ``custom_fields`` are (name, value as text) pairs in the system's order. ``enrolled`` is
    Impilo's flag; ``None`` elsewhere. ``site`` is the place responsible, ``site_details`` how to
    reach it. ``login`` is the number of the person's own account in the system (JHE's).
    """

    is_deceased: bool = field(default=False, repr=False)
    date_of_death: date | None = field(default=None, repr=False)
    requires_review: bool = field(default=False, repr=False)
    review_reason: str = field(default="", repr=False)
    ethnicity: str = field(default="", repr=False)
    occupation: str = field(default="", repr=False)
    notes: str = field(default="", repr=False)
    custom_fields: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    enrolled: bool | None = field(default=None, repr=False)
    site: str = field(default="", repr=False)
    site_details: tuple[str, ...] = field(default=(), repr=False)
    login: str = field(default="", repr=False)
    archived_at: datetime | None = field(default=None, repr=False)
    archived_by: str = field(default="", repr=False)
    archive_reason: str = field(default="", repr=False)
    archive_notes: str = field(default="", repr=False)
    created_at: datetime | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifier:
    """An identifier that some party gave the person or record: ``system`` names the party.

    ``guessable`` marks one that can be computed back to personal data (Impilo's recipe, MD5 of
    e-mail and phone): shown to nobody, never a reason to trust a match.
    """

    system: str = field(repr=False)
    value: str = field(repr=False)
    guessable: bool = field(default=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """A JHE organization; ``role`` is the caller's own, ``None`` where none or not told.

    ``above`` are the names of those that it is part of, the outermost first; empty where not told.
    """

    id: str
    name: str = ""
    kind: str = ""
    part_of: str = ""
    role: Role | None = None
    above: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """A JHE study and the organization that runs it."""

    id: str
    name: str = ""
    description: str = ""
    organization: Organization | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemotePatient:
    """One system's record of a person.

    ``complete`` is false for short list rows: a field that is empty there may be filled in the
    full record. ``unread`` names the fields (ours) that held something we could not read.
    ``raw`` is for display to admins and for tests; services never branch on it.
    """

    system: str
    id: str
    demographics: Demographics = field(repr=False)
    contact: ContactPreferences = field(default=ContactPreferences(), repr=False)
    accessibility: Accessibility = field(default=Accessibility(), repr=False)
    administrative: Administrative = field(default=Administrative(), repr=False)
    status: RecordStatus = field(default=RecordStatus.ACTIVE, repr=False)
    registration: Registration = field(default=Registration.STANDARD, repr=False)
    identifiers: tuple[Identifier, ...] = field(default=(), repr=False)
    organizations: tuple[Organization, ...] = field(default=(), repr=False)
    updated_at: datetime | None = field(default=None, repr=False)
    complete: bool = field(default=True, repr=False)
    unread: tuple[str, ...] = field(default=(), repr=False)
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchQuery:
    """What to look for. Every filled field must hold for a record to be found.

    ``given_name`` and ``family_name`` are filled where the order is known ("Smith, Anne");
    ``words`` holds the name words as typed, in any case. ``birth_dates`` holds more than one
    date where the typed order of day and month can be read either way. ``nhs_number`` is ten
    digits, ``phone`` as typed. ``record_id`` is a system's own id; with ``record_system`` it is
    asked of that system only. ``study_number`` is a participant's number in a study, which no
    system keeps: the portal does.
    """

    words: tuple[str, ...] = field(default=(), repr=False)
    given_name: str = field(default="", repr=False)
    family_name: str = field(default="", repr=False)
    birth_dates: tuple[date, ...] = field(default=(), repr=False)
    nhs_number: str = field(default="", repr=False)
    email: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    postcode: str = field(default="", repr=False)
    record_id: str = field(default="", repr=False)
    record_system: str = field(default="", repr=False)
    study_number: str = field(default="", repr=False)


class Term(StrEnum):
    """The kinds of detail that a person can be looked up by."""

    NAME = "name"
    BIRTH_DATE = "birth_date"
    NHS_NUMBER = "nhs_number"
    EMAIL = "email"
    PHONE = "phone"
    POSTCODE = "postcode"
    RECORD_ID = "record_id"
    STUDY_NUMBER = "study_number"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A search that was carried out. ``records`` may be empty: then nobody was found.

    ``searched_by`` are the terms that the system really applied; a term that was given and is
    not in it did not narrow the result and has to be checked by whoever reads the records.
    ``more`` says that the system holds more hits than were read.
    """

    records: tuple[RemotePatient, ...] = field(default=(), repr=False)
    searched_by: frozenset[Term] = frozenset()
    more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CannotSearch:
    """This system cannot search by any of the details given.

    ``for_staff`` is one plain sentence; ``possible`` are the terms that it can search by.
    """

    for_staff: str
    possible: frozenset[Term] = frozenset()


SearchAnswer = Found | CannotSearch


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """How much of a system's hourly allowance is left, as its own headers say."""

    limit: int
    remaining: int
    resets_at: datetime | None = None
    read_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AbilityState:
    """Whether one ability can be used with the key or token at hand.

    ``available`` is ``None`` where harmless probing cannot tell; ``reason`` is one sentence for
    admins: what is missing, and what that switches off.
    """

    name: str
    available: bool | None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What a look at one system found: can it be reached, what is it, what may we do."""

    system: str
    address: str
    reachable: bool
    authorised: bool | None
    generation: str = ""
    version: str = ""
    abilities: tuple[AbilityState, ...] = ()
    quota: Quota | None = None
    problem: str = ""
    next_step: str = ""
    request_id: str = ""
    milliseconds: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSet:
    """What a token exchange gives. ``expires_in`` is in seconds from now, 0 where nobody says."""

    access: str = field(repr=False)
    refresh: str = field(default="", repr=False)
    expires_in: int = 0
    scope: str = ""


class TokenSource(Protocol):
    """A person's own token for one system, handed to an adapter by whoever keeps it.

    Both methods raise :class:`integrations.errors.Unauthorised` where there is none.
    """

    def current(self) -> str:
        """The token to send now."""
        ...

    def renewed(self, rejected: str) -> str:
        """Another token, after the system refused ``rejected``."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """For whom an adapter works: whose token, how long, and whether anybody waits for it.

    ``background`` work stops before the reserve that a system's quota keeps for staff. ``sending`` is
    called whenever a request is about to leave.
    """

    token: TokenSource | None = field(default=None, repr=False)
    deadline: Deadline | None = None
    background: bool = False
    sending: Callable[[], None] | None = field(default=None, repr=False)


NOBODY = Caller()

Clock = Callable[[], datetime]
