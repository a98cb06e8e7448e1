"""What somebody may do about a person, as the buttons of their page."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from django.urls import reverse

from patients.services.editing.copies import may_edit
from patients.services.opening import Opened
from patients.services.operations import attention
from patients.services.registering.offers import Offer, offers_for
from portal.accounts.models import User

MOST_ORGANIZATIONS = 3  # that are offered one by one


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """A button: a link, or a form that sends ``fields`` where there are any."""

    label: str
    url: str
    fields: tuple[tuple[str, str], ...] = ()


def actions_for(opened: Opened, *, by: User) -> tuple[Action, ...]:
    """The actions, in the order in which they are needed; none where a system refuses a record."""
    return () if opened.refused else tuple(_actions(opened, by))


def missing_of(opened: Opened, *, by: User, coming: Collection[str]) -> tuple[Action, ...]:
    """Where the person can be added: systems and organizations in which they are not, nor are ``coming``."""
    offers = [each for each in offers_for(by, opened.reach) if not (each.why_not or each.system in coming)]
    return tuple(action for offer in offers for action in _missing(opened, offer))


def _actions(opened: Opened, by: User) -> Iterator[Action]:
    records = [each.record for each in opened.person.kept]
    if may_edit(records, by=by, reach=opened.reach):
        about = [opened.patient.public_id]
        yield Action(label="Edit", url=reverse("patients:edit", args=about))
        if len(records) > 1:
            yield Action(label="Bring into agreement", url=reverse("patients:agree", args=about))
    yield from missing_of(opened, by=by, coming=attention.being_created(opened.patient))


def _missing(opened: Opened, offer: Offer) -> Iterator[Action]:
    """Adding the person to a system, or to an organization of it, where they are not yet."""
    start = reverse("patients:register_start")
    about = (("person", opened.patient.public_id),)
    records = [each.record for each in opened.person.kept if each.record.system == offer.system]
    if not records:
        yield Action(label=f"Add to {offer.label}", url=start, fields=(*about, ("systems", offer.system)))
        return
    places = {place.id for each in records for place in each.organizations}
    missing = [(number, name) for number, name in offer.organizations if number not in places]
    for number, name in missing[:MOST_ORGANIZATIONS]:
        yield Action(label=f"Add to {name}", url=start, fields=(*about, ("joins", number)))
