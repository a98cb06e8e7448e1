"""Who takes part, as the portal knows it after its own writes; reading a study brings the rest.

Called inside the transaction that says that a write was done, or on its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction

from integrations.holdings import ScopeConsent
from integrations.studies import InvitationState
from patients.models import Invitation, Operation, Participant, SourceRecord, Study
from patients.services.operations.wishes import Kind

from . import history
from .standing import standing_of

Standing = Participant.Standing
#: What begins anew with everybody who enrols again: leaving has deleted their decisions.
_ANEW = {
    "standing": Standing.ENROLLED, "invited_at": None, "invitation_state": "", "connected_at": None,
    "agreed": None, "declined": None, "pending": None, "decided_at": None, "checked_at": None,
}  # fmt: skip


#: What decisions say of where somebody stands.
DECIDED = ("agreed", "declined", "pending", "decided_at", "connected_at", "checked_at", "standing")
#: Writes after which somebody takes part, or decides, otherwise than before.
_WRITES = (Kind.ENROL, Kind.UNENROL, Kind.DECIDE, Kind.LEAVE, Kind.REMOVE)


def overtaken(records: Iterable[int], began: datetime) -> set[int]:
    """Those of some records, by our ids, about whose studies a write has ended since: what was read may be
    from before it."""
    rows = Operation.objects.filter(record__in=list(records), kind__in=_WRITES, ended_at__gte=began)
    return {each for each in rows.values_list("record_id", flat=True) if each is not None}


def current(study: Study, record: SourceRecord) -> Participant | None:
    """Somebody who takes part, as last known."""
    return Participant.objects.filter(study=study, record=record, left_at=None).first()


def study_of(system: str, remote_id: str) -> Study:
    """A study by its number in its system. Raises ``Study.DoesNotExist``."""
    return Study.objects.get(system=system, remote_id=remote_id)


@transaction.atomic
def enrolled(study: Study, record: SourceRecord, now: datetime) -> Participant:
    """The record takes part; who has left before begins anew, with the same number where it is free."""
    defaults = {"seen_at": now, "is_test": record.is_test}
    row, is_new = Participant.objects.select_for_update(of=("self",)).get_or_create(
        study=study, record=record, defaults=defaults
    )
    if not is_new and row.left_at is not None:
        others = Participant.objects.filter(study=study, left_at=None).exclude(pk=row.pk)
        if row.number_key and others.filter(number_key=row.number_key).exists():
            row.number = row.number_key = ""
        for name, value in _ANEW.items():
            setattr(row, name, value)
        row.left_at, row.since_at = None, now
    row.seen_at = now
    row.save()
    return row


def left(record: SourceRecord, studies: Iterable[Study], now: datetime) -> None:
    """The record takes part in these studies no more."""
    rows = Participant.objects.filter(record=record, study__in=list(studies), left_at=None)
    Invitation.objects.filter(participant__in=rows).update(link=None, link_until=None)
    rows.update(left_at=now)


@transaction.atomic
def invited(participant: Participant, state: str, now: datetime) -> None:
    """The participant was invited just now; further steps that were reached stay."""
    row = Participant.objects.select_for_update(of=("self",)).get(pk=participant.pk)
    row.invited_at, row.invitation_state = now, state
    row.standing = max(row.standing, Standing.INVITED)
    if state == InvitationState.REDEEMED:
        row.connected_at = row.connected_at or now
        row.standing = max(row.standing, Standing.CONNECTED)
    row.save(update_fields=["invitation_state", "invited_at", "connected_at", "standing"])


def invitation_stands(participant: Participant, state: str) -> None:
    """How the participant's latest invitation stands by now."""
    Participant.objects.filter(pk=participant.pk).update(invitation_state=state)


@transaction.atomic
def decided(study: Study, record: SourceRecord, scopes: Sequence[ScopeConsent], now: datetime) -> None:
    """How the decisions of who takes part stand, for all that the study asks for."""
    row = Participant.objects.select_for_update(of=("self",)).filter(
        study=study, record=record, left_at=None
    ).first()  # fmt: skip
    if row is None:
        return
    note_decisions(row, scopes, now)
    row.save(update_fields=DECIDED)


def note_decisions(row: Participant, scopes: Sequence[ScopeConsent], now: datetime) -> None:
    """Where a participant stands by all decisions that the study asks for; to be saved (``DECIDED``). Only
    what was not written from here shows that their app is connected."""
    count = Counter(each.agreed for each in scopes)
    row.agreed, row.declined, row.pending = count[True], count[False], count[None]
    row.decided_at = max((each.decided_at for each in scopes if each.decided_at), default=None)
    own = history.decided_elsewhere(row.record, row.study, scopes)
    row.connected_at = row.connected_at or min((each.decided_at or now for each in own), default=None)
    row.checked_at = now
    row.standing = standing_of(row)
