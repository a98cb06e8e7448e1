"""One view of a person's page: the requests that belong to it carry its seal and make no event of their own.

The seal names the event that recorded the view, who looked, at whom, and the records that the event
names: a later request of the page shows no other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.core import signing

from portal.accounts.models import User

LASTS_FOR = timedelta(minutes=15)  # as long as a look-up
_SALT = "view of a person"


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A recorded view; ``event`` is the event's id, ``records`` are our ids of the records shown."""

    event: str
    public_id: str
    records: tuple[int, ...]


def sealed(view: View, *, by: User) -> str:
    """What requests of the page carry: opaque ids of ours, signed."""
    return signing.dumps([view.event, by.pk, view.public_id, list(view.records)], salt=_SALT)


def unsealed(text: str, *, public_id: str, by: User) -> View | None:
    """The view behind a seal; ``None`` where it is none of this person's, of this page, or too old."""
    try:
        event, user, about, records = signing.loads(text, salt=_SALT, max_age=LASTS_FOR)
    except signing.BadSignature:
        return None
    if (user, about) != (by.pk, public_id):
        return None
    return View(event=event, public_id=about, records=tuple(records))


def view_of(event: object, public_id: str, records: Iterable[int]) -> View:
    """The view that an event has recorded."""
    return View(event=str(event), public_id=public_id, records=tuple(records))
