"""Bulks as pages show them: how far each is, and what came of whom. Whoever asked sees it, and admins do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from patients.models import Bulk
from patients.services.lookup import Gone
from patients.services.visibility import Reach
from portal import audit
from portal.accounts.models import User
from portal.accounts.roles import Role, has_role

from . import bulks, readers
from .bulks import Progress
from .listing import SIZE, Filters, Line, Order, lines_of, rows_of
from .wording import KINDS, system_label

MOST = 100  # bulks that are listed, the latest


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One bulk in words, as its reader may know it, and how far it is."""

    bulk: Bulk
    label: str
    what: str
    progress: Progress

    @property
    def left_out(self) -> int:
        """For how many nothing was asked, since whoever asked was cut off."""
        return max(self.bulk.to_ask - self.progress.total, 0) if bulks.was_cut_off(self.bulk) else 0

    @property
    def may_pause(self) -> bool:
        """Whether there is anything left to be paused."""
        return self.bulk.state == Bulk.State.RUNNING and not self.progress.is_over

    @property
    def may_resume(self) -> bool:
        """Whether it is paused."""
        return self.bulk.state == Bulk.State.PAUSED

    @property
    def may_cancel(self) -> bool:
        """Whether there is anything left to be cancelled."""
        is_over = self.progress.is_over and not self.progress.held
        return self.bulk.state != Bulk.State.CANCELLED and not is_over

    @property
    def may_ask_again(self) -> bool:
        """Whether anything in it was refused and not asked for again, and nothing more comes of it by
        itself."""
        return self.progress.refused > self.progress.asked_again and self.progress.is_over

    @property
    def stamp(self) -> str:
        """The same as long as nothing has come of it."""
        done = self.progress
        return f"{self.bulk.state}.{done.waiting}.{done.unknown}.{done.held}.{done.refused}.{done.done}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkPage:
    """One bulk with a page of its operations."""

    told: Told
    lines: tuple[Line, ...] = field(repr=False)
    number: int
    has_next: bool


def listed(*, by: User) -> list[Told]:
    """The latest bulks that somebody may see; two queries."""
    rows = Bulk.objects.select_related("asked_by").order_by("-pk")
    if not has_role(by, Role.ADMIN):
        rows = rows.filter(asked_by=by)
    found = list(rows[:MOST])
    progress = bulks.progress_by_bulk(found)
    reach = readers.reach_for(found, by)
    return [_told(each, progress[each.pk], by=by, reach=reach) for each in found]


def find(public_id: str, *, by: User) -> Bulk:
    """A bulk that somebody may see. Raises ``Gone``, after one event where it is another's."""
    bulk = Bulk.objects.select_related("asked_by").filter(public_id=public_id).first()
    if bulk is None:
        raise Gone
    if not (has_role(by, Role.ADMIN) or bulk.asked_by_id == by.pk):
        audit.look("bulk.viewed", by=by, outcome="refused", details={"bulk": bulk.public_id})
        raise Gone
    return bulk


def told(bulk: Bulk, *, by: User) -> Told:
    """One bulk, as it is now and as somebody may know it."""
    return _told(bulk, bulks.progress(bulk), by=by, reach=readers.reach_for([bulk], by))


def label_of(bulk: Bulk, *, by: User, reach: Reach) -> str:
    """What a bulk is called; for who holds no role in its organization only by what it does."""
    return bulk.label if readers.reads(bulk, by=by, reach=reach) else _what(bulk)


def open_bulk(public_id: str, *, state: str, number: int, by: User) -> BulkPage:
    """One bulk with a page of its operations, in one state if one is named; one event. Raises ``Gone``."""
    bulk = find(public_id, by=by)
    start = (number - 1) * SIZE
    rows = rows_of(Filters(bulk=bulk.public_id, state=state), Order.NEWEST, by=by).order_by("pk")
    found = list(rows[start : start + SIZE + 1])
    lines = lines_of(found[:SIZE], by=by)
    details: Mapping[str, str | int] = {"bulk": bulk.public_id, "kind": bulk.kind, "rows": len(lines)}
    audit.look("bulk.viewed", by=by, system=bulk.system, details=details)
    return BulkPage(told=told(bulk, by=by), lines=lines, number=number, has_next=len(found) > SIZE)


def _told(bulk: Bulk, progress: Progress, *, by: User, reach: Reach) -> Told:
    label = label_of(bulk, by=by, reach=reach)
    return Told(bulk=bulk, label=label, what=_what(bulk), progress=progress)


def _what(bulk: Bulk) -> str:
    return f"{KINDS.get(bulk.kind, bulk.kind)} in {system_label(bulk.system)}"
