"""Reading everybody in the caller's organizations, page by page, organization by organization: by change
where the server tells when a record changed. Sections cited are of README.md beside this file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

from integrations.errors import Forbidden, Invalid, NotFound
from integrations.pages import RecordPage, StaleCursor, changed_since, cursor_of, parts_of, read_rows
from integrations.types import Organization, RemotePatient

from . import paging, reach
from .client import FHIR_PAGE, REST_PAGE, JheClient
from .mapping import patient_from_fhir, patient_from_rest

ORGANIZATION = "patient.organization"
NOBODYS = "2147483647"  # no organization's number


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """An organization (none: all of the caller's), a moment, and which page from there on."""

    organization: str = ""
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
    own: Sequence[Organization],
    cursor: str,
    since: datetime | None,
    *,
    size: int = 0,
) -> RecordPage:
    """FHIR rows in order of change, from ``since`` on, one organization after the other: a row does not
    tell where it belongs (README.md §6), and who may see it depends on that.

    The next page begins at the last moment seen instead of at a page number: a record that
    changes meanwhile moves to the end, and page numbers would skip the one behind it.
    """
    ordered = sorted(own, key=lambda each: int(each.id))
    first = _Change(mark=_instant(since), size=size or FHIR_PAGE)
    if not cursor and ordered and _narrows(client, base):
        first = replace(first, organization=ordered[0].id)
    place = _Change(**parts_of(cursor, asdict(first)))
    _check(place.page, place.size)
    after = _after_organization(place, ordered, since)
    organization = next((each for each in ordered if each.id == place.organization), None)
    if place.organization and organization is None:  # the caller's role there has ended since
        return RecordPage(next_cursor=after)
    try:
        found = client.fhir_patients(base, _query(place), page=place.page, count=place.size)
    except NotFound:
        if place.page == 1:
            raise
        return RecordPage(next_cursor=after, left=None if after else 0)  # the list became shorter meanwhile
    records, faults = read_rows(found.rows, patient_from_fhir)
    following = _after(place, found, records)
    return RecordPage(
        records=changed_since(_belonging(records, organization), since),
        next_cursor=cursor_of(**asdict(following)) if following else after,
        faults=faults,
        left=_left(place, found, following=following, ordered=ordered),
    )


def _narrows(client: JheClient, base: str) -> bool:
    """Whether the server cuts a search to an organization: one that ignores the filter would show people
    to staff of every organization. Asked by one that nobody has."""
    try:
        return not client.fhir_patients(base, {ORGANIZATION: NOBODYS}, count=1).rows
    except (Forbidden, NotFound, Invalid):
        return True


def _query(place: _Change) -> dict[str, str]:
    where = {ORGANIZATION: place.organization} if place.organization else {}
    return where | ({"_lastUpdated": f"ge{place.mark}"} if place.mark else {})


def _belonging(
    records: Sequence[RemotePatient], organization: Organization | None
) -> Sequence[RemotePatient]:
    if organization is None:
        return records
    known = replace(organization, role=None, above=())  # nothing of the record's own
    return [replace(each, organizations=(known,)) for each in records]


def _after(place: _Change, found: paging.Page, records: Sequence[RemotePatient]) -> _Change | None:
    if found.next_page is None or not found.rows:
        return None
    last = _instant(records[-1].updated_at)
    if last and last != place.mark:
        return replace(place, mark=last, page=1)
    return replace(place, page=found.next_page)  # a whole page of one moment


def _after_organization(place: _Change, ordered: Sequence[Organization], since: datetime | None) -> str:
    later = _later(place.organization, ordered) if place.organization else ""
    following = _Change(organization=later, mark=_instant(since), size=place.size)
    return cursor_of(**asdict(following)) if later else ""


def _left(
    place: _Change, found: paging.Page, *, following: _Change | None, ordered: Sequence[Organization]
) -> int | None:
    """How many rows are to come; nobody says how many other organizations have."""
    if place.organization and place.organization != ordered[-1].id:
        return None
    left = found.total - (place.page - 1) * place.size - len(found.rows)
    return max(left, 0) if following else 0


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
    later = _later(place.organization, ordered)
    return cursor_of(**asdict(_Listed(organization=later, size=place.size))) if later else ""


def _later(organization: str, ordered: Sequence[Organization]) -> str:
    """The organization after this one; empty after the last."""
    try:
        done = int(organization)
    except ValueError:
        raise StaleCursor from None
    return next((each.id for each in ordered if int(each.id) > done), "")


def _check(page: int, size: int) -> None:
    if page < 1 or not 1 <= size <= REST_PAGE:
        raise StaleCursor


def _instant(moment: datetime | None) -> str:
    """As FHIR search takes it; an instant without an offset would be read as the server's own."""
    return "" if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
