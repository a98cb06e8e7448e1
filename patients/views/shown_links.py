"""What the pages of linking show: candidates as rows, two people side by side, and why a form was refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from django.urls import reverse

from integrations.registry import label_of
from integrations.types import SearchQuery
from patients.models import Patient, SourceRecord
from patients.services import hand_links
from patients.services.candidates import Candidate
from patients.services.comparison import Key, compare
from patients.services.hand_links import Side, together
from patients.services.lookup import Gone
from patients.services.portrait import match_of, portrait_of
from patients.services.rows import Row, Value
from patients.services.seals import LASTS_FOR, Broken, Trouble
from patients.services.visibility import NotTold, Reach
from portal.accounts.models import User
from portal.accounts.roles import Role, has_role
from portal.templatetags.ui import day

from .shown import ShownPerson, shown_person


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRefusal:
    """Why a form was refused: whom it was about, and whom the page is about now."""

    title: str
    text: str = field(repr=False)


_TITLES = {
    Trouble.UNREADABLE: "This form could not be checked",
    Trouble.EXPIRED: f"This form was opened more than {LASTS_FOR.seconds // 3600} hours ago",
    Trouble.ANOTHER_ACCOUNT: "This form was opened under another account",
    Trouble.ANOTHER_ADDRESS: "This form was about somebody else",
    Trouble.STALE: "Something was changed since this form was opened",
}


KEPT = "what you wrote is kept below"


def refusal_of(broken: Broken | None, *now: str, kept: str = KEPT) -> ShownRefusal | None:
    """The refusal in words, with the names of both: of the form, and of the page as it is now; ``kept`` says
    where what was written is."""
    if broken is None:
        return None
    was = f"The form was about {_and(broken.names)}. " if broken.names else ""
    text = (
        f"{was}This page is about {_and(now)}. Nothing was changed, and {kept}. "
        "Check whom the page is about before you send it again."
    )
    return ShownRefusal(title=_TITLES[broken.trouble], text=text)


def _and(names: Sequence[str]) -> str:
    return "; and ".join(names)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownLink:
    """One line about whose records these are; ``url`` leads to changing it where one may, or to the other."""

    text: str = field(repr=False)
    url: str = ""
    reason: str = field(default="", repr=False)
    name: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownLinks:
    """What the person's page says of links, and where they are made and taken back."""

    made: tuple[ShownLink, ...] = ()
    apart: tuple[ShownLink, ...] = ()
    records: tuple[ShownLink, ...] = ()
    link_url: str = ""

    @property
    def is_anything(self) -> bool:
        """Whether there is anything to show."""
        return bool(self.made or self.apart or self.records or self.link_url)


def shown_links(patient: Patient, *, by: User, reach: Reach) -> ShownLinks:
    """The links of a person, with what this user may do about them."""
    is_admin = has_role(by, Role.ADMIN)
    rows = hand_links.rows_of(patient, reach)
    return ShownLinks(
        made=tuple(_made(patient, rows, is_admin=is_admin)),
        apart=tuple(_apart(patient, by=by, reach=reach)),
        records=tuple(_records(patient, rows)) if is_admin and len(rows) > 1 else (),
        link_url=reverse("patients:link", args=[patient.public_id])
        if has_role(by, Role.ADMIN, Role.CLINIC_STAFF)
        else "",
    )


def _made(patient: Patient, rows: Sequence[SourceRecord], *, is_admin: bool) -> Iterator[ShownLink]:
    by_id = {row.pk: row for row in rows}
    for link in hand_links.links_by_hand(patient):
        if link.record_id in by_id:
            undo = reverse("patients:undo_link", args=[patient.public_id, link.pk])
            yield ShownLink(
                text=f"{_record(by_id[link.record_id])} linked by {link.made_by} on {day(link.made_at)}.",
                reason=link.reason,
                url=undo if is_admin else "",
            )


def _apart(patient: Patient, *, by: User, reach: Reach) -> Iterator[ShownLink]:
    """Those kept apart, as far as this user may see them."""
    for each in hand_links.apart_from(patient):
        with suppress(Gone, NotTold):
            other = hand_links.side(each.other.public_id, by=by, reach=reach)
            yield ShownLink(
                name=other.name,
                url=reverse("patients:patient", args=[each.other.public_id]),
                text=f"by {each.decided_by} on {day(each.decided_at)}.",
                reason=each.reason,
            )


def _records(patient: Patient, rows: Sequence[SourceRecord]) -> Iterator[ShownLink]:
    for row in rows:
        address = reverse("patients:unlink", args=[patient.public_id, row.pk])
        yield ShownLink(text=_record(row), url=address)


def _record(row: SourceRecord) -> str:
    return f"{label_of(row.system)} {row.remote_id}"


def shown_candidates(one: Side, found: Sequence[Candidate]) -> tuple[ShownPerson, ...]:
    """Candidates as rows that lead to the page with both side by side."""
    return tuple(_shown_candidate(one, each) for each in found)


def _shown_candidate(one: Side, candidate: Candidate) -> ShownPerson:
    portrait = portrait_of(candidate.side.person, SearchQuery())
    return shown_person(
        replace(portrait, matched=tuple(match_of(each) for each in candidate.evidence)),
        url=reverse("patients:link_with", args=[one.patient.public_id, candidate.side.patient.public_id]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPair:
    """One field of two sides; verdict and sentence are as in ``services.rows``."""

    label: str
    verdict: str
    says: str = field(repr=False)
    cells: tuple[tuple[Value, ...], tuple[Value, ...]] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSides:
    """Two people, or two parts of one, side by side: fields in groups, and the heading of each side."""

    headings: tuple[str, str] = field(repr=False)
    groups: tuple[tuple[str, tuple[ShownPair, ...]], ...] = field(repr=False)


def side_by_side(one: Side, other: Side, *, headings: tuple[str, str], reach: Reach) -> ShownSides:
    """Every field that either side holds, what each holds beside the other, and how they differ."""
    keys = [frozenset(each.key for each in side.person.kept) for side in (one, other)]
    groups = compare(together(one, other), reach=reach).groups
    return ShownSides(
        headings=headings,
        groups=tuple((group.title, tuple(_pair(row, *keys) for row in group.rows)) for group in groups),
    )


def _pair(row: Row, one: frozenset[Key], other: frozenset[Key]) -> ShownPair:
    cells = (tuple(_held_by(row, one)), tuple(_held_by(row, other)))
    return ShownPair(label=row.label, verdict=row.verdict, says=row.says, cells=cells)


def _held_by(row: Row, keys: frozenset[Key]) -> Iterator[Value]:
    for value in row.values:
        sources = tuple(each for each in value.sources if each.key in keys)
        if sources:
            yield replace(value, sources=sources)
