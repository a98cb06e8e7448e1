"""Participants as rows are shown and exported: who they are, and where they stand in the study."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from integrations.studies import InvitationState
from patients.models import Participant, SourceRecord, Study
from patients.services.people_rows import Row, rows_of
from patients.services.portrait import Identity
from patients.services.visibility import Sight

Standing = Participant.Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardRow:
    """A participant as one line. ``agreed``, ``declined`` and ``pending`` are ``None`` where decisions were
    never read; ``invitation`` is empty for who has none, as far as the system says."""

    participant: int
    public_id: str
    patient: int
    record: str
    identity: Identity = field(repr=False)
    number: str = field(repr=False)
    standing: Participant.Standing
    is_test: bool
    invitation: str
    invited_at: datetime | None
    connected_at: datetime | None
    agreed: int | None = field(repr=False)
    declined: int | None = field(repr=False)
    pending: int | None = field(repr=False)
    decided_at: datetime | None = field(repr=False)
    data_at: datetime | None = field(repr=False)

    @property
    def asked(self) -> int:
        """Of how many kinds of data it is known how the person decided, or that they have not yet."""
        return (self.agreed or 0) + (self.declined or 0) + (self.pending or 0)


def board_rows(sight: Sight, study: Study, ids: Sequence[int]) -> list[BoardRow]:
    """The rows of these participants in this order; whoever is out of reach by now is left out."""
    found = Participant.objects.filter(pk__in=ids, study=study).select_related("record")
    by_id = {each.pk: each for each in found.defer("record__held")}
    people = [each.record.patient_id for each in by_id.values()]
    shown = {row.patient: row for row in rows_of(sight, people)}
    if tests := [each.record.patient_id for each in by_id.values() if each.record.is_test]:
        shown = {row.patient: row for row in rows_of(sight, tests, tests=True)} | shown
    return [
        _row(study, by_id[pk], shown[by_id[pk].record.patient_id])
        for pk in ids
        if pk in by_id and by_id[pk].record.patient_id in shown
    ]


def _row(study: Study, each: Participant, who: Row) -> BoardRow:
    record: SourceRecord = each.record
    return BoardRow(
        participant=each.pk,
        public_id=who.public_id,
        patient=who.patient,
        record=record.remote_id,
        identity=who.identity,
        number=each.number,
        standing=Standing(each.standing),
        is_test=each.is_test or record.is_test,
        invitation=invitation_in_words(study, each),
        invited_at=each.invited_at,
        connected_at=each.connected_at,
        agreed=each.agreed,
        declined=each.declined,
        pending=each.pending,
        decided_at=each.decided_at,
        data_at=each.data_at,
    )


def invitation_in_words(study: Study, each: Participant) -> str:
    """How somebody's latest invitation stands. Where the system keeps no states, it is not known."""
    if each.invitation_state:
        return each.invitation_state
    return str(InvitationState.NOT_KNOWN) if study.tells_states is False else ""
