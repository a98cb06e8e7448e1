"""Names: digits, titles in the wrong field, and writing in one case. Nothing is ever changed unasked."""

from __future__ import annotations

import re

from patients.matching.names import PARTICLES, fold, is_title
from patients.matching.text import APOSTROPHES, plain_character

from .findings import Finding, Read, hint, warn
from .typed import is_blank, one_line

LABELS = {
    "given_name": "given name",
    "family_name": "family name",
    "middle_name": "middle name",
    "preferred_name": "preferred name",
}

_PARTS = re.compile(rf"([\s\-‐-―.]+|[{re.escape(''.join(sorted(APOSTROPHES)))}])")
# Those that English lists write with a capital, and those that are so only behind another ("de la").
_CAPITALS = frozenset({"mac", "mc", "san", "santa", "st", "ste"})
_BEHIND_OTHERS = frozenset({"la", "las", "le", "los"})
_LOWER = PARTICLES - _CAPITALS
# "Mac" is followed by a capital where it means "son of" one of these; Mace and Machado are other names.
_SONS = frozenset(
    {
        "alister", "allister", "arthur", "aulay", "bean", "beth", "bride", "callum", "cormack",
        "culloch", "diarmid", "dermott", "donald", "dougall", "duff", "eachern", "elroy", "ewan",
        "ewen", "fadyen", "farlane", "gillivray", "gregor", "guire", "intosh", "intyre", "iver",
        "ivor", "kay", "kenna", "kenzie", "kinlay", "kinnon", "lachlan", "laren", "laughlin",
        "lean", "leish", "leod", "mahon", "manus", "millan", "nab", "namara", "naughton", "neice",
        "neil", "neill", "nicol", "phail", "phee", "pherson", "quarrie", "queen", "rae", "ritchie",
        "sween", "taggart", "tavish", "vicar", "vittie", "william",
    }
)  # fmt: skip


def read_name(of: str, text: str, *, title: str = "") -> Read[str]:
    """A name as it was typed, but for needless space. ``of`` is its field, ``title`` what is typed there."""
    name = one_line(text)
    if not name:
        return Read("")
    checks = (_digits(of, name), _title(of, name, title) if of == "given_name" else None, _case(of, name))
    return Read(name, tuple(filter(None, checks)))


def tidied(name: str, *, family: bool) -> str:
    """A name that is all in capitals or all in lower case, as it is usually written; any other as it is.

    Particles are lower before the name they lead to ("van der Berg"), in given names only between two
    others ("Maria del Carmen"). A doubtful case (Macdonald, De Souza) is decided by whoever takes it.
    """
    if not (name.isupper() or name.islower()) or _are_initials(name):
        return name
    pieces = _PARTS.split(name)
    words = [at for at, piece in enumerate(pieces) if piece and at % 2 == 0]
    for place, at in enumerate(words):
        last, first = place == len(words) - 1, place == 0
        leads = not last and pieces[at + 1].isspace() and (family or not first)
        behind = not first and pieces[words[place - 1]].lower() in _LOWER
        word = pieces[at].lower()
        if leads and word in _LOWER and (behind or word not in _BEHIND_OTHERS) and _stands_alone(pieces, at):
            pieces[at] = word
        elif _is_short_end(pieces, at):
            pieces[at] = word if len(word) == len(pieces[at]) else pieces[at]
        else:
            pieces[at] = _capitalised(pieces[at])
    return "".join(pieces)


def _digits(of: str, name: str) -> Finding | None:
    if not any(plain_character(character).isdigit() for character in name):
        return None
    return warn(of, f"There is a digit in the {LABELS[of]}: check it.")


def _title(of: str, name: str, title: str) -> Finding | None:
    first, _, rest = name.partition(" ")
    if not rest or not is_title(first):
        return None
    if is_blank(title):
        return hint(of, f"{first} is a title: move it to the title.", (of, rest), ("title", first))
    if fold(title) == fold(first):
        return hint(of, f"{first} is a title, which is entered already: take it out here.", (of, rest))
    return hint(of, f"{first} is a title: take it out here, and check the title.", (of, rest))


def _case(of: str, name: str) -> Finding | None:
    better = tidied(name, family=of == "family_name")
    if better == name:
        return None
    how = "in capitals" if name.isupper() else "without a capital"
    return hint(of, f"The {LABELS[of]} is written {how}. Usual is {better}.", (of, better))


def _are_initials(name: str) -> bool:
    """Whether capitals are initials (J, T.J., DJ) rather than a name."""
    letters = [character for character in name if character.isalpha()]
    no_vowel = not any(letter in "AEIOUY" for letter in letters)
    return name.isupper() and (len(letters) == 1 or (len(letters) <= 3 and no_vowel) or "." in name)


def _stands_alone(pieces: list[str], at: int) -> bool:
    """Whether a word has space or nothing on both sides: not the Al of Al-Masri."""
    before = pieces[at - 1] if at else " "
    return before.isspace() and pieces[at + 1].isspace()


def _is_short_end(pieces: list[str], at: int) -> bool:
    """Whether a piece behind an apostrophe stays lower: 't Hooft, John's, Ka'ahumanu; not O'Neill, D'Arcy."""
    if not at or pieces[at - 1] not in APOSTROPHES:
        return False
    return len(pieces[at]) == 1 or len(pieces[at - 2]) != 1


def _capitalised(word: str) -> str:
    lower = word.lower()
    if lower.startswith("mc") and len(lower) > 3:
        made = f"Mc{lower[2:].capitalize()}"
    elif lower.startswith("mac") and lower[3:] in _SONS:
        made = f"Mac{lower[3:].capitalize()}"
    else:
        made = lower.capitalize()
    return made if len(made) == len(word) else word  # letters without a single capital stay as they are
