"""What look-up templates show: results with addresses. No decisions, only words and links."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.urls import reverse

from integrations.registry import label_of
from integrations.types import Term
from patients.matching.tags import Tag
from patients.services.answers import Outcome, State
from patients.services.lookup import Result
from patients.services.portrait import (
    Caution,
    Identity,
    Match,
    Portrait,
    RecordTag,
    cautions_of,
    portrait_of,
)
from patients.services.suggesting import Suggestions


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRecord:
    """A record's tag in a row: system, status and marks in words."""

    system_label: str
    status: str
    marks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCaution:
    """A caution, with a link to the other person where there is one."""

    lead: str
    reason: str = field(repr=False)
    url: str = ""
    name: str = field(default="", repr=False)
    systems: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPerson:
    """A row of the list, with the address of the person's page."""

    key: int
    url: str
    identity: Identity = field(repr=False)
    records: tuple[ShownRecord, ...] = field(repr=False)
    matched: tuple[Match, ...] = field(repr=False)
    cautions: tuple[ShownCaution, ...] = field(repr=False)
    address: str = field(repr=False)
    postcode: str = field(repr=False)
    phone: str = field(repr=False)
    email: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownDetail:
    """One tag of what was understood; ``key`` is the form field that the cross leaves out."""

    key: str
    label: str
    value: str = field(repr=False)
    note: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One system's state, with the address at which it is asked."""

    name: str
    label: str
    state: str
    url: str = ""
    count: int = 0
    more: bool = False
    sentence: str = ""
    next_step: str = ""
    request_id: str = ""
    notes: tuple[str, ...] = ()
    read_at: datetime | None = None
    retry_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownLookUp:
    """A look-up as its page shows it."""

    url: str
    understood: tuple[ShownDetail, ...] = field(repr=False)
    people: tuple[ShownPerson, ...] = field(repr=False)
    panels: tuple[Panel, ...]

    @property
    def asking(self) -> bool:
        """Whether a system has still to be asked."""
        return any(panel.state == State.ASKING for panel in self.panels)

    @property
    def asked(self) -> int:
        """How many systems there are to ask."""
        return len(self.panels)

    @property
    def answers(self) -> int:
        """How many have been asked; the page refuses a list with fewer than it shows."""
        return sum(panel.state != State.ASKING for panel in self.panels)

    @property
    def complete(self) -> bool:
        """Whether "nobody" can be said: every system that can be asked has answered."""
        return all(panel.state in {State.FOUND, State.NOBODY} and not panel.more for panel in self.panels)


_LABELS = {
    Term.NAME: "Name",
    Term.BIRTH_DATE: "Born",
    Term.NHS_NUMBER: "NHS number",
    Term.EMAIL: "E-mail",
    Term.PHONE: "Phone",
    Term.POSTCODE: "Postcode",
    Term.RECORD_ID: "Record number",
}


def shown_lookup(result: Result) -> ShownLookUp:
    """The page's whole context beside its form."""
    return ShownLookUp(
        url=reverse("patients:found", args=[result.lookup.pk]),
        understood=tuple(_detail(tag) for tag in result.understood.tags) + _leftovers(result),
        people=_people(result),
        panels=tuple(panel_of(outcome, result.lookup.pk) for outcome in result.outcomes),
    )


def found_at(lookup_id: str) -> Callable[[int], str]:
    """Where a person found in a look-up has their page, by number."""
    return lambda number: reverse("patients:person", args=[lookup_id, number])


def shown_cautions(cautions: Sequence[Caution], address: Callable[[int], str]) -> tuple[ShownCaution, ...]:
    """Cautions with their links."""
    return tuple(
        ShownCaution(
            lead=each.lead,
            reason=each.reason,
            url=address(each.other) if each.other else "",
            name=each.other_name,
            systems=", ".join(label_of(system) for system in dict.fromkeys(each.other_systems)),
        )
        for each in cautions
    )


def panel_of(outcome: Outcome, lookup_id: str) -> Panel:
    """One system's panel."""
    notes = []
    if outcome.differing:
        records = (
            "1 more record differs" if outcome.differing == 1 else f"{outcome.differing} more records differ"
        )
        notes.append(f"{records} in something you typed. To see them, leave that detail out.")
    return Panel(
        name=outcome.system,
        label=label_of(outcome.system),
        state=str(outcome.state),
        url=reverse("patients:answer", args=[lookup_id, outcome.system]),
        count=len(outcome.records),
        more=outcome.more,
        sentence=outcome.sentence,
        next_step=outcome.next_step,
        request_id=outcome.request_id,
        notes=tuple(notes),
        read_at=outcome.answered_at if outcome.state in {State.FOUND, State.NOBODY} else None,
        retry_url=f"{reverse('patients:found', args=[lookup_id])}?all=1"
        if outcome.state is State.FAILED
        else "",
    )


def _people(result: Result) -> tuple[ShownPerson, ...]:
    lookup_id = result.lookup.pk
    return tuple(
        shown_person(
            portrait_of(person, result.query, cautions=cautions),
            url=reverse("patients:person", args=[lookup_id, person.number]),
            cautions=shown_cautions(cautions, found_at(lookup_id)),
        )
        for person in result.people
        for cautions in (cautions_of(person, result.people),)
    )


def shown_suggestions(known: Suggestions) -> tuple[ShownPerson, ...]:
    """People of the index, each at their own address."""
    address = {
        each.person.number: reverse("patients:patient", args=[each.public_id]) for each in known.people
    }
    people = [each.person for each in known.people]
    return tuple(
        shown_person(
            portrait_of(person, known.query, cautions=cautions),
            url=address[person.number],
            cautions=shown_cautions(cautions, address.__getitem__),
        )
        for person in people
        for cautions in (cautions_of(person, people),)
    )


def shown_person(each: Portrait, *, url: str, cautions: tuple[ShownCaution, ...] = ()) -> ShownPerson:
    """A row of a list of people."""
    return ShownPerson(
        key=each.number,
        url=url,
        identity=each.identity,
        records=_records(each.records),
        matched=each.matched,
        cautions=cautions,
        address=each.address,
        postcode=each.postcode,
        phone=each.phone,
        email=each.email,
    )


def _records(records: Sequence[RecordTag]) -> tuple[ShownRecord, ...]:
    return tuple(
        ShownRecord(system_label=label_of(each.system), status=each.status, marks=each.marks)
        for each in records
    )


def _detail(tag: Tag) -> ShownDetail:
    """A tag, its reading without the word that the label says already, and what to know about it."""
    lead = {Term.BIRTH_DATE: "born ", Term.NAME: "name "}.get(tag.kind, f"{_LABELS[tag.kind].lower()} ")
    reading = tag.reading
    value = reading[len(lead) :] if reading.lower().startswith(lead) else reading
    notes = [f"or {each.removeprefix('born ')}" for each in tag.alternatives]
    if not tag.used:
        notes.append("Not looked up.")
    return ShownDetail(
        key="family_name" if tag.kind is Term.NAME and (tag.given_name or tag.family_name) else _key(tag),
        label=_LABELS[tag.kind],
        value=value,
        note=" ".join(filter(None, [*notes, tag.note, tag.warning])),
    )


def _key(tag: Tag) -> str:
    return "words" if tag.kind is Term.NAME else str(tag.kind)


def _leftovers(result: Result) -> tuple[ShownDetail, ...]:
    """What of the line was not looked up, and why: nothing typed disappears in silence."""
    return tuple(
        ShownDetail(key="", label="Left out", value=each.typed.strip(), note=each.reason)
        for each in result.understood.leftovers
        if each.typed.strip()
    )
