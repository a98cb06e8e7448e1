"""What was read of studies, into rows. Truth is the system's; what it does not keep stays as it is here.

Everything may be done twice, and by two at once: rows say how things stand, and the latest reading counts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F, Q, QuerySet

from integrations.holdings import ScopeConsent
from integrations.studies import Invitation as RemoteInvitation
from integrations.studies import InvitationState, StudyPlan
from integrations.types import RemotePatient
from integrations.types import Study as RemoteStudy
from patients.models import Invitation, Membership, Participant, SourceRecord, Study
from patients.services import bulk, taking_in
from patients.services.operations import clock

from . import history, participants, plans
from .scopes import key_of
from .standing import standing_of

DUE_TOGETHER = 50
Latest = dict[tuple[str, tuple[str, str]], datetime]  # person and kind of data → the latest observation
_STANDING = (
    "standing", "invited_at", "invitation_state", "connected_at", "agreed", "declined", "pending",
    "decided_at", "checked_at", "data_at",
)  # fmt: skip


# --- studies --------------------------------------------------------------------------------


@transaction.atomic
def keep_studies(system: str, organization: str, found: Sequence[RemoteStudy], now: datetime) -> list[Study]:
    """An organization's studies as they were listed; those that are not there any more are marked."""
    rows = plans.rows_for(system, organization, found, now)
    by_id = {each.id: each for each in found}
    for row in rows:
        told = by_id[row.remote_id]
        row.organization, row.name, row.description = organization, told.name[:300], told.description
        row.read_at, row.vanished_at = now, None
    bulk.update(rows, ("organization", "name", "description", "read_at", "vanished_at"))
    gone = Study.objects.filter(system=system, organization=organization, vanished_at=None)
    gone.exclude(pk__in=[each.pk for each in rows]).update(vanished_at=now)
    return rows


def keep_plan(study: Study, plan: StudyPlan, *, tells_states: bool, now: datetime) -> None:
    """What a study asks for."""
    told = plan.study
    study.name, study.description = (told.name or study.name)[:300], told.description or study.description
    study.plan, study.tells_states, study.read_at = plans.to_keep(plan), tells_states, now
    study.save(update_fields=["name", "description", "plan", "tells_states", "read_at"])


# --- who takes part -------------------------------------------------------------------------


def keep_people(study: Study, found: Sequence[RemotePatient], *, began_at: datetime) -> None:
    """Some of a study's people, as a pass over all of them found them. Whoever has left since it began stays
    gone: the page can be from before."""
    taking_in.take_in_now(_not_held(study, found), read_at=began_at)
    ids = {each.id for each in found}
    rows = SourceRecord.objects.filter(system=study.system, remote_id__in=ids)
    records = dict(rows.values_list("pk", "is_test"))
    with transaction.atomic():
        known = Participant.objects.filter(study=study, record__in=records)
        back = known.filter(left_at__lt=began_at).select_for_update(of=("self",)).order_by("pk")
        gone = {row.record_id: row for row in back}
        for pk in gone.keys() - participants.overtaken(gone, began_at):
            participants.enrolled(study, gone[pk].record, began_at)  # back again, and everything begins anew
        known.filter(left_at=None, seen_at__lt=began_at).update(seen_at=began_at)
        there = set(known.values_list("record_id", flat=True))
        Participant.objects.bulk_create(
            [
                Participant(study=study, record_id=pk, is_test=is_test, since_at=began_at, seen_at=began_at)
                for pk, is_test in records.items()
                if pk not in there
            ],
            ignore_conflicts=True,
        )


def unseen(study: Study, *, began_at: datetime) -> list[Participant]:
    """Whom a pass over all people did not find."""
    rows = Participant.objects.filter(study=study, left_at=None, seen_at__lt=began_at)
    return list(rows.select_related("record").defer("record__held").order_by("pk"))


def note_there(row: Participant) -> None:
    """The system says that somebody takes part whom the list did not show."""
    Participant.objects.filter(pk=row.pk, left_at=None).update(seen_at=clock.now())


@transaction.atomic
def note_left(row: Participant, *, began_at: datetime) -> None:
    """The system says that somebody takes part no more. A write that has ended meanwhile knows better."""
    rows = Participant.objects.filter(pk=row.pk, left_at=None, seen_at__lt=began_at)
    held = rows.select_for_update(of=("self",)).first()
    if held is not None and not participants.overtaken([held.record_id], began_at):
        participants.left(row.record, [row.study], clock.now())


def end_of_people(study: Study, *, began_at: datetime) -> None:
    """A pass over all people has ended."""
    Study.objects.filter(pk=study.pk).update(people_at=began_at)


def _not_held(study: Study, found: Sequence[RemotePatient]) -> list[RemotePatient]:
    """Those whom the index does not hold as belonging to the study's organization: the others are left to
    syncing."""
    held = Membership.objects.filter(
        system=study.system,
        organization=study.organization,
        record__remote_id__in={each.id for each in found},
        record__system=study.system,
        record__vanished_at=None,
    )
    known = set(held.values_list("record__remote_id", flat=True))
    return [each for each in found if each.id not in known]


# --- invitations ----------------------------------------------------------------------------


