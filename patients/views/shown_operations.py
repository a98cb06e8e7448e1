"""What the pages of writes show: addresses, colours, and which decisions there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from integrations.errors import IntegrationError
from patients.models import Bulk, Operation
from patients.services.operations import decisions, rights
from patients.services.operations.attention import Group, Item
from patients.services.operations.bulk_pages import Told
from patients.services.operations.listing import COUNTED, Filters, Line, Order
from patients.services.operations.settling import NotNow
from patients.services.operations.standing import Standing
from patients.services.operations.story import Course, FoundRecord, Story
from patients.services.operations.whys import Why
from patients.services.operations.wording import KINDS, system_label
from patients.services.portrait import Identity
from patients.services.seals import LASTS_FOR, Broken, Trouble
from portal.accounts.models import User

from .shown_links import ShownRefusal

_State = Operation.State
TONES: Mapping[str, str] = {
    _State.WAITING: "neutral",
    _State.SENDING: "info",
    _State.UNKNOWN: "warn",
    _State.HELD: "warn",
    _State.REFUSED: "bad",
    _State.DONE: "good",
}
_TO_TAKE_OVER = frozenset({Why.NO_TOKEN, Why.NO_RIGHT})
_TO_COMPARE = frozenset({Why.APPEARED, Why.MAILBOX, Why.MOVED})
BULK_TONES: Mapping[str, str] = {
    Bulk.State.RUNNING: "info",
    Bulk.State.PAUSED: "warn",
    Bulk.State.CANCELLED: "neutral",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownLine:
    """One operation of a list; without ``identity`` where the reader's role does not reach the person."""

    operation: Operation
    title: str
    url: str
    identity: Identity | None = field(repr=False)
    standing: Standing
    tone: str


def story_url(operation: Operation, *, by: User) -> str:
    """Where an operation is told; empty for whom it is not."""
    return (
        reverse("patients:operation", args=[operation.public_id]) if rights.may_read(operation, by=by) else ""
    )


def shown_line(line: Line) -> ShownLine:
    """A line with its address."""
    return ShownLine(
        operation=line.operation,
        title=line.title,
        url=reverse("patients:operation", args=[line.operation.public_id]),
        identity=line.whom.identity,
        standing=line.standing,
        tone=TONES[line.standing.state],
    )


def shown_item(item: Item) -> dict[str, Any]:
    """A line of home, or of a person's page."""
    url = reverse("patients:operation", args=[item.operation.public_id]) if item.may_open else ""
    return {"item": item, "url": url, "tone": TONES[item.standing.state]}


def shown_groups(groups: Sequence[Group]) -> list[dict[str, Any]]:
    """What needs somebody, for home."""
    listed = reverse("patients:operations")
    return [
        {
            "group": each,
            "items": [shown_item(item) for item in each.items],
            "url": f"{listed}?{urlencode({'state': each.state})}" if each.state else f"{listed}?order=next",
        }
        for each in groups
    ]


# --- the list -------------------------------------------------------------------------------


def states_of(counts: Mapping[str, int], filters: Filters, order: Order) -> list[dict[str, Any]]:
    """The states to choose from, each with how many there are; all of them first."""
    every = {"label": "All", "count": "", "url": address_of(filters, order, state=""), "current": False}
    every["current"] = not filters.state
    return [every] + [
        {
            "label": state.label,
            "count": f"{COUNTED:,}+" if counts[state] >= COUNTED else f"{counts[state]:,}",
            "url": address_of(filters, order, state=state.value),
            "current": filters.state == state,
        }
        for state in _State
    ]


def address_of(filters: Filters, order: Order, **other: Any) -> str:
    """The list's address with these filters, some of them otherwise."""
    values = {name: getattr(filters, name) for name in filters.names}
    if order is not Order.NEWEST:
        values["order"] = order.value
    asked = {name: value for name, value in (values | other).items() if value}
    return f"{reverse('patients:operations')}?{urlencode(asked)}".rstrip("?")


def tags_of(filters: Filters, order: Order) -> list[dict[str, str]]:
    """The filters that are set beside the state, each with the address of the list without it."""
    words = {
        "system": ("System", system_label(filters.system)),
        "kind": ("What", KINDS.get(filters.kind, filters.kind)),
        "asked_by": ("Asked for by", _account(filters.asked_by)),
        "person": ("One person", ""),
        "bulk": ("One lot of many", ""),
    }
    return [
        {"label": label, "value": value, "url": address_of(filters, order, **{name: ""})}
        for name, (label, value) in words.items()
        if name in filters.names
    ]


