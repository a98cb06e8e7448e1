"""The common interface on top of JupyterHealth Exchange, both generations (README.md)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import ClassVar, TypeVar

from django.conf import settings

from integrations.abilities import Capability
from integrations.holdings import Exported, Holdings
from integrations.pages import RecordPage, walk
from integrations.parallel import side_by_side
from integrations.types import (
    Caller,
    Found,
    Health,
    Identifier,
    RemotePatient,
    SearchAnswer,
    SearchQuery,
    Term,
    TokenSet,
)
from integrations.writes import Changes, Details, NewRecord, Part

from . import dialect as dialects
from . import health, mapping, oauth, outgoing, reach, sweep, writing
from .holdings import HoldingsReader
from .plan import Way, cannot_search, spellings, ways_to_search
from .records import beside, result_of
from .searching import check_for, distinct
from .studying import Studying

T = TypeVar("T")

MOST_RECORDS = 40  # whole records that one search fetches; each is a request of its own


class JheAdapter(Studying):
    """JHE for one caller: with the person's own token, in the background with an API key (reading only)."""

    name: ClassVar[str] = mapping.NAME
    label: ClassVar[str] = mapping.LABEL
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {
            Capability.PERSONAL_TOKEN,
            Capability.ORGANIZATIONS,
            Capability.STUDIES,
            Capability.LOOK_UP_EVERYWHERE,
            Capability.IDENTIFIERS,
            Capability.MEMBERSHIP,
            Capability.HOLDINGS,
            Capability.REMOVAL,
            Capability.ENROLMENT,
            Capability.CONSENTS,
            Capability.INVITATIONS,
        }
    )
    search_terms: ClassVar[frozenset[Term]] = frozenset(
        {Term.NAME, Term.BIRTH_DATE, Term.NHS_NUMBER, Term.EMAIL, Term.RECORD_ID}
    )

    # The NHS number is left out of what is sent, and of ``as_held``, unless JHE_WRITES_NHS_NUMBER is on.
    creates_with: ClassVar[frozenset[Part]] = outgoing.CREATES_WITH
    needs: ClassVar[frozenset[Part]] = outgoing.NEEDS
    changes: ClassVar[frozenset[Part]] = outgoing.CHANGES
    unique: ClassVar[frozenset[Part]] = frozenset({Part.EMAIL})
    fixed: ClassVar[Mapping[Part, str]] = outgoing.FIXED
    keys_last: ClassVar[timedelta] = timedelta(0)  # JHE ignores idempotency keys

    def __init__(self, caller: Caller) -> None:
        super().__init__(caller)
        self.writing = writing.Writing(self.client, self.records, self._dialect)

    # --- the common interface -------------------------------------------------------------

    def search(self, query: SearchQuery) -> SearchAnswer:
        """Find people in the caller's organizations; ``CannotSearch`` where nothing applies."""

        def work(dialect: dialects.Dialect) -> SearchAnswer:
            ways = ways_to_search(query, dialect, self.records)
            return self._found(query, ways) if ways else cannot_search(dialect)

        return self._adapted(work)

    def get(self, patient_id: str) -> RemotePatient:
        """The whole record. ``Forbidden`` where it is in none of the caller's organizations."""
        return self._reached(patient_id)

    def page(self, cursor: str = "", since: datetime | None = None, *, size: int = 0) -> RecordPage:
        """One step over everybody in the caller's organizations.

        With FHIR: in order of change, from ``since`` on, as short rows without organizations.
        Before 2026 nothing tells when a record changed: everybody comes, as whole records,
        organization by organization.
        """
        return self._adapted(lambda dialect: self._page(dialect, cursor, since, size=size))

    def _page(
        self, dialect: dialects.Dialect, cursor: str, since: datetime | None, *, size: int
    ) -> RecordPage:
        if dialect.searches_changes:
            own = self.organizations()
            return sweep.by_change(self.client, dialect.fhir_base, own, cursor, since, size=size)
        self._check_lists(dialect)
        return sweep.by_organization(self.client, self.organizations(), cursor, size=size)

    def tells_changes(self) -> bool:
        """Whether FHIR lists people by when their record changed."""
        return self._dialect().searches_changes

    def iterate(self, since: datetime | None = None) -> Iterator[RemotePatient]:
        """All pages one after the other, each record once; one that changes meanwhile comes again."""
        return walk(lambda cursor: self.page(cursor, since))

    def healthcheck(self) -> Health:
        """What can be said about the connection by harmless reading. Never raises."""
        return health.look(self.client, self.caller)

    def record_url(self, patient_id: str) -> str:
        """The record's page in JHE's console, by the configured template with ``{id}``."""
        template: str = settings.SYSTEMS[self.name]["CONSOLE_URL"]
        return template.replace("{id}", patient_id) if mapping.is_id(patient_id) else ""

    # --- writing (README.md §11) ------------------------------------------------------------

    @classmethod
    def as_held(cls, details: Details) -> Details:
        """These details as JHE would hold them; see ``creates_with`` for the NHS number."""
        return writing.as_held(details)

    @classmethod
    def problems(cls, details: Details, parts: frozenset[Part]) -> Mapping[str, str]:
        """What is refused here before it is sent."""
        return outgoing.problems(writing.as_held(details), parts & cls.creates_with)

    def create(self, new: NewRecord, *, key: str) -> RemotePatient:
        """Create a record in ``new.organization_id``; JHE takes one person per e-mail address."""
        return self.writing.create(new)

    def created(self, new: NewRecord) -> Sequence[RemotePatient]:
        """Whole records by e-mail, identifiers, name and birth date; the latter two in own organizations."""
        return self._adapted(lambda dialect: self.writing.created(new, dialect))

    def update(self, patient_id: str, changes: Changes, *, organization_id: str = "") -> RemotePatient:
        """Set what the changes name, in the name of one of the record's organizations."""
        return self.writing.update(patient_id, changes, organization_id)

    def set_identifiers(
        self, patient_id: str, identifiers: Sequence[Identifier], *, organization_id: str
    ) -> RemotePatient:
        """Make these the record's identifiers; ``Conflict`` where one is taken or some cannot be read."""
        return self.writing.set_identifiers(patient_id, identifiers, organization_id)

    @classmethod
    def identifier_problem(cls, identifier: Identifier) -> str:
        """What cannot be stored, and an NHS number where no setting has it written."""
        return writing.identifier_problem(identifier)

    def add_to_organization(self, patient_id: str, organization_id: str) -> RemotePatient:
        """Add a record, in reach or not, to an organization where the caller is member or manager."""
        return self.writing.add_to_organization(patient_id, organization_id)

    def remove_from_organization(self, patient_id: str, organization_id: str) -> None:
        """Take a record out of an organization; ``Conflict`` where that is its last one."""
        self.writing.remove_from_organization(patient_id, organization_id)

    def remove_altogether(self, patient_id: str, organization_id: str) -> None:
        """Delete a record with everything in it; ``Conflict`` where this is not its only organization."""
        self.writing.remove_altogether(patient_id, organization_id)

    def whole_record(self, patient_id: str) -> RemotePatient:
        """The record whoever may see it: for writing, never for showing."""
        return self.records.one(patient_id)

    # --- what JHE has beside it -----------------------------------------------------------

    def account(self) -> tuple[str, str]:
        """The caller's (subject, kind); a ``patient`` login has no business in the portal."""
        return mapping.account_from(self.client.profile())

    def refreshed_token(self, refresh_token: str) -> TokenSet:
        """A new pair of tokens for a person; the old pair is dead from then on (``oauth.refresh``)."""
        return oauth.refresh(refresh_token, deadline=self.caller.deadline)

    def offers_keys(self) -> bool:
        """Whether this JHE has API keys: since 2026."""
        return self._dialect().api_keys

    def patients_of_organization(self, organization_id: str) -> Iterator[RemotePatient]:
        """Whole records of one organization's people; nobody where the caller has no role."""
        own = self._own(organization_id)
        if own is None:
            return
        dialect = self._dialect()
        if dialect.searches_changes:
            changes = partial(sweep.by_change, self.client, dialect.fhir_base, (own,))
            records = self.records.whole_in_turn(walk(lambda cursor: changes(cursor, None)))
        else:
            records = self._listed(dialect, {"organization_id": organization_id})
        yield from (record for record in records if reach.reaches((own,), record))

    def global_lookup(self, email: str) -> Sequence[RemotePatient]:
        """Whole records by e-mail in every organization, as typed and in lower case.

        JHE compares letter case, so yet another spelling stays unfound. Who shows the result
        checks reach first.
        """
        self.client.bearer.current()
        outcomes = side_by_side(self.records.by_email, spellings(email), pool=mapping.NAME)
        return tuple(distinct(record for each in outcomes for record in result_of(each).records).values())

    def holdings(self, patient_id: str, organization_id: str) -> Holdings:
        """What removing a record from one of the caller's organizations would lose, counted."""
        return self._holdings().holdings(patient_id, organization_id)

    def export(self, patient_id: str, organization_id: str) -> Iterator[Exported]:
        """The same in whole, as JHE gives it."""
        return self._holdings().export(patient_id, organization_id)

    # --- plumbing -------------------------------------------------------------------------

    def _found(self, query: SearchQuery, ways: list[Way]) -> Found:
        """Ask every way and the caller's organizations side by side, then fetch who fits."""
        # One look for the token before the threads start, so that they share it.
        self.client.bearer.current()
        own, hits = beside(self.organizations, ways)
        check = check_for(query)
        rows = distinct(record for each in hits for record in each.records).values()
        near = [row for row in rows if check.holds(row)]
        whole = self.records.whole(near[:MOST_RECORDS])
        return Found(
            records=tuple(each for each in whole if check.holds(each) and reach.reaches(own, each)),
            searched_by=check.terms(),
            more=len(near) > MOST_RECORDS or any(each.more for each in hits),
        )

    def _holdings(self) -> HoldingsReader:
        return HoldingsReader(self.client, self.records, self._dialect)
