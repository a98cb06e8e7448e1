"""Name words found in what is left of a line: neighbouring words, and where a comma parts them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from .labels import Stretch
from .names import fold, is_title

_FILLERS = frozenset(
    {
        "patient", "pt", "re", "please", "find", "search", "the", "and", "lives", "at", "from", "aged",
        "female", "male", "years", "yrs", "old", "nhs", "dob", "tel",
    }
)  # fmt: skip
_WORD = re.compile(r"[^\s,;|\"()\[\]{}<>:/\\\0]+")
_EDGE = ".'-_*&?!#=+~^%$"
_GAP = re.compile(r"[ .'\-_*&?!#=+~^%$]*(?P<comma>,?)[ .'\-_*&?!#=+~^%$]*")


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
    borders = {border for stretch in stretches for border in (stretch.start, stretch.end)}
    run: list[_Word] = []
    commas: list[int] = []
    for word in words:
        filler = not only_fillers and fold(word.text) in _FILLERS
        gap = _GAP.fullmatch(rest, run[-1].end, word.start) if run else None
        joined = gap is not None and not any(run[-1].end <= border <= word.start for border in borders)
        second_comma = bool(gap and gap["comma"] and commas)
        if run and (filler or not joined or second_comma):
            yield _made(run, commas, only_fillers)
            run, commas = [], []
        elif gap and gap["comma"]:
            commas.append(len(run))
        if filler:
            yield NameRun(word.start, word.end, (word.text,), reason="Not part of a name.")
        else:
            run.append(word)
    if run:
        yield _made(run, commas, only_fillers)


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
