"""What a letter and an e-mail of an invitation say: the portal's own words, or those of an organization.

A text has placeholders, which the portal fills when it is shown. It is plain text: paragraphs with a free
line between them, headings ("# ..."), numbered lines, and for a letter the QR code on a line of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from django.conf.locale import LANG_INFO
from django.db import transaction
from django.utils import timezone

from patients.models import Place, Wording
from portal import audit
from portal.accounts.models import User

Use = Wording.Use
ENGLISH = "en"
LONGEST = 6_000

#: What a text can leave to the portal, and what it becomes.
PLACEHOLDERS: Mapping[str, str] = {
    "name": "what the person is called",
    "study": "the name of the study",
    "organization": "the name of your organization",
    "app": "the name of the app",
    "data": "what the study collects, one a line",
    "contact": "whom to ask (the setting HELP_DESK)",
    "link": "the person's link; in an e-mail only",
    "qr": "the QR code, on a line of its own; in a letter only",
}
NEEDED: Mapping[Use, str] = {Use.LETTER: "qr", Use.EMAIL: "link"}

_LETTER = """Dear {name},

You take part in {study} at {organization}. With your telephone you can now connect your health data to the study. It takes about ten minutes.

# How to connect

1. Point the camera of your telephone at the square below, and open the link that it shows.
2. If {app} is not on your telephone yet, install it when you are asked to. Then point the camera at the square once more.
3. Connect your devices in the app.
4. Read what the study asks for, and say what you agree to. You can change your mind at any time.

{qr}

# What the study collects

{data}

You decide about each of these yourself.

# Keep this letter to yourself

The square stands for you: whoever uses it is taken for you. If it does not work any more, ask us for a new one.

# Questions?

{contact}

{organization}"""  # noqa: E501

_EMAIL = """Dear {name},

You take part in {study} at {organization}. Please connect your health data to the study:

1. Open this link on your telephone or tablet: {link}
2. If {app} is not there yet, install it when you are asked to. Then open the link once more.
3. Connect your devices in the app.
4. Read what the study asks for, and say what you agree to. You can change your mind at any time.

The study asks for:
{data}

The link is yours alone: please do not pass it on. If it does not work any more, ask us for a new one.

Questions? {contact}

{organization}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A text with its placeholders; ``subject`` is an e-mail's. ``is_own``: the organization wrote it."""

    text: str
    subject: str = ""
    is_own: bool = False


