"""The monthly review: findings gone through, noted and signed off by an admin.

Notes are added and never changed; a month that is signed stands as it was signed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from patients.models import Review, ReviewNote
from portal import audit
from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.audit.models import Event

from .abouts import About, Names
from .event_words import action_in_words
from .findings import Finding, Reason, find, month_after, reasons
from .questions import start_of
from .visibility import reach_of


class Refused(Exception):
    """Cannot be noted or signed; the text is a sentence for the admin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """A note as pages show it. ``holds`` is false where it has happened more often since."""

    verdict: str
    label: str
    text: str
    by: str
    at: datetime
    holds: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One occurrence of a finding in words, with whom it was about where one may see that."""

    at: datetime
    what: str
    note: str
    abouts: tuple[About, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """A finding with its latest note; ``is_for_others`` where somebody else has to note it."""

    finding: Finding
    note: Noted | None
    is_for_others: bool
    seen: tuple[Seen, ...] = field(default=(), repr=False)

    @property
    def is_noted(self) -> bool:
        """Whether nothing is left to be said."""
        return self.note is not None and self.note.holds


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """A month's review as it stands. ``signed`` is set once it is over and done."""

    first: date
    is_over: bool
    events: int
    reasons: tuple[Reason, ...]
    findings: tuple[Reviewed, ...]
    signed: Review | None

    @property
    def open(self) -> int:
        """How many findings wait for a note."""
        return sum(not each.is_noted for each in self.findings)


def months() -> list[tuple[date, Review | None]]:
    """Every month that has events, the latest first, with its sign-off."""
    first = Event.objects.order_by("at", "id").values_list("at", flat=True).first()
    month = timezone.localdate().replace(day=1)
    begin = timezone.localdate(first).replace(day=1) if first else month
    signed = {each.month: each for each in Review.objects.select_related("signed_by")}
    found = []
    while begin <= month:
        found.append((begin, signed.get(begin)))
        begin = month_after(begin)
    return found[::-1]


def open_month(month: date, *, by: User) -> Month:
    """A month's findings with their notes, or what was signed; one audit event."""
    audit.look("review.viewed", by=by, details={"month": f"{month:%Y-%m}"})
    state = _month(month, by=by)
    occurrences = [each for reviewed in state.findings for each in reviewed.finding.first]
    names = Names((pair for each in occurrences for pair in each.records), reach_of(by))
    shown = (replace(each, seen=_seen(each.finding, names)) for each in state.findings)
    return replace(state, findings=tuple(shown))


def note_all(*, month: date, notes: Mapping[str, tuple[str, str]], by: User) -> int:
    """Note several findings at once: (verdict, text) by key; those that stand so already are left.

    Returns how many notes were made. Raises :class:`Refused`, and then none is.
    """
    state = _month(month, by=by)
    _refuse_signed(state)
    known = {each.finding.key: each for each in state.findings}
    new = [
        ReviewNote(
            month=month, finding=key, count=known[key].finding.count,
            verdict=verdict, text=text, made_by=by,
        )
        for key, (verdict, text) in notes.items()
        if _is_new(known.get(key), verdict, text)
    ]  # fmt: skip
    with transaction.atomic():
        ReviewNote.objects.bulk_create(new)
        if new:
            audit.write("review.noted", by=by, details={"month": f"{month:%Y-%m}", "values": len(new)})
    return len(new)


def _is_new(reviewed: Reviewed | None, verdict: str, text: str) -> bool:
    """Whether this is to be noted. Raises :class:`Refused` where it must not be."""
    if reviewed is None:
        raise Refused("One of these findings is not there any more. Look at the list again.")
    before = reviewed.note
    if before is not None and before.holds and (before.verdict, before.text) == (verdict, text):
        return False
    if reviewed.is_for_others:
        raise Refused("Somebody else has to note what is about your own account.")
    return True


def sign_off(*, month: date, text: str, by: User) -> Review:
    """Close a month that is over and of which every finding is noted. Raises :class:`Refused`."""
    state = _month(month, by=by)
    _refuse_signed(state)
    if not state.is_over:
        raise Refused("This month is not over yet. Sign it off when it is.")
    if state.open:
        raise Refused("Some findings have no note yet. Note each of them first.")
    reason_of = {each.key: each for each in state.reasons}
    result = {
        "findings": [_kept(each, reason_of[each.finding.reason]) for each in state.findings],
    }
    try:
        with transaction.atomic():
            review = Review.objects.create(
                month=month, signed_by=by, text=text, events=state.events, result=result
            )
            audit.write("review.signed", by=by, details={"month": f"{month:%Y-%m}"})
    except IntegrityError:
        raise Refused("Somebody else has just signed this month off.") from None
    return review


def _month(month: date, *, by: User) -> Month:
    signed = Review.objects.filter(month=month).select_related("signed_by").first()
    found = [] if signed else find(month)
    notes, others_can = _notes(month), _others_can(by)
    return Month(
        first=month,
        is_over=month_after(month) <= timezone.localdate(),
        events=Event.objects.filter(
            at__gte=start_of(month), at__lt=start_of(month_after(month))
        ).order_by().count(),
        reasons=reasons(),
        findings=tuple(
            Reviewed(
                finding=each,
                note=_noted(notes.get(each.key), each),
                is_for_others=each.actor == str(by.pk) and others_can,
            )
            for each in found
        ),
        signed=signed,
    )  # fmt: skip


def _seen(finding: Finding, names: Names) -> tuple[Seen, ...]:
    return tuple(
        Seen(
            at=each.at,
            what=action_in_words(each.action),
            note=each.note,
            abouts=names.abouts(each.records),
        )
        for each in finding.first
    )


def _notes(month: date) -> dict[str, ReviewNote]:
    rows = ReviewNote.objects.filter(month=month).select_related("made_by").order_by("made_at", "pk")
    return {row.finding: row for row in rows}


def _noted(row: ReviewNote | None, finding: Finding) -> Noted | None:
    if row is None:
        return None
    return Noted(
        verdict=row.verdict,
        label=ReviewNote.Verdict(row.verdict).label,
        text=row.text,
        by=str(row.made_by),
        at=row.made_at,
        holds=row.count == finding.count,
    )


def _refuse_signed(state: Month) -> None:
    if state.signed is not None:
        raise Refused("This month is signed off. Nothing can be added to it.")


def _others_can(by: User) -> bool:
    """Whether there is another admin who could."""
    admins = User.objects.filter(is_active=True, groups__name=Role.ADMIN.value)
    return admins.exclude(pk=by.pk).exists()


def _kept(reviewed: Reviewed, reason: Reason) -> dict[str, Any]:
    finding, noted = reviewed.finding, reviewed.note
    return {
        "reason": finding.reason,
        "title": reason.title,
        "rule": reason.rule,
        "actor": finding.actor,
        "who": finding.who,
        "count": finding.count,
        "verdict": noted.label if noted else "",
        "text": noted.text if noted else "",
        "by": noted.by if noted else "",
    }
