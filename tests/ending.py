"""What tests of leaving and deleting share: somebody in one organization of JHE, and asking for it."""

from __future__ import annotations

from integrations.sandbox.run import Sandbox
from patients.models import Operation, Place, Removal, SourceRecord
from patients.services import visibility
from patients.services.ending import counted, leaving, removing
from patients.services.hand_links import Side, side
from portal.accounts.models import User
from tests.writing import LIFESPAN

PERSON = "40001"  # in LIFESPAN alone and in both of its studies
ELSEWHERE = 20002  # an organization where the manager may write, too
REASON = "Asked for it in writing"


def place(organization: str = LIFESPAN) -> Place:
    """An organization as the index knows it."""
    return Place.objects.get(system="jhe", organization=organization)


def whole(record: SourceRecord, by: User) -> Side:
    """The record's person as somebody sees them now."""
    now = SourceRecord.objects.select_related("patient").get(pk=record.pk)
    return side(now.patient.public_id, by=by, reach=visibility.reach_of(by))


def ask(record: SourceRecord, *, by: User, typed: str = PERSON, organization: str = LIFESPAN) -> Removal:
    """Ask for a deletion, as from a page that has counted just now."""
    where = place(organization)
    return removing.ask(
        sealed=leaving.seal_leaving(whole(record, by), record, where, by=by),
        numbers=numbers(record, by=by, organization=organization),
        record=record,
        place=where,
        typed=typed,
        reason=REASON,
        by=by,
        reach=visibility.reach_of(by),
    )


def leave(record: SourceRecord, *, by: User, organization: str = LIFESPAN) -> Operation:
    """Ask for leaving an organization, as from a page that has counted just now."""
    where = place(organization)
    return leaving.leave(
        sealed=leaving.seal_leaving(whole(record, by), record, where, by=by),
        numbers=numbers(record, by=by, organization=organization),
        record=record,
        place=where,
        reason=REASON,
        by=by,
        reach=visibility.reach_of(by),
    )


def numbers(record: SourceRecord, *, by: User, organization: str = LIFESPAN) -> str:
    """What a form carries of what its page has counted."""
    where = place(organization)
    read = leaving.read(record, where, by=by)
    assert read.is_whole, read.unread
    return counted.sealed(read.counted, about=leaving.about(record, where), by=by)


def confirm(removal: Removal, *, by: User) -> Removal:
    """Confirm a deletion, as from a page that has counted just now."""
    found = removing.find(removal.public_id, by=by, reach=visibility.reach_of(by))
    read = leaving.read(found.record, removing.place_of(found), by=by)
    return removing.confirm(
        found,
        sealed=removing.seal_decision(whole(found.record, by), found, by=by),
        numbers=counted.sealed(read.counted, about=found.public_id, by=by),
        by=by,
    )


def belong(sandbox: Sandbox, *organizations: int, person: str = PERSON) -> None:
    """Let the person belong to these organizations, as somebody else has made it in JHE."""
    with sandbox.stores["jhe"].writing() as state:
        state["patients"][person]["organizations"] = list(organizations)


def is_there(sandbox: Sandbox, person: str = PERSON) -> bool:
    """Whether JHE holds the person."""
    with sandbox.stores["jhe"].reading() as state:
        return person in state["patients"]


def observe(sandbox: Sandbox, person: str = PERSON) -> None:
    """One more observation of the person comes in."""
    with sandbox.stores["jhe"].writing() as state:
        rows = state["observations"]
        like = next(row for row in rows.values() if row["patient_id"] == int(person))
        number = max(row["id"] for row in rows.values()) + 1
        rows[str(number)] = {**like, "id": number}
