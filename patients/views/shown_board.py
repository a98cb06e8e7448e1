"""What the board of a study shows: rows with addresses, the funnel, counts to press, filters as tags."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.urls import reverse

from integrations.studies import InvitationState
from patients.models import Participant, Study
from patients.services.portrait import Identity
from patients.services.studies.board import (
    SILENT_SHOWN,
    UNNUMBERED,
    Counts,
    Filters,
    Order,
    Sort,
)
from patients.services.studies.board_rows import BoardRow
from patients.services.studies.places import OwnPlace
from patients.services.studies.within import NONE
from portal.templatetags.ui import label

from .shown_people import Column, FilterTag

Standing = Participant.Standing

#: What each step means, for whoever reads the funnel for the first time.
_MEANS = {
    Standing.ENROLLED: "take part in the study",
    Standing.INVITED: "were sent a link to its app",
    Standing.CONNECTED: "used the link, decided in their app or sent something",
    Standing.CONSENTED: "agree to at least one kind of data",
    Standing.SENDING: "agree, and data came",
}
_TONES = {
    Standing.ENROLLED: "neutral",
    Standing.INVITED: "info",
    Standing.CONNECTED: "info",
    Standing.CONSENTED: "good",
    Standing.SENDING: "good",
}
_INVITATION_TONES = {
    InvitationState.ISSUED: "info",
    InvitationState.REDEEMED: "good",
    InvitationState.EXPIRED: "warn",
    InvitationState.CANCELLED: "warn",
    InvitationState.REPLACED: "neutral",
    InvitationState.NOT_KNOWN: "outline",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownParticipant:
    """A participant's row with the addresses of the person's page and of the number's form, which is also
    there as a part of the row (``row_url``)."""

    key: int
    url: str
    consents_url: str
    number_url: str
    row_url: str
    identity: Identity = field(repr=False)
    number: str = field(repr=False)
    standing: str
    tone: str
    invitation: str
    invitation_tone: str
    invited_at: datetime | None
    is_test: bool
    row: BoardRow = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelStep:
    """One bar: how many came so far or further, and a button for those who stand there now (``only``)."""

    label: str
    means: str
    here: int
    reached: int
    share: int
    only: str
    is_on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Facet:
    """A count to press; ``only`` is what pressing it sends."""

    label: str
    count: int
    only: str
    is_on: bool


_COLUMNS = {
    Sort.NAME: "Name",
    Sort.NUMBER: "Number",
    Sort.STANDING: "Stands at",
    Sort.INVITED: "Invitation",
    Sort.DATA: "Last data",
}


def numbers_of_people(own: OwnPlace, study: Study) -> str:
    """The address below which each participant's number has its own."""
    address = reverse("patients:participant_number", args=[own.place.pk, study.public_id, 0])
    return address.removesuffix("0/number")


def shown_row(row: BoardRow, numbers_url: str) -> ShownParticipant:
    """A row as templates show it; ``numbers_url`` is empty for who may not change numbers."""
    number_url = f"{numbers_url}{row.participant}/number" if numbers_url else ""
    return ShownParticipant(
        key=row.participant,
        url=reverse("patients:patient", args=[row.public_id]),
        consents_url=reverse("patients:consents", args=[row.public_id]),
        number_url=number_url,
        row_url=f"{number_url}/row" if number_url else "",
        identity=row.identity,
        number=row.number,
        standing=row.standing.label,
        tone=tone_of(row.standing),
        invitation=label(row.invitation),
        invitation_tone=invitation_tone(row.invitation),
        invited_at=row.invited_at,
        is_test=row.is_test,
        row=row,
    )


def tone_of(standing: Participant.Standing) -> str:
    """How a step is coloured beside its word."""
    return _TONES[standing]


def invitation_tone(invitation: str) -> str:
    """How the state of an invitation is coloured beside its word; empty for none."""
    return _INVITATION_TONES[InvitationState(invitation)] if invitation else ""


def columns_of(order: Order) -> dict[str, Column]:
    """The columns that the board can be in order of, by name."""
    word = "descending" if order.down else "ascending"
    return {
        str(sort): Column(name=str(sort), label=text, sorted=word if sort is order.by else "none")
        for sort, text in _COLUMNS.items()
    }


def funnel_of(counts: Counts, filters: Filters) -> list[FunnelStep]:
    """The steps from enrolment to data, each with its bar."""
    alone = filters.names == ["standing"]
    return [
        FunnelStep(
            label=each.standing.label,
            means=_MEANS[each.standing],
            here=each.here,
            reached=each.reached,
            share=each.share,
            only=f"standing:{each.standing.value}",
            is_on=alone and filters.standing == each.standing,
        )
        for each in counts.steps
    ]


def facets_of(counts: Counts, filters: Filters) -> list[Facet]:
    """What needs somebody, counted; what nobody needs is left out."""
    wanted = [
        ("Declined something", counts.declined, "declined", "on"),
        ("Still have to decide", counts.pending, "pending", "on"),
        ("Invitation expired", counts.expired, "invitation", str(InvitationState.EXPIRED)),
        (f"Not heard from for {SILENT_SHOWN} days", counts.silent, "silent", str(SILENT_SHOWN)),
        ("Without a number", counts.unnumbered, "numbered", UNNUMBERED),
        ("Test participants, not counted", counts.tests, "tests", "on"),
    ]
    return [
        Facet(label=text, count=count, only=f"{name}:{value}", is_on=_is_on(filters, name, value))
        for text, count, name, value in wanted
        if count or _is_on(filters, name, value)
    ]


def _is_on(filters: Filters, name: str, value: str) -> bool:
    return filters.names == [name] and value in ("on", str(getattr(filters, name)))


def tags_of(filters: Filters) -> list[FilterTag]:
    """The filters that are set, each with its value."""
    return list(_tags(filters))


def _tags(filters: Filters) -> Iterator[FilterTag]:
    if filters.name:
        yield FilterTag(key="name", label="Name or number", value=filters.name)
    if filters.standing:
        yield FilterTag(key="standing", label="Stands at", value=Standing(filters.standing).label)
    if filters.invitation:
        value = "none" if filters.invitation == NONE else label(filters.invitation)
        yield FilterTag(key="invitation", label="Latest invitation", value=value)
    if filters.silent:
        yield FilterTag(key="silent", label="Agreed, not heard from for", value=f"{filters.silent} days")
    if filters.numbered:
        word = "without one" if filters.numbered == UNNUMBERED else "with one"
        yield FilterTag(key="numbered", label="Number in the study", value=word)
    if filters.declined:
        yield FilterTag(key="declined", label="Declined something")
    if filters.pending:
        yield FilterTag(key="pending", label="Have something still to decide")
    if filters.tests:
        yield FilterTag(key="tests", label="Test participants instead of people")
