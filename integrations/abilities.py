"""What an adapter may offer, so that services are typed without naming a system.

``System`` is what every adapter offers; the others are offered by some, and an adapter
declares a capability exactly when it implements the protocol of the same name (asserted by
the contract suite). Whether a capability can be *used* with the key at hand is a question for
``healthcheck``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Protocol, runtime_checkable

from .holdings import Exported, Holdings
from .pages import RecordPage
from .studying import Enrols as Enrols
from .studying import HasStudies as HasStudies
from .studying import Invites as Invites
from .studying import KeepsConsents as KeepsConsents
from .types import (
    Caller,
    Health,
    Identifier,
    Organization,
    RemotePatient,
    SearchAnswer,
    SearchQuery,
    Term,
    TokenSet,
)
from .writes import Changes, Details, NewRecord, Part


class Capability(StrEnum):
    """Abilities that only some systems have; each names one protocol of this module."""

    PERSONAL_TOKEN = "personal_token"  # noqa: S105 (the name of an ability)
    ORGANIZATIONS = "organizations"
    STUDIES = "studies"
    LOOK_UP_EVERYWHERE = "look_up_everywhere"
    ARCHIVE = "archive"
    CUSTOM_FIELDS = "custom_fields"
    IDENTIFIERS = "identifiers"
    MEMBERSHIP = "membership"
    MARKS = "marks"
    HOLDINGS = "holdings"
    REMOVAL = "removal"
    ENROLMENT = "enrolment"
    CONSENTS = "consents"
    INVITATIONS = "invitations"


class System(Protocol):
    """The common interface. Every call may raise an :mod:`integrations.errors` error.

    ``creates_with`` are the details that a new record takes, ``needs`` those of them without which there is
    none, ``changes`` those that can be changed later, and ``unique`` those that no two records share.
    ``fixed`` are those that a record shows and that stay as they were made, each with why, in a sentence.
    ``keys_last`` is for how long an idempotency key is known, zero where there are none.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    capabilities: ClassVar[frozenset[Capability]]
    search_terms: ClassVar[frozenset[Term]]
    creates_with: ClassVar[frozenset[Part]]
    needs: ClassVar[frozenset[Part]]
    changes: ClassVar[frozenset[Part]]
    unique: ClassVar[frozenset[Part]]
    fixed: ClassVar[Mapping[Part, str]]
    keys_last: ClassVar[timedelta]

    def __init__(self, caller: Caller) -> None: ...

    def search(self, query: SearchQuery) -> SearchAnswer:
        """Find records by what is given; ``CannotSearch`` where no given term can be used."""
        ...

    def get(self, patient_id: str) -> RemotePatient:
        """The whole record. Raises ``NotFound``."""
        ...

    def page(self, cursor: str = "", since: datetime | None = None, *, size: int = 0) -> RecordPage:
        """One step of reading every record the caller may read, or those changed from ``since`` on.

        Begins with an empty ``cursor`` and goes on with each page's ``next_cursor``, under the same
        ``since``. A record may come in several pages; none that was there all the time is left out,
        as far as the system's paging allows. Rows may be short (``complete``). ``size`` asks for
        shorter pages than usual and counts at the beginning only. Raises ``StaleCursor``.
        """
        ...

    def tells_changes(self) -> bool:
        """Whether ``since`` makes reading shorter: else every step is taken all the same."""
        ...

    def iterate(self, since: datetime | None = None) -> Iterator[RemotePatient]:
        """All pages one after the other, each record once; one that changes meanwhile comes again."""
        ...

    def healthcheck(self) -> Health:
        """What can be said about the connection by harmless reading. Never raises."""
        ...

    @classmethod
    def as_held(cls, details: Details) -> Details:
        """These details in the form in which the system would hold them: an e-mail in lower case, a
        number without its separators. What is equal in this form needs no writing."""
        ...

    @classmethod
    def problems(cls, details: Details, parts: frozenset[Part]) -> Mapping[str, str]:
        """Why the system would not take these parts as they are in ``details``: by our field names, in one
        sentence each, those among them that it needs and that are empty. Parts that it has no place for
        are passed over. Told without asking it; what it refuses besides, it says when it is written to."""
        ...

    def create(self, new: NewRecord, *, key: str) -> RemotePatient:
        """Create a record: one request, never retried here. ``key`` is the idempotency key, the same for
        the same body within ``keys_last``; a system without such keys (``keys_last`` zero) ignores it.

        Every writing call raises an error whose ``outcome_unknown`` says whether it may have taken
        effect all the same, or take effect still. ``Unsupported`` for a part that is not in
        ``creates_with``; ``Invalid`` with our field names, also for what ``needs`` names and ``new`` lacks.
        """
        ...

    def created(self, new: NewRecord) -> Sequence[RemotePatient]:
        """Whole records that may be what :meth:`create` made of this, or stand in its way: by the
        portal's own id, by e-mail where one mailbox makes one record, by identifier, NHS number, name and
        birth date. Not only those in the caller's reach. Who asks compares the people."""
        ...

    def update(self, patient_id: str, changes: Changes, *, organization_id: str = "") -> RemotePatient:
        """Set what the changes name and nothing else; the record as it is then. ``organization_id``: in
        whose name, where records belong to organizations. ``Unsupported`` for a part not in ``changes``."""
        ...

    def record_url(self, patient_id: str) -> str:
        """Where a person can open this record in the system's own screens; empty if unknown."""
        ...


