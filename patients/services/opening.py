"""One person of the index, opened: what is held at once, and each record read anew behind it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from integrations.registry import system_names
from patients.matching.grouping import Group
from patients.models import Patient, SourceRecord
from portal import audit
from portal.accounts.models import User
from portal.audit.models import Event

from . import desk, rereading, visibility
from .answers import KeptRecord
from .history import History, history_of
from .lookup import Gone, Person
from .rereading import Round, as_held
from .viewing import View, view_of
from .visibility import Reach

WAIT_SECONDS = 1.0  # what a page that corrects itself waits to hear whom somebody may see


class Withheld(Exception):
    """Every record of a person is refused by its system by now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A person of the index with the records within reach.

    ``asking`` are systems that have still to answer: their records are shown as last read.
    ``answered`` are those that have. ``refused`` are systems that do not show a record to this
    person: it is left out. ``untold`` are sentences on systems that did not say whom one may see,
    so that records may be missing here.
    """

    patient: Patient
    person: Person = field(repr=False)
    view: View
    reach: Reach
    asking: frozenset[str] = frozenset()
    answered: tuple[str, ...] = ()
    refused: frozenset[str] = frozenset()

    @property
    def untold(self) -> tuple[str, ...]:
        """Why records may be missing."""
        return tuple(self.reach.untold.values())

    @property
    def asking_for(self) -> frozenset[tuple[str, str]]:
        """The records that are being read."""
        return frozenset(each.key for each in self.person.kept if each.record.system in self.asking)


def begin(public_id: str, *, by: User) -> Opened:
    """The person at an address as the index holds them, every system being asked; one audit event.

    Raises :class:`~patients.services.lookup.Gone` where there is no such person for this user:
    one event too; and :class:`~patients.services.visibility.NotTold` where that cannot be known. A
    person who was linked with another is that other one.
    """
    patient, reach = _seen(public_id, by=by, action="person.viewed", wait=WAIT_SECONDS)
    rows = _rows(patient, reach)
    if not rows:
        raise _refused("person.viewed", patient.public_id, reach, by)
    event = _look("person.viewed", patient, rows, by=by)
    desk.note_seen(patient, by=by)
    view = view_of(event.pk, patient.public_id, [row.pk for row in rows])
    return _opened(patient, reach, view, rows, rereading.round_of(view.event, rows, by=by))


def go_on(view: View, *, by: User, seen: Collection[str], again: Collection[str] = ()) -> Opened:
    """The same person as soon as a system has answered that is not among ``seen``.

    Those of ``again`` are asked once more where they failed. No event: the view has its own.
    Raises :class:`Gone` where the person is out of reach by now, :class:`Withheld` where each
    system refuses.
    """
    patient, reach = _seen(view.public_id, by=by, action="person.viewed")
    rows = _rows(patient, reach, within=view)
    round_ = rereading.round_of(view.event, rows, by=by)
    if again:
        round_.again(again)
    round_.wait_for_more(set(seen) - set(again))
    return _opened(patient, reach, view, rows, round_)


def open_patient(
    public_id: str, *, by: User, action: str = "person.viewed", view: View | None = None
) -> Opened:
    """The person at an address, every record read anew first; one audit event, unless it belongs to a view.

    Raises :class:`~patients.services.lookup.Gone` as :func:`begin` does.
    """
    patient, reach = _seen(public_id, by=by, action=action)
    rows = _rows(patient, reach, within=view)
    if view is None:
        round_ = Round(rows, by=by)
    else:
        round_ = rereading.round_of(view.event, rows, by=by)
        round_.again()
    round_.wait_for_all()
    shown = [row for row, kept in round_.kept(rows) if kept is not None]
    if not shown:  # each system refuses it by now
        raise _refused(action, patient.public_id, reach, by)
    if view is None:
        event = _look(action, patient, shown, by=by)
        desk.note_seen(patient, by=by)
        view = view_of(event.pk, patient.public_id, [row.pk for row in shown])
    return _opened(patient, reach, view, rows, round_)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedHistory:
    """One page of what happened to a person's records, and who they are as the index holds them."""

    person: Person = field(repr=False)
    history: History = field(repr=False)
    view: View


