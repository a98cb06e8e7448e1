"""Who sees whom in the index: every query for people and records begins here.

All staff may look into systems without organizations; elsewhere into the organizations in which they
hold a role there. Coordinators see participants of their organizations only, and then all
records of them (docs/architecture.md, "Who sees whom").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.lookups import GreaterThan, IsNull
from django.utils import timezone

from integrations.abilities import Capability
from integrations.errors import IntegrationError, NotConfigured, Unauthorised
from integrations.registry import label_of, system_names, systems_with
from integrations.types import Organization
from patients.models import Membership, OwnRoles, Participant, Patient, SourceRecord
from portal.accounts.models import User

from . import facets
from .asking import Question, ask_all
from .connections import needs_own_token
from .facets import Layout, bit_of, open_systems
from .installations import MOVED
from .reach import own_organizations, sees_participants_only

HOLDS_FOR = timedelta(seconds=30)  # with the adapter's memory: a changed role shows within a minute
WAIT_SECONDS = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How somebody stands in one organization: what its system calls their role, how it is called, and the
    names of those that it is part of, the outermost first."""

    role: str = ""
    name: str = ""
    above: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """System → the organizations in which a person holds a role, and ``writable`` those of them where it
    lets them change people. ``untold`` says, for each system that could not tell, why its people are not
    shown. ``standings`` say more of each organization, by system and id, where that was told."""

    organizations: Mapping[str, frozenset[str]]
    writable: Mapping[str, frozenset[str]] = field(default_factory=dict)
    untold: Mapping[str, str] = field(default_factory=dict)
    standings: Mapping[tuple[str, str], Standing] = field(default_factory=dict, repr=False)


class NotTold(Exception):
    """A system does not say whom somebody may see, so whether what they ask for is theirs cannot be known.

    It is the same for what exists and what does not: otherwise it would tell. ``sentences`` say which
    system, and why."""

    def __init__(self, sentences: Iterable[str]) -> None:
        super().__init__()
        self.sentences = tuple(sentences)


def require_told(reach: Reach) -> None:
    """Let nobody be told that something is not there while a system does not say whom they may see. Raises
    :class:`NotTold`."""
    if reach.untold:
        raise NotTold(reach.untold.values())


def reach_of(user: User, *, wait: float = WAIT_SECONDS) -> Reach:
    """What a person's roles elsewhere reach now, asked at most every half minute, in ``wait`` seconds."""
    names = systems_with(Capability.ORGANIZATIONS)
    since = timezone.now() - HOLDS_FOR
    kept = {
        row.system: row for row in OwnRoles.objects.filter(user=user, system__in=names, read_at__gte=since)
    }
    untold: dict[str, str] = {}
    asked = ask_all({name: _question(name, user, wait) for name in names if name not in kept})
    for name, answer in asked.items():
        if not isinstance(answer, IntegrationError):
            kept[name] = _keep(user, name, answer)
        elif not _never_signed_in(name, answer):
            untold[name] = f"{label_of(name)} does not say whom you may see. {answer.for_staff}"
    return Reach(
        organizations={name: frozenset(kept[name].organizations if name in kept else ()) for name in names},
        writable={name: frozenset(row.writable) for name, row in kept.items()},
        untold=untold,
        standings={
            (name, each): Standing(role=said["role"], name=said["name"], above=tuple(said["above"]))
            for name, row in kept.items()
            for each, said in row.told.items()
        },
    )


def _keep(user: User, system: str, own: Mapping[str, Organization]) -> OwnRoles:
    """Keep what a system told of somebody's roles, for all processes, and how organizations are called."""
    facets.call({(system, each.id): each.name for each in own.values()})
    row, _ = OwnRoles.objects.update_or_create(
        user=user,
        system=system,
        defaults={
            "organizations": sorted(own),
            "writable": sorted(each.id for each in own.values() if each.role and each.role.may_write),
            "told": {
                each.id: {"role": str(each.role or ""), "name": each.name, "above": list(each.above)}
                for each in own.values()
            },
            "read_at": timezone.now(),
        },
    )
    return row


