"""Finding one person in the index: which keys to ask for, and who of those found fits best.

A typed line is read in every sensible way (the order of given and family name is not known), and
each reading is weighed against a record with the fixed weights, as two records are. What only
begins like what was typed counts less than what is equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, pairwise
from typing import Any

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from integrations.types import Demographics, SearchQuery

from .compared import Compared, compared
from .contact import (
    COMPARED_PHONE_DIGITS,
    SHORTEST_PHONE,
    compared_email,
    compared_phone,
    compared_postcode,
    is_uk_postcode,
)
from .dates import as_number, swapped
from .fields import Field
from .keys import (
    MOST_ROOTS,
    PHONE_END,
    TOKEN,
    WORD_LENGTHS,
    Key,
    Kind,
    birth_text,
    nhs_slip_keys,
    pair,
    roots,
    sound,
    two_word_keys,
)
from .levels import Level, birth_level, email_level, names_levels, nhs_level, phone_level, place_level
from .names import fold, nickname_roots
from .text import digits_of
from .weights import FIXED, Weights

MOST_WORDS = 4
MEANT = 1.3  # records that whoever is looked up has, and those of people who live with them
RELATIVES = 2.0
EQUAL_IS_WORTH = 60.0  # a detail that is equal, beside the names' likeness in per cent
SHORT = 60  # records
# Few different ones: SQLite reads what has one cap together.
_CAPS = {
    Kind.RECORD: 60, Kind.NHS: 60, Kind.NHS_SLIP: 60, Kind.EMAIL: 60, Kind.PHONE: 60, Kind.PHONE_END: 400,
    Kind.POSTCODE: 200, Kind.BIRTH: 400, Kind.NAMES_YEAR: 60, Kind.NAMES_DAY: 60, Kind.TWO_WORDS: 200,
    Kind.TWO_BEGINNINGS: 200, Kind.TWO_SOUNDS: 200, Kind.WORD_INITIAL: 200, Kind.WORD: 200,
    Kind.GIVEN_BIRTH: 60, Kind.FAMILY_BIRTH: 60, Kind.LAST_PART_BIRTH: 60, Kind.GIVEN_SOUND_BIRTH: 60,
    Kind.FAMILY_SOUND_BIRTH: 60, Kind.ROOT_BIRTH: 60,
}  # fmt: skip
#: Where more than a name was typed: of many namesakes it leads to the one, or nothing does.
_CAPS_BESIDE = {
    Kind.TWO_WORDS: 60, Kind.TWO_BEGINNINGS: 60, Kind.TWO_SOUNDS: 60, Kind.WORD_INITIAL: 60, Kind.WORD: 60,
}  # fmt: skip


def asked_keys(query: SearchQuery) -> dict[Key, int]:
    """The keys under which whoever is meant may stand, and how many records of each to read."""
    caps = _CAPS | _CAPS_BESIDE if query.birth_dates or query.phone or query.postcode else _CAPS
    short = dict.fromkeys(keys_if_short(query), SHORT)
    return {key: caps[key.kind] for key in _asked(query)} | short


def _asked(query: SearchQuery) -> Iterator[Key]:
    if query.record_id:
        yield Key(Kind.RECORD, query.record_id.strip().casefold())
    if query.nhs_number:
        digits = digits_of(query.nhs_number)
        yield Key(Kind.NHS, digits)
        yield from nhs_slip_keys(digits)
    if email := compared_email(query.email):
        yield Key(Kind.EMAIL, email)
    yield from _phone_keys(query.phone)
    if query.postcode:
        yield Key(Kind.POSTCODE, compared_postcode(query.postcode))
    yield from _birth_keys(query)
    yield from _name_keys(query)


def _phone_keys(phone: str) -> Iterator[Key]:
    digits = compared_phone(phone) or digits_of(phone)
    if len(digits) >= COMPARED_PHONE_DIGITS:
        yield Key(Kind.PHONE, digits)
    if len(digits) >= PHONE_END:
        yield Key(Kind.PHONE_END, digits[-PHONE_END:])


def keys_if_short(query: SearchQuery) -> frozenset[Key]:
    """Of the asked keys those that lead to too many strangers where many records share them: of a
    million people a hundred have one birth date, and whoever has the typed name too is found by both."""
    if len(_whole_words(query)) < 2:
        return frozenset()
    return frozenset(Key(Kind.BIRTH, birth_text(as_number(day))) for day in query.birth_dates)


def _birth_keys(query: SearchQuery) -> Iterator[Key]:
    words = _whole_words(query)
    for day in query.birth_dates:
        birth = birth_text(as_number(day))
        yield Key(Kind.BIRTH, birth)
        if len(words) > 1:
            for name in {*words, *map("".join, pairwise(typed_words(query)))}:
                yield from _born_keys(name, birth)


def _whole_words(query: SearchQuery) -> list[str]:
    return [word for word in typed_words(query) if len(word) > 1]


def _born_keys(name: str, birth: str) -> Iterator[Key]:
    """Under a birth date and a name that may be the given or the family name."""
    for kind in (Kind.GIVEN_BIRTH, Kind.FAMILY_BIRTH, Kind.LAST_PART_BIRTH):
        yield Key(kind, f"{name[:TOKEN]} {birth}")
    for kind in (Kind.GIVEN_SOUND_BIRTH, Kind.FAMILY_SOUND_BIRTH):
        yield Key(kind, f"{sound(name)} {birth}")
    for root in roots(name):
        yield Key(Kind.ROOT_BIRTH, f"{root} {birth}")


def _name_keys(query: SearchQuery) -> Iterator[Key]:
    words = typed_words(query)
    if not words:
        return
    if len(words) == 1:
        yield from _word_keys(words[0])
        return
    for one, other in combinations(words, 2):
        if min(len(one), len(other)) >= TOKEN:
            yield from two_word_keys(one, other)
        elif max(len(one), len(other)) >= TOKEN:
            longer, shorter = sorted((one, other), key=len, reverse=True)
            yield Key(Kind.WORD_INITIAL, f"{longer[:TOKEN]} {shorter[0]}")
        yield from _root_keys(one, other)
        yield from _dated_keys(query, pair(one[:TOKEN], other[:TOKEN]))
    whole = "".join(words)
    if len(whole) >= TOKEN:
        yield Key(Kind.WORD, f"{whole}$")  # a name written apart here and together there
    if not query.birth_dates:
        for word in words:
            yield Key(Kind.WORD, f"{word}$")


def _word_keys(word: str) -> Iterator[Key]:
    yield Key(Kind.WORD, f"{word}$")
    length = max((length for length in WORD_LENGTHS if length <= len(word)), default=0)
    if length:
        yield Key(Kind.WORD, word[:length])
    if len(word) > TOKEN:  # a slip in its end
        yield Key(Kind.WORD, word[:TOKEN])


def _root_keys(one: str, other: str) -> Iterator[Key]:
    for nickname, name in ((one, other), (other, one)):
        for root in sorted(nickname_roots(nickname))[:MOST_ROOTS]:
            yield Key(Kind.TWO_BEGINNINGS, pair(root[:TOKEN], name[:TOKEN]))


def _dated_keys(query: SearchQuery, names: str) -> Iterator[Key]:
    """Under the names and part of the date, for a date with a slip in the other part."""
    for day in query.birth_dates:
        yield Key(Kind.NAMES_YEAR, f"{names} {day.year}")
        yield Key(Kind.NAMES_DAY, f"{names} {pair(f'{day.day:02d}', f'{day.month:02d}')}")


def typed_words(query: SearchQuery) -> list[str]:
    """The folded words of a typed name, in order of typing."""
    typed = (
        [query.given_name, query.family_name] if query.given_name or query.family_name else list(query.words)
    )
    return [word for name in typed for word in fold(name).split()][:MOST_WORDS] if any(typed) else []


def readings(query: SearchQuery) -> list[tuple[str, str]]:
    """Every sensible (given, family) of a typed name."""
    if query.given_name or query.family_name:
        return [(query.given_name, query.family_name)]
    words = typed_words(query)
    if len(words) < 2:
        return [pair_ for word in words for pair_ in ((word, ""), ("", word))]
    splits = [(" ".join(words[:at]), " ".join(words[at:])) for at in range(1, len(words))]
    return list(dict.fromkeys([*splits, *((family, given) for given, family in splits)]))


# --- weighing -------------------------------------------------------------------------------

# What is typed can be a beginning: less than the whole, and more than nothing. And what somebody
# says at a desk errs more often than what two systems hold.
TYPED = Weights(
    version=FIXED.version,
    shares={
        **FIXED.shares,
        Field.GIVEN_NAME: {**FIXED.shares[Field.GIVEN_NAME], Level.BEGINS: (0.05, 0.005, 0.02)},
        Field.FAMILY_NAME: {**FIXED.shares[Field.FAMILY_NAME], Level.BEGINS: (0.05, 0.004, 0.05)},
        Field.BIRTH_DATE: {
            Level.EXACT: (0.85, 2.2e-5, 0.028),
            Level.SWAPPED_DAY_AND_MONTH: (0.03, 8e-6, 0.002),
            Level.ONE_DIGIT: (0.06, 0.0008, 0.004),
            Level.TWO_PARTS: (0.03, 0.012, 0.047),
            Level.SAME_YEAR: (0.01, 0.008, 0.046),
            Level.DIFFERENT: (0.02, 0.98, 0.874),
        },
        Field.PHONE: {**FIXED.shares[Field.PHONE], Level.PART: (0.676, 2e-4, 0.18)},
        Field.RECORD_ID: {Level.EXACT: (0.99, 1e-6, 1e-6), Level.DIFFERENT: (0.01, 1.0, 1.0)},
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """How well somebody fits what was typed: ``weight`` in bits, and how far each typed field agrees."""

    weight: float
    levels: Mapping[Field, Level] = field(repr=False)

    @property
    def is_somebody_else(self) -> bool:
        """Whether a name was typed, no name of this person is like it, and no number or address
        that was typed is theirs."""
        names = {self.levels.get(of) for of in (Field.GIVEN_NAME, Field.FAMILY_NAME)} - {None, Level.MISSING}
        own = any(self.levels.get(of) is Level.EXACT for of in _OWN)
        return names == {Level.DIFFERENT} and not own


_OWN = (Field.NHS_NUMBER, Field.EMAIL, Field.PHONE, Field.RECORD_ID)


class Asked:
    """A query read in every sensible way, ready to be weighed against many records."""

    def __init__(self, query: SearchQuery, *, records: int) -> None:
        self._records = records
        self._births = [as_number(day) for day in query.birth_dates]
        self._phone = compared_phone(query.phone) or digits_of(query.phone)
        details = compared(Demographics(nhs_number=query.nhs_number, email=query.email))
        self._details = replace(details, postcode=compared_postcode(query.postcode))
        self._typed = " ".join(typed_words(query))
        self._is_whole_postcode = is_uk_postcode(query.postcode)
        self._names = [
            compared(Demographics(given_name=given, family_name=family)) for given, family in readings(query)
        ]

    def fit(self, forms: Iterable[Compared]) -> Fit:
        """Weigh one person by what their records hold together: the best of each field counts."""
        levels: dict[Field, Level] = {}
        for form in forms:
            for of, level in self._levels(form).items():
                if of not in levels or TYPED.bits(of, level) > TYPED.bits(of, levels[of]):
                    levels[of] = level
        weight = TYPED.weigh(levels, records=self._records, same=MEANT, household=RELATIVES).total
        return Fit(weight=weight, levels=levels)

    def likeness(self, columns: Sequence[Any]) -> float:
        """A quick look at a record, in per cent of likeness of the names: for leaving most out.

        ``columns`` are given, middle, preferred and family name, birth date, sex, NHS number,
        e-mail, phones and postcode as :class:`Compared` has them, the phones separated by spaces.
        """
        given, _, _, family, birth, _, nhs, email, phones, postcode, *_ = columns
        names = float(fuzz.token_sort_ratio(self._typed, f"{given} {family}")) if self._typed else 0.0
        details = self._details
        equal = (
            birth in self._births or swapped(birth) in self._births,
            bool(nhs) and bool(details.nhs) and OSA.distance(nhs, details.nhs, score_cutoff=1) <= 1,
            bool(email) and email == details.email,
            bool(self._phone) and self._phone in phones,
            bool(postcode) and postcode == details.postcode,
        )
        return names + EQUAL_IS_WORTH * sum(map(bool, equal))

    def _levels(self, form: Compared) -> dict[Field, Level]:
        levels = self._names_levels(form)
        if self._births:
            found = (birth_level(typed, form.birth) for typed in self._births)
            levels[Field.BIRTH_DATE] = max(found, key=lambda level: TYPED.bits(Field.BIRTH_DATE, level))
        if self._details.nhs:
            levels[Field.NHS_NUMBER] = nhs_level(self._details, form)
        if self._details.email:
            levels[Field.EMAIL] = email_level(self._details.email, form.email)
        if self._phone:
            levels[Field.PHONE] = _typed_phone_level(self._phone, form.phones)
        if self._details.postcode:
            levels[Field.ADDRESS] = self._postcode_level(form)
        return levels

    def _names_levels(self, form: Compared) -> dict[Field, Level]:
        """The levels of the reading that fits best."""
        best: dict[Field, Level] = {}
        most = float("-inf")
        for name in self._names:
            given, family = names_levels(name, form)
            levels = {
                Field.GIVEN_NAME: _or_beginning(given, name.given, form.given, form.preferred),
                Field.FAMILY_NAME: _or_beginning(family, name.family, form.family),
            }
            bits = sum(TYPED.bits(of, level) for of, level in levels.items())
            if bits > most:
                most, best = bits, levels
        return best

    def _postcode_level(self, form: Compared) -> Level:
        if self._is_whole_postcode or not form.postcode:
            return place_level(self._details, form)
        begins = form.postcode.startswith(self._details.postcode)
        return Level.SAME_DISTRICT if begins else Level.DIFFERENT


def _or_beginning(level: Level, typed: str, *held: str) -> Level:
    if level in _WEAKER and len(typed) > 1 and any(name.startswith(typed) for name in held):
        return Level.BEGINS
    return level


_WEAKER = frozenset({Level.SIMILAR, Level.DIFFERENT, Level.INITIAL, Level.MIDDLE})


def _typed_phone_level(typed: str, held: tuple[str, ...]) -> Level:
    if len(typed) >= COMPARED_PHONE_DIGITS or not held:
        return phone_level((typed,), held)
    if len(typed) < SHORTEST_PHONE:  # a few digits stand somewhere in many numbers
        return Level.PART if any(phone.endswith(typed) for phone in held) else Level.DIFFERENT
    return Level.PART if any(typed in phone for phone in held) else Level.DIFFERENT
