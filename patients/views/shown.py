"""What look-up templates show: results with addresses. No decisions, only words and links."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.urls import reverse

from integrations.registry import label_of
from integrations.sentences import listed
from integrations.types import Term
from patients.matching.tags import Tag
from patients.services.answers import Outcome, State
from patients.services.lookup import Person
from patients.services.portrait import (
    Caution,
    Identity,
    Match,
    Portrait,
    RecordTag,
    cautions_of,
    portrait_of,
)
from patients.services.results import Result
from patients.services.standing import How, Standing, standing_of
from patients.services.suggesting import Suggestions
from portal.templatetags.ui import ago

from .pages import FoundPage, narrower


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRecord:
    """A record's tag in a row: system, status and marks in words."""

    system_label: str
    status: str
    marks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCaution:
    """A caution, with a link to the other person where there is one, and in which systems they are or how
    they differ."""

    lead: str
    reason: str = field(repr=False)
    url: str = ""
    name: str = field(default="", repr=False)
    systems: str = ""
    difference: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownStanding:
    """How sure a row is: which systems have confirmed it; which have not (in words), why, and how old
    what is shown of theirs is (in words)."""

    standing: Standing
    confirmed: str
    others: tuple[tuple[str, How, str], ...]


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
    standing: ShownStanding | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownDetail:
    """One tag of what was understood; ``key`` is the form field that the cross leaves out."""

    key: str
    label: str
    value: str = field(repr=False)
    note: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One system's state, with the addresses at which its answer is waited for and asked for again."""

    name: str
    label: str
    state: str
    url: str = ""
    again_url: str = ""
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
    """A look-up as its page shows it: of ``count`` people the first. ``untold`` says whose people may
    be missing of the index, ``narrower`` what to add where more fit than are shown."""

    id: str
    url: str
    all_url: str
    more_url: str
    understood: tuple[ShownDetail, ...] = field(repr=False)
    people: tuple[ShownPerson, ...] = field(repr=False)
    panels: tuple[Panel, ...]
    count: int
    from_index: int = 0
    untold: str = ""
    narrower: str = ""

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
        """Whether "nobody" can be said: the index and every system have answered in full."""
        answered = (panel.state in {State.FOUND, State.NOBODY} and not panel.more for panel in self.panels)
        return all(answered) and not self.untold

    @property
    def hidden(self) -> int:
        """How many people are not shown."""
        return self.count - len(self.people)


_LABELS = {
    Term.NAME: "Name",
    Term.BIRTH_DATE: "Born",
    Term.NHS_NUMBER: "NHS number",
    Term.EMAIL: "E-mail",
    Term.PHONE: "Phone",
    Term.POSTCODE: "Postcode",
    Term.RECORD_ID: "Record number",
    Term.STUDY_NUMBER: "Number in a study",
}


def shown_lookup(result: Result, page: FoundPage) -> ShownLookUp:
    """The page's whole context beside its form."""
    shown = page.cut(result.people, result.own)
    panels = tuple(panel_of(outcome, result.lookup.pk, page) for outcome in result.outcomes)
    url = reverse("patients:found", args=[result.lookup.pk])
    cut = page.more and len(shown) < len(result.people)
    is_wide = cut or result.index_has_more or any(panel.more for panel in panels)
    return ShownLookUp(
        id=result.lookup.pk,
        url=url,
        all_url=f"{url}?all=1{'&more=1' if page.more else ''}",
        more_url="" if page.more or len(shown) == len(result.people) else f"{url}?more=1",
        understood=tuple(_detail(tag) for tag in result.understood.tags) + _leftovers(result),
        people=_people(result, shown),
        panels=panels,
        count=len(result.people),
        from_index=sum(all(each.from_index for each in person.kept) for person in result.people),
        untold=result.untold,
        narrower=narrower(result.query) if is_wide else "",
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
            systems=", ".join(map(label_of, dict.fromkeys(system for system, _ in each.other_records))),
        )
        for each in cautions
    )


def panel_of(outcome: Outcome, lookup_id: str, page: FoundPage) -> Panel:
    """One system's panel."""
    notes = []
    if differing := len(outcome.left_out):
        records = "1 more record differs" if differing == 1 else f"{differing} more records differ"
        notes.append(f"{records} in something you typed. To see them, leave that detail out.")
    return Panel(
        name=outcome.system,
        label=label_of(outcome.system),
        state=str(outcome.state),
        url=page.address("patients:answer", lookup_id, outcome.system),
        again_url=page.address("patients:answer", lookup_id, outcome.system, again=1),
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


def _people(result: Result, shown: Sequence[Person]) -> tuple[ShownPerson, ...]:
    address = found_at(result.lookup.pk)
    said = {outcome.system: outcome for outcome in result.outcomes}
    return tuple(
        shown_person(
            portrait_of(person, result.query, cautions=cautions),
            url=address(person.number),
            cautions=shown_cautions(cautions, address),
            standing=_standing(standing_of(person, said)),
        )
        for person in shown
        for cautions in (cautions_of(person, result.people),)
    )


def _standing(standing: Standing | None) -> ShownStanding | None:
    if standing is None:
        return None
    labels: dict[tuple[How, str], list[str]] = {}
    for each in standing.records:
        age = "" if each.how is How.CONFIRMED else ago(each.read_at)
        labels.setdefault((each.how, age), []).append(label_of(each.system))
    return ShownStanding(
        standing=standing,
        confirmed=listed(labels.pop((How.CONFIRMED, ""), [])),
        others=tuple((listed(some), how, age) for (how, age), some in labels.items()),
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


def shown_person(
    each: Portrait,
    *,
    url: str,
    cautions: tuple[ShownCaution, ...] = (),
    standing: ShownStanding | None = None,
) -> ShownPerson:
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
        standing=standing,
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
