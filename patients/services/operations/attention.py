"""What of the writes needs somebody, for home; and what is on its way of a person, for their page.

Without a name: a story tells more, to whom it may.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q, QuerySet

from integrations.abilities import Capability
from integrations.registry import systems_with
from patients.models import Operation, Patient
from patients.services import visibility
from patients.services.visibility import Reach
from portal.accounts.models import User
from portal.accounts.roles import Role, has_role

from . import clock, queue, readers
from .standing import Standing, standings
from .whys import Why
from .wishes import Kind
from .wording import title_of

STUCK_AFTER = timedelta(minutes=15)
REFUSED_FOR = timedelta(days=7)
ENDED_FOR = timedelta(hours=24)
FEW, MOST = 3, 100  # named; counted
MOST_OF_A_PERSON = 10
State = Operation.State


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One operation in a line. ``may_open``: the reader may open its story."""

    operation: Operation
    title: str
    standing: Standing
    may_open: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Operations that need the same; ``count`` stops at :data:`MOST`. ``state`` is the list's filter."""

    title: str
    count: int
    items: tuple[Item, ...]
    state: str


def needing(user: User) -> tuple[Group, ...]:
    """What needs somebody: held and stuck, of all for admins, else of their own; and what of their own was
    refused lately. Groups with nothing in them are left out; three queries where there is nothing."""
    rows = Operation.objects.select_related("bulk").defer(*queue.SEALED)
    own = rows.filter(asked_by=user)
    mine = rows if has_role(user, Role.ADMIN) else own
    now = clock.now()
    late = mine.filter(asked_at__lte=now - STUCK_AFTER, state__in=(State.WAITING, State.UNKNOWN))
    refused = own.filter(state=State.REFUSED, changed_at__gte=now - REFUSED_FOR)
    # What they ended themselves is no news to them; what somebody else gave up is.
    known = Q(why=Why.CANCELLED) | Q(why=Why.GIVEN_UP, details__by=user.pk)
    asked: tuple[tuple[str, QuerySet[Operation], str], ...] = (
        ("held for a decision", mine.filter(state=State.HELD), State.HELD),
        # What waits in a bulk has its turn there.
        ("on the way for more than 15 minutes", late.filter(Q(bulk=None) | Q(state=State.UNKNOWN)), ""),
        ("refused in the last 7 days", refused.exclude(known), State.REFUSED),
    )
    groups = [_group(title, rows, state, user) for title, rows, state in asked]
    return tuple(each for each in groups if each.count)


def _group(title: str, rows: QuerySet[Operation], state: str, by: User) -> Group:
    count = rows[:MOST].count()
    first = list(rows.order_by("-changed_at", "-pk")[:FEW]) if count else []
    return Group(title=title, count=count, items=items(first, by, readers.reach_for(first, by)), state=state)


def of_person(patient: Patient, *, by: User, reach: Reach) -> tuple[Item, ...]:
    """What is open of a person, or ended in the last day, as far as the reader's role reaches, the latest
    first."""
    rows = Operation.objects.filter(Q(patient=patient) | Q(patient__merged_into=patient))
    lately = Q(state__in=queue.OPEN) | Q(ended_at__gte=clock.now() - ENDED_FOR)
    own = Q(asked_by=by) | Q(record__in=visibility.records(reach))
    everybodys = Q(record=None) & ~Q(system__in=systems_with(Capability.ORGANIZATIONS))
    rows = rows.filter(readers.beside_a_person(by, reach))
    found = rows.filter(lately, own | everybodys).select_related("bulk").defer(*queue.SEALED)
    return items(list(found.order_by("-pk")[:MOST_OF_A_PERSON]), by, reach)


def items(found: Sequence[Operation], by: User, reach: Reach) -> tuple[Item, ...]:
    """Operations as lines, for one reader."""
    is_admin, standing = has_role(by, Role.ADMIN), standings(found, by=by, reach=reach)
    return tuple(
        Item(
            operation=each,
            title=title_of(each),
            standing=standing[each.pk],
            may_open=is_admin or each.asked_by_id == by.pk,
        )
        for each in found
    )


def being_created(patient: Patient) -> frozenset[str]:
    """The systems in which a person is being registered."""
    rows = Operation.objects.filter(Q(patient=patient) | Q(patient__merged_into=patient), kind=Kind.CREATE)
    return frozenset(rows.filter(state__in=queue.OPEN).values_list("system", flat=True))
