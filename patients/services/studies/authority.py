"""Who decided about a person's data, how, and on which form: without it staff enter no decision.

Pure. It is kept encrypted with the operation and with the decision that came of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

import cattrs.preconf.json

from patients.matching.dates import show

from .languages import name_of

_json = cattrs.preconf.json.make_converter(forbid_extra_keys=True)


class Decider(StrEnum):
    """Who decided. A young person's assent goes with a parent's consent."""

    PERSON = "person"
    REPRESENTATIVE = "representative"
    ASSENT = "assent with a parent"


class Manner(StrEnum):
    """How the decision was taken down."""

    IN_PERSON = "in person"
    PHONE = "phone"
    VIDEO = "video"
    PAPER = "paper"
    LETTER = "letter"
    E_MAIL = "e-mail"


DECIDERS: Mapping[Decider, str] = {
    Decider.PERSON: "The person",
    Decider.REPRESENTATIVE: "A representative",
    Decider.ASSENT: "The person by assent, with a parent",
}
MANNERS: Mapping[Manner, str] = {
    Manner.IN_PERSON: "In person",
    Manner.PHONE: "On the telephone",
    Manner.VIDEO: "By video",
    Manner.PAPER: "On a paper form",
    Manner.LETTER: "By letter",
    Manner.E_MAIL: "By e-mail",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """What stands behind one decision. ``representative`` is the name of who decided for the person or with
    them, ``relation`` what they are to the person; ``form_language`` a language code; ``taken_by`` who took
    the decision down."""

    decider: Decider
    manner: Manner
    form_version: str
    form_language: str
    sheet_version: str
    signed_on: date
    taken_by: str = field(repr=False)
    representative: str = field(default="", repr=False)
    relation: str = field(default="", repr=False)
    witness: str = field(default="", repr=False)
    note: str = field(default="", repr=False)


_NEEDED: Mapping[str, str] = {
    "form_version": "Enter the version of the consent form.",
    "form_language": "Choose the language of the consent form.",
    "sheet_version": "Enter the version of the information sheet.",
    "taken_by": "Enter who took the decision down.",
}


def missing(texts: Mapping[str, str]) -> dict[str, str]:
    """Which of the texts that every authority needs are not there, by field, in one sentence each."""
    return {name: says for name, says in _NEEDED.items() if not texts.get(name, "").strip()}


def gaps(authority: Authority, *, today: date) -> dict[str, str]:
    """What is missing or cannot be, by field, in one sentence each; empty where it is whole."""
    found = missing({name: getattr(authority, name) for name in _NEEDED})
    if authority.decider is not Decider.PERSON and not authority.representative.strip():
        found["representative"] = "Enter the name of the representative or parent."
    if authority.decider is Decider.REPRESENTATIVE and not authority.relation.strip():
        found["relation"] = "Enter what the representative is to the person, like legal guardian."
    if authority.signed_on > today:
        found["signed_on"] = "The date signed is in the future."
    return found


def lines(authority: Authority) -> Iterator[tuple[str, str]]:
    """What a page says of it, one detail after the other."""
    yield "Decided by", DECIDERS[authority.decider]
    if authority.representative:
        is_parent = authority.decider is Decider.ASSENT
        said = ", ".join(filter(None, (authority.representative, authority.relation)))
        yield "Parent" if is_parent else "Representative", said
    yield "How", MANNERS[authority.manner]
    yield "Consent form", f"version {authority.form_version}, {name_of(authority.form_language)}"
    yield "Information sheet", f"version {authority.sheet_version}"
    yield "Signed on", show(authority.signed_on)
    yield "Taken down by", authority.taken_by
    for label, value in (("Witness", authority.witness), ("Note", authority.note)):
        if value:
            yield label, value


def to_keep(authority: Authority) -> dict[str, Any]:
    """As JSON."""
    kept: dict[str, Any] = _json.unstructure(authority)
    return kept


def kept(data: object) -> Authority:
    """What was kept."""
    authority: Authority = _json.structure(data, Authority)
    return authority
