"""What each chosen system needs of a person and what it cannot take, as its adapter says.

A system is given by its adapter's class (:func:`integrations.registry.system_class`): nothing is asked of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from dataclasses import field as kept
from enum import StrEnum

from integrations.abilities import Capability, System
from integrations.types import Identifier
from integrations.wire import cleaned
from integrations.writes import Changes, Details, Part
from patients.matching.fields import Field

ORGANIZATION = "organization_id"
IDENTIFIERS = "identifiers"


class Trouble(StrEnum):
    """What is the matter. ``MISSING``: it is needed. ``REFUSED``: it cannot be held as it is.
    ``LEFT_OUT``: there is no place for it, so that it is not written there."""

    MISSING = "missing"
    REFUSED = "refused"
    LEFT_OUT = "left out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that a system needs or cannot take. ``field`` is a part, :data:`ORGANIZATION` or
    :data:`IDENTIFIERS`; ``sentence`` is for staff."""

    system: str
    field: str
    trouble: Trouble
    sentence: str = kept(repr=False)

    @property
    def stops(self) -> bool:
        """Whether nothing can be written to this system so."""
        return self.trouble is not Trouble.LEFT_OUT


def needs_of(systems: Iterable[type[System]]) -> Mapping[str, tuple[str, ...]]:
    """Each field that a new record needs in any of the systems → the names of those, in their order."""
    needed: dict[str, tuple[str, ...]] = {}
    for system in systems:
        fields = [part.value for part in Part if part in system.needs]
        if Capability.ORGANIZATIONS in system.capabilities:
            fields.append(ORGANIZATION)
        for each in fields:
            needed[each] = (*needed.get(each, ()), system.name)
    return needed


def problems_for(
    system: type[System],
    details: Details,
    *,
    organization_id: str = "",
    identifiers: tuple[Identifier, ...] = (),
) -> tuple[Problem, ...]:
    """What is missing for a new record in a system, or cannot be held there."""
    given = details.given()
    refused = system.problems(details, system.needs | (given & system.creates_with))
    found = [
        *_refused(system, details, refused),
        *_left_out(system, given - _taken(system, details)),
        *_organization(system, organization_id),
        *_identifiers(system, identifiers),
    ]
    return tuple(found)


def problems_with(system: type[System], changes: Changes) -> tuple[Problem, ...]:
    """What of some changes a system cannot take."""
    details, possible = changes.details, changes.parts & system.changes
    refused = system.problems(details, possible)
    return (*_refused(system, details, refused), *_left_out(system, changes.parts - possible))


def taken_by(system: type[System], details: Details) -> Details:
    """The details that a new record of a system can take: all but what is left out."""
    nothing = Details()
    values = {part.value: getattr(nothing, part) for part in details.given() - _taken(system, details)}
    return replace(details, **values)


def _taken(system: type[System], details: Details) -> frozenset[Part]:
    """The parts that get there: not those that the system takes in principle and leaves out here."""
    there = system.as_held(details).given()
    return frozenset(
        part for part in details.given() & system.creates_with if part in there or part in system.needs
    )


def _refused(system: type[System], details: Details, sentences: Mapping[str, str]) -> Iterator[Problem]:
    there = system.as_held(details).given()
    for part in Part:
        if part in sentences:
            lacks = part in system.needs and part not in there
            trouble = Trouble.MISSING if lacks else Trouble.REFUSED
            yield Problem(system=system.name, field=part.value, trouble=trouble, sentence=sentences[part])


def _left_out(system: type[System], parts: frozenset[Part]) -> Iterator[Problem]:
    for part in Part:
        if part in parts:
            general = f"{system.label} does not take the {_called(part)}: it is not written there."
            sentence = system.fixed.get(part, general)
            yield Problem(system=system.name, field=part.value, trouble=Trouble.LEFT_OUT, sentence=sentence)


def _called(part: Part) -> str:
    try:
        return Field(part.value).label
    except ValueError:
        return part.value.replace("_", " ")


def _organization(system: type[System], organization_id: str) -> Iterator[Problem]:
    if Capability.ORGANIZATIONS in system.capabilities and not organization_id:
        sentence = f"Choose the {system.label} organization that the record is to belong to."
        yield Problem(system=system.name, field=ORGANIZATION, trouble=Trouble.MISSING, sentence=sentence)


def _identifiers(system: type[System], identifiers: tuple[Identifier, ...]) -> Iterator[Problem]:
    if not identifiers:
        return
    if Capability.IDENTIFIERS not in system.capabilities:
        sentence = f"{system.label} does not take identifiers of other systems: they are not written there."
        yield Problem(system=system.name, field=IDENTIFIERS, trouble=Trouble.LEFT_OUT, sentence=sentence)
    elif not all(cleaned(each.system) and cleaned(each.value) for each in identifiers):
        sentence = "Give each identifier its value, and say which system it is from."
        yield Problem(system=system.name, field=IDENTIFIERS, trouble=Trouble.REFUSED, sentence=sentence)
