"""What an organization holds of a person, counted, and the whole of it for an export (README.md §12).

Reading only. Nothing here asks for a page of everything to count it, and no part's fault ends another's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from integrations import errors
from integrations.holdings import Exported, HoldingPart, Holdings, StudyHoldings
from integrations.parallel import side_by_side
from integrations.types import Organization, RemotePatient, Study

from . import sight
from .client import FHIR_PAGE, JheClient
from .consents import Consents, consents_from
from .counting import NOBODYS, OBSERVATION, PATIENT, Way, count, is_enrolled, way_of
from .dialect import Dialect
from .mapping import LABEL, NAME, organization_id_of_study, study_from
from .paging import Page
from .records import Records, array, result_of

UNCOUNTED = ("imported health records", "questionnaires", "invitations")  # README.md §12

T = TypeVar("T")
Part = HoldingPart
Fault = errors.IntegrationError


@dataclass(frozen=True, slots=True, kw_only=True)
class _Subject:
    """Whom it is about: a record, in one of the caller's organizations, and how to count there."""

    record: RemotePatient
    organization: Organization = field(repr=False)
    way: Way = field(repr=False)


class HoldingsReader:
    """Reads what organizations hold of people, for one caller."""

    def __init__(self, client: JheClient, records: Records, dialect: Callable[[], Dialect]) -> None:
        self.client = client
        self.records = records
        self._dialect = dialect

    # --- counted --------------------------------------------------------------------------

    def holdings(self, patient_id: str, organization_id: str) -> Holdings:
        """Everything counted; parts that could not be read are ``None`` and named."""
        subject = self._subject(patient_id, organization_id)
        unread: dict[Part, Fault] = {}
        studies, consents, observations = self._outlines(subject, unread)
        return Holdings(
            patient_id=subject.record.id,
            organization_id=organization_id,
            last_organization=self._is_last(subject.record, unread),
            studies=None if studies is None else self._studies(subject, studies, consents, unread),
            unplaced=consents.unplaced if consents else None,
            observations=observations,
            uncounted=UNCOUNTED,
            unread=unread,
        )

    def _outlines(
        self, subject: _Subject, unread: dict[Part, Fault]
    ) -> tuple[list[Study] | None, Consents | None, int | None]:
        """The organization's studies, the person's decisions and the number of their observations."""
        patient, way = subject.record.id, subject.way

        def studies() -> list[Study]:
            return [study for study, _row in self._study_rows(subject)]

        def observations() -> int:
            way.prove(OBSERVATION, patient_id=NOBODYS)
            return count(way, OBSERVATION, patient)

        work: list[Callable[[], Any]] = [studies, partial(self._consents, patient), observations]
        outcomes = side_by_side(lambda each: each(), work, pool=NAME)
        found = [
            _kept(part, outcome, unread)
            for part, outcome in zip((Part.STUDIES, Part.CONSENTS, Part.OBSERVATIONS), outcomes, strict=True)
        ]
        return found[0], found[1], found[2]

    def _studies(
        self,
        subject: _Subject,
        studies: Sequence[Study],
        consents: Consents | None,
        unread: dict[Part, Fault],
    ) -> tuple[StudyHoldings, ...]:
        """Each study with enrolment, then with the observations that it sees of an enrolled person."""
        known = consents.by_study if consents else {}
        enrolled = self._of_each(
            subject, PATIENT, [each.id for each in studies if each.id not in known], Part.ENROLMENTS, unread
        )
        enrolments = {each.id: True if each.id in known else _yes(enrolled.get(each.id)) for each in studies}
        counts: dict[str, int | None] = {place: 0 for place, answer in enrolments.items() if answer is False}
        ask = [each.id for each in studies if each.id not in counts]
        counts |= self._of_each(subject, OBSERVATION, ask, Part.STUDY_OBSERVATIONS, unread)
        return tuple(
            StudyHoldings(
                study=each,
                enrolled=enrolments[each.id],
                consents=known.get(each.id, ()) if consents else None,
                observations=counts[each.id],
            )
            for each in studies
        )

    def _of_each(
        self, subject: _Subject, kind: str, studies: Sequence[str], part: Part, unread: dict[Part, Fault]
    ) -> dict[str, int | None]:
        """How many of a kind each of these studies sees; none where the search cannot be trusted."""
        if not studies:
            return {}
        patient, way = subject.record.id, subject.way
        work: list[Callable[[], int | None]] = [partial(count, way, kind, patient, each) for each in studies]
        work.append(partial(way.prove, kind, patient_id=patient, study_id=NOBODYS))
        *counts, proven = side_by_side(lambda each: each(), work, pool=NAME)
        if isinstance(proven, Exception):
            _kept(part, proven, unread)
            return dict.fromkeys(studies)
        return {study: _kept(part, each, unread) for study, each in zip(studies, counts, strict=True)}

    def _is_last(self, record: RemotePatient, unread: dict[Part, Fault]) -> bool | None:
        """Whether it is the record's only organization; nobody knows where one of them cannot be read."""
        if "organizations" in record.unread:
            reason = "unreadable organizations"
            unread[Part.ORGANIZATIONS] = self.client.http.fault(
                errors.ProtocolError, "patient", reason=reason
            )
            return None
        return len(record.organizations) == 1

    # --- in whole -------------------------------------------------------------------------

    def export(self, patient_id: str, organization_id: str) -> Iterator[Exported]:
        """Piece by piece. Who may not have it is refused at once, not with the first piece."""
        return self._counted(self._pieces(self._subject(patient_id, organization_id)))

    def _counted(self, pieces: Iterator[Exported]) -> Iterator[Exported]:
        counts: dict[str, int] = {}
        unread: dict[str, None] = {}
        for piece in pieces:
            if piece.fault:
                unread[piece.part.value] = None
            else:
                counts[piece.part.value] = counts.get(piece.part.value, 0) + 1
            yield piece
        yield Exported(part=Part.END, data={"pieces": counts, "unread": list(unread)})

    def _pieces(self, subject: _Subject) -> Iterator[Exported]:
        yield Exported(part=Part.PATIENT, data=subject.record.raw)
        try:
            studies = self._study_rows(subject)
        except Fault as fault:
            studies = []
            yield Exported(part=Part.STUDIES, fault=fault)
        for study, row in studies:
            yield from self._enrolment(subject, study.id, row)
        yield from self._decisions(subject)
        yield from self._observations(subject)

    def _enrolment(self, subject: _Subject, study: str, row: Any) -> Iterator[Exported]:
        """The study, where the person takes part in it."""
        try:
            subject.way.prove(PATIENT, patient_id=subject.record.id, study_id=NOBODYS)
            if is_enrolled(subject.way, subject.record.id, study):
                yield Exported(part=Part.ENROLMENTS, study_id=study, data=row)
        except Fault as fault:
            yield Exported(part=Part.ENROLMENTS, study_id=study, fault=fault)

    def _decisions(self, subject: _Subject) -> Iterator[Exported]:
        """This organization's; and what was agreed to anywhere, for what no study of it asks for."""
        try:
            consents = self._consents(subject.record.id)
        except Fault as fault:
            yield Exported(part=Part.CONSENTS, fault=fault)
            return
        for study, entry in consents.entries_of(subject.organization.id):
            yield Exported(part=Part.CONSENTS, study_id=study, data=entry)
        yield Exported(part=Part.CONSENTS, data={"consolidatedConsentedScopes": list(consents.agreed)})

    def _observations(self, subject: _Subject) -> Iterator[Exported]:
        """All of the person's, each once, a page at a time.

        Fewer than the server counted at any time means that some moved past the page numbers, or came
        only when their page had been read: this is said.
        """
        seen: set[int] = set()
        total = 0
        try:
            subject.way.prove(OBSERVATION, patient_id=NOBODYS)
            for page in self._observation_pages(subject):
                for row in page.rows:
                    if (number := _number(row)) not in seen:
                        seen.add(number)
                        yield Exported(part=Part.OBSERVATIONS, data=row)
                total = max(total, page.total)
            if len(seen) < total:
                reason = "changed while being read"
                raise self.client.http.fault(
                    errors.ProtocolError,
                    "observations",
                    reason=reason,
                    for_staff=f"{LABEL} counts {total} observations and gave {len(seen)}.",
                    next_step="Export again.",
                )
        except Fault as fault:
            yield Exported(part=Part.OBSERVATIONS, fault=fault)

    def _observation_pages(self, subject: _Subject) -> Iterator[Page]:
        number: int | None = 1
        while number is not None:
            try:
                page = subject.way.page(OBSERVATION, subject.record.id, page=number, size=FHIR_PAGE)
            except errors.NotFound:
                if number == 1:
                    raise
                return  # fewer meanwhile
            yield page
            number = page.next_page if page.rows else None

    # --- both -----------------------------------------------------------------------------

    def _subject(self, patient_id: str, organization_id: str) -> _Subject:
        """The record, which belongs to one of the caller's organizations: that one. Else ``Forbidden``."""
        record, organization = sight.record_in(
            self.client, self.records, patient_id, organization_id, "holdings"
        )
        return _Subject(record=record, organization=organization, way=way_of(self.client, self._dialect()))

    def _study_rows(self, subject: _Subject) -> list[tuple[Study, Any]]:
        """The organization's studies, each with JHE's own row."""
        place = subject.organization
        rows = array(self.client, self.client.organization_studies(place.id), "organization studies")
        return [(study_from(row, place), row) for row in rows if organization_id_of_study(row) == place.id]

    def _consents(self, patient_id: str) -> Consents:
        return consents_from(self.client.consents(patient_id), patient_id)


def _kept(part: Part, outcome: T | Exception, unread: dict[Part, Fault]) -> T | None:
    """What a part gave; where it failed, the first fault is noted. Whose sign-in has ended is told so."""
    if isinstance(outcome, Fault) and not isinstance(outcome, errors.Unauthorised):
        unread.setdefault(part, outcome)
        return None
    return result_of(outcome)


def _yes(number: int | None) -> bool | None:
    return None if number is None else number > 0


def _number(row: Any) -> int:
    """An observation's number: text in FHIR."""
    try:
        return int(row["id"])
    except (KeyError, TypeError, ValueError):
        raise errors.ProtocolError(
            system=NAME, operation="observations", label=LABEL, reason="no number"
        ) from None
