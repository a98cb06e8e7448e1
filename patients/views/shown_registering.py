"""What the pages of registering show: whom the new person may be, and what will be created where."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from django.conf import settings
from django.urls import reverse

from integrations.registry import label_of, system_class
from integrations.sentences import listed
from integrations.types import SearchQuery
from integrations.writes import Part
from patients.entering.reading import PHONES
from patients.entering.systems import Trouble
from patients.entering.typed import typed_of
from patients.matching.contact import show_phone
from patients.models import Place
from patients.services.operations.wording import field_label, value_of
from patients.services.portrait import Match, match_of, portrait_of
from patients.services.registering.gate import Look, Verdict
from patients.services.registering.mailboxes import Taken
from patients.services.registering.meeting import Meeting, Met
from patients.services.registering.passing import Nearness
from patients.services.registering.registration import Plan
from portal.templatetags.ui import day

from .shown import ShownPerson, shown_person

_WORDS = {
    Nearness.CONFLICT: ("Holds this NHS number", "bad"),
    Nearness.HIGH: ("Held already", "bad"),
    Nearness.MEDIUM: ("Perhaps the same person", "warn"),
    Nearness.LOW: ("Perhaps the same person", "warn"),
    Nearness.FAMILY: ("Family, somebody else", "neutral"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownMet:
    """Somebody whom the new person may be. ``is_held``: by number, or by names and birth date; ``adds`` what
    would be added if it is them, in words; ``apart`` what was decided of them before."""

    person: ShownPerson = field(repr=False)
    word: str
    tone: str
    public_id: str
    is_held: bool = False
    adds: str = ""
    apart: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownMeeting:
    """Everybody who was met: those in doubt, relatives, and where somebody out of reach is held."""

    doubts: tuple[ShownMet, ...] = ()
    family: tuple[ShownMet, ...] = ()
    unseen: tuple[tuple[str, str], ...] = ()

    @property
    def is_anybody(self) -> bool:
        """Whether there is anything to show."""
        return bool(self.doubts or self.family or self.unseen)


def shown_meeting(meeting: Meeting, plan: Plan | None = None) -> ShownMeeting:
    """The people met, the nearest first; with ``plan`` what can be done where it is them."""
    shown = [(met.nearness, _shown_met(met, plan)) for met in meeting.met]
    return ShownMeeting(
        doubts=tuple(each for nearness, each in shown if nearness > Nearness.FAMILY),
        family=tuple(each for nearness, each in shown if nearness is Nearness.FAMILY),
        unseen=tuple((_WORDS[each.nearness][0], each.labels) for each in meeting.unseen),
    )


def _shown_met(met: Met, plan: Plan | None) -> ShownMet:
    public_id = met.side.patient.public_id
    portrait = portrait_of(met.side.person, SearchQuery())
    matched: list[Match] = [match_of(each) for each in met.evidence]
    word, tone = _WORDS[met.nearness]
    return ShownMet(
        person=shown_person(
            replace(portrait, number=met.side.patient.pk, matched=tuple(matched)),
            url=reverse("patients:patient", args=[public_id]),
        ),
        word=word,
        tone=tone,
        public_id=public_id,
        is_held=met.nearness >= Nearness.HIGH,
        adds=_adds(met, plan) if plan and met.nearness > Nearness.FAMILY else "",
        apart=tuple(
            f"Kept apart from somebody else by {each.decided_by} on {day(each.decided_at)}"
            f"{f': {each.reason}' if each.reason else '.'}"
            for each in met.apart
        ),
    )


def _adds(met: Met, plan: Plan) -> str:
    """What is missing of what was to be done, if it is this person: "Impilo"; empty where nothing is."""
    held = {row.system for row in met.side.rows}
    places = {place.id for each in met.side.person.kept for place in each.record.organizations}
    said = [label_of(name) for name in plan.systems if name not in held]
    if plan.organization_id and plan.organization_id not in places and _has_record(met, plan):
        said.append(organization_name(plan.organization_id))
    return " and ".join(said)


def _has_record(met: Met, plan: Plan) -> bool:
    from_there = {each.record.system for each in met.side.person.kept if each.record.organizations}
    return bool(from_there & set(plan.systems))


def organization_name(organization_id: str) -> str:
    """An organization's name, or its number where nobody told it."""
    place = Place.objects.filter(organization=organization_id).exclude(name="").first()
    return place.name if place else f"organization {organization_id}"


# --- what is to be created ------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownDetail:
    """One detail that will be written; ``is_large``: it has to be read back letter by letter."""

    label: str
    text: str = field(repr=False)
    is_large: bool = False
    notes: tuple[str, ...] = ()

    @property
    def before_at(self) -> str:
        """What of an e-mail address stands before its @."""
        return self.text.rpartition("@")[0]

    @property
    def from_at(self) -> str:
        """The rest of it: a line may be broken there."""
        return self.text[len(self.before_at) :]