def _account(number: int) -> str:
    user = User.objects.filter(pk=number).first() if number else None
    return str(user or "")


# --- one operation --------------------------------------------------------------------------


def shown_course(course: Course, *, by: User) -> dict[str, Any]:
    """How an operation goes, with what its reader can do about it."""
    operation = course.operation
    own = [operation.public_id]
    behind = course.behind
    is_readable = behind is not None and (course.possible.by_hand or behind.asked_by_id == by.pk)
    return {
        "course": course,
        "operation": operation,
        "system_label": system_label(operation.system),
        "tone": TONES[operation.state],
        "behind_url": reverse("patients:operation", args=[behind.public_id])
        if behind is not None and is_readable
        else "",
        "course_url": f"{reverse('patients:operation_course', args=own)}?{urlencode({'seen': course.stamp})}",
        "urls": {
            name: reverse(f"patients:operation_{name}", args=own)
            for name in ("try", "overrule", "take_over", "give_up", "by_hand")
        },
        "seal": decisions.seal(operation, by=by),
        "first": _first(course),
    }


def _first(course: Course) -> str:
    """The decision that comes first to mind: it is the button that stands out."""
    if course.operation.why in _TO_TAKE_OVER and course.possible.take_over:
        return "take_over"
    return "" if course.operation.why in _TO_COMPARE else "try_now"


def shown_story(story: Story, *, by: User) -> dict[str, Any]:
    """The whole page beside its course."""
    bulk = story.operation.bulk
    return shown_course(story.course, by=by) | {
        "story": story,
        "identity": story.whom.identity,
        "person_url": _person(story.whom.public_id),
        "found": [_shown_found(each) for each in story.found],
        "bulk_url": reverse("patients:bulk", args=[bulk.public_id]) if bulk is not None else "",
        "story_url": reverse("patients:operation", args=[story.operation.public_id]),
    }


def _shown_found(each: FoundRecord) -> dict[str, Any]:
    return {
        "record": f"{system_label(each.system)} {each.remote_id}",
        "number": each.remote_id,
        "identity": each.identity,
        "url": _person(each.public_id),
    }


def _person(public_id: str) -> str:
    return reverse("patients:patient", args=[public_id]) if public_id else ""


_TITLES = {
    Trouble.UNREADABLE: "This form could not be checked",
    Trouble.EXPIRED: f"This form was opened more than {LASTS_FOR.seconds // 3600} hours ago",
    Trouble.ANOTHER_ACCOUNT: "This form was opened under another account",
    Trouble.ANOTHER_ADDRESS: "This form was about something else",
    Trouble.STALE: "Something came of this write since the page was opened",
}


def refusal_of(broken: Broken | None) -> ShownRefusal | None:
    """Why a form was refused, in words."""
    if broken is None:
        return None
    text = "Nothing was changed, and what you wrote is kept below. See how it stands now, then send it again."
    return ShownRefusal(title=_TITLES[broken.trouble], text=text)


def words_of(fault: NotNow | IntegrationError) -> str:
    """Why a decision cannot be taken now, and what to do: for the top of its form."""
    if isinstance(fault, IntegrationError):
        return " ".join(filter(None, [fault.for_staff, fault.next_step]))
    return str(fault)


# --- bulks ----------------------------------------------------------------------------------


def shown_bulk(told: Told) -> dict[str, Any]:
    """One bulk, with its addresses and whether it refreshes itself."""
    own = [told.bulk.public_id]
    return {
        "told": told,
        "tone": "good" if told.progress.is_over and not told.progress.held else BULK_TONES[told.bulk.state],
        "word": _word(told),
        "url": reverse("patients:bulk", args=own),
        "turn_url": reverse("patients:bulk_turn", args=own),
        "cancel_url": reverse("patients:bulk_cancel", args=own),
        "progress_url": f"{reverse('patients:bulk_progress', args=own)}?{urlencode({'seen': told.stamp})}",
        "is_moving": not told.progress.is_over and told.bulk.state != Bulk.State.PAUSED,
    }


def _word(told: Told) -> str:
    """How a bulk stands in a word; one that has nothing more to do is finished, whatever it is called."""
    if told.bulk.state == Bulk.State.RUNNING and told.progress.is_over:
        return "needs decisions" if told.progress.held else "finished"
    return str(told.bulk.get_state_display())