@runtime_checkable
class ActsForPerson(Protocol):
    """``PERSONAL_TOKEN``: reads with the person's own token, never with one for everybody."""

    def account(self) -> tuple[str, str]:
        """The caller's account: (subject, kind), kind being ``practitioner`` or ``patient``."""
        ...

    def refreshed_token(self, refresh_token: str) -> TokenSet:
        """A new pair for a person. Raises ``Unauthorised`` where the old one is spent or revoked."""
        ...

    def offers_keys(self) -> bool:
        """Whether there are keys for background reading, so that nobody's own token is needed."""
        ...


@runtime_checkable
class HasOrganizations(Protocol):
    """``ORGANIZATIONS``: records belong to organizations in which callers hold roles."""

    def organizations(self) -> Sequence[Organization]:
        """The organizations in which the caller holds a role, each with that role."""
        ...

    def patients_of_organization(self, organization_id: str) -> Iterator[RemotePatient]:
        """The people of one organization; empty where the caller holds no role in it."""
        ...


@runtime_checkable
class LooksUpEverywhere(Protocol):
    """``LOOK_UP_EVERYWHERE``: finds a person by e-mail beyond the caller's organizations."""

    def global_lookup(self, email: str) -> Sequence[RemotePatient]:
        """Whole records by e-mail, own organization or not: whoever shows them checks reach."""
        ...


@runtime_checkable
class Archives(Protocol):
    """``ARCHIVE``: a record can be put away without being removed. ``keeps_archive_reason``: whether reason
    and notes have a place in it; taking it back is a change of its status (``Part.STATUS``)."""

    keeps_archive_reason: ClassVar[bool]

    def archive(self, patient_id: str, *, reason: str, notes: str = "") -> RemotePatient:
        """Put a record away; the record as it is then. Reason and notes may not take: read them there."""
        ...


@runtime_checkable
class KeepsCustomFields(Protocol):
    """``CUSTOM_FIELDS``: records hold fields of the organization's own (``Changes.custom_fields``)."""

    def shows_custom_fields(self, record: RemotePatient) -> bool:
        """Whether the system told the record's own fields: else what is there cannot be known."""
        ...

    @classmethod
    def closed_custom_fields(cls) -> frozenset[str]:
        """Names of fields that other integrations, or the portal itself, keep: not changed by hand."""
        ...

    @classmethod
    def custom_field_problem(cls, record: RemotePatient, name: str, value: str) -> str:
        """Why the record could not hold a value in one of these fields, in a sentence; empty where it can."""
        ...


