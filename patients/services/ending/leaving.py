"""Taking a record out of one of its organizations: what would be lost is counted, then it is asked for.

Out of the last organization the system deletes the record: that goes another way (``removing``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from integrations.abilities import Capability, TellsHoldings
from integrations.errors import Unsupported
from integrations.holdings import Exported
from integrations.registry import label_of, system_class
from patients.models import Operation, Place, SourceRecord
from patients.services.connections import open_system
from patients.services.hand_links import Side
from patients.services.operations import recording, rights
from patients.services.operations.wishes import Leave
from patients.services.seals import held, seal
from patients.services.visibility import Reach
from portal import audit
from portal.accounts.models import User

from . import GONE, Refused, counted
from .counted import Counted, Read

LEAVE = "leave"  # the kind of form
SECONDS = 15.0  # that counting may take
EXPORT_SECONDS = 600.0
TOO_OLD = "What would be lost was counted too long ago. Look at the numbers of now, and send this again."
IS_LAST = "This is the record's only organization: out of it, the record would be deleted."
_ABILITIES = {Capability.MEMBERSHIP, Capability.HOLDINGS}


# --- which organizations --------------------------------------------------------------------


def places_of(record: SourceRecord, *, by: User, reach: Reach) -> list[Place]:
    """The organizations of a record, as last read, out of which somebody may take it."""
    is_able = system_class(record.system).capabilities >= _ABILITIES and record.vanished_at is None
    if not is_able or not rights.may_write(by, record.system):
        return []
    own = record.memberships.values_list("organization", flat=True)
    mine = reach.writable.get(record.system, frozenset()).intersection(own)
    return list(Place.objects.filter(system=record.system, organization__in=mine).order_by("name", "pk"))


def can_delete(record: SourceRecord) -> bool:
    """Whether a record can be removed from its last organization, too: with two people."""
    return Capability.REMOVAL in system_class(record.system).capabilities


# --- what would be lost ---------------------------------------------------------------------


def read(record: SourceRecord, place: Place, *, by: User) -> Read:
    """What the organization holds of the person at this moment, with the reader's own rights.

    Raises :mod:`integrations.errors` errors where nothing can be said at all.
    """
    holdings = _teller(record, by=by, seconds=SECONDS).holdings(record.remote_id, place.organization)
    return counted.read_from(holdings)


def export(record: SourceRecord, place: Place, *, by: User) -> Iterator[bytes]:
    """The same in whole, as lines of JSON; one audit event before the first. What could not be read is
    named where it would stand, and on the last line.

    Raises :mod:`integrations.errors` errors where there is nothing to export.
    """
    pieces = _teller(record, by=by, seconds=EXPORT_SECONDS).export(record.remote_id, place.organization)
    audit.look(
        "record.exported",
        by=by,
        system=record.system,
        record_id=record.remote_id,
        subject_key=record.patient.public_id,
        details={"exported": [str(record)]},
    )
    return _lines(pieces)


def _lines(pieces: Iterator[Exported]) -> Iterator[bytes]:
    for each in pieces:
        yield json.dumps(each.as_json(), ensure_ascii=False).encode() + b"\n"


def _teller(record: SourceRecord, *, by: User, seconds: float) -> TellsHoldings:
    adapter = open_system(record.system, by=by, seconds=seconds)
    if not isinstance(adapter, TellsHoldings):
        raise Unsupported(system=record.system, operation="holdings", label=label_of(record.system))
    return adapter


# --- asking for it --------------------------------------------------------------------------


def about(record: SourceRecord, place: Place) -> str:
    """What a form and its numbers are about beside the person."""
    return f"{record.pk} in {place.pk}"


def seal_leaving(whole: Side, record: SourceRecord, place: Place, *, by: User) -> str:
    """The seal of the form that asks for leaving, or for a deletion."""
    return seal(whole.named, purpose=LEAVE, part=about(record, place), by=by)


@contextmanager
def asking(
    sealed: str, numbers: str, *, record: SourceRecord, place: Place, by: User, reach: Reach
) -> Iterator[tuple[SourceRecord, Counted]]:
    """The record as it is now, its person held as the form showed them, and what the form's page had counted.

    Raises :class:`~patients.services.seals.Broken` and :class:`Refused`.
    """
    at, part = record.patient.public_id, about(record, place)
    with held(sealed, purpose=LEAVE, at=[at], by=by, part=part) as [patient]:
        now = patient.records.filter(pk=record.pk).first()
        if now is None or place not in places_of(now, by=by, reach=reach):
            raise Refused(GONE)
        lost = counted.unsealed(numbers, about=part, by=by)
        if lost is None:
            raise Refused(TOO_OLD)
        yield now, lost


def leave(
    *, sealed: str, numbers: str, record: SourceRecord, place: Place, reason: str, by: User, reach: Reach
) -> Operation:
    """Ask for the record to be taken out of an organization that is not its last one.

    ``numbers`` is what the form carries of what was counted. Raises
    :class:`~patients.services.seals.Broken`, :class:`Refused` and ``Forbidden``.
    """
    with asking(sealed, numbers, record=record, place=place, by=by, reach=reach) as (now, lost):
        if lost.last is not False:
            raise Refused(IS_LAST)
        wish = Leave(organization_id=place.organization, reason=reason)
        try:
            return recording.ask(wish, record=now, by=by, reason=reason)
        except recording.Nobody:
            raise Refused(GONE) from None
