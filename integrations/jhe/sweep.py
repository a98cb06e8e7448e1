"""Reading everybody in the caller's organizations, page by page: by change, or organization by
organization where nothing tells when a record changed. Sections cited are of README.md beside this file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from integrations.errors import NotFound
from integrations.pages import RecordPage, StaleCursor, changed_since, cursor_of, parts_of, read_rows
from integrations.types import Organization, RemotePatient

from . import paging, reach
from .client import FHIR_PAGE, REST_PAGE, JheClient
from .mapping import patient_from_fhir, patient_from_rest


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """A moment, and which page from there on."""

    mark: str = ""
    page: int = 1
    size: int = FHIR_PAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listed:
    """An organization, and which page of its list."""

    organization: str = ""
    page: int = 1
    size: int = REST_PAGE


def by_change(
    client: JheClient,
    base: str,
    cursor: str,
    since: datetime | None,
    *,
    filters: Mapping[str, str] | None = None,
    size: int = 0,
) -> RecordPage:
    """FHIR rows in order of change, from ``since`` on.

    The next page begins at the last moment seen instead of at a page number: a record that
    changes meanwhile moves to the end, and page numbers would skip the one behind it.
    """
    place = _Change(**parts_of(cursor, asdict(_Change(mark=_instant(since), size=size or FHIR_PAGE))))
    _check(place.page, place.size)
    after = {"_lastUpdated": f"ge{place.mark}"} if place.mark else {}
    query = {**(filters or {}), **after}
    try:
        found = client.fhir_patients(base, query, page=place.page, count=place.size)
    except NotFound:
        if place.page == 1:
            raise
        return RecordPage(left=0)  # the list became shorter meanwhile
    records, faults = read_rows(found.rows, patient_from_fhir)
    following = _after(place, found, records)
    left = found.total - (place.page - 1) * place.size - len(found.rows)
    return RecordPage(
        records=changed_since(records, since),
        next_cursor=cursor_of(**asdict(following)) if following else "",
        faults=faults,
        left=max(left, 0) if following else 0,
    )


def _after(place: _Change, found: paging.Page, records: Sequence[RemotePatient]) -> _Change | None:
    if found.next_page is None or not found.rows:
        return None
    last = _instant(records[-1].updated_at)
    if last and last != place.mark:
        return _Change(mark=last, size=place.size)
    return _Change(mark=place.mark, page=found.next_page, size=place.size)  # a whole page of one moment


def by_organization(
    client: JheClient, own: Sequence[Organization], cursor: str, *, size: int = 0
) -> RecordPage:
    """Whole records of the caller's organizations, one organization after the other."""
    ordered = sorted(own, key=lambda each: int(each.id))
    if not ordered:
        return RecordPage(left=0)
    first = _Listed(organization=ordered[0].id, size=size or REST_PAGE)
    place = _Listed(**parts_of(cursor, asdict(first)))
    _check(place.page, place.size)
    organization = next((each for each in ordered if each.id == place.organization), None)
    if organization is None:  # the caller's role there has ended since
        return RecordPage(next_cursor=_next_organization(place, ordered))
    found = client.patients_page(
        {"organization_id": organization.id}, page=place.page, size=place.size, operation="patients"
    )
    records, faults = read_rows(found.rows, patient_from_rest)
    following = _next_organization(place, ordered)
    if found.next_page is not None and found.rows:
        following = cursor_of(
            **asdict(_Listed(organization=organization.id, page=found.next_page, size=place.size))
        )
    return RecordPage(
        records=tuple(each for each in records if reach.reaches((organization,), each)),
        next_cursor=following,
        faults=faults,
        left=None if following else 0,
    )


def _next_organization(place: _Listed, ordered: Sequence[Organization]) -> str:
    try:
        done = int(place.organization)
    except ValueError:
        raise StaleCursor from None
    later = next((each.id for each in ordered if int(each.id) > done), "")
    return cursor_of(**asdict(_Listed(organization=later, size=place.size))) if later else ""


def _check(page: int, size: int) -> None:
    if page < 1 or not 1 <= size <= REST_PAGE:
        raise StaleCursor


def _instant(moment: datetime | None) -> str:
    """As FHIR search takes it; an instant without an offset would be read as the server's own."""
    return "" if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