def keep_invitations(study: Study, found: Iterable[RemoteInvitation]) -> None:
    """How invitations of a study's people to its apps stand; those that are others' are passed over."""
    apps = {each.id for each in plans.plan_of(study).apps}
    rows = Participant.objects.filter(study=study, left_at=None)
    here = set(rows.values_list("record__remote_id", flat=True))  # of everybody's, these are kept
    by_person: dict[str, list[RemoteInvitation]] = {}
    for each in found:
        if each.id and each.app_id in apps and each.patient_id in here:
            by_person.setdefault(each.patient_id, []).append(each)
    for some in bulk.in_parts(by_person):
        with transaction.atomic():
            people = _held(study, record__remote_id__in=some)
            kept, on_their_way = _invitations_of(people), _being_made(people)
            for row in people:
                told = by_person[row.record.remote_id]
                for each in told:
                    known = kept.get((row.pk, each.id))
                    if known or row.record_id not in on_their_way:
                        _keep_invitation(row, each, known)
                earlier = [_as_kept(known) for (pk, _), known in kept.items() if pk == row.pk]
                _note_invited(row, told, earlier)
            _save(people)


def _invitations_of(rows: Iterable[Participant]) -> dict[tuple[int, str], Invitation]:
    found = Invitation.objects.filter(participant__in=[each.pk for each in rows]).exclude(remote_id="")
    return {(each.participant_id, each.remote_id): each for each in found.defer("link")}


def _being_made(rows: Iterable[Participant]) -> set[int]:
    """Records with an invitation of the portal's own on its way: what is new of theirs may be that one."""
    found = Invitation.objects.filter(
        participant__record__in=[each.record_id for each in rows], remote_id="", operation__ended_at=None
    )
    return set(found.exclude(operation=None).values_list("participant__record_id", flat=True))


def _keep_invitation(row: Participant, told: RemoteInvitation, known: Invitation | None) -> None:
    if known is None:
        state = {"app": told.app_id, "state": told.state, "state_at": told.changed_at}
        Invitation.objects.get_or_create(participant=row, remote_id=told.id, defaults=state)
    elif (known.state, known.state_at) != (str(told.state), told.changed_at):
        Invitation.objects.filter(pk=known.pk).update(state=told.state, state_at=told.changed_at)


def _as_kept(row: Invitation) -> RemoteInvitation:
    state = InvitationState(row.state)
    return RemoteInvitation(patient_id="", id=row.remote_id, state=state, changed_at=row.state_at)


def _note_invited(
    row: Participant, told: Sequence[RemoteInvitation], earlier: Sequence[RemoteInvitation]
) -> None:
    """The latest invitation says how it stands; one that was used at any time says that they connected.
    What is told goes before what was kept ``earlier``, of which it may be a part."""
    latest = max([*told, *earlier], key=lambda each: int(each.id) if each.id.isdecimal() else 0)
    row.invitation_state = str(latest.state)
    row.invited_at = row.invited_at or latest.changed_at or row.seen_at
    used = [each.changed_at or row.seen_at for each in told if each.state is InvitationState.REDEEMED]
    if used and row.connected_at is None:
        row.connected_at = min(used)


# --- data -----------------------------------------------------------------------------------


def keep_data(study: Study, latest: Latest) -> None:
    """The latest observation of each person and kind of data that a reading found."""
    if not latest:
        return
    by_person: dict[str, datetime] = {}
    sent = dict(study.sent)
    for (person, scope), at in latest.items():
        by_person[person] = max(at, by_person.get(person, at))
        key = key_of(scope)
        sent[key] = max(at.isoformat(), sent.get(key, ""))
    study.sent = sent
    study.data_until = max([*by_person.values(), *([study.data_until] if study.data_until else [])])
    for some in bulk.in_parts(by_person):
        with transaction.atomic():
            people = _held(study, record__remote_id__in=some)
            for row in people:
                at = by_person[row.record.remote_id]
                row.data_at = max(at, row.data_at or at)
                row.connected_at = row.connected_at or at
            _save(people)
    study.save(update_fields=["sent", "data_until"])


# --- decisions ------------------------------------------------------------------------------


def keep_decisions(participant: Participant, scopes: Sequence[ScopeConsent], now: datetime) -> None:
    """What one participant decided about the kinds of data that the study asks for, as it was from ``now``
    on. What a write has overtaken since is left out: it would say that an earlier state is the latest."""
    study = participant.study
    with transaction.atomic():
        people = _held(study, pk=participant.pk)
        if not people or participants.overtaken([people[0].record_id], now):  # left, or written meanwhile
            return
        (row,) = people
        history.note_read(row.record, study, scopes, now)
        participants.note_decisions(row, scopes, now)
        row.save(update_fields=participants.DECIDED)


def passed_over(row: Participant, now: datetime) -> None:
    """Their decisions are beyond reach at this moment: they are asked for again when the others are."""
    Participant.objects.filter(pk=row.pk).update(checked_at=now)


def _held(study: Study, **which: object) -> list[Participant]:
    """Some of those who take part now, held until the transaction ends: the portal's own writes change the
    same rows."""
    rows = Participant.objects.filter(study=study, left_at=None, **which).select_related("record")
    return list(rows.defer("record__held").select_for_update(of=("self",)).order_by("pk"))


def _save(rows: Sequence[Participant]) -> None:
    """Write where participants stand."""
    for row in rows:
        row.standing = standing_of(row)
    bulk.update(rows, _STANDING)


def due_decisions(
    study: Study, *, before: datetime, first: Collection[int] | None = None
) -> list[Participant]:
    """Some participants whose decisions were last read before a moment, those never read first; with
    ``first`` only of these, by our ids."""
    rows = _due(study, before).select_related("record", "study").defer("record__held")
    if first is not None:
        rows = rows.filter(pk__in=first)
    return list(rows.order_by(F("checked_at").asc(nulls_first=True), "pk")[:DUE_TOGETHER])


def count_due(study: Study, *, before: datetime) -> int:
    """Of how many."""
    return _due(study, before).count()


def _due(study: Study, before: datetime) -> QuerySet[Participant]:
    rows = Participant.objects.filter(study=study, left_at=None)
    return rows.filter(Q(checked_at=None) | Q(checked_at__lt=before))
