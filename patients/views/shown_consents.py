"""What the pages of consent show: studies with answers as tags, and how they came about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.urls import reverse

from integrations.registry import label_of
from integrations.scopes import words_of
from patients.models import Decision, SourceRecord, Study
from patients.services.hand_links import Side
from patients.services.studies import allowed, authority, consent_course, consents
from patients.services.studies.allowed import Refusal
from patients.services.studies.consent_course import Entry
from patients.services.studies.consent_reading import Told
from patients.services.studies.consents import Answer, Asked, OfStudy
from patients.services.visibility import Reach
from portal.accounts.access import is_allowed, who_may
from portal.accounts.models import User

from .shown_operations import words_of as fault_in_words

How = Decision.How
TAGS: Mapping[Answer, tuple[str, str, str]] = {  # word, colour, icon
    Answer.AGREED: ("Agreed", "good", "good"),
    Answer.DECLINED: ("Declined", "bad", "bad"),
    Answer.PENDING: ("Not decided yet", "outline", "unknown"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownAnswer:
    """One kind of data with its answer as a word, a colour and an icon."""

    asked: Asked = field(repr=False)
    word: str
    tone: str
    icon: str
    coming: str = ""

    @property
    def words(self) -> str:
        """The kind of data, as a line begins."""
        return first_up(self.asked.words)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownStudy:
    """One study of a record, with what its reader may do about it."""

    study: Study
    organization: str
    takes_part: bool
    answers: tuple[ShownAnswer, ...] = field(repr=False)
    counts: tuple[tuple[str, str, int], ...] = field(repr=False)  # word, colour, how many
    read_at: datetime | None = field(repr=False)
    left_at: datetime | None = field(repr=False)
    record_url: str
    decide_url: str = ""
    withdraw_url: str = ""
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownEntry:
    """Decisions that became known together, in words; ``lines`` is by whose authority."""

    at: datetime
    study: str
    title: str
    answers: tuple[ShownAnswer, ...] = field(repr=False)
    lines: tuple[tuple[str, str], ...] = field(repr=False)
    is_unreadable: bool = False
    is_end: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownConsents:
    """One record with its studies. ``anywhere`` are the kinds of data agreed to in any study."""

    number: int
    label: str
    id: str
    is_gone: bool
    problems: tuple[str, ...]
    studies: tuple[ShownStudy, ...] = field(repr=False)
    anywhere: tuple[tuple[str, str, str], ...] = field(repr=False)  # words, code, where
    entries: tuple[ShownEntry, ...] = field(repr=False)


def shown_consents(whole: Side, record: SourceRecord, told: Told, *, by: User, reach: Reach) -> ShownConsents:
    """One record, as its studies stand now."""
    studies = consents.of_record(record, reach)
    entries = consent_course.entries(record, [each.study for each in studies])
    return ShownConsents(
        number=record.pk,
        label=label_of(record.system),
        id=record.remote_id,
        is_gone=record.vanished_at is not None,
        problems=tuple(dict.fromkeys(fault_in_words(each) for each in told.problems)),
        studies=tuple(_studies(whole, record, studies, by=by, reach=reach)),
        anywhere=tuple(_anywhere(studies, told)),
        entries=tuple(shown_entry(each) for each in reversed(entries)),
    )


def _studies(
    whole: Side, record: SourceRecord, studies: Iterable[OfStudy], *, by: User, reach: Reach
) -> Iterator[ShownStudy]:
    may_send = is_allowed(by, who_may("patients:decide", "POST"))
    refusals: dict[str, Refusal | None] = {}
    for each in studies:
        place = each.study.organization
        if place not in refusals:
            refusals[place] = allowed.why_not(each.study, by=by, reach=reach)
        refusal = refusals[place]
        at = [whole.patient.public_id, record.pk, each.study.public_id]
        url = reverse("patients:decide", args=at)
        is_open = may_send and refusal is None and each.takes_part and record.vanished_at is None
        yield ShownStudy(
            study=each.study,
            organization=allowed.name_of(each.study.system, place),
            takes_part=each.takes_part,
            answers=tuple(shown_answer(one) for one in each.asked),
            counts=tuple(
                (word, tone, each.count(answer))
                for answer, (word, tone, _) in TAGS.items()
                if each.count(answer)
            ),
            read_at=each.read_at,
            left_at=each.participant.left_at if each.participant else None,
            record_url=reverse("patients:consent_record", args=at),
            decide_url=url if is_open and any(one.is_asked_for for one in each.asked) else "",
            withdraw_url=f"{url}?withdraw=1" if is_open and each.count(Answer.AGREED) else "",
            refusal=refusal if each.takes_part else None,
        )


def _anywhere(studies: Iterable[OfStudy], told: Told) -> Iterator[tuple[str, str, str]]:
    """What was agreed to in any study, each kind once, with where."""
    where: dict[tuple[str, str], list[str]] = {}
    words: dict[tuple[str, str], str] = {}
    for each in studies:
        for one in each.asked:
            if one.answer is Answer.AGREED and each.takes_part:
                where.setdefault(one.key, []).append(each.study.name)
                words[one.key] = one.words
    for each_told in told.unplaced:
        key = (each_told.system, each_told.code)
        where.setdefault(key, []).append("a study that does not ask for it now, or that you do not see")
        words.setdefault(key, words_of(*key, each_told.text))
    for key, names in sorted(where.items(), key=lambda each: words[each[0]]):
        yield first_up(words[key]), key[1], ", ".join(names)


def shown_answer(asked: Asked) -> ShownAnswer:
    """An answer as it is shown."""
    word, tone, icon = TAGS[asked.answer]
    coming = TAGS[asked.coming][0] if asked.coming is not None and asked.coming is not asked.answer else ""
    return ShownAnswer(asked=asked, word=word, tone=tone, icon=icon, coming=coming)


def shown_entry(entry: Entry) -> ShownEntry:
    """An entry of the timeline, or of the study file."""
    return ShownEntry(
        at=entry.at,
        study=entry.study.name,
        title=_title(entry),
        answers=tuple(shown_answer(each) for each in entry.answers),
        lines=tuple(authority.lines(entry.authority)) if entry.authority else (),
        is_unreadable=entry.is_unreadable,
        is_end=entry.is_end,
    )


def _title(entry: Entry) -> str:
    label = label_of(entry.study.system)
    if entry.is_end:
        return f"Left the study: {label} deleted the decisions; asked for by {entry.by}"
    if entry.how == How.WRITTEN:
        return f"Recorded here by {entry.by}"
    if entry.how == How.BEFORE_LEAVING:
        return f"Read in {label} before the study was left"
    return f"Seen in {label}"


def first_up(words: str) -> str:
    """As a line begins."""
    return words[:1].upper() + words[1:]


def counts_of(found: Sequence[ShownConsents]) -> int:
    """How many kinds of data were declined in studies in which the person takes part."""
    return sum(
        1
        for record in found
        for study in record.studies
        if study.takes_part
        for each in study.answers
        if each.asked.answer is Answer.DECLINED
    )
