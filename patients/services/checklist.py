"""In which systems and organizations a person is, and in which not: what is to be set up."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from integrations.abilities import Capability
from integrations.registry import label_of, system_names, systems_with
from patients.models import Place, SyncRun

from . import sync_runs
from .answers import KeptRecord
from .connections import is_set_up
from .contents import as_reached
from .portrait import ASIDE
from .visibility import Reach

MOST_NAMED = 10  # organizations of one system


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line. ``state``: here, coming (being registered there), absent, or unknown (whether the person is
    there cannot be told)."""

    state: str
    text: str
    note: str = ""


def checklist_of(
    kept: Sequence[KeptRecord], refused: frozenset[str], reach: Reach, *, coming: Collection[str] = ()
) -> tuple[Line, ...]:
    """A line for every system and for every organization of the user's own. ``coming``: systems in which
    they are being registered."""
    names = _names(reach)
    return tuple(
        line
        for system in system_names()
        for line in _lines(
            system, [each for each in kept if each.record.system == system], refused, reach, names, coming
        )
    )


def _lines(
    system: str,
    kept: Sequence[KeptRecord],
    refused: frozenset[str],
    reach: Reach,
    names: dict[tuple[str, str], str],
    coming: Collection[str],
) -> Iterator[Line]:
    if system in coming and not kept:
        yield Line(
            state="coming", text=f"Being registered in {label_of(system)}", note="See the changes above."
        )
    elif system in refused and not kept:
        yield Line(state="unknown", text=f"{label_of(system)} does not show this record to you.")
    elif kept and all(each.gone for each in kept):
        yield Line(state="absent", text=f"Not in {label_of(system)} any more", note="Its record is gone.")
    elif kept:
        kept = [each for each in kept if not each.gone]
        yield Line(state="here", text=f"In {label_of(system)}", note=_how_many(kept))
        yield from _organizations(system, kept, reach, names)
    else:
        yield _without(system, reach)


def _how_many(kept: Sequence[KeptRecord]) -> str:
    """How many records, and where none of them is in use what became of them."""
    many = f"{len(kept)} records" if len(kept) > 1 else "1 record"
    statuses = dict.fromkeys(str(each.record.status) for each in kept)
    return ", ".join([many, *statuses]) if statuses.keys() <= ASIDE else many


def _organizations(
    system: str, kept: Sequence[KeptRecord], reach: Reach, names: dict[tuple[str, str], str]
) -> Iterator[Line]:
    reached = [as_reached(each.record, reach) for each in kept]
    places = {place.id: place for each in reached for place in each.organizations}
    for place in places.values():
        yield Line(
            state="here",
            text=f"In {place.name or names.get((system, place.id), place.id)}",
            note=label_of(system),
        )
    missing = sorted(reach.organizations.get(system, frozenset()) - places.keys())
    called = [names.get((system, each), f"organization {each}") for each in missing]
    for name in called[:MOST_NAMED]:
        yield Line(state="absent", text=f"Not in {name}", note=label_of(system))
    if len(called) > MOST_NAMED:
        yield Line(
            state="absent",
            text=f"Not in {len(called) - MOST_NAMED} more organizations where you hold a role",
            note=label_of(system),
        )


def _without(system: str, reach: Reach) -> Line:
    """A system without a record of the person: not there as far as can be known, or not to be known."""
    label = label_of(system)
    if not is_set_up(system):
        return Line(state="unknown", text=f"{label} is not connected to this portal.")
    if system in reach.untold:
        return Line(state="unknown", text=f"Whether {label} holds this person is not known now.")
    if system in systems_with(Capability.ORGANIZATIONS) and not reach.organizations.get(system):
        return Line(state="unknown", text=f"You hold no role in {label}: it shows nobody to you.")
    last = sync_runs.last_run(system, SyncRun.Kind.FULL)
    if last is None:
        return Line(
            state="unknown",
            text=f"No record in {label} is known",
            note="Its people were not all read into the index yet: look the person up to ask it.",
        )
    where = " in your organizations" if system in systems_with(Capability.ORGANIZATIONS) else ""
    return Line(
        state="absent", text=f"Not in {label}", note=f"No record{where} is known to be this person's."
    )


def _names(reach: Reach) -> dict[tuple[str, str], str]:
    """System and organization → name, of the organizations within reach."""
    wanted = [each for some in reach.organizations.values() for each in some]
    if not wanted:
        return {}
    rows = Place.objects.filter(organization__in=wanted).exclude(name="")
    return {(row.system, row.organization): row.name for row in rows}
