"""How dates, numbers, names and states are written on every page of the portal."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from typing import Any

from django import template
from django.utils import timezone
from django.utils.formats import date_format

register = template.Library()

# How a state is coloured, by the word that is shown. Colour is never the only sign: the word is.
TAG_TONES = {
    "active": "good",
    "inactive": "warn",
    "archived": "warn",
    "merged": "warn",
    "gone": "bad",
    "gone from every system": "bad",
    "deceased": "solid",
    "dummy": "bad",
    "test record": "bad",
    "temporary": "info",
    "temporary registration": "info",
    "needs review": "warn",
    "unknown": "neutral",
}
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


@register.filter
def day(value: date | datetime | None) -> str:
    """A date as ``03-Apr-1980``; empty where there is none. Moments are shown in local time."""
    if value is None or value == "":
        return ""
    if isinstance(value, datetime) and timezone.is_aware(value):
        value = timezone.localtime(value)
    return _written(value.date() if isinstance(value, datetime) else value)


@lru_cache(maxsize=8192)
def _written(value: date) -> str:
    """A date in words; kept, since a list writes hundreds of them and few are different."""
    return date_format(value, "d-M-Y")


@register.filter
def moment(value: datetime | None) -> str:
    """Day and time as ``03-Apr-2026, 14:05``, in local time."""
    if not value:
        return ""
    local = timezone.localtime(value) if timezone.is_aware(value) else value
    return f"{day(local)}, {local:%H:%M}"


@register.filter
def clock(value: datetime | None) -> str:
    """A moment of today as ``14:05``, any other with its day; in local time."""
    if not value:
        return ""
    local = timezone.localtime(value)
    return f"{local:%H:%M}" if local.date() == timezone.localdate() else moment(value)


@register.filter
def age(birth: date | None, on: date | None = None) -> str:
    """Age on a day (today): ``46 years``; months below two years, days in the first month."""
    on = on or timezone.localdate()
    if not birth or birth > on:
        return ""
    months = (on.year - birth.year) * 12 + on.month - birth.month - (on.day < birth.day)
    if months >= 24:
        return f"{months // 12} years"
    return _plural(months, "month") if months else _plural((on - birth).days, "day")


@register.filter
def born(birth: date | None, died: date | None = None) -> str:
    """A birth date with the age: ``03-Apr-1980 (46 years)``; no age for somebody who died."""
    if not birth:
        return ""
    text = "" if died else age(birth)
    return f"{day(birth)} ({text})" if text else day(birth)


@register.filter
def nhs_number(value: str | None) -> str:
    """Ten digits as ``943 476 5919``; anything else stays as it is held."""
    text = value or ""
    digits = "".join(text.split())
    if len(digits) == 10 and digits.isdecimal():
        return f"{digits[:3]} {digits[3:6]} {digits[6:]}"
    return text


@register.filter
def last_digits(phone: str | None) -> str:
    """The last three digits of a telephone number: enough to tell namesakes apart."""
    return "".join(character for character in phone or "" if character.isdecimal())[-3:]


@register.filter
def ago(value: datetime | None) -> str:
    """How old a value is: ``just now``, ``2 minutes ago``, ``3 hours ago``, then the day."""
    if not value:
        return ""
    seconds = (timezone.now() - value).total_seconds()
    if seconds < _MINUTE:
        return "just now"
    if seconds < _HOUR:
        return f"{_plural(int(seconds // _MINUTE), 'minute')} ago"
    return f"{_plural(int(seconds // _HOUR), 'hour')} ago" if seconds < _DAY else moment(value)


@register.filter
def when(value: datetime | None) -> str:
    """A moment that is near: ``now``, ``in 3 minutes``, then day and time."""
    if not value:
        return ""
    seconds = (value - timezone.now()).total_seconds()
    if seconds < 1:
        return "now"
    if seconds < _MINUTE:
        return f"in {_plural(int(seconds), 'second')}"
    return f"in {_plural(int(seconds // _MINUTE), 'minute')}" if seconds < _HOUR else f"at {moment(value)}"


@register.filter
def counted(number: int, words: str) -> str:
    """``{{ 3|counted:"person,people" }}`` → ``3 people``; 0 → ``no people``."""
    one, many = words.split(",")
    return f"{number or 'no'} {one if number == 1 else many}"


@register.filter
def tone(word: str) -> str:
    """The colour that goes with a state's word; ``neutral`` for a word that is not known."""
    return TAG_TONES.get(word.lower(), "neutral")


@register.filter
def label(value: Any) -> str:
    """An enum's value as words: ``non_binary`` → ``Non binary``."""
    return str(value or "").replace("_", " ").capitalize()


def _plural(number: int, noun: str) -> str:
    """``1 minute``, ``2 minutes``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
