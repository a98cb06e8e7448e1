"""How far somebody has come in a study: the furthest step that is known, and how it is called."""

from __future__ import annotations

from patients.models import Participant

Standing = Participant.Standing


def standing_of(row: Participant) -> Standing:
    """The furthest step, by what is known of a participant.

    Data count as the last step only of somebody who agrees to something: a study also sees what a person
    sends for another one. A decision alone does not connect: staff write down what was decided on paper.
    """
    if row.agreed != 0 and row.data_at:
        return Standing.SENDING
    if row.agreed:
        return Standing.CONSENTED
    if row.connected_at or row.data_at:
        return Standing.CONNECTED
    return Standing.INVITED if row.invited_at else Standing.ENROLLED
