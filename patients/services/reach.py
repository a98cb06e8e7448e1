"""Who sees whom: which systems and records a person's role reaches (docs/architecture.md)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from django.utils import timezone

from integrations.abilities import Capability, HasOrganizations, System
from integrations.errors import IntegrationError
from integrations.registry import label_of, system_class, systems_with
from integrations.types import Organization
from patients.matching.grouping import Group
from portal.accounts.models import User
from portal.accounts.roles import Role, has_role

from .answers import Outcome, State
from .asking import Question, ask_all
from .connections import is_set_up, open_system

ANSWER_HOLDS_FOR = timedelta(seconds=30)  # with the adapter's memory of roles: within a minute
REACH_SECONDS = 3.0  # what a page of kept records waits to hear which of them are still in reach


def before_asking(system: str) -> Outcome | None:
    """The outcome where a system need not be asked at all, else ``None``."""
    if is_set_up(system):
        return None
    return Outcome(
        system=system,
        state=State.NOT_CONNECTED,
        sentence=f"{label_of(system)} is not connected to this portal.",
        next_step="Ask your administrator to connect it.",
    )


def without_a_role(adapter: System) -> Outcome | None:
    """The outcome for somebody who is signed in there and holds no role in any organization.

    Asked after the search, whose answer is then in the adapter's keeping: no further request.
    """
    try:
        if not isinstance(adapter, HasOrganizations) or adapter.organizations():
            return None
    except IntegrationError:
        return None
    return Outcome(
        system=adapter.name,
        state=State.NO_REACH,
        sentence=f"You hold no role in any {adapter.label} organization.",
        next_step="Ask a manager there to add you.",
    )


def own_organizations(system: str, *, by: User, seconds: float | None = None) -> Mapping[str, Organization]:
    """The organizations in which a person holds a role, by id; at most half a minute old."""
    adapter = open_system(system, by=by, seconds=seconds)
    if not isinstance(adapter, HasOrganizations):
        return {}
    return {each.id: each for each in adapter.organizations()}


def still_reached(outcomes: Iterable[Outcome], *, by: User, wait: float = REACH_SECONDS) -> list[Outcome]:
    """Kept outcomes as the person's roles are now: what is out of reach by now is left out.

    An answer holds for half a minute, and the roles that it was cut to were at most half a minute
    old then (the adapter's memory): a change shows within the minute. Where a system does not tell
    any more, its kept records are not shown. Each system is asked once, however many are its outcomes.
    """
    told: dict[str, Mapping[str, Organization] | IntegrationError] = {}
    return [_still_reached(outcome, told, by=by, wait=wait) for outcome in outcomes]


def _still_reached(
    outcome: Outcome, told: dict[str, Mapping[str, Organization] | IntegrationError], *, by: User, wait: float
) -> Outcome:
    has_organizations = Capability.ORGANIZATIONS in system_class(outcome.system).capabilities
    answered_at = outcome.answered_at or datetime.min.replace(tzinfo=UTC)
    is_fresh = timezone.now() - answered_at < ANSWER_HOLDS_FOR
    if is_fresh or not outcome.records or not has_organizations:
        return outcome
    question = Question(
        system=outcome.system,
        operation="organizations",
        seconds=wait,
        work=lambda: own_organizations(outcome.system, by=by, seconds=wait),
    )
    if outcome.system not in told:
        told[outcome.system] = ask_all({outcome.system: question})[outcome.system]
    own = told[outcome.system]
    if isinstance(own, IntegrationError):
        return replace(
            outcome, state=State.FAILED, records=(), sentence=own.for_staff, next_step=own.next_step
        )
    records = tuple(
        each for each in outcome.records if any(place.id in own for place in each.record.organizations)
    )
    return replace(outcome, records=records, state=State.FOUND if records else State.NOBODY)


def sees_participants_only(user: User) -> bool:
    """Whether somebody sees people in other systems only as participants of their organizations."""
    return has_role(user, Role.COORDINATOR)


def visible(groups: Iterable[Group], *, by: User) -> list[Group]:
    """The people whom somebody's role reaches."""
    if not sees_participants_only(by):
        return list(groups)
    participating = set(systems_with(Capability.ORGANIZATIONS))
    return [group for group in groups if any(record.system in participating for record in group.records)]
