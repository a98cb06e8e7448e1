"""Name words found in what is left of a line: neighbouring words, and where a comma parts them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from .labels import Stretch
from .names import fold, is_title
from .prose import NOT_A_NAME, words_beside_names

_FILLERS = frozenset(
    {
        "patient", "pt", "re", "please", "find", "search", "the", "and", "lives", "at", "from", "aged",
        "female", "male", "years", "yrs", "old", "nhs", "dob", "tel",
    }
)  # fmt: skip
_WORD = re.compile(r"[^\s,;|^\"()\[\]{}<>:/\\\0]+")
_EDGE = ".'-_*&?!#=+~^%$"
_GAP = re.compile(r"[ .'\-_*&?!#=+~^%$]*,?[ .'\-_*&?!#=+~^%$]*")
_PARTS_NAMES = re.compile(r"[,^]")  # "Smith, Anne"; labels of systems that speak HL7: "SMITH^ANNE"


@dataclass(frozen=True, slots=True)
class NameRun:
    """Neighbouring name words; ``after`` are those after a comma. A ``reason`` says: not a name."""

    start: int
    end: int
    before: tuple[str, ...] = field(repr=False)
    after: tuple[str, ...] = field(default=(), repr=False)
    reason: str = ""

    @property
    def words(self) -> tuple[str, ...]:
        """All words in the order of typing."""
        return self.before + self.after


@dataclass(frozen=True, slots=True)
class _Word:
    start: int
    end: int
    text: str

    @property
    def is_name(self) -> bool:
        return (
            any(map(str.isalpha, self.text)) and not any(map(str.isdigit, self.text)) and "@" not in self.text
        )


def find_name_runs(rest: str, stretches: tuple[Stretch, ...]) -> Iterator[NameRun]:
    """Name words of what is left of a plain line, in order; filler words come with a reason."""
    words = [word for word in _words(rest) if word.is_name]
    only_fillers = all(fold(word.text) in _FILLERS or is_title(word.text) for word in words)
    beside = {} if only_fillers else _words_beside(words)
    borders = {border for stretch in stretches for border in (stretch.start, stretch.end)}
    run: list[_Word] = []
    commas: list[int] = []
    for place, word in enumerate(words):
        gap = _GAP.fullmatch(rest, run[-1].end, word.start) if run else None
        joined = gap is not None and not any(run[-1].end <= border <= word.start for border in borders)
        parted = bool(gap and _PARTS_NAMES.search(gap[0]))
        second_comma = parted and bool(commas)
        if run and (place in beside or not joined or second_comma):
            yield _made(run, commas, only_fillers)
            run, commas = [], []
        elif parted:
            commas.append(len(run))
        if place in beside:
            yield NameRun(word.start, word.end, (word.text,), reason=beside[place])
        else:
            run.append(word)
    if run:
        yield _made(run, commas, only_fillers)


def _words_beside(words: list[_Word]) -> dict[int, str]:
    """Words that are no part of the name, by their place, each with the reason."""
    fillers = {place: NOT_A_NAME for place, word in enumerate(words) if fold(word.text) in _FILLERS}
    return fillers | words_beside_names([word.text for word in words])


def _words(rest: str) -> Iterator[_Word]:
    for match in _WORD.finditer(rest):
        text = match[0].strip(_EDGE)
        if text:
            start = match.start() + match[0].index(text)
            yield _Word(start, start + len(text), text)


def _made(run: list[_Word], commas: list[int], only_fillers: bool) -> NameRun:
    texts = tuple(word.text for word in run)
    if not only_fillers and all(map(is_title, texts)):
        return NameRun(run[0].start, run[-1].end, texts, reason="A title is not looked up.")
    cut = commas[0] if commas else len(texts)
    return NameRun(run[0].start, run[-1].end, texts[:cut], texts[cut:])
