"""Who sees whom in the index: every query for people and records begins here.

All staff may look into systems without organizations; elsewhere into the organizations in which they
hold a role there. Coordinators see participants of their organizations only, and then all
records of them (docs/architecture.md, "Who sees whom").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from integrations.abilities import Capability
from integrations.errors import IntegrationError, NotConfigured, Unauthorised
from integrations.registry import label_of, systems_with
from patients.models import Membership, OwnRoles, Patient, SourceRecord
from portal.accounts.models import User

from .asking import Question, ask_all
from .connections import needs_own_token
from .reach import own_organizations, sees_participants_only

HOLDS_FOR = timedelta(seconds=30)  # with the adapter's memory: a changed role shows within a minute
WAIT_SECONDS = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """System → the organizations in which a person holds a role. ``untold`` says, for each system
    that could not tell, why its people are not shown."""

    organizations: Mapping[str, frozenset[str]]
    untold: Mapping[str, str] = field(default_factory=dict)


def reach_of(user: User, *, wait: float = WAIT_SECONDS) -> Reach:
    """What a person's roles elsewhere reach now, asked at most every half minute, in ``wait`` seconds."""
    names = systems_with(Capability.ORGANIZATIONS)
    since = timezone.now() - HOLDS_FOR
    kept = {
        row.system: row for row in OwnRoles.objects.filter(user=user, system__in=names, read_at__gte=since)
    }
    told = {name: frozenset(row.organizations) for name, row in kept.items()}
    asked = ask_all({name: _question(name, user, wait) for name in names if name not in told})
    untold: dict[str, str] = {}
    for name, answer in asked.items():
        if isinstance(answer, IntegrationError):
            told[name] = frozenset()
            if not _never_signed_in(name, answer):
                untold[name] = f"{label_of(name)} does not say whom you may see. {answer.for_staff}"
        else:
            told[name] = answer
            OwnRoles.objects.update_or_create(
                user=user,
                system=name,
                defaults={"organizations": sorted(answer), "read_at": timezone.now()},
            )
    return Reach(organizations=told, untold=untold)


def people(user: User, reach: Reach) -> QuerySet[Patient]:
    """The people whom somebody may see, test records and those gone from everywhere left out."""
    listed = Patient.objects.filter(is_listed=True)
    own = Exists(_memberships(reach).filter(patient=OuterRef("pk")))
    return listed.filter(own) if sees_participants_only(user) else listed.filter(Q(everybodys=True) | own)


def may_see(user: User, patient: Patient, reach: Reach) -> bool:
    """Whether somebody may see a person, listed or not."""
    participates = _memberships(reach).filter(patient=patient).exists()
    if sees_participants_only(user):
        return participates
    return participates or bool(records(reach).filter(patient=patient).exists())


def records(reach: Reach) -> QuerySet[SourceRecord]:
    """The records within reach, of people whom one may see."""
    narrow = systems_with(Capability.ORGANIZATIONS)
    own = Exists(_memberships(reach).filter(record=OuterRef("pk")))
    return SourceRecord.objects.filter(~Q(system__in=narrow) | own)


def _memberships(reach: Reach) -> QuerySet[Membership]:
    inside = Q(pk__in=[])
    for system, organizations in reach.organizations.items():
        if organizations:
            inside |= Q(system=system, organization__in=organizations)
    return Membership.objects.filter(inside)


def _question(system: str, user: User, wait: float) -> Question[frozenset[str]]:
    return Question(
        system=system,
        operation="organizations",
        seconds=wait,
        work=lambda: own_organizations(system, by=user, seconds=wait),
    )


def _never_signed_in(system: str, fault: IntegrationError) -> bool:
    """Whether somebody holds no role there as far as the portal can know: nothing is missing then."""
    return isinstance(fault, NotConfigured) or (isinstance(fault, Unauthorised) and needs_own_token(system))
