"""The organizations whose studies somebody may open: those in which they hold a role."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.conf import settings

from integrations.abilities import Capability
from integrations.registry import label_of, systems_with
from patients.models import ChosenStudy, Place, Study
from patients.services import facets, visibility
from patients.services.people_rows import called
from patients.services.visibility import NotTold, Reach, Standing
from portal import audit
from portal.accounts.models import User


class OutOfReach(Exception):
    """No such organization or study, or none in which this person holds a role."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPlace:
    """An organization in which somebody holds a role; ``path`` are the names from the outermost to its own.

    ``may_write``: the role lets them change its people. ``console_url`` leads to the system's own screens.
    """

    place: Place
    name: str
    path: tuple[str, ...] = field(repr=False)
    role: str
    may_write: bool
    console_url: str

    @property
    def system(self) -> str:
        """The system that it is an organization of."""
        name: str = self.place.system
        return name

    @property
    def organization(self) -> str:
        """The system's own number of it."""
        number: str = self.place.organization
        return number


def own_places(reach: Reach) -> list[OwnPlace]:
    """The organizations within reach of systems with studies, by path."""
    systems = systems_with(Capability.STUDIES)
    pairs = [(name, each) for name in systems for each in reach.organizations.get(name, ())]
    places = _places(pairs, reach)
    return sorted(
        (_own(places[pair], reach) for pair in pairs), key=lambda each: [one.casefold() for one in each.path]
    )


def own_place(number: int, reach: Reach) -> OwnPlace:
    """One of them, by our own number of it. Raises :class:`OutOfReach`, and
    :class:`~patients.services.visibility.NotTold` where it may be theirs after all."""
    place = Place.objects.filter(pk=number).first()
    if place is None or place.organization not in reach.organizations.get(place.system, ()):
        visibility.require_told(reach)
        raise OutOfReach
    if place.system not in systems_with(Capability.STUDIES):
        raise OutOfReach
    return _own(place, reach)


def study_at(own: OwnPlace, public_id: str) -> Study:
    """A study of an organization. Raises :class:`OutOfReach`."""
    study = Study.objects.filter(
        system=own.system, organization=own.organization, public_id=public_id
    ).first()
    if study is None:
        raise OutOfReach
    return study


def note_refused(action: str, *, by: User, key: str) -> None:
    """Write down that somebody wanted to see what is out of their reach."""
    audit.look(action, by=by, subject_key=key[:64], outcome="refused")


def _places(pairs: Iterable[tuple[str, str]], reach: Reach) -> dict[tuple[str, str], Place]:
    """The rows that speak of these organizations; those that nobody's record has named yet are made."""
    wanted = set(pairs)
    found = {pair: place for pair, place in facets.read_layout().places.items() if pair in wanted}
    names = {pair: standing.name for pair, standing in reach.standings.items() if pair in wanted}
    if missing := wanted - found.keys():
        found = {
            pair: place for pair, place in facets.layout_for(list(missing)).places.items() if pair in wanted
        }
    if any(found[pair].name != name for pair, name in names.items() if name):
        facets.call(names)
        found = {pair: place for pair, place in facets.read_layout().places.items() if pair in wanted}
    return found


def _own(place: Place, reach: Reach) -> OwnPlace:
    pair = (place.system, place.organization)
    standing = reach.standings.get(pair, Standing())
    name = standing.name or called(place)
    return OwnPlace(
        place=place,
        name=name,
        path=(*(each for each in standing.above if each), name),
        role=role_in_words(place.system, standing.role),
        may_write=place.organization in reach.writable.get(place.system, ()),
        console_url=settings.SYSTEMS[place.system]["CONSOLE_URL"].partition("{id}")[0],
    )


def role_in_words(system: str, role: str) -> str:
    """A role as pages name it: "JHE manager"; empty where it was not told."""
    return f"{label_of(system)} {role.replace('_', ' ')}" if role else ""


# --- where somebody begins again ------------------------------------------------------------


def note_chosen(own: OwnPlace, study: Study | None, *, by: User) -> None:
    """Remember what somebody opened last; nothing is written where it is what they opened before."""
    values = {"place_id": own.place.pk, "study_id": study.pk if study else None}
    if not ChosenStudy.objects.filter(user=by, **values).exists():
        ChosenStudy.objects.update_or_create(user=by, defaults=values)


def chosen(reach: Reach, *, by: User) -> tuple[OwnPlace, Study | None] | None:
    """What somebody opened last, as far as it is within reach still."""
    row = ChosenStudy.objects.select_related("study").filter(user=by).first()
    if row is None:
        return None
    try:
        return own_place(row.place_id, reach), row.study
    except (OutOfReach, NotTold):
        return None
