"""The people list as tests fill, steer and read it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

from django.test import Client
from django.utils import timezone

from integrations.types import Administrative, Demographics, Organization, RemotePatient, Sex
from patients.models import OwnRoles, SourceRecord
from portal import audit
from portal.accounts.models import User
from tests.support import Node, parsed

LIST, PRINT, EXPORT = "/people/", "/people/print", "/people/export"
FORMULA = "=HYPERLINK(A1)"
#: Folded, as the list orders it, the formula begins with an h.
IN_ORDER = ["ABBOTT", "BAKER", "CARTER", "DUNN", "EVANS", "FOSTER", "HALL", FORMULA]


def record(
    number: int,
    family: str,
    given: str = "Ann",
    *,
    system: str = "jump",
    born: date | None = date(1980, 4, 3),
    created: date | None = date(2024, 5, 1),
    organizations: Iterable[str] = (),
    review: bool = False,
    **more: Any,
) -> RemotePatient:
    """A record of a made-up person."""
    moment = datetime(created.year, created.month, created.day, 12, tzinfo=UTC) if created else None
    return RemotePatient(
        system=system,
        id=str(number),
        demographics=Demographics(family_name=family, given_name=given, birth_date=born, sex=Sex.FEMALE),
        administrative=Administrative(requires_review=review, created_at=moment),
        organizations=tuple(Organization(id=each, name=f"Clinic {each}") for each in organizations),
        **more,
    )


def reaches(user: User, *organizations: str) -> User:
    """The user, who has told this minute that they hold a role in these JHE organizations."""
    OwnRoles.objects.create(
        user=user, system="jhe", organizations=list(organizations), read_at=timezone.now()
    )
    return user


def names(page: Node) -> list[str]:
    """The family names in the list, in order."""
    return [row.of_class("portal-name__family")[0].text for row in page.of_class("portal-list__row")]


def listed(client: Client, url: str = LIST) -> list[str]:
    """... as a page shows them."""
    return names(parsed(client.get(url)))


def send(client: Client, **data: Any) -> Any:
    """A POST to the list, as a button without JavaScript sends it."""
    response = client.post(LIST, data)
    assert response.status_code == 303
    return response


def filtered(client: Client, **filters: Any) -> list[str]:
    """Names in the list after filtering it anew."""
    send(client, filter="1", **filters)
    return listed(client)


def key_of(family: str) -> str:
    """A person's address, by the folded family name."""
    return str(SourceRecord.objects.filter(family=family).first().patient.public_id)  # type: ignore[union-attr]


def events_of(response: Any) -> list[str]:
    """What a request left in the audit."""
    return [each.action for each in audit.events_of_request(response["X-Request-Id"])]