DEFAULTS: Mapping[Use, Words] = {
    Use.LETTER: Words(text=_LETTER),
    Use.EMAIL: Words(text=_EMAIL, subject="Join {study} - Connect Your Health Data"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """A language, as it is called in English and in itself; ``direction`` as HTML names it."""

    code: str
    name: str
    own_name: str
    direction: str = "ltr"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the placeholders become for one person; the link is a secret."""

    name: str = field(repr=False)
    study: str
    organization: str
    app: str
    data: tuple[str, ...]
    contact: str
    link: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a letter: ``kind`` is heading, text, steps, points or qr."""

    kind: str
    lines: tuple[str, ...] = field(default=(), repr=False)


# --- languages ------------------------------------------------------------------------------


def language(code: str) -> Language:
    """A language by its code; English where it is not known."""
    told = LANG_INFO.get(code, {})
    told = told if "name" in told else LANG_INFO[ENGLISH]  # some codes only point to another one
    return Language(
        code=told["code"],
        name=told["name"],
        own_name=told["name_local"],
        direction="rtl" if told["bidi"] else "ltr",
    )


def every_language() -> list[Language]:
    """Languages in which an organization can write, by their English names."""
    codes = [code for code, told in LANG_INFO.items() if "name" in told]
    return sorted((language(code) for code in codes), key=lambda each: each.name)


def languages_of(place: Place, use: Use) -> list[Language]:
    """The languages in which a text can be given out: English, and those of the organization's own."""
    own = Wording.objects.filter(place=place, use=use).values_list("language", flat=True)
    return [language(code) for code in (ENGLISH, *sorted(set(own) - {ENGLISH}))]


# --- texts ----------------------------------------------------------------------------------


def words_of(place: Place, use: Use, code: str = ENGLISH) -> Words:
    """The organization's own text in a language; else in English; else the portal's."""
    rows = Wording.objects.filter(place=place, use=use, language__in=(code, ENGLISH))
    by_language = {each.language: each for each in rows}
    row = by_language.get(code) or by_language.get(ENGLISH)
    return Words(text=row.text, subject=row.subject, is_own=True) if row else DEFAULTS[use]


def written(place: Place) -> Sequence[Wording]:
    """What an organization has written, by use and language."""
    rows = Wording.objects.filter(place=place).select_related("changed_by")
    return list(rows.order_by("use", "language"))


def problem_of(use: Use, text: str) -> str:
    """Why a text cannot be used, in a sentence; empty where it can."""
    named = set(re.findall(r"\{(\w*)\}", text))
    if unknown := sorted(named - PLACEHOLDERS.keys()):
        return f"The portal does not know {_braced(unknown)}. It knows {_braced(PLACEHOLDERS)}."
    needed = NEEDED[use]
    if needed not in named:
        return f"Put {_braced([needed])} where {PLACEHOLDERS[needed].partition(',')[0]} is to stand."
    foreign = sorted(named & {each for other, each in NEEDED.items() if other is not use})
    return f"{_braced(foreign)} cannot stand in this text." if foreign else ""


def _braced(names: Iterable[str]) -> str:
    return ", ".join(f"{{{each}}}" for each in names)


@transaction.atomic
def keep(place: Place, use: Use, code: str, words: Words, *, by: User) -> None:
    """Keep an organization's own text; one event, without it. Raises ``ValueError`` for one that cannot be
    used."""
    if problem := problem_of(use, words.text):
        raise ValueError(problem)
    values = {
        "text": words.text, "subject": words.subject, "changed_by": by, "changed_at": timezone.now(),
    }  # fmt: skip
    Wording.objects.update_or_create(place=place, use=use, language=code, defaults=values)
    _note("wording.changed", place, use, code, by=by)


@transaction.atomic
def drop(place: Place, use: Use, code: str, *, by: User) -> None:
    """Go back to the portal's own text; one event where there was another."""
    if Wording.objects.filter(place=place, use=use, language=code).delete()[0]:
        _note("wording.dropped", place, use, code, by=by)


def _note(action: str, place: Place, use: Use, code: str, *, by: User) -> None:
    details = {"organization": place.organization, "form": str(use), "language": code}
    audit.write(action, by=by, system=place.system, details=details)


# --- filling --------------------------------------------------------------------------------


def filled(text: str, said: Said) -> str:
    """A text with its placeholders filled, but for the QR code."""
    values = {
        "name": said.name,
        "study": said.study,
        "organization": said.organization,
        "app": said.app,
        "data": "\n".join(f"- {each}" for each in said.data),
        "contact": said.contact,
        "link": said.link,
    }
    return re.sub(r"\{(\w+)\}", lambda found: values.get(found[1], found[0]), text)


def blocks_of(text: str, said: Said) -> list[Block]:
    """A letter's text in pieces, filled."""
    parts = re.split(r"\n\s*\n", filled(text, said).replace("\r\n", "\n").strip())
    return [block for part in parts for block in _blocks(part)]


def _blocks(part: str) -> Iterator[Block]:
    """One paragraph: lines of one kind together."""
    kind, lines = "", list[str]()
    for line in part.splitlines():
        new, text = _kind_of(line.strip())
        if new != kind and lines:
            yield Block(kind, tuple(lines))
            lines = []
        kind = new
        lines.append(text)
    if lines:
        yield Block(kind, tuple(lines))


_KINDS = (
    ("heading", r"#+\s+(.*)"),
    ("steps", r"\d+[.)]\s+(.*)"),
    ("points", r"[-*]\s+(.*)"),
    ("qr", r"\{qr\}()"),
)


def _kind_of(line: str) -> tuple[str, str]:
    for kind, pattern in _KINDS:
        if found := re.fullmatch(pattern, line):
            return kind, found[1]
    return "text", line
