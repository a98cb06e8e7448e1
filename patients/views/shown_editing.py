"""What the pages of editing show: the records that are written to, and what has to be answered first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from integrations.writes import Part
from patients.entering.overwriting import Reason
from patients.forms.editing import EditForm
from patients.forms.why import ANOTHER
from patients.services.editing import calling
from patients.services.editing.calling import Question
from patients.services.editing.copies import Copies
from patients.services.editing.outcomes import Answers, Asked
from patients.services.editing.weighing import Choice, Weighed
from patients.services.operations.wording import field_label, value_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRecord:
    """A record and how it stands to the edit: why it is not written to, or shown as last read."""

    label: str
    closed: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownChoice:
    """One answer to choose from, with the value that would be there."""

    value: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownQuestion:
    """One detail of one record about which somebody has to say what is to be there."""

    name: str
    system_label: str
    label: str
    sentence: str = field(repr=False)
    choices: tuple[ShownChoice, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownBefore:
    """One detail of a record before and after."""

    label: str
    before: str = field(repr=False)
    after: str = field(repr=False)
    differs: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownStop:
    """That an edit would write one person over another: each record before and after."""

    sentence: str = field(repr=False)
    records: tuple[tuple[str, tuple[ShownBefore, ...]], ...] = field(repr=False)
    reasons: tuple[tuple[str, str, bool], ...]
    is_another: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownAsked:
    """All that has to be answered before anything is written."""

    questions: tuple[ShownQuestion, ...] = ()
    stop: ShownStop | None = None


def shown_copies(copies: Copies) -> list[ShownRecord]:
    """The records of which there is something to say."""
    found = (ShownRecord(label=each.label, closed=each.closed, problem=each.problem) for each in copies.every)
    return [each for each in found if each.closed or each.problem]


def shown_questions(copies: Copies) -> tuple[Question, ...]:
    """What to ask somebody who calls."""
    return calling.questions(copies.details)


def open_questions(asked: Asked, *, is_stopped: bool) -> Iterator[str]:
    """What is open, in sentences for the summary of the page."""
    for moved in asked.moved:
        yield f"{moved.label} was changed in {moved.system_label} meanwhile. Choose what is to be there."
    for refused in asked.refused:
        yield f"{refused.system_label} cannot hold this: {refused.label}. {refused.sentence}"
    for problem in asked.nowhere:
        yield f"{problem.sentence} Choose a system that takes it, or leave it as it was."
    if asked.number_is_held:
        yield (
            "Somebody else holds this NHS number already: leave it as it was. If they are the same person, "
            "link them first; if not, find out whose it is."
        )
    if is_stopped:
        yield "Is this still the same person? Say why several details change at once, or go back."


def shown_asked(asked: Asked, form: EditForm, *, is_stopped: bool) -> ShownAsked:
    """What has to be answered, with the answers so far."""
    return ShownAsked(
        questions=tuple(_questions(asked, form)),
        stop=shown_stop(asked, form.answers(), is_another=form["why"].value() == ANOTHER)
        if is_stopped
        else None,
    )


def _questions(asked: Asked, form: EditForm) -> Iterator[ShownQuestion]:
    for moved in asked.moved:
        texts = {
            Choice.MINE: f"What I entered: {moved.wanted or 'nothing'}",
            Choice.THEIRS: f"What is there now: {moved.now or 'nothing'}",
        }
        yield ShownQuestion(
            name=form.choice_name(moved.key),
            system_label=moved.system_label,
            label=moved.label,
            sentence=f"When you opened this form it said: {moved.shown or 'nothing'}",
            choices=tuple(ShownChoice(value=choice.value, text=text) for choice, text in texts.items()),
        )
    for refused in asked.refused:
        yield ShownQuestion(
            name=form.choice_name(refused.key),
            system_label=refused.system_label,
            label=refused.label,
            sentence=refused.sentence,
            choices=(
                ShownChoice(value=Choice.THEIRS.value, text=f"Leave it as it is in {refused.system_label}"),
            ),
        )


_SHOWN = (Part.FAMILY_NAME, Part.GIVEN_NAME, Part.BIRTH_DATE, Part.NHS_NUMBER)


def shown_stop(asked: Asked, answers: Answers, *, is_another: bool) -> ShownStop:
    """The records that would be written over with another person, before and after."""
    reasons = set(Reason).intersection(*(set(each.verdict.reasons) for each in asked.overwriting))
    return ShownStop(
        sentence=asked.overwriting[0].verdict.sentence,
        records=tuple((each.copy.label, _before_and_after(each)) for each in asked.overwriting),
        reasons=tuple((each.value, each.sentence, each is answers.why) for each in Reason if each in reasons),
        is_another=is_another,
    )


def _before_and_after(weighed: Weighed) -> tuple[ShownBefore, ...]:
    changed = {*weighed.verdict.replaced, *weighed.verdict.touched}
    return tuple(
        ShownBefore(
            label=field_label(part),
            before=value_of(weighed.before, part),
            after=value_of(weighed.after, part),
            differs=part in changed,
        )
        for part in _SHOWN
    )
