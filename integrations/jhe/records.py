"""Reading people from JHE: by id, by e-mail, by list, by FHIR search; mapped and checked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from integrations import errors
from integrations.parallel import side_by_side
from integrations.types import RemotePatient

from .client import JheClient
from .mapping import NAME, patient_from_fhir, patient_from_rest
from .searching import FhirSearch

T = TypeVar("T")
R = TypeVar("R")

MOST_HITS = 100  # of one FHIR search
FETCHED_TOGETHER = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits:
    """What one way of searching found; ``more`` where it did not read to the end."""

    records: tuple[RemotePatient, ...] = field(default=(), repr=False)
    more: bool = False


class Records:
    """The people that one client can read."""

    def __init__(self, client: JheClient) -> None:
        self.client = client

    # --- one way of searching each --------------------------------------------------------

    def by_id(self, patient_id: str) -> Hits:
        """The record with this id, or nobody."""
        try:
            return Hits(records=(self.one(patient_id),))
        except errors.NotFound:
            return Hits()

    def by_email(self, email: str) -> Hits:
        """The record with exactly this e-mail, of any organization."""
        rows = array(self.client, self.client.global_lookup(email), "global lookup")
        records = map(patient_from_rest, rows)
        return Hits(records=tuple(each for each in records if _same_text(each.demographics.email, email)))

    def by_listed_identifier(self, value: str) -> Hits:
        """Records by an identifier's value, where lists have no side effect."""
        return Hits(records=tuple(self.listed({"patient_identifier_value": value})))

    def by_fhir(self, base: str, search: FhirSearch) -> Hits:
        """The most recently changed hits of a FHIR search, as short rows."""
        broad = self._hits(base, search.parameters)
        if not (broad.more and search.narrower):
            return broad
        narrow = [self._hits(base, parameters) for parameters in search.narrower]
        found = [record for each in (broad, *narrow) for record in each.records]
        return Hits(records=tuple(found), more=any(each.more for each in narrow))

    def _hits(self, base: str, parameters: Mapping[str, str]) -> Hits:
        query = {**parameters, "_sort": "-_lastUpdated"}
        page = self.client.fhir_patients(base, query, count=MOST_HITS)
        return Hits(records=tuple(map(patient_from_fhir, page.rows)), more=page.next_page is not None)

    # --- reading --------------------------------------------------------------------------

    def one(self, patient_id: str) -> RemotePatient:
        """The whole record, whoever may see it. Raises ``NotFound``."""
        record = patient_from_rest(self.client.patient(patient_id))
        if record.id != str(int(patient_id)):
            raise self.client.http.fault(errors.ProtocolError, "patient", reason="another record")
        return record

    def listed(self, filters: Mapping[str, str]) -> Iterator[RemotePatient]:
        """Whole records of a REST list, where lists have no side effect."""
        return map(patient_from_rest, self.client.patients(filters))

    def of_study(self, study_id: str) -> Iterator[RemotePatient]:
        """Whole records of a study's people."""
        return map(patient_from_rest, self.client.study_patients(study_id))

    def whole(self, rows: Sequence[RemotePatient]) -> list[RemotePatient]:
        """Short rows replaced by whole records, fetched side by side; removed ones left out."""
        outcomes = side_by_side(lambda row: row if row.complete else self.one(row.id), rows, pool=NAME)
        return [result_of(each) for each in outcomes if not isinstance(each, errors.NotFound)]

    def whole_in_turn(self, rows: Iterable[RemotePatient]) -> Iterator[RemotePatient]:
        """Like :meth:`whole` for a stream of rows, a few at a time."""
        batch: list[RemotePatient] = []
        for row in rows:
            batch.append(row)
            if len(batch) == FETCHED_TOGETHER:
                yield from self.whole(batch)
                batch = []
        yield from self.whole(batch)


def array(client: JheClient, body: Any, operation: str) -> list[Any]:
    """A reply that has to be an array."""
    if not isinstance(body, list):
        raise client.http.fault(errors.ProtocolError, operation, reason="not a list")
    return body


def result_of(outcome: T | Exception) -> T:
    """What a request side by side gave; its exception is raised here."""
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def beside(one: Callable[[], T], others: Sequence[Callable[[], R]]) -> tuple[T, list[R]]:
    """One reading beside others of another kind; the first fault among them is raised."""
    work: list[Callable[[], T | R]] = [one, *others]
    first, *rest = side_by_side(lambda each: each(), work, pool=NAME)
    return cast(T, result_of(first)), [cast(R, result_of(each)) for each in rest]


def _same_text(one: str, other: str) -> bool:
    return one.casefold() == other.strip().casefold()
