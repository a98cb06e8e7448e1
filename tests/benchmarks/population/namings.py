"""What a record calls a person: the name of a time and place of life, and then the errors."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from random import Random

from .person import Person
from .rates import RecordRates
from .slips import misheard, misread, typing_slip
from .spellings import NICKNAMES

_UNACCENTED = str.maketrans({"ł": "l", "Ł": "L", "ɔ": "o", "ε": "e", "ø": "o", "đ": "d", "’": "'"})


@dataclass(slots=True)
class Names:
    """Names as one record holds them, and the given name and surname that were meant."""

    given: str
    middle: str
    surname: str
    preferred: str
    meant_given: str
    meant_surname: str


def without_accents(text: str) -> str:
    """As a keyboard or a form without accents leaves it."""
    decomposed = unicodedata.normalize("NFD", text.translate(_UNACCENTED))
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def names_for(person: Person, rates: RecordRates, chance: Random) -> Names:
    """Draw the names of one record of a person."""
    names = _meant(person, rates, chance)
    if _in_script(person, names, chance):
        return names
    _shorten(person, names, rates, chance)
    _misspell(names, rates, chance)
    if not names.given.isascii() or not names.surname.isascii():
        _lose_accents(names, rates, chance)
    _misplace(person, names, rates, chance)
    return names


def _meant(person: Person, rates: RecordRates, chance: Random) -> Names:
    """The name that this record goes by, without any error yet."""
    given, surname = person.given, person.surname
    if person.earlier_surname and chance.random() < rates.earlier_name:
        surname = person.earlier_surname
    elif "-" in surname and chance.random() < rates.half_of_double and not surname.startswith(("Al-", "El-")):
        surname = chance.choice(surname.split("-"))
    if person.known_as and chance.random() < rates.known_as:
        given = person.known_as
    middle = "" if chance.random() < rates.middle_missing or given == person.middle else person.middle
    preferred = person.known_as if person.known_as != given and chance.random() < 0.5 else ""
    return Names(given, middle, surname, preferred, given, surname)


def _in_script(person: Person, names: Names, chance: Random) -> bool:
    """Write the names in their own script, where this community sometimes does."""
    script = person.naming.script
    if script is None or chance.random() >= person.naming.in_script:
        return False
    given, surname = script.get(person.given), script.get(f"surname {person.surname}")
    if not given or not surname or names.given != person.given:
        return False
    names.given, names.surname, names.middle, names.preferred = given, surname, "", ""
    return True


def _shorten(person: Person, names: Names, rates: RecordRates, chance: Random) -> None:
    roll = chance.random()
    if roll < rates.nickname:
        short = NICKNAMES.get(names.given)
        names.given = chance.choice(short) if short else names.given
        names.meant_given = names.given
    elif roll < rates.nickname + rates.initial:
        names.given = names.given[:1]
    elif roll < rates.nickname + rates.initial + rates.middle_first and names.middle:
        names.given, names.middle = names.middle, names.given


def _misspell(names: Names, rates: RecordRates, chance: Random) -> None:
    if chance.random() < rates.given_slip:
        names.given = typing_slip(names.given, chance) or names.given
    if chance.random() < rates.surname_slip:
        names.surname = typing_slip(names.surname, chance) or names.surname
    roll = chance.random()
    for rate, err in ((rates.misheard, misheard), (rates.misread, misread)):
        if roll < rate:
            names.given = err(names.given, chance) or names.given
        elif roll < 2 * rate:
            names.surname = err(names.surname, chance) or names.surname
        roll -= 2 * rate
        if roll < 0:
            return


def _lose_accents(names: Names, rates: RecordRates, chance: Random) -> None:
    if chance.random() < rates.accents_lost:
        names.given, names.surname = without_accents(names.given), without_accents(names.surname)


def _misplace(person: Person, names: Names, rates: RecordRates, chance: Random) -> None:
    if names.given and chance.random() < person.naming.family_first:
        names.given, names.surname = names.surname, names.given
    if chance.random() < rates.capitals:
        names.given, names.surname = names.given.upper(), names.surname.upper()
