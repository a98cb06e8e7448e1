"""Invitation links of every generation taken apart, the code masked. Pure; rules: README.md §16."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, unquote, urlsplit

from integrations.studies import LinkParts

SHOWN = 4  # letters at the end of a code by which two links are told apart: of 30, too few to guess the rest

_LINK = re.compile(r"(?!(?:javascript|data|vbscript):)[!-~]{8,2000}", re.ASCII | re.IGNORECASE)
_HOST = r"(?P<host>[A-Za-z0-9.-]+(?::[0-9]+)?)"
_FORMS = (
    re.compile(rf"{_HOST}\|(?P<code>[A-Za-z0-9]+)$"),  # 2025-10
    re.compile(rf"{_HOST}~(?:[^~]+~)?(?P<code>[A-Za-z0-9]+)(?:~[^~]+)?$"),  # late 2025, early 2026
    re.compile(rf"{_HOST}_(?P<code>[A-Za-z0-9]{{32}})(?![A-Za-z0-9])"),  # since May 2026
    re.compile(r"(?<![A-Za-z0-9])(?P<code>[A-Za-z0-9]{30,32})$"),  # with a setting that leaves the host out
)


def is_link(link: str) -> bool:
    """Whether a text can be given to somebody as a link: printable, in one piece, of a harmless kind."""
    return _LINK.fullmatch(link) is not None


def link_parts(link: str) -> LinkParts:
    """App, host and masked code of a link; empty where one cannot be made out."""
    plain = unquote(link)
    found = next((match for form in _FORMS if (match := form.search(plain))), None)
    if found is None:
        return LinkParts(app=_app(link))
    parts = found.groupdict()
    code = parts["code"]
    return LinkParts(app=_app(link), host=parts.get("host") or "", code="…" + code[-SHOWN:])


def _app(link: str) -> str:
    """The package that an app store's address names, else the address that opens the app."""
    try:
        parts = urlsplit(link)
    except ValueError:
        return ""
    package = parse_qs(parts.query).get("id")
    return package[0] if package else parts.hostname or ""
