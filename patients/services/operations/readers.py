"""Who may read what of a write that names an organization.

A record may be in two organizations of one system, and a reader hold a role in one of them: that the record
is within reach does not say that the other one's studies, decisions and invitations are. Of such a write
everybody else sees the kind and how it stands, at most.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q

from integrations.abilities import Capability
from integrations.registry import systems_with
from patients.models import Bulk, Operation
from patients.services.visibility import Reach, reach_of
from portal.accounts.models import User

from .wishes import Kind

#: Kinds that say in which organization or study somebody is, and what they decided there; the others are
#: about a record as such, and name the organization in which it is written.
ABOUT_ORGANIZATIONS = frozenset(
    {
        Kind.JOIN,
        Kind.LEAVE,
        Kind.REMOVE,
        Kind.ENROL,
        Kind.UNENROL,
        Kind.DECIDE,
        Kind.INVITE,
        Kind.CANCEL_INVITATION,
    }
)


def reads(row: Operation | Bulk, *, by: User, reach: Reach) -> bool:
    """Whether somebody may read what names the organization: the system's own sentences, which are meant
    for who asked, and what a bulk is called. Of a write that names none only who asked for it may."""
    if row.asked_by_id == by.pk or row.system not in systems_with(Capability.ORGANIZATIONS):
        return True
    return row.organization in reach.organizations.get(row.system, ())


def knows_whom(operation: Operation, *, by: User, reach: Reach) -> bool:
    """Whether somebody who sees the record may know that this write is about it, and what it says."""
    return operation.kind not in ABOUT_ORGANIZATIONS or reads(operation, by=by, reach=reach)


def beside_a_person(by: User, reach: Reach) -> Q:
    """The same as a condition, for lists of one person's writes."""
    known = Q(asked_by=by) | ~Q(kind__in=ABOUT_ORGANIZATIONS)
    known |= ~Q(system__in=systems_with(Capability.ORGANIZATIONS))
    for system, some in reach.organizations.items():
        known |= Q(system=system, organization__in=sorted(some))
    return known


def reach_for(rows: Sequence[Operation | Bulk], by: User) -> Reach:
    """What somebody's roles reach, asked only where the rows' readers depend on it."""
    nothing = Reach(organizations={})
    return nothing if all(reads(each, by=by, reach=nothing) for each in rows) else reach_of(by)
