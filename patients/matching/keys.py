"""Keys under which a record is found again: for matching records, and for looking people up.

Records that share a key are compared, all others never meet. A name stands in most keys by its
first three letters, which beat or tied Soundex and its heirs on three data sets; birth dates by
year and *sorted* day and month, so that swapping them needs no key of its own.

Only keyed 64-bit hashes are stored (:func:`hashed`): the table reveals nothing by itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple

import jellyfish

from .compared import Compared
from .contact import outward, sector
from .names import nickname_roots

VERSION = 2
"""Goes up whenever a record gets other keys than before: the index is then keyed anew."""

TOKEN = 3  # letters of a name that stand for it
WORD_LENGTHS = (3, 4, 5, 6)  # beginnings of a name word that can be typed
PHONE_END = 4  # last digits by which a number can be looked up
MOST_ROOTS = 3
MOST_WORDS = 3  # of each of given and family name


class Kind(StrEnum):
    """What a key is made of. Those of looking up come after those of matching."""

    NHS = "nhs"
    EMAIL = "email"
    PHONE = "phone"
    GIVEN_BIRTH = "given+birth"
    FAMILY_BIRTH = "family+birth"
    LAST_PART_BIRTH = "last part+birth"
    ROOT_BIRTH = "root+birth"
    GIVEN_SOUND_BIRTH = "given sound+birth"
    FAMILY_SOUND_BIRTH = "family sound+birth"
    BIRTH_DISTRICT = "birth+district"
    NAMES_YEAR = "names+year"
    NAMES_DAY = "names+day"
    NAMES_SECTOR = "names+sector"
    NAMES = "names"
    BIRTH = "birth"
    POSTCODE_GIVEN = "postcode+given"
    POSTCODE_ROOT = "postcode+root"
    LINES_FAMILY = "lines+family"
    LINES_YEAR = "lines+year"
    LINES_INITIAL = "lines+initial"

    WORD = "word"
    TWO_WORDS = "two words"
    TWO_BEGINNINGS = "two beginnings"
    TWO_SOUNDS = "two sounds"
    WORD_INITIAL = "word+initial"
    POSTCODE = "postcode"
    PHONE_END = "phone end"
    NHS_SLIP = "nhs slip"
    RECORD = "record"


#: How many records may share a key of a kind before comparing them all costs more than it finds.
CAPS = {
    Kind.NHS: 50, Kind.EMAIL: 50, Kind.PHONE: 50,
    Kind.GIVEN_BIRTH: 100, Kind.FAMILY_BIRTH: 100, Kind.LAST_PART_BIRTH: 100, Kind.ROOT_BIRTH: 100,
    Kind.GIVEN_SOUND_BIRTH: 100, Kind.FAMILY_SOUND_BIRTH: 100, Kind.BIRTH_DISTRICT: 60,
    Kind.NAMES_YEAR: 60, Kind.NAMES_DAY: 60, Kind.NAMES_SECTOR: 60, Kind.NAMES: 20, Kind.BIRTH: 12,
    Kind.POSTCODE_GIVEN: 60, Kind.POSTCODE_ROOT: 60,
    Kind.LINES_FAMILY: 12, Kind.LINES_YEAR: 12, Kind.LINES_INITIAL: 60,
}  # fmt: skip

#: Kinds whose cap is too low for them to help one person against the whole table.
FOR_SCANS_ONLY = frozenset({Kind.NAMES, Kind.BIRTH, Kind.LINES_FAMILY, Kind.LINES_YEAR})

#: The caps of the kinds by which one person is held against the whole table.
CAPS_FOR_ONE = {kind: cap for kind, cap in CAPS.items() if kind not in FOR_SCANS_ONLY}


class Key(NamedTuple):
    """One key in clear; it exists only on its way into :func:`hashed`."""

    kind: Kind
    text: str


def hashed(keys: Iterable[Key], secret: bytes) -> frozenset[int]:
    """Keys as signed 64-bit numbers, keyed by ``secret`` (BLAKE2b, RFC 7693)."""
    return frozenset(kinds_by_hash(keys, secret))


def kinds_by_hash(keys: Iterable[Key], secret: bytes) -> dict[int, Kind]:
    """As :func:`hashed`, with the kind of each."""
    keyed = hashlib.blake2b(digest_size=8, key=secret)
    kinds: dict[int, Kind] = {}
    for kind, text in set(keys):
        one = keyed.copy()
        one.update(f"{kind}:{text}".encode())
        kinds[int.from_bytes(one.digest(), "big", signed=True)] = kind
    return kinds


# --- for matching ---------------------------------------------------------------------------


def matching_keys(form: Compared) -> Iterator[Key]:
    """The keys by which another record of the same person is found; some may come twice."""
    yield from _identifier_keys(form)
    yield from _birth_keys(form)
    yield from _names_keys(form)
    yield from _place_keys(form)


def _identifier_keys(form: Compared) -> Iterator[Key]:
    if form.nhs:
        yield Key(Kind.NHS, form.nhs)
    if form.email:
        yield Key(Kind.EMAIL, form.email)
    for phone in form.phones:
        yield Key(Kind.PHONE, phone)


def _birth_keys(form: Compared) -> Iterator[Key]:
    if not form.birth:
        return
    birth = birth_text(form.birth)
    yield Key(Kind.BIRTH, birth)
    given, family = token(form.given), token(form.family)
    if given:
        yield Key(Kind.GIVEN_BIRTH, f"{given} {birth}")
        yield Key(Kind.GIVEN_SOUND_BIRTH, f"{sound(form.given)} {birth}")
    for root in roots(form.given):
        yield Key(Kind.ROOT_BIRTH, f"{root} {birth}")
    if family:
        yield Key(Kind.FAMILY_BIRTH, f"{family} {birth}")
        yield Key(Kind.FAMILY_SOUND_BIRTH, f"{sound(form.family)} {birth}")
    if len(form.family_parts) > 1:
        yield Key(Kind.LAST_PART_BIRTH, f"{token(form.family_parts[-1])} {birth}")
    if form.family_parts:
        yield Key(Kind.LAST_PART_BIRTH, f"{token(form.family_parts[0])} {birth}")
    if form.postcode:
        yield Key(Kind.BIRTH_DISTRICT, f"{birth} {outward(form.postcode)}")


def _names_keys(form: Compared) -> Iterator[Key]:
    if not (form.given and form.family):
        return
    names = pair(token(form.given), token(form.family))
    yield Key(Kind.NAMES, names)
    if form.birth:
        year, month, day = form.birth // 10000, form.birth // 100 % 100, form.birth % 100
        yield Key(Kind.NAMES_YEAR, f"{names} {year}")
        yield Key(Kind.NAMES_DAY, f"{names} {pair(f'{day:02d}', f'{month:02d}')}")
    if form.postcode:
        yield Key(Kind.NAMES_SECTOR, f"{names} {sector(form.postcode)}")


def _place_keys(form: Compared) -> Iterator[Key]:
    if form.postcode and form.given:
        yield Key(Kind.POSTCODE_GIVEN, f"{form.postcode} {token(form.given)}")
        for root in roots(form.given):
            yield Key(Kind.POSTCODE_ROOT, f"{form.postcode} {root}")
    if not form.address:
        return
    if form.family:
        yield Key(Kind.LINES_FAMILY, f"{form.address} {token(form.family)}")
    if form.birth:
        yield Key(Kind.LINES_YEAR, f"{form.address} {form.birth // 10000}")
    if form.given:
        yield Key(Kind.LINES_INITIAL, f"{form.address} {form.given[0]}")


# --- for looking up -------------------------------------------------------------------------


def lookup_keys(form: Compared, numbers: Iterable[str] = ()) -> Iterator[Key]:
    """The keys by which somebody who types a part of it finds the record; some may come twice.

    ``numbers`` are the record's own number and those that other parties gave it.
    """
    given, family = given_words(form), family_words(form)
    for word in {*given, *family}:
        yield Key(Kind.WORD, f"{word}$")
        for length in WORD_LENGTHS:
            if len(word) >= length:
                yield Key(Kind.WORD, word[:length])
    for one in given:
        formal = sorted(nickname_roots(one))[:MOST_ROOTS]
        for other in family:
            yield from two_word_keys(one, other)
            for root in formal:
                yield Key(Kind.TWO_BEGINNINGS, pair(root[:TOKEN], other[:TOKEN]))
    if form.postcode:
        yield Key(Kind.POSTCODE, form.postcode)
    for phone in form.phones:
        yield Key(Kind.PHONE_END, phone[-PHONE_END:])
    yield from nhs_slip_keys(form.nhs)
    for number in numbers:
        yield Key(Kind.RECORD, number.strip().casefold())


def two_word_keys(one: str, other: str) -> Iterator[Key]:
    """Keys of two name words in either order: whole, by beginnings, by sound, one as an initial."""
    yield Key(Kind.TWO_WORDS, pair(one, other))
    yield Key(Kind.TWO_BEGINNINGS, pair(one[:TOKEN], other[:TOKEN]))
    yield Key(Kind.TWO_SOUNDS, pair(sound(one), sound(other)))
    yield Key(Kind.WORD_INITIAL, f"{one[:TOKEN]} {other[0]}")
    yield Key(Kind.WORD_INITIAL, f"{other[:TOKEN]} {one[0]}")


def nhs_slip_keys(nhs: str) -> Iterator[Key]:
    """What is left of a number without one digit: equal for numbers that one slip tells apart."""
    for place in range(len(nhs)):
        yield Key(Kind.NHS_SLIP, nhs[:place] + nhs[place + 1 :])


def given_words(form: Compared) -> list[str]:
    """The words of a record's given, preferred and middle names by which it can be looked up."""
    return _words(form.given, form.preferred, form.middle)


