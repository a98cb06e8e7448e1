"""Labels of pasted referral lines ("DOB:", "NHS No", "Tel."): what the words after them are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from .lines import CLAIMED, Line, Role


class Label(StrEnum):
    """What a label says about the text after it."""

    NAME = "name"
    GIVEN = "given name"
    FAMILY = "family name"
    BIRTH = "birth date"
    NHS = "NHS number"
    EMAIL = "e-mail"
    PHONE = "phone"
    POSTCODE = "postcode"
    RECORD = "record number"
    ADDRESS = "address"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Stretch:
    """The part of a plain line that one label speaks for."""

    start: int
    end: int
    label: Label


_MONTH_START = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
_NUMBER_WORD = r"(?:no\.?|number|num\.?|nr\.?|#)"
# label: (its spellings, what must follow where it stands without a colon; empty = needs a colon)
_FORMS: dict[Label, tuple[str, str]] = {
    Label.BIRTH: (
        r"d\.?\s?o\.?\s?b\b\.?|date\s+of\s+birth|birth\s?-?date|birthday|born(?:\s+on)?|(?-i:b\.)",
        rf"(?:the\s+)?(?:\d|{_MONTH_START})",
    ),
    Label.NHS: (rf"nhs(?:\s*{_NUMBER_WORD})?", r"\d"),
    Label.EMAIL: (r"e-?mail(?:\s+address)?|mailto", CLAIMED),
    Label.PHONE: (
        rf"(?:home|mobile|work|contact|daytime|main)?\s?"
        rf"(?:telephone|tel|phone|mobile|mob|cell|ph|[tm](?=\s*:))\b\.?(?:\s*{_NUMBER_WORD})?",
        r"[+(\d]",
    ),
    Label.POSTCODE: (r"post\s?code|zip(?:\s?code)?", r"[a-z]{1,2}\d|bfpo|\d"),
    Label.RECORD: (
        rf"(?:record|patient|participant)\s*(?:id|{_NUMBER_WORD})|mrn|id(?:\s*{_NUMBER_WORD})?",
        r"#?[\w-]*\d",
    ),
    Label.GIVEN: (
        r"first\s?names?|given\s?names?|fore\s?names?|christian\s+names?",
        r"[^\W\d_]",
    ),
    Label.FAMILY: (r"sur\s?name|last\s?name|family\s?name", r"[^\W\d_]"),
    Label.ADDRESS: (r"(?:home\s+|postal\s+)?addr(?:ess)?\b\.?", r"\w"),
    Label.NAME: (r"(?:patient(?:'s)?\s+|full\s+)?name|patient|pt|re", ""),
    Label.OTHER: (
        r"(?:known\s+)?allergies|diagnosis|gender|sex|age|g\.?p\.?(?:\s+(?:name|practice))?|practice|reason"
        r"(?:\s+for\s+referral)?|referr(?:al|ed|er)(?:\s+(?:date|by|from))?|date|notes?|hospital\s+"
        rf"{_NUMBER_WORD}|ward|title|next\s+of\s+kin|nok|ethnicity|occupation|language|consultant|clinic",
        "",
    ),
}


def _pattern(spellings: str, follows: str) -> str:
    bare = rf"|\s*[#]?\s*(?={follows})" if follows else ""
    return rf"(?:{spellings})(?:\s*[:=]\s*|\s+-\s+{bare})"


_LABELS = re.compile(
    "(?<![^\\W\\d_])(?:"
    + "|".join(f"(?P<{label.name}>{_pattern(*form)})" for label, form in _FORMS.items())
    + ")",
    re.IGNORECASE,
)
_ENDS = re.compile(r"[;|\n]")


def claim_labels(line: Line) -> tuple[Stretch, ...]:
    """Claim every label of a line; answers the stretches that labels speak for, in order.

    Whole e-mail addresses have to be claimed before. A label speaks until the next label, or to
    the end of its line or a semicolon; an address goes on over line ends.
    """
    found = [match for match in _LABELS.finditer(line.rest) if _stands_alone(match)]
    stretches: list[Stretch] = []
    limits = [*(match.start() for match in found[1:]), len(line.plain)]
    for match, limit in zip(found, limits, strict=False):
        label = Label[match.lastgroup or ""]
        start = match.end()
        closed = None if label is Label.ADDRESS else _ENDS.search(line.plain, start, limit)
        stretches.append(Stretch(start, closed.start() if closed else limit, label))
        shown = match[0].rstrip()
        line.claim(match.start(), match.start() + len(shown), Role.LABEL)
    return tuple(stretches)


def _stands_alone(match: re.Match[str]) -> bool:
    """Whether a label without a colon really ends there: "born" before a date, not in "Borne"."""
    shown = match[0]
    after = match.string[match.end() : match.end() + 1]
    return not (shown[-1].isalpha() and after.isalpha())


def stretch_at(stretches: tuple[Stretch, ...], position: int) -> Stretch | None:
    """The labelled stretch that a position of the plain line is in."""
    return next((stretch for stretch in stretches if stretch.start <= position < stretch.end), None)
