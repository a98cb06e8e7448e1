"""Reading one JSON object that may hold anything: every getter returns our type or says "unread".

Mappings are built on it, so that a wrong type in one field costs that field and not the record,
and never raises anything but :class:`Unreadable`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, TypeVar

from anyascii import anyascii

E = TypeVar("E", bound=StrEnum)

MAX_ID = 255
_NOT_TEXT = {"Cc", "Cs"}  # control characters and lone surrogates: no database or page takes them
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class Unreadable(ValueError):
    """A value without which the whole object means nothing is missing or of a wrong type."""


def cleaned(text: str) -> str:
    """Text without surrounding space, control characters (line breaks stay) and lone surrogates."""
    kept = (char for char in text if char in "\n\t" or unicodedata.category(char) not in _NOT_TEXT)
    return "".join(kept).strip()


def folded(text: str) -> str:
    """Text for contains-comparison: transliterated, lower case, no apostrophes, hyphens as spaces."""
    plain = re.sub(r"['’`´.]", "", anyascii(text)).casefold()
    return " ".join(re.sub(r"[-‐-―]", " ", plain).split())


def surest_part(words: Sequence[str]) -> str:
    """The longest run of plain letters in some name words: what most spellings of them share.

    "Siobhán O’Connor" gives "Connor". Systems compare letters as they are, so accents, curly
    apostrophes and hyphens are where a search misses. Where no run is long enough, the longest
    word, transliterated.
    """
    runs: list[str] = [run for word in words for run in re.findall(r"[A-Za-z]{3,}", word)]
    return max(runs or [folded(word) or word for word in words], key=len)


def digits(text: str) -> str:
    """The ASCII digits of a text."""
    return re.sub(r"[^0-9]", "", text)


def as_id(value: object) -> str:
    """Opaque text from text or a whole number, 1 to 255 characters. Raises :class:`Unreadable`."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**MAX_ID:
        return str(value)
    text = cleaned(value) if isinstance(value, str) else ""
    if not 0 < len(text) <= MAX_ID:
        raise Unreadable("no id")
    return text


def as_day(value: object) -> date | None:
    """A date from ``YYYY-MM-DD`` or from a timestamp that starts so; nothing else is guessed."""
    if not isinstance(value, str) or not _DAY.match(value):
        return None
    if len(value) > 10 and value[10] not in "T ":
        return None
    try:
        return date.fromisoformat(value[:10])
    except ValueError:
        return None


def as_moment(value: object) -> datetime | None:
    """An aware moment from ISO 8601, with or without fraction; without an offset it is UTC."""
    if not isinstance(value, str) or len(value) < 16:
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


class Fields:
    """One JSON object being read; ``unread`` collects our names of fields that made no sense."""

    def __init__(self, data: object) -> None:
        if not isinstance(data, Mapping):
            raise Unreadable("not an object")
        self.data: Mapping[str, Any] = data
        self.unread: list[str] = []

    def miss(self, name: str) -> None:
        """Note that our field ``name`` held something unreadable."""
        if name not in self.unread:
            self.unread.append(name)

    def id(self, key: str = "id") -> str:
        """The object's own id as opaque text. Raises :class:`Unreadable`."""
        return as_id(self.data.get(key))

    def text(self, key: str, name: str) -> str:
        """Text, empty where the system holds none."""
        value = self.data.get(key)
        if isinstance(value, str):
            return cleaned(value)
        if value is not None:
            self.miss(name)
        return ""

    def flag(self, key: str, name: str) -> bool | None:
        """A boolean, or ``None`` where the system says nothing."""
        value = self.data.get(key)
        if value is None or isinstance(value, bool):
            return value
        self.miss(name)
        return None

    def day(self, key: str, name: str) -> date | None:
        """A date, or ``None`` where there is none or (then unread) an unreadable one."""
        value = self.data.get(key)
        day = as_day(value)
        if day is None and value not in (None, ""):
            self.miss(name)
        return day

    def moment(self, key: str, name: str) -> datetime | None:
        """A moment, or ``None`` where there is none or (then unread) an unreadable one."""
        value = self.data.get(key)
        moment = as_moment(value)
        if moment is None and value not in (None, ""):
            self.miss(name)
        return moment

    def choice(self, key: str, name: str, known: Mapping[str, E], unknown: E) -> E | None:
        """One of ``known`` by its wire value in any case; ``unknown`` for any other, ``None`` for none."""
        value = self.data.get(key)
        if value in (None, ""):
            return None
        choice = known.get(value.strip().lower()) if isinstance(value, str) else None
        if choice is None:
            self.miss(name)
        return choice or unknown

    def part(self, key: str, name: str) -> Fields | None:
        """A nested object that notes into the same list; ``None`` where there is none."""
        value = self.data.get(key)
        if value is None:
            return None
        if not isinstance(value, Mapping):
            self.miss(name)
            return None
        part = Fields(value)
        part.unread = self.unread
        return part