def family_words(form: Compared) -> list[str]:
    """The words of a record's family name by which it can be looked up."""
    return _words(form.family)


def _words(*names: str) -> list[str]:
    words = [word for name in names for word in name.split()]
    joined = [name.replace(" ", "") for name in names if " " in name]
    return list(dict.fromkeys([*words[:MOST_WORDS], *joined]))


# --- parts ----------------------------------------------------------------------------------


def token(name: str) -> str:
    """What stands for a folded name: its first letters."""
    return name.replace(" ", "")[:TOKEN]


def sound(name: str) -> str:
    """The Soundex code of a folded name (National Archives, "The Soundex Indexing System")."""
    return jellyfish.soundex(name.replace(" ", ""))


def roots(given: str) -> list[str]:
    """The first of a folded given name, and the formal names that it may be short for."""
    first = given.split()[0] if given else ""
    return [first, *sorted(nickname_roots(first))[:MOST_ROOTS]] if first else []


def birth_text(birth: int) -> str:
    """A birth date (yyyymmdd) that is the same text with day and month swapped."""
    year, month, day = birth // 10000, birth // 100 % 100, birth % 100
    return f"{year} {pair(f'{day:02d}', f'{month:02d}')}"


def pair(one: str, other: str) -> str:
    """Two parts in one order."""
    return f"{one} {other}" if one <= other else f"{other} {one}"
