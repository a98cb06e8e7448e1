"""From what was entered to the operations that are asked for, or to what somebody has to answer first.

    copies = copies_of(public_id, by=user)                       # a form is shown,
    page, seal = page_of(copies, by=user), seal_of(copies, by=user)       # and carries both
    result = save(page, wanted, answers, sealed=seal, by=user)   # it comes back

Nothing is written while anything is open: a detail that moved meanwhile, one that a system cannot hold, an
edit that would write one person over another. Then all of it is asked for in one transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from django.conf import settings

from integrations.types import RecordStatus
from integrations.writes import Details, Part, Shown
from patients.entering.systems import Problem
from patients.matching.numbers import nhs_digits
from patients.models import Operation, Patient, SourceRecord
from patients.services import hand_links, linking, seals, visibility
from patients.services.operations import recording
from patients.services.operations.recording import Nobody
from patients.services.operations.wishes import Change, Identify
from patients.services.registering import drafts
from patients.services.seals import Broken, Trouble
from portal import audit
from portal.accounts.models import User

from . import confirming, former
from .copies import Copies, Copy, copies_of
from .outcomes import Answers, Asked, Saved
from .pages import Page
from .weighing import Wanted, Weighed, weigh

#: By what records are taken for one person's.
IDENTITY = frozenset({Part.GIVEN_NAME, Part.FAMILY_NAME, Part.BIRTH_DATE, Part.SEX, Part.NHS_NUMBER})
EDITED_AS_ONE = "Edited as one person."
EDIT = "edit"  # the kind of form
AGREE = "agree"


def seal_of(copies: Copies, *, by: User, purpose: str = EDIT) -> str:
    """The seal of a form that edits this person."""
    return seals.seal(copies.named, purpose=purpose, by=by)


def save(
    page: Page, wanted: Sequence[Wanted], answers: Answers, *, sealed: str, by: User, draft: str = "",
    purpose: str = EDIT,
) -> Saved | Asked:  # fmt: skip
    """Ask for the writes that an edit comes to, or say what is open.

    Raises :class:`~patients.services.seals.Broken` where the form is none of ours, or about somebody else;
    :class:`~patients.services.lookup.Gone` where the person is out of reach.
    """
    refusal = _refusal(page.public_id, sealed, purpose, by)
    copies = copies_of(page.public_id, by=by, anew=True)
    asked = look(page, wanted, answers, copies)
    if refusal is not None or not _is_clear(asked, answers):
        _note_stop(asked, answers, by=by)
        return _carried_on(asked, refusal)
    try:
        return _written(asked, answers, sealed=sealed, purpose=purpose, by=by, draft=draft)
    except Broken as broken:
        if broken.trouble is not Trouble.STALE:
            raise
        return _carried_on(asked, broken)


def look(page: Page, wanted: Sequence[Wanted], answers: Answers, copies: Copies) -> Asked:
    """What an edit comes to in each record as it is now."""
    open_now = {each.number: each for each in copies.open}
    weighed = tuple(
        weigh(open_now[each.number], each, page, answers.choices, country=settings.DEFAULT_COUNTRY)
        for each in wanted
        if each.number in open_now
    )
    missing = {each.number for each in wanted} - open_now.keys()
    refusal = Broken(Trouble.STALE, (copies.name,)) if missing else None
    return Asked(
        copies=copies,
        page=page,
        weighed=weighed,
        nowhere=tuple(_nowhere(weighed)),
        number_is_held=_is_held_by_others(weighed, copies.patient),
        refusal=refusal,
    )


def note_left(public_id: str, *, by: User) -> None:
    """One event: whoever was asked whether it is still the same person went back instead."""
    audit.look("edit.left", by=by, subject_key=public_id, outcome="refused")


# --- what is open ---------------------------------------------------------------------------


def _refusal(public_id: str, sealed: str, purpose: str, by: User) -> Broken | None:
    """Whether the form is about another version of the person. Raises where it is about somebody else."""
    side = hand_links.side(public_id, by=by, reach=visibility.reach_of(by))
    try:
        with seals.held(sealed, purpose=purpose, at=[public_id], by=by, still_named=side.name):
            return None
    except Broken as broken:
        if broken.trouble not in (Trouble.STALE, Trouble.EXPIRED):
            raise
        return broken


def _is_clear(asked: Asked, answers: Answers) -> bool:
    is_open = asked.moved or asked.refused or asked.nowhere or asked.number_is_held or asked.refusal
    return not is_open and not asked.is_stopped(answers)


def _carried_on(asked: Asked, refusal: Broken | None) -> Asked:
    """What is shown next: the page with what moved as it is now."""
    moved, refused = ([each.key for each in some] for some in (asked.moved, asked.refused))
    page = asked.page.asking(moved, refused, [each.copy for each in asked.weighed])
    stopped = tuple(sorted({*page.stopped, *asked.replaced}))
    return replace(asked, page=replace(page, stopped=stopped), refusal=refusal or asked.refusal)


def _nowhere(weighed: Sequence[Weighed]) -> list[Problem]:
    """What is wanted and no chosen record takes: nothing is dropped without being said."""
    taken: set[str] = set()
    for each in weighed:
        in_question = [*(one.key for one in each.moved), *(one.key for one in each.refused)]
        taken |= {part.value for part in each.changes.parts | each.held}
        taken |= {name for _, name in in_question}
    lost = {problem.field: problem for each in weighed for problem in each.left_out}
    return [problem for name, problem in lost.items() if name not in taken]


def _is_held_by_others(weighed: Sequence[Weighed], patient: Patient) -> bool:
    """Whether a record of somebody else, in reach or not, holds the NHS number that is to be written."""
    numbers = {
        nhs_digits(each.changes.details.nhs_number)
        for each in weighed
        if Part.NHS_NUMBER in each.changes.parts
    }
    held = SourceRecord.objects.filter(nhs__in=numbers - {""}, vanished_at=None, is_test=False)
    return held.exclude(patient=patient).exclude(status=RecordStatus.MERGED).exists()


def _note_stop(asked: Asked, answers: Answers, *, by: User) -> None:
    """One event where an edit is stopped since it would write one person over another; no values."""
    if asked.is_stopped(answers):
        record = asked.overwriting[0].copy.row
        audit.look(
            "edit.stopped",
            by=by,
            system=record.system,
            record_id=record.remote_id,
            subject_key=asked.page.public_id,
            outcome="refused",
            details={"fields": sorted(asked.replaced)},
        )


# --- writing --------------------------------------------------------------------------------


def _written(asked: Asked, answers: Answers, *, sealed: str, purpose: str, by: User, draft: str) -> Saved:
    """All of it in one transaction, the person held. Raises :class:`Broken`."""
    copies, public_id = asked.copies, asked.page.public_id
    with seals.held(sealed, purpose=purpose, at=[public_id], by=by, still_named=copies.name) as [patient]:
        operations: list[Operation] = []
        for each in asked.weighed:
            if not each.is_nothing:
                _check_unmoved(each.copy, patient, copies.name)
                operations += _asked_for(each, answers, by=by)
        _keep_together(patient, asked, by=by)
        confirmed = confirming.confirmed_with(patient, answers.confirmed, _confirmable(asked, answers), by=by)
        if operations or confirmed:
            _note(patient, operations, asked, answers, confirmed, by=by)
        mine = drafts.own(draft, by=by) if draft else None
        if mine is not None and mine.sent_as_id is None:
            drafts.end(mine, patient)
    return Saved(
        operations=tuple(operations),
        left_out=tuple(
            dict.fromkeys(problem.sentence for each in asked.weighed for problem in each.left_out)
        ),
        unread=tuple(each.copy.label for each in asked.weighed if not each.copy.is_current),
        confirmed=confirmed,
    )


def _keep_together(patient: Patient, asked: Asked, *, by: User) -> None:
    """Where an edit changes by what records are taken for one person's, they stay this person's: the one rule
    would part them as soon as one system has the new name and another has not."""
    parts = {part for each in asked.weighed for part in each.changes.parts}
    if parts & IDENTITY:
        seen = [each.number for each in asked.copies.every]
        linking.affirm(patient=patient, records=seen, reason=EDITED_AS_ONE, by=by)


def _check_unmoved(copy: Copy, patient: Patient, name: str) -> None:
    """Hold that the record is still this person's, and that nobody has asked for a change of it meanwhile."""
    row = SourceRecord.objects.defer("held").get(pk=copy.number)
    if row.patient_id != patient.pk or recording.open_changes(patient, row) != copy.pending:
        raise Broken(Trouble.STALE, (name,))