def open_history(public_id: str, *, by: User, view: View | None, number: int = 1) -> OpenedHistory:
    """What happened to a person's records; one audit event, unless it belongs to a view.

    Raises :class:`~patients.services.lookup.Gone` as :func:`begin` does.
    """
    action = "person.history_viewed"
    patient, reach = _seen(public_id, by=by, action=action)
    rows = _rows(patient, reach, within=view)
    if not rows:
        raise _refused(action, patient.public_id, reach, by)
    if view is None:
        event = _look(action, patient, rows, by=by)
        view = view_of(event.pk, patient.public_id, [row.pk for row in rows])
    return OpenedHistory(
        person=_person([as_held(row) for row in rows]),
        history=history_of(patient, reach, by=by, number=number),
        view=view,
    )


def address_now(public_id: str) -> str:
    """Where somebody is found now who was at this address: another one after being linked."""
    patient = _at(public_id)
    return patient.public_id if patient else public_id


def _seen(
    public_id: str, *, by: User, action: str, wait: float = visibility.WAIT_SECONDS
) -> tuple[Patient, Reach]:
    """The person and what the user's roles reach. Raises :class:`Gone` and :class:`NotTold`."""
    reach = visibility.reach_of(by, wait=wait)
    patient = _at(public_id)
    if patient is not None and visibility.may_see(by, patient, reach):
        return patient, reach
    if reach.untold and wait < visibility.WAIT_SECONDS:  # worth the wait: nothing can be shown without it
        return _seen(public_id, by=by, action=action)
    raise _refused(action, public_id[:64], reach, by)


def _at(public_id: str) -> Patient | None:
    patient = Patient.objects.select_related("merged_into").filter(public_id=public_id).first()
    if patient is None:
        return None
    survivor: Patient | None = patient.merged_into
    return survivor or patient


def _rows(patient: Patient, reach: Reach, *, within: View | None = None) -> list[SourceRecord]:
    """The person's records within reach, in order of display; of a view, those that its event names."""
    order = {name: place for place, name in enumerate(system_names())}
    rows = visibility.records(reach).filter(patient=patient)
    if within is not None:
        rows = rows.filter(pk__in=within.records)
    return sorted(rows, key=lambda row: (order.get(row.system, len(order)), row.pk))


def _opened(
    patient: Patient, reach: Reach, view: View, rows: Sequence[SourceRecord], round_: Round
) -> Opened:
    asking = round_.asking()
    both = round_.kept(rows)
    kept: list[KeptRecord] = [each for _, each in both if each is not None]
    if not kept:
        raise Withheld
    systems = dict.fromkeys(row.system for row in rows)
    return Opened(
        patient=patient,
        person=_person(kept),
        view=view,
        reach=reach,
        asking=frozenset(asking),
        answered=tuple(name for name in systems if name not in asking),
        refused=frozenset(row.system for row, each in both if each is None),
    )


def _person(kept: Sequence[KeptRecord]) -> Person:
    return Person(group=Group(records=tuple(each.record for each in kept)), kept=tuple(kept))


def _look(action: str, patient: Patient, rows: Sequence[SourceRecord], *, by: User) -> Event:
    return audit.look(
        action,
        by=by,
        system=rows[0].system,
        record_id=rows[0].remote_id,
        subject_key=patient.public_id,
        details={"records": [f"{row.system}:{row.remote_id}" for row in rows]},
    )


def _refused(action: str, key: str, reach: Reach, by: User) -> Gone:
    """What to raise, after one event. Raises :class:`NotTold` itself, where it may be theirs after all."""
    visibility.require_told(reach)
    audit.look(action, by=by, subject_key=key, outcome="refused")
    return Gone()
