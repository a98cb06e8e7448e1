"""In which systems and organizations somebody may register people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from integrations.abilities import Capability
from integrations.registry import label_of, system_names, systems_with
from patients.models import Operation, Patient, Place
from patients.services.connections import is_set_up
from patients.services.operations import rights
from patients.services.operations.wishes import Kind
from patients.services.visibility import Reach
from portal.accounts.models import User

from .adding import held_in

HELD = "They have a record there already."


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A system in which somebody may register, and the organizations to choose from where it has such;
    ``why_not`` says why there is none, for staff."""

    system: str
    organizations: tuple[tuple[str, str], ...] = ()
    why_not: str = ""

    @property
    def label(self) -> str:
        """The system's label."""
        return label_of(self.system)


def offers_for(user: User, reach: Reach, *, of: Patient | None = None) -> tuple[Offer, ...]:
    """The systems into which somebody's role lets them write, in order of display; ``of`` is who gets one
    more record."""
    names = [name for name in system_names() if is_set_up(name) and rights.may_write(user, name)]
    held = held_in(of) if of is not None else frozenset()
    return tuple(Offer(system=name, why_not=HELD) if name in held else _offer(name, reach) for name in names)


def usual_systems(user: User, offers: Sequence[Offer]) -> tuple[str, ...]:
    """Where somebody usually registers: as the last time, else wherever no organization is needed."""
    possible = [each.system for each in offers if not each.why_not]
    creations = Operation.objects.filter(asked_by=user, kind=Kind.CREATE, bulk=None).order_by("-pk")
    last = creations.values_list("asked_at", flat=True).first()
    if last is not None:
        used = set(creations.filter(asked_at=last).values_list("system", flat=True))
        return tuple(name for name in possible if name in used)
    narrow = systems_with(Capability.ORGANIZATIONS)
    return tuple(name for name in possible if name not in narrow) or tuple(possible)


def _offer(system: str, reach: Reach) -> Offer:
    if system not in systems_with(Capability.ORGANIZATIONS):
        return Offer(system=system)
    mine = reach.writable.get(system, frozenset())
    if mine:
        names = dict(Place.objects.filter(system=system).values_list("organization", "name"))
        called = ((each, names.get(each) or f"organization {each}") for each in mine)
        return Offer(system=system, organizations=tuple(sorted(called, key=lambda each: each[1].casefold())))
    no_role = f"You are member or manager of no {label_of(system)} organization: ask a manager there."
    return Offer(system=system, why_not=reach.untold.get(system) or no_role)
