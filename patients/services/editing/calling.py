"""Who is on the phone: what to ask before anything is changed for somebody who calls.

It never stands in the way: whoever checked is noted with what was saved.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from integrations.writes import Details
from patients.matching.dates import show
from patients.matching.text import digits_of

LAST_DIGITS = 4


class Caller(StrEnum):
    """Who was spoken to."""

    PERSON = "person"
    PARENT = "parent"
    CARER = "carer"

    @property
    def words(self) -> str:
        """As staff read it."""
        return _WORDS[self]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One thing to ask, and what the right answers are."""

    text: str
    answers: tuple[str, ...] = field(repr=False)


def questions(held: Details) -> tuple[Question, ...]:
    """What to ask: full name, birth date, the address, and one thing more; only what is held."""
    return tuple(_questions(held))


def _questions(held: Details) -> Iterator[Question]:
    names = " ".join(filter(None, (held.given_name, held.middle_name, held.family_name)))
    if names:
        yield Question(text="What is your full name?", answers=(names,))
    if held.birth_date:
        yield Question(text="What is your date of birth?", answers=(show(held.birth_date),))
    if held.address:
        answers = tuple(filter(None, (*held.address.lines[:1], held.address.postcode)))
        if answers:
            yield Question(text="What is the first line of your address, or your postcode?", answers=answers)
    phones = [held.phone, held.mobile_phone, held.home_phone]
    more = [f"… {digits_of(each)[-LAST_DIGITS:]}" for each in phones if len(digits_of(each)) > LAST_DIGITS]
    if held.email:
        more.append(held.email)
    if more:
        text = "What are the last four digits of a phone number that we have, or which e-mail address?"
        yield Question(text=text, answers=tuple(dict.fromkeys(more)))


_WORDS = {
    Caller.PERSON: "The person themself",
    Caller.PARENT: "A parent",
    Caller.CARER: "A carer",
}