def _asked_for(weighed: Weighed, answers: Answers, *, by: User) -> list[Operation]:
    copy, reason = weighed.copy, _reason(weighed, answers)
    found = []
    try:
        if weighed.changes.parts or weighed.changes.custom_fields:
            wish = Change(changes=weighed.changes, shown=copy.held, organization_id=copy.organization_id)
            operation = recording.ask(wish, record=copy.row, by=by, reason=reason)
            if answers.why in former.REASONS:
                former.hide(operation, weighed.before, weighed.after, by=by)
            found.append(operation)
        if weighed.identifiers.add or weighed.identifiers.remove:
            identify = Identify(change=weighed.identifiers, organization_id=copy.organization_id)
            found.append(recording.ask(identify, record=copy.row, by=by))
    except Nobody:
        raise Broken(Trouble.STALE, ()) from None
    return found


def _reason(weighed: Weighed, answers: Answers) -> str:
    """Why it is still the same person, where a name or what else says so changes: words without values."""
    verdict = weighed.verdict
    if not (verdict.replaced or verdict.touched or weighed.changes.parts.intersection(former.PARTS)):
        return ""
    return answers.why.sentence if answers.why is not None else answers.other.strip()


def _confirmable(asked: Asked, answers: Answers) -> Details:
    """The details that the form showed as they will be."""
    shown = Shown(details=asked.page.details)
    for each in asked.weighed:
        shown = shown.after(each.changes)
    return shown.details


def _note(
    patient: Patient, operations: Sequence[Operation], asked: Asked, answers: Answers,
    confirmed: Sequence[Part], *, by: User,
) -> None:  # fmt: skip
    """One event for the edit as a whole, beside that of each write."""
    fields = sorted({name for each in asked.weighed for name in each.changes.parts})
    details: dict[str, str | list[str]] = {
        "fields": [*fields] or sorted(confirmed),
        "operations": [each.public_id for each in operations],
    }
    if answers.caller:
        details["caller_checked"] = str(answers.caller)
    if confirmed:
        details["confirmed"] = sorted(confirmed)
    if asked.overwriting:
        details["same_person"] = str(answers.why or "another reason")
    audit.write("person.edited", by=by, subject_key=patient.public_id, details=details)
