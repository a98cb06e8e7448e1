"""Words put into sentences for staff."""

from __future__ import annotations

from collections.abc import Iterable


def listed(words: Iterable[str]) -> str:
    """Words as a sentence lists them: "name, birth date and e-mail"; empty for none."""
    *first, last = [*words] or [""]
    return " and ".join(filter(None, [", ".join(first), last]))