@runtime_checkable
class KeepsIdentifiers(Protocol):
    """``IDENTIFIERS``: records hold identifiers of several parties, written as one set."""

    def set_identifiers(
        self, patient_id: str, identifiers: Sequence[Identifier], *, organization_id: str
    ) -> RemotePatient:
        """Make these the record's identifiers, all of them, letter by letter. A refusal may leave the
        record with none (``outcome_unknown``): who asks keeps the whole wanted set and writes it again.
        Raises ``Conflict`` before writing where another record holds one of them."""
        ...

    @classmethod
    def identifier_problem(cls, identifier: Identifier) -> str:
        """Why an identifier could not be written, in a sentence, without asking; empty where it could."""
        ...


@runtime_checkable
class KeepsMembers(Protocol):
    """``MEMBERSHIP``: a record is added to organizations and removed from them."""

    def add_to_organization(self, patient_id: str, organization_id: str) -> RemotePatient:
        """Add a record to an organization in which the caller may; the record as it is then."""
        ...

    def remove_from_organization(self, patient_id: str, organization_id: str) -> None:
        """Remove it from one of its organizations. The last one is not removed here (``Conflict``):
        that would delete the record and everything in it."""
        ...

    def whole_record(self, patient_id: str) -> RemotePatient:
        """The record with all its organizations, in reach or not: for writing, never for showing."""
        ...


@runtime_checkable
class RemovesAltogether(Protocol):
    """``REMOVAL``: out of its last organization, the system deletes a record with everything in it."""

    def remove_altogether(self, patient_id: str, organization_id: str) -> None:
        """Delete a record by removing it from its last organization, which cannot be undone. Looks first
        that it is in this one and in no other: else ``Conflict``, and nothing is sent. ``NotFound`` where
        it is gone already, and from then on."""
        ...


@runtime_checkable
class TakesMarks(Protocol):
    """``MARKS``: a record takes the portal's own opaque id, where a setting says so and it has none."""

    def mark(self, patient_id: str, own_id: str) -> RemotePatient:
        """Write the portal's id into a record that holds no such identifier yet; the record as it is then.
        Raises ``Conflict`` where it holds somebody else's, ``Unsupported`` where no setting says so."""
        ...


@runtime_checkable
class TellsHoldings(Protocol):
    """``HOLDINGS``: says beforehand what removing a record from an organization would lose. Both raise
    ``Forbidden`` where the caller holds no role in the organization, or the record does not belong to it."""

    def holdings(self, patient_id: str, organization_id: str) -> Holdings:
        """Studies, consents and how many observations, counted by the system. What cannot be read does not
        stop the rest: it is named. Raises where nothing can be said at all."""
        ...

    def export(self, patient_id: str, organization_id: str) -> Iterator[Exported]:
        """The same in whole, piece by piece, observations page by page. Raises before the first piece;
        from then on faults are pieces, too."""
        ...


PROTOCOLS: dict[Capability, type] = {
    Capability.PERSONAL_TOKEN: ActsForPerson,
    Capability.ORGANIZATIONS: HasOrganizations,
    Capability.STUDIES: HasStudies,
    Capability.LOOK_UP_EVERYWHERE: LooksUpEverywhere,
    Capability.ARCHIVE: Archives,
    Capability.CUSTOM_FIELDS: KeepsCustomFields,
    Capability.IDENTIFIERS: KeepsIdentifiers,
    Capability.MEMBERSHIP: KeepsMembers,
    Capability.MARKS: TakesMarks,
    Capability.HOLDINGS: TellsHoldings,
    Capability.REMOVAL: RemovesAltogether,
    Capability.ENROLMENT: Enrols,
    Capability.CONSENTS: KeepsConsents,
    Capability.INVITATIONS: Invites,
}
