"""What goes wrong with one word between a person's mouth and a record, or a search box.

Every function takes a word and a source of chance and gives the erring word, or ``None`` where
this error does not fit the word. None of them knows anything of how the portal compares names.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from .spellings import HEARD, MISREAD, ORIGINS

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_LEAST = 3


def _neighbours() -> dict[str, str]:
    """The keys beside and diagonally above and below each letter on a British keyboard."""
    near: dict[str, str] = {}
    for row, keys in enumerate(_ROWS):
        for at, key in enumerate(keys):
            beside = keys[max(at - 1, 0) : at] + keys[at + 1 : at + 2]
            above = _ROWS[row - 1][at : at + 2] if row else ""
            below = _ROWS[row + 1][max(at - 1, 0) : at + 1] if row < 2 else ""
            near[key] = beside + above + below
    return near


_NEAR = _neighbours()


def _place(word: str, chance: Random, *, last: int | None = None) -> int:
    """Where in a word a slip happens: seldom at the first letter."""
    end = len(word) if last is None else last
    return 0 if chance.random() < 0.06 else chance.randrange(min(1, end - 1), end)


def _like(new: str, old: str) -> str:
    return new.upper() if old.isupper() else new


def neighbouring_key(word: str, chance: Random) -> str | None:
    """A key beside the right one ("Smith", "Smuth")."""
    if len(word) < _LEAST:
        return None
    at = _place(word, chance)
    near = _NEAR.get(word[at].lower())
    return word[:at] + _like(chance.choice(near), word[at]) + word[at + 1 :] if near else None


def transposed(word: str, chance: Random) -> str | None:
    """Two neighbouring letters the wrong way round ("Smith", "Simth")."""
    if len(word) < _LEAST:
        return None
    at = _place(word, chance, last=len(word) - 1)
    first, second = word[at], word[at + 1]
    if first.lower() == second.lower() or not (first.isalpha() and second.isalpha()):
        return None
    return word[:at] + _like(second.lower(), first) + _like(first.lower(), second) + word[at + 2 :]


def letter_missing(word: str, chance: Random) -> str | None:
    """A letter left out ("Smith", "Smth")."""
    if len(word) < _LEAST + 1:
        return None
    at = _place(word, chance)
    rest = word[:at] + word[at + 1 :]
    return rest.capitalize() if at == 0 else rest


def letter_doubled(word: str, chance: Random) -> str | None:
    """A letter typed twice, or a double one once ("Philip", "Phillip")."""
    if len(word) < _LEAST:
        return None
    twins = [at for at in range(1, len(word)) if word[at].lower() == word[at - 1].lower()]
    if twins and chance.random() < 0.5:
        at = chance.choice(twins)
        return word[:at] + word[at + 1 :]
    at = chance.randrange(1, len(word))
    return word[:at] + word[at] + word[at:] if word[at].isalpha() else None


def _respelled(word: str, rules: Sequence[tuple[str, str]], chance: Random) -> str | None:
    padded = f"^{word.lower()}$"
    fitting = [rule for rule in rules if rule[0] in padded]
    if not fitting:
        return None
    old, new = chance.choice(fitting)
    changed = padded.replace(old, new, 1).strip("^$")
    return "".join(part.capitalize() for part in _parts(changed)) if changed else None


def _parts(word: str) -> list[str]:
    """A word cut after hyphens, apostrophes and spaces, which stay."""
    parts = [""]
    for character in word:
        parts[-1] += character
        if character in "-' ":
            parts.append("")
    return parts


def misheard(word: str, chance: Random) -> str | None:
    """Spelt as it sounds ("Clarke", "Clark"; "Phillips", "Fillips")."""
    return _respelled(word, HEARD, chance)


def misread(word: str, chance: Random) -> str | None:
    """Read wrongly from paper by eye or machine ("rn", "m")."""
    return _respelled(word, MISREAD, chance)


def transliterated(word: str, origin: str, chance: Random) -> str | None:
    """Another usual spelling of a name from this origin ("Mohammed", "Muhammad")."""
    return _respelled(word, ORIGINS.get(origin, ()), chance)


def typing_slip(word: str, chance: Random) -> str | None:
    """Any of the four slips of a typing hand, as often as they happen."""
    roll = chance.random()
    if roll < 0.35:
        return neighbouring_key(word, chance)
    if roll < 0.58:
        return transposed(word, chance)
    if roll < 0.83:
        return letter_missing(word, chance)
    return letter_doubled(word, chance)
