"""Studies as tests fill, steer and read them: rows as reading leaves them, no system asked."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from integrations.studies import Scope, StudyPlan
from integrations.types import Study as RemoteStudy
from patients.matching.study_numbers import folded
from patients.models import OwnRoles, Participant, Place, SourceRecord, Study
from patients.services import facets, index
from patients.services.studies import plans
from patients.services.studies.standing import standing_of
from portal.accounts.models import User
from tests.support import Node, parsed
from tests.web.people_list.listing import record

PRESSURE = Scope(system="https://w3id.org/openmhealth", code="omh:blood-pressure:4.0")
HOME = "7"


def holds(user: User, *organizations: str, role: str = "manager") -> User:
    """The user, of whom JHE said this minute that they hold this role in these organizations."""
    may_write = role != "viewer"
    OwnRoles.objects.update_or_create(
        user=user,
        system="jhe",
        defaults={
            "organizations": list(organizations),
            "writable": list(organizations) if may_write else [],
            "told": {
                each: {"role": role, "name": f"Clinic {each}", "above": ["ROOT", "Region"]}
                for each in organizations
            },
            "read_at": timezone.now(),
        },
    )
    facets.call({("jhe", each): f"Clinic {each}" for each in organizations})
    return user


def study(number: int = 1, *, organization: str = HOME, **values: Any) -> Study:
    """A study that asks for blood pressure."""
    plan = StudyPlan(study=RemoteStudy(id=str(number)), scopes=(PRESSURE,))
    defaults = {
        "name": f"Study {number}",
        "organization": organization,
        "read_at": timezone.now(),
        "plan": plans.to_keep(plan),
        "tells_states": True,
        "people_at": timezone.now(),
    }
    return Study.objects.create(system="jhe", remote_id=str(number), **{**defaults, **values})


def people(*families: str, organization: str = HOME, first: int = 1, **more: Any) -> list[SourceRecord]:
    """JHE records of people of these family names."""
    rows = [
        record(first + place, family, system="jhe", organizations=[organization], created=None, **more)
        for place, family in enumerate(families)
    ]
    index.store(rows)
    return [SourceRecord.objects.get(system="jhe", remote_id=each.id) for each in rows]


def takes_part(which: Study, who: SourceRecord, **values: Any) -> Participant:
    """Somebody takes part, and stands where these facts say."""
    number = values.pop("number", "")
    row = Participant(study=which, record=who, seen_at=timezone.now(), number=number, **values)
    row.number_key, row.standing = folded(number), standing_of(row)
    row.save()
    return row


def days_ago(days: float) -> Any:
    return timezone.now() - timedelta(days=days)


def board_of(which: Study) -> str:
    """The address of a study's board."""
    place = Place.objects.get(system="jhe", organization=which.organization)
    return f"/organizations/{place.pk}/studies/{which.public_id}/"


def list_of(organization: str = HOME) -> str:
    """The address of an organization's list."""
    place = Place.objects.get(system="jhe", organization=organization)
    return f"/organizations/{place.pk}/studies/"


def names(page: Node) -> list[str]:
    """The family names on a board, in order."""
    return [row.of_class("portal-name__family")[0].text for row in page.of_class("portal-list__row")]


def shown(client: Client, which: Study, **data: Any) -> list[str]:
    """Names on the board, after a button was pressed."""
    if data:
        assert client.post(board_of(which), data).status_code == 303
    return names(parsed(client.get(board_of(which))))


def texts(nodes: Iterable[Node]) -> list[str]:
    return [each.text for each in nodes]
