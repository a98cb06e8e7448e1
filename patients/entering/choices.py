"""Choices and yes-or-no questions of a form."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from integrations.types import Gender, RecordStatus, Registration, Sex
from integrations.writes import Part

from .findings import Read, stop
from .typed import NO, YES, is_blank, one_line

E = TypeVar("E", bound=StrEnum)

CHOICES: Mapping[Part, type[StrEnum]] = {
    Part.SEX: Sex,
    Part.GENDER: Gender,
    Part.REGISTRATION: Registration,
    Part.STATUS: RecordStatus,
}
QUESTIONS = frozenset(
    {
        Part.CONSENT_SMS,
        Part.CONSENT_EMAIL,
        Part.CONSENT_MARKETING,
        Part.CONSENT_ELECTRONIC,
        Part.IS_DECEASED,
        Part.REQUIRES_REVIEW,
        Part.ENROLLED,
    }
)


def read_choice(of: str, text: str, among: type[E]) -> Read[E | None]:
    """The answer chosen, by its value."""
    if is_blank(text):
        return Read(None)
    try:
        return Read(among(one_line(text).casefold()))
    except ValueError:
        return Read(None, (stop(of, "Choose one of the answers."),))


def read_question(of: str, text: str) -> Read[bool | None]:
    """Yes, no or nothing."""
    if is_blank(text):
        return Read(None)
    answer = one_line(text).casefold()
    if answer not in (YES, NO):
        return Read(None, (stop(of, "Answer yes or no."),))
    return Read(answer == YES)
