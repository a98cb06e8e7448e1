"""The study that a command names, as its system holds it now, with everybody who takes part."""

from __future__ import annotations

from django.db.models import Q
from django.utils import timezone

from integrations.abilities import HasStudies, Invites
from integrations.registry import label_of
from patients.models import Study
from patients.services.connections import open_system
from patients.services.studies import mirror, places, plans
from patients.services.studies.places import OwnPlace
from patients.services.visibility import Reach
from portal.accounts.models import User

SECONDS = 60.0


class NoSuchStudy(Exception):
    """There is none, or none within reach; the text says so, for staff."""


class ChooseApp(Exception):
    """It is not plain to which app people are invited; the text says which there are."""


def study_named(name: str, *, by: User, reach: Reach) -> Study:
    """A study by its number in its system, or by its id in addresses here; with its plan and its people read
    anew. Raises :class:`NoSuchStudy`, and :mod:`integrations.errors` errors."""
    for own in places.own_places(reach):
        study = _study_of(own, name, by=by)
        if study is not None:
            _read(study, by=by)
            return study
    untold = " ".join(reach.untold.values())
    raise NoSuchStudy(untold or "There is no such study in an organization in which this account has a role.")


def app_of(study: Study, named: str) -> str:
    """The number of the app to which people are invited: the named one, else the only one. Raises
    :class:`ChooseApp`."""
    apps = [each for each in plans.plan_of(study).apps if each.invites]
    if named:
        chosen = [each.id for each in apps if named in (each.id, each.name)]
    else:
        chosen = [each.id for each in apps]
    if len(chosen) == 1 or (not apps and not named):
        return chosen[0] if chosen else ""
    known = ", ".join(f"{each.id} ({each.name})" if each.name else each.id for each in apps)
    raise ChooseApp(f"The study has these apps: {known or 'none'}. Name one of them.")


def _study_of(own: OwnPlace, name: str, *, by: User) -> Study | None:
    rows = Study.objects.filter(system=own.system, organization=own.organization)
    known = rows.filter(Q(remote_id=name) | Q(public_id=name), vanished_at=None).first()
    if known is not None:
        return known
    adapter = open_system(own.system, by=by, seconds=SECONDS)
    if not isinstance(adapter, HasStudies):
        return None
    found = mirror.keep_studies(
        own.system, own.organization, adapter.studies(own.organization), timezone.now()
    )
    return next((each for each in found if name in (each.remote_id, each.public_id)), None)


def _read(study: Study, *, by: User) -> None:
    """Who takes part by now is not enrolled again, whoever enrolled them."""
    adapter = open_system(study.system, by=by, seconds=SECONDS)
    if not isinstance(adapter, HasStudies):
        raise NoSuchStudy(f"{label_of(study.system)} keeps no studies.")
    tells = isinstance(adapter, Invites) and adapter.tells_states()
    began_at = timezone.now()
    mirror.keep_plan(
        study, adapter.study_plan(study.remote_id, study.organization), tells_states=tells, now=began_at
    )
    people = adapter.patients_of_study(study.remote_id, study.organization)
    mirror.keep_people(study, list(people), began_at=began_at)
    if isinstance(adapter, Invites) and tells:
        mirror.keep_invitations(study, adapter.every_invitation())