def shown_details(plan: Plan) -> tuple[ShownDetail, ...]:
    """Everything that will be written, in the order of the form, with what has no place in some system."""
    left_out: dict[str, list[str]] = {}
    for problem in plan.problems():
        if problem.trouble is Trouble.LEFT_OUT:
            left_out.setdefault(problem.field, []).append(label_of(problem.system))
    return tuple(_details(plan, left_out))


def _details(plan: Plan, left_out: dict[str, list[str]]) -> Iterator[ShownDetail]:
    given = plan.details.given()
    for part in Part:
        if part in given:
            text = value_of(plan.details, part)
            if part is Part.NHS_NUMBER:
                text = typed_of(plan.details).nhs_number
            elif part in PHONES:
                text = show_phone(text, settings.DEFAULT_COUNTRY)
            yield ShownDetail(
                label=field_label(part),
                text=text,
                is_large=part is Part.EMAIL,
                notes=tuple(f"not in {label}" for label in left_out.get(part.value, ())),
            )
    for each in plan.identifiers:
        yield ShownDetail(label="Identifier", text=f"{each.value} (given by {each.system})")


def shown_places(plan: Plan) -> tuple[str, ...]:
    """Where records will be made: "Jump EHR", "JupyterHealth Exchange (LIFESPAN)"."""
    return tuple(_place(plan, name) for name in plan.systems)


def _place(plan: Plan, name: str) -> str:
    new = plan.records()[name]
    label = label_of(name)
    return f"{label} ({organization_name(new.organization_id)})" if new.organization_id else label


# --- what the search says -------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSearch:
    """What the search found, and what can be done now. ``systems`` are those in which records can be made;
    ``mailboxes`` say whose an e-mail is in the others; ``same_mailbox`` names systems in which it is this
    very person, out of reach or not."""

    title: str
    lead: str
    kind: str
    meeting: ShownMeeting
    silent: tuple[str, ...]
    mailboxes: tuple[tuple[str, str], ...]
    same_mailbox: str
    systems: tuple[str, ...]
    asks_reason: bool
    is_contested: bool
    button: str
    is_held: bool

    @property
    def can_create(self) -> bool:
        """Whether anything is left to be done."""
        return bool(self.button)


_TITLES = {
    Verdict.CLEAR: "Nobody like this was found",
    Verdict.DOUBTFUL: "Is it one of these people?",
    Verdict.SAME: "This person is held already",
    Verdict.CONFLICT: "Somebody holds this NHS number already",
}
_LEADS = {
    Verdict.CLEAR: "The systems and the index were searched.",
    Verdict.DOUBTFUL: "Compare them with the person in front of you. If it is none of them, say why.",
    Verdict.SAME: "Open them, or add them to where they are missing. If it is somebody else, say why.",
    Verdict.CONFLICT: "Names and birth date do not fit. Check the number letter by letter with the person.",
}
_KINDS = {
    Verdict.CLEAR: "good",
    Verdict.DOUBTFUL: "warn",
    Verdict.SAME: "bad",
    Verdict.CONFLICT: "bad",
}


def shown_search(look: Look, plan: Plan, taken: Sequence[Taken]) -> ShownSearch:
    """The outcome of a search for who is to be registered."""
    verdict = look.verdict
    full = {each.system for each in taken}
    systems = tuple(name for name in plan.systems if name not in full)
    same = next((each for each in taken if each.is_same), None)
    labels = [place for name, place in zip(plan.systems, shown_places(plan), strict=True) if name in systems]
    return ShownSearch(
        title=_TITLES[verdict],
        lead=_lead(look),
        kind=_KINDS[verdict],
        meeting=shown_meeting(look.meeting, plan),
        silent=tuple(
            f"{each.label} could not be searched: {each.sentence} It is searched again before anything is "
            "sent to it."
            for each in look.silent
        ),
        mailboxes=tuple(_mailbox(each) for each in taken),
        same_mailbox=same.system if same and not same.in_reach else "",
        systems=systems,
        asks_reason=verdict is not Verdict.CLEAR,
        is_contested=look.number_is_held,
        is_held=verdict in (Verdict.SAME, Verdict.CONFLICT),
        button=_button(plan, labels, another=verdict is not Verdict.CLEAR),
    )


def _lead(look: Look) -> str:
    if look.verdict is Verdict.CLEAR and look.silent:
        return "Those that answered, and the index, know nobody like this."
    return _LEADS[look.verdict]


def _mailbox(each: Taken) -> tuple[str, str]:
    label = system_class(each.system).label
    if each.is_same:
        return f"{label} holds this person already", (
            "E-mail, name and birth date are theirs. Nobody is made there a second time."
        )
    return f"In {label} this e-mail is somebody else's", (
        f"A parent's or a partner's, say. {label} takes one person for each mailbox: go back and enter an "
        f"e-mail of their own, or register them without {label}. Nothing is created there so."
    )


def _button(plan: Plan, labels: Sequence[str], *, another: bool) -> str:
    if not labels and not plan.joins:
        return ""
    where = listed(labels)
    joins = f"add to {organization_name(plan.joins)}" if plan.joins else ""
    said = " and ".join(filter(None, [f"register in {where}" if labels else "", joins]))
    return f"It is another person: {said}" if another else said[:1].upper() + said[1:]
