"""Whether a record is still somebody whom the portal made up: asked before one person alone deletes it."""

from __future__ import annotations

from integrations.types import RemotePatient
from patients.models import Operation, SourceRecord

from .whom import wish_of
from .wishes import Create, Kind

#: What says who somebody is. All of it is as it was made: a system may keep an e-mail address for ever, so
#: that a person written over somebody made up still has that.
_WHO = ("given_name", "family_name", "birth_date", "email")


def holds_as_made(record: SourceRecord, remote: RemotePatient) -> bool:
    """Whether a record, as it was read (``remote``), holds who was made up when it was asked for."""
    made = Operation.objects.filter(record=record, kind=Kind.CREATE, state=Operation.State.DONE)
    return any(_is_as_made(wish_of(each), remote) for each in made)


def _is_as_made(wish: object, remote: RemotePatient) -> bool:
    if not (isinstance(wish, Create) and wish.is_test):
        return False
    details, now = wish.new.details, remote.demographics
    return all((getattr(details, each) or "") == (getattr(now, each) or "") for each in _WHO)