def forget(user: User) -> None:
    """Ask anew what somebody's roles reach, the next time it is needed."""
    OwnRoles.objects.filter(user=user).delete()


def people(user: User, reach: Reach) -> QuerySet[Patient]:
    """The people whom somebody may see, test records and those gone from everywhere left out."""
    listed = Patient.objects.filter(is_listed=True)
    own = Exists(_memberships(reach).filter(patient=OuterRef("pk")))
    return listed.filter(own) if sees_participants_only(user) else listed.filter(Q(everybodys=True) | own)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """Somebody looking at the people list: who, what their roles reach, and how to read entries."""

    user: User
    reach: Reach
    layout: Layout

    def systems(self, *, inside: bool) -> list[str]:
        """The systems whose records one sees of a person who is, or is not, in an organization within
        reach; none where such a person is out of sight."""
        if sees_participants_only(self.user) and not inside:
            return []
        return system_names() if inside else open_systems()

    def visible(self) -> Q:
        """Entries of people of whom one sees any record."""
        if sees_participants_only(self.user):
            return self.inside()
        return _has_any("facets", self.layout.present(open_systems())) | self.inside()

    def inside(self) -> Q:
        """Entries of people in one's own organizations."""
        own = ((system, each) for system, some in self.reach.organizations.items() for each in some)
        return self.within(own)

    def within(self, organizations: Iterable[tuple[str, str]]) -> Q:
        """Entries of people in any of these (system, organization) pairs: by bits, and by the
        memberships themselves where a bit is shared with another organization."""
        wanted = {pair: self.layout.places[pair] for pair in organizations if pair in self.layout.places}
        others = [place for pair, place in self.layout.places.items() if pair not in wanted]
        shared = {bit_of(place) for place in others} & {bit_of(place) for place in wanted.values()}
        exact = sum({bit_of(place) for place in wanted.values()} - shared)
        found = _has_any("places", exact)
        if shared:
            asked = Membership.objects.filter(_in_organizations(wanted), patient=OuterRef("pk"))
            found |= _has_any("places", sum(shared)) & any_of(asked)
        return found

    def participates(self) -> Q:
        """Entries of people of whom any record, a test record too, is in one's own organizations."""
        return any_of(_memberships(self.reach).filter(patient=OuterRef("pk")))


def _has_any(column: str, bits: int) -> Q:
    return Q(GreaterThan(F(column).bitand(bits), 0)) if bits else Q(pk__in=[])


def any_of(rows: QuerySet[Any]) -> Q:
    """``Exists``, in a form that PostgreSQL asks row by row: hashing all of them takes a second."""
    return Q(IsNull(Subquery(rows.values("pk")[:1]), False))


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


def participants(reach: Reach) -> QuerySet[Participant]:
    """Those who take part in a study now, and whose record is within reach."""
    own = Exists(_memberships(reach).filter(record=OuterRef("record")))
    return Participant.objects.filter(own, left_at=None, record__vanished_at=None)


def _memberships(reach: Reach) -> QuerySet[Membership]:
    own = ((system, each) for system, some in reach.organizations.items() for each in some)
    return Membership.objects.filter(_in_organizations(own))


def _in_organizations(pairs: Iterable[tuple[str, str]]) -> Q:
    by_system: dict[str, list[str]] = {}
    for system, organization in pairs:
        by_system.setdefault(system, []).append(organization)
    inside = Q(pk__in=[])
    for system, organizations in by_system.items():
        inside |= Q(system=system, organization__in=organizations)
    return inside


def _question(system: str, user: User, wait: float) -> Question[Mapping[str, Organization]]:
    return Question(
        system=system,
        operation="organizations",
        seconds=wait,
        work=lambda: own_organizations(system, by=user, seconds=wait),
    )


def _never_signed_in(system: str, fault: IntegrationError) -> bool:
    """Whether somebody holds no role there as far as the portal can know: nothing is missing then."""
    if isinstance(fault, NotConfigured):
        return fault.reason != MOVED
    return isinstance(fault, Unauthorised) and needs_own_token(system)
