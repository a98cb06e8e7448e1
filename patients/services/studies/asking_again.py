"""Who must be asked again: a study asks for something new, or asks on a new version of its consent form.

Everything is from the rows of readings and writes. Whose decisions were never read is counted apart: nothing
is known of them, which is not that they need not be asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from integrations.scopes import words_of
from patients.models import ConsentForm, Decision, Participant, Study
from patients.services.visibility import Reach, records

from . import consent_forms, plans
from .consent_course import authorities_of
from .plans import Plan

Scope = tuple[str, str]


class Because(StrEnum):
    """Why somebody has to be asked."""

    NEW_DATA = "new-data"  # the study asks for it, and they decided other things but not this
    NEW_FORM = "new-form"  # what was written last names another version of the form
    NOTHING = "nothing"  # they were never asked at all


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Somebody who has to be asked. ``missing`` are the kinds of data in plain words, ``asked_on`` the
    version of the form that was written last."""

    participant: Participant = field(repr=False)
    because: frozenset[Because]
    missing: tuple[str, ...] = field(default=(), repr=False)
    asked_on: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Who has to be asked, in order of their numbers; how many for each reason, and of how many. ``unread``
    counts those whose decisions were never read, ``tests`` are in no count."""

    lines: tuple[Line, ...] = field(repr=False)
    counts: Mapping[Because, int]
    everybody: int
    unread: int


def find(study: Study, reach: Reach, *, form: ConsentForm | None) -> Found:
    """Who has to be asked again in a study, within reach. Three queries."""
    rows = Participant.objects.filter(
        study=study, left_at=None, is_test=False, record__is_test=False, record__vanished_at=None,
        record__in=records(reach).values("pk"),
    )  # fmt: skip
    people = list(rows.select_related("record").defer("record__held").order_by("number_key", "pk"))
    read = [each for each in people if each.checked_at is not None]
    answers, written = _decisions(study)
    versions = _versions(written) if form is not None else {}
    plan = plans.plan_of(study)
    lines = [
        _line(each, plan, answers.get(each.record_id, {}), versions.get(each.record_id, ""), form)
        for each in read
    ]
    asked = tuple(each for each in lines if each.because)
    return Found(
        lines=asked,
        counts=Counter(because for each in asked for because in each.because),
        everybody=len(people),
        unread=len(people) - len(read),
    )


def _line(
    participant: Participant,
    plan: Plan,
    answers: Mapping[Scope, bool | None],
    version: str,
    form: ConsentForm | None,
) -> Line:
    missing = [each for each in plan.scopes if answers.get(each.key) is None]
    has_decided = any(each is not None for each in answers.values())
    because = set()
    if missing:
        because.add(Because.NEW_DATA if has_decided else Because.NOTHING)
    in_use = form.version if form is not None and has_decided else ""
    if version and in_use and not consent_forms.is_same_version(version, in_use):
        because.add(Because.NEW_FORM)
    return Line(
        participant=participant,
        because=frozenset(because),
        missing=tuple(words_of(each.system, each.code, each.text) for each in missing),
        asked_on=version,
    )


def _decisions(study: Study) -> tuple[dict[int, dict[Scope, bool | None]], dict[int, int]]:
    """Record → kind of data → the latest answer; record → the latest decision with an authority."""
    answers: dict[int, dict[Scope, bool | None]] = {}
    written: dict[int, int] = {}
    rows = Decision.objects.filter(study=study).order_by("pk")
    for pk, record, system, code, agreed, how in rows.values_list(
        "pk", "record", "scope_system", "scope_code", "agreed", "how"
    ):
        answers.setdefault(record, {})[system, code] = agreed
        if how == Decision.How.WRITTEN and agreed is not None:
            written[record] = pk
    return answers, written


def _versions(written: Mapping[int, int]) -> dict[int, str]:
    """Record → the version of the consent form that its latest written decision names."""
    said = authorities_of(list(written.values()))
    return {
        record: authority.form_version
        for record, pk in written.items()
        if (authority := said.get(pk)) is not None
    }
