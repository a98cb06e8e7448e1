"""Names made comparable: folded, transliterated, split into parts, nicknames known."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from anyascii import anyascii

from .text import APOSTROPHES

if TYPE_CHECKING:
    from nameparser.config import Constants
    from nicknames import NickNamer

TITLES = frozenset(
    {
        "mr", "mrs", "ms", "miss", "mx", "dr", "doctor", "prof", "professor", "rev", "revd", "reverend",
        "sir", "dame", "lord", "lady", "master", "mister",
    }
)  # fmt: skip
"""Courtesy titles left out of names. nameparser knows 800 more, among them the names Dean, King and Major."""

SUFFIXES = frozenset(
    {
        "jr", "jnr", "junior", "sr", "snr", "senior", "ii", "iii", "iv", "esq", "obe", "mbe", "cbe", "kbe",
        "dbe", "phd", "md", "frcs", "mrcp",
    }
)  # fmt: skip
"""What may follow a name without being part of it."""

PARTICLES = frozenset(
    {
        "af", "al", "av", "bin", "bint", "da", "dal", "de", "del", "della", "den", "der", "di", "do",
        "dos", "du", "el", "ibn", "la", "las", "le", "los", "mac", "mc", "san", "santa", "st", "ste", "te",
        "ten", "ter", "van", "vande", "vander", "von", "zu",
    }
)  # fmt: skip
"""Words that belong to the part of a surname that follows them ("van der Berg")."""

_NOT_WORD = re.compile(r"[^a-z0-9]+")
_UNFOLDED_APOSTROPHES = str.maketrans("", "", "".join(APOSTROPHES))


@lru_cache(maxsize=16384)
def fold(text: str) -> str:
    """A name in lower-case ASCII words with single spaces between them.

    Accents and case are folded, apostrophes dropped ("O'Neill" is "oneill"), hyphens become
    spaces, other scripts are transliterated. A text with any letter or digit is never emptied:
    letters that have no transliteration stand as their code points.
    """
    composed = unicodedata.normalize("NFC", text).translate(_UNFOLDED_APOSTROPHES)
    ascii_text = anyascii(composed).translate(_UNFOLDED_APOSTROPHES).lower()
    folded = _NOT_WORD.sub(" ", ascii_text).strip()
    if folded:
        return folded
    return "".join(f"u{ord(character):x}" for character in text if character.isalnum())


def compact(text: str) -> str:
    """A folded name without spaces, so that "Mary Jane", "Mary-Jane" and "Maryjane" are one."""
    return fold(text).replace(" ", "")


def is_title(word: str) -> bool:
    """Whether a single word is a courtesy title ("Mrs", "Dr.")."""
    return fold(word) in TITLES


def is_suffix(word: str) -> bool:
    """Whether a single word is a suffix ("Jr", "OBE"). Roman one and five are initials."""
    return fold(word) in SUFFIXES


def strip_titles(words: Sequence[str]) -> tuple[str, ...]:
    """Name words without leading titles and trailing suffixes; the last word left is never taken."""
    kept = list(words)
    while len(kept) > 1 and is_title(kept[0]):
        kept.pop(0)
    while len(kept) > 2 and is_suffix(kept[-1]):
        kept.pop()
    return tuple(kept)


@lru_cache(maxsize=8192)
def surname_parts(surname: str) -> tuple[str, ...]:
    """The folded parts of a double-barrelled surname; particles stay with the word they lead to."""
    parts: list[str] = []
    leading: list[str] = []
    for word in fold(surname).split():
        leading.append(word)
        if word not in PARTICLES:
            parts.append(" ".join(leading))
            leading = []
    if leading:
        parts.append(" ".join(leading))
    return tuple(parts)


@cache
def _nicknamer() -> NickNamer:
    # Imported on first use: the table takes a tenth of a second to load.
    from nicknames import NickNamer

    return NickNamer()


# British and Irish short forms that the table of ``nicknames``, made in America, does not have.
_BRITISH = {
    "abi": {"abigail"}, "alfie": {"alfred"}, "barb": {"barbara"}, "barbs": {"barbara"}, "baz": {"barry"},
    "bertie": {"albert"}, "bev": {"beverley", "beverly"}, "bridie": {"bridget"},
    "cath": {"catherine", "kathleen"}, "caz": {"carol", "caroline"}, "dai": {"david"},
    "daz": {"darren"}, "del": {"derek"}, "des": {"desmond"},
    "gaz": {"gary", "gareth"}, "gill": {"gillian"}, "gwen": {"gwendoline", "gwendolen"},
    "hetty": {"harriet"}, "jem": {"jemima"}, "jill": {"gillian"}, "kath": {"kathleen"},
    "katie": {"catherine", "katherine", "kathleen"}, "kaz": {"karen"}, "liam": {"william"},
    "lotty": {"charlotte"}, "mags": {"margaret"}, "millie": {"camilla"},
    "mo": {"maureen", "mohamed", "mohammad", "mohammed", "muhammad", "muhammed"},
    "nell": {"eleanor", "helen"}, "nige": {"nigel"}, "pippa": {"philippa"}, "poppy": {"penelope"},
    "sal": {"sally", "sarah"}, "shaz": {"sharon"}, "stan": {"stanley"}, "suze": {"susan"},
    "tash": {"natasha"}, "viv": {"vivienne"}, "win": {"winifred"},
}  # fmt: skip


# Pet names of the largest community that speaks another language at home (ONS, Census 2021: Polish).
_POLISH = {
    "adas": {"adam"}, "ala": {"alicja"}, "ania": {"anna"}, "asia": {"joanna"},
    "bartek": {"bartosz", "bartlomiej"}, "basia": {"barbara"}, "beatka": {"beata"}, "darek": {"dariusz"},
    "danusia": {"danuta"}, "ela": {"elzbieta"}, "ewka": {"ewa"}, "felek": {"feliks"},
    "franek": {"franciszek"}, "gosia": {"malgorzata"}, "grzesiek": {"grzegorz"}, "hania": {"hanna"},
    "heniek": {"henryk"}, "irka": {"irena"}, "iza": {"izabela"}, "janek": {"jan"}, "jarek": {"jaroslaw"},
    "jedrek": {"andrzej"}, "jola": {"jolanta"}, "jozek": {"jozef"}, "jurek": {"jerzy"},
    "kasia": {"katarzyna"}, "kazik": {"kazimierz"}, "krysia": {"krystyna"}, "krzysiek": {"krzysztof"},
    "kuba": {"jakub"}, "maciek": {"maciej"}, "magda": {"magdalena"}, "marysia": {"maria"},
    "michas": {"michal"}, "mirek": {"miroslaw"}, "misiek": {"michal"}, "ola": {"aleksandra"},
    "olek": {"aleksander"}, "pawelek": {"pawel"}, "piotrek": {"piotr"}, "przemek": {"przemyslaw"},
    "renia": {"renata"}, "romek": {"roman"}, "rysiek": {"ryszard"}, "slawek": {"slawomir"},
    "stasiek": {"stanislaw"}, "staszek": {"stanislaw"}, "tadek": {"tadeusz"}, "tereska": {"teresa"},
    "tomek": {"tomasz"}, "tosia": {"antonina"}, "waldek": {"waldemar"}, "wiesiek": {"wieslaw"},
    "wojtek": {"wojciech"}, "zbyszek": {"zbigniew"}, "zosia": {"zofia"}, "zuzia": {"zuzanna"},
}  # fmt: skip
_MOHAMMED = frozenset({"mohamed", "mohammad", "mohammed", "muhammad", "muhammed"})
_WRITTEN_SHORT = {"md": _MOHAMMED, "mhd": _MOHAMMED, "mohd": _MOHAMMED, "muhd": _MOHAMMED}
_MORE = _BRITISH | _POLISH | _WRITTEN_SHORT


@lru_cache(maxsize=8192)
def nickname_roots(given: str) -> frozenset[str]:
    """The formal names that a given name may be short for; empty where it is nobody's nickname."""
    name = fold(given)
    return frozenset(fold(root) for root in _nicknamer().canonicals_of(name)) | _MORE.get(name, set())


def short_for(nickname: str, formal: str) -> bool:
    """Whether one given name is a known short form of the other, in this direction.

    Two short forms of one name (Jack and Ian, both John) are not taken for each other: twins
    and brothers carry them.
    """
    return fold(formal) in nickname_roots(nickname)


@dataclass(frozen=True, slots=True)
class NameParts:
    """One unsplit name taken apart, spelled as it was."""

    given: str = field(default="", repr=False)
    middle: str = field(default="", repr=False)
    family: str = field(default="", repr=False)


@cache
def _constants() -> Constants:
    from nameparser.config import Constants

    return Constants(titles=TITLES)


@lru_cache(maxsize=4096)
def split_full_name(full_name: str) -> NameParts:
    """Take one unsplit name apart ("Dr Anne van der Berg", "Berg, Anne"), leaving titles out."""
    from nameparser import HumanName

    parsed = HumanName(full_name, constants=_constants())
    parts = NameParts(parsed.first, parsed.middle, parsed.last)
    return parts if parts.given or parts.family else NameParts(family=full_name.strip())
