"""The languages in which consent forms are written, by code and in words. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf.locale import LANG_INFO

_NAMES = {code: str(info["name"]) for code, info in LANG_INFO.items() if "name" in info}
#: Every language that has a name here, by name.
CHOICES: tuple[tuple[str, str], ...] = tuple(sorted(_NAMES.items(), key=lambda each: each[1]))


def name_of(code: str) -> str:
    """A language in words: ``es`` → "Spanish"; a code without a name stays a code."""
    return _NAMES.get(code, code)


def code_of(text: str) -> str:
    """A language by its code or its English name, however it is written; empty for none that is known."""
    wanted = text.strip().casefold()
    return next((code for code, name in _NAMES.items() if wanted in (code, name.casefold())), "")


def names_of(codes: Iterable[str]) -> str:
    """Several languages in words: "English, Spanish"."""
    return ", ".join(map(name_of, codes))
