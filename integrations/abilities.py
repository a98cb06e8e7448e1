"""What an adapter may offer, so that services are typed without naming a system.

``System`` is what every adapter offers; the others are offered by some, and an adapter
declares a capability exactly when it implements the protocol of the same name (asserted by
the contract suite). Whether a capability can be *used* with the key at hand is a question for
``healthcheck``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Protocol, runtime_checkable

from .pages import RecordPage
from .types import (
    Caller,
    Health,
    Organization,
    RemotePatient,
    SearchAnswer,
    SearchQuery,
    Study,
    Term,
    TokenSet,
)


class Capability(StrEnum):
    """Abilities that only some systems have; each names one protocol of this module."""

    PERSONAL_TOKEN = "personal_token"  # noqa: S105 (the name of an ability)
    ORGANIZATIONS = "organizations"
    STUDIES = "studies"
    LOOK_UP_EVERYWHERE = "look_up_everywhere"


class System(Protocol):
    """The common interface. Every call may raise an :mod:`integrations.errors` error."""

    name: ClassVar[str]
    label: ClassVar[str]
    capabilities: ClassVar[frozenset[Capability]]
    search_terms: ClassVar[frozenset[Term]]

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
class HasStudies(Protocol):
    """``STUDIES``: people take part in studies of an organization."""

    def studies(self, organization_id: str) -> Sequence[Study]:
        """The studies of one organization that the caller may see."""
        ...

    def patients_of_study(self, study_id: str) -> Iterator[RemotePatient]:
        """The people who take part in one study."""
        ...


@runtime_checkable
class LooksUpEverywhere(Protocol):
    """``LOOK_UP_EVERYWHERE``: finds a person by e-mail beyond the caller's organizations."""

    def global_lookup(self, email: str) -> Sequence[RemotePatient]:
        """Whole records by e-mail, own organization or not: whoever shows them checks reach."""
        ...


PROTOCOLS: dict[Capability, type] = {
    Capability.PERSONAL_TOKEN: ActsForPerson,
    Capability.ORGANIZATIONS: HasOrganizations,
    Capability.STUDIES: HasStudies,
    Capability.LOOK_UP_EVERYWHERE: LooksUpEverywhere,
}
