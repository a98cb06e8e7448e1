"""Counting and paging what JHE holds of one person, in the way of its generation (README.md §12).

A count is believed only where the server told one, where the row that comes with it is the person's, and
where it is known that the server cuts the search down to person and study.
"""

from __future__ import annotations

from typing import Any, Protocol

from integrations import errors

from .client import JheClient
from .dialect import NEW_FHIR, Dialect
from .mapping import LABEL, NAME
from .paging import Page

NOBODYS = "2147483647"  # no person's or study's number
PATIENT, OBSERVATION = "Patient", "Observation"
GROUP = "patient._has:Group:member:_id"


class Way(Protocol):
    """How the rows of one person are asked for; ``study_id`` empty: in no study particularly."""

    def page(self, kind: str, patient_id: str, study_id: str = "", *, page: int = 1, size: int = 1) -> Page:
        """People (the person, or nobody) or observations. Rows are the person's."""
        ...

    def prove(self, kind: str, *, patient_id: str, study_id: str = "") -> None:
        """Raise ``ProtocolError`` unless the server cuts a search of this kind down to such a number.

        One of them is nobody's, so that it has nothing to find.
        """
        ...


def way_of(client: JheClient, dialect: Dialect) -> Way:
    """FHIR where it can search; else lists, where they have no side effect; else none."""
    if dialect.fhir_base == NEW_FHIR:
        return _Fhir(client)
    return _Lists(client) if dialect.lists_freely else _None(client)


def count(way: Way, kind: str, patient_id: str, study_id: str = "") -> int:
    """How many there are, by a page of one."""
    page = way.page(kind, patient_id, study_id)
    if not page.counted or bool(page.total) != bool(page.rows) or len(page.rows) > max(page.total, 1):
        raise _malformed("no count")
    return page.total


def is_enrolled(way: Way, patient_id: str, study_id: str) -> bool:
    """Whether a person takes part in a study."""
    return count(way, PATIENT, patient_id, study_id) > 0


class _Fhir:
    """By search. JHE refuses a person or study out of reach, and ignores what it does not know.

    It ignores person and study also for staff who are a patient themselves: these see their own data only.
    """

    def __init__(self, client: JheClient) -> None:
        self.client = client

    def page(self, kind: str, patient_id: str, study_id: str = "", *, page: int = 1, size: int = 1) -> Page:
        query = {"patient": patient_id} | ({GROUP: study_id} if study_id else {})
        found = self.client.fhir_page(NEW_FHIR, kind, query, page=page, count=size)
        return _persons(found, patient_id, _subject_of_fhir)

    def prove(self, kind: str, *, patient_id: str, study_id: str = "") -> None:
        query = {"patient": patient_id} | ({GROUP: study_id} if study_id else {})
        try:
            self.client.fhir_page(NEW_FHIR, kind, query, count=1)
        except (errors.Forbidden, errors.NotFound, errors.Invalid):
            return
        raise _malformed("not narrowed")


class _Lists:
    """By lists. JHE of 2025-10 fails on a filter that it does not know, so none is ignored."""

    def __init__(self, client: JheClient) -> None:
        self.client = client

    def page(self, kind: str, patient_id: str, study_id: str = "", *, page: int = 1, size: int = 1) -> Page:
        query = {"patient_id": patient_id} | ({"study_id": study_id} if study_id else {})
        if kind == OBSERVATION:
            found = self.client.observations_page(query, page=page, size=size)
            return _persons(found, patient_id, lambda row: row["subjectPatientId"])
        found = self.client.patients_page(query, page=page, size=size)
        return _persons(found, patient_id, lambda row: row["id"])

    def prove(self, kind: str, *, patient_id: str, study_id: str = "") -> None:
        return


class _None:
    """Neither: servers of spring 2026 (README.md §4)."""

    def __init__(self, client: JheClient) -> None:
        self.client = client

    def page(self, kind: str, patient_id: str, study_id: str = "", *, page: int = 1, size: int = 1) -> Page:
        raise self.client.http.fault(
            errors.Unsupported,
            f"count {kind}",
            for_staff=f"This version of {LABEL} cannot count this without side effects.",
            next_step="Ask your administrator to bring it up to date.",
        )

    def prove(self, kind: str, *, patient_id: str, study_id: str = "") -> None:
        return


def _subject_of_fhir(row: Any) -> Any:
    if row["resourceType"] == PATIENT:
        return row["id"]
    return row["subject"]["reference"].removeprefix("Patient/")


def _persons(page: Page, patient_id: str, subject_of: Any) -> Page:
    """The page, if every row of it is this person's."""
    try:
        subjects = {str(subject_of(row)) for row in page.rows}
    except (KeyError, TypeError, AttributeError):
        raise _malformed("rows without a person") from None
    if subjects - {str(int(patient_id))}:
        raise _malformed("another person's")
    return page


def _malformed(reason: str) -> errors.ProtocolError:
    return errors.ProtocolError(system=NAME, operation="count", label=LABEL, reason=reason)
