"""Wrong names for a person: an error drawn among those that fit the name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from patients.matching.names import compact

from . import slips
from .asked import NameSlip
from .person import Copy, Known
from .spellings import FORMAL_NAMES, NICKNAMES
from .weighted import Weighted

_TRIES = 60
_SLIPS: dict[NameSlip, Callable[[str, Random], str | None]] = {
    NameSlip.NEIGHBOURING_KEY: slips.neighbouring_key,
    NameSlip.TRANSPOSED: slips.transposed,
    NameSlip.MISSING: slips.letter_missing,
    NameSlip.DOUBLED: slips.letter_doubled,
    NameSlip.MISHEARD: slips.misheard,
}
# Kinds that fit few names (a maiden name, a double one, a nickname) weigh more than they will be asked.
_KINDS = Weighted(
    {
        NameSlip.NEIGHBOURING_KEY: 0.15,
        NameSlip.TRANSPOSED: 0.12,
        NameSlip.MISSING: 0.13,
        NameSlip.DOUBLED: 0.08,
        NameSlip.MISHEARD: 0.16,
        NameSlip.NICKNAME: 0.25,
        NameSlip.SWAPPED: 0.03,
        NameSlip.EARLIER_NAME: 0.2,
        NameSlip.INITIAL: 0.04,
        NameSlip.PART: 0.5,
        NameSlip.TRANSLITERATED: 0.12,
    }
)
_PARTICLES = frozenset({"al", "el", "abu", "abdel", "bin", "bint", "ibn", "ben"})


@dataclass(frozen=True, slots=True)
class Misnamed:
    """A wrong name; ``swapped`` asks for the family name first."""

    slip: NameSlip
    given: str
    surname: str
    swapped: bool = False


def misname(known: Known, chance: Random) -> Misnamed | None:
    """A name that no record of this person holds; ``None`` where nothing fits (a name of one letter).

    Differences that nobody would call an error (case, accents, hyphens, apostrophes, spaces) do
    not count. A swapped order alone is an error of its own.
    """
    as_held = _names_held(known)
    either_way = as_held | {(second, first) for first, second in as_held}
    for _ in range(_TRIES):
        slip = _KINDS.draw(chance)
        wrong = _wrong(slip, chance.choice(known.copies), known, chance)
        if wrong is None:
            continue
        given, surname = compact(wrong.given), compact(wrong.surname)
        if (surname, given) not in as_held if wrong.swapped else (given, surname) not in either_way:
            return wrong
    return None


def _names_held(known: Known) -> set[tuple[str, str]]:
    """Every pair of names that the records hold, in their order."""
    held = (copy.record.demographics for copy in known.copies)
    return {(compact(about.given_name), compact(about.family_name)) for about in held}


def _wrong(slip: NameSlip, copy: Copy, known: Known, chance: Random) -> Misnamed | None:
    given, surname = copy.given, copy.surname
    if slip is NameSlip.SWAPPED:
        return Misnamed(slip, given, surname, swapped=True) if given and surname else None
    if slip is NameSlip.NICKNAME:
        others = NICKNAMES.get(given) or FORMAL_NAMES.get(given)
        return Misnamed(slip, chance.choice(others), surname) if others else None
    if slip is NameSlip.INITIAL:
        return Misnamed(slip, given[0], surname) if len(given) > 1 and surname else None
    if slip is NameSlip.EARLIER_NAME:
        return _by_other_surname(given, surname, known)
    if slip is NameSlip.PART:
        return _by_part(given, surname, chance)
    return _respelt(slip, given, surname, known.person.origin, chance)


def _by_other_surname(given: str, surname: str, known: Known) -> Misnamed | None:
    """By the surname before marriage, or by the married one where the records have the earlier."""
    person = known.person
    if not person.earlier_surname:
        return None
    other = person.surname if surname == person.earlier_surname else person.earlier_surname
    return Misnamed(NameSlip.EARLIER_NAME, given, other)


def _by_part(given: str, surname: str, chance: Random) -> Misnamed | None:
    """By one part of a double surname, or of a double given name."""
    parts = [part for part in surname.replace("-", " ").split() if part.lower() not in _PARTICLES]
    if len(parts) > 1:
        return Misnamed(NameSlip.PART, given, chance.choice(parts))
    parts = [part for part in given.replace("-", " ").split() if part.lower() not in _PARTICLES]
    if len(parts) > 1:
        return Misnamed(NameSlip.PART, chance.choice(parts), surname)
    return None


def _respelt(slip: NameSlip, given: str, surname: str, origin: str, chance: Random) -> Misnamed | None:
    in_surname = not given or (bool(surname) and chance.random() < 0.55)
    word = surname if in_surname else given
    if slip is NameSlip.TRANSLITERATED:
        wrong = slips.transliterated(word, origin, chance)
    else:
        wrong = _SLIPS[slip](word, chance)
    if not wrong or not compact(wrong):
        return None
    return Misnamed(slip, given, wrong) if in_surname else Misnamed(slip, wrong, surname)
