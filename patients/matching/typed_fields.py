"""The look-up tags as separate fields, as staff correct them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

from . import tags
from .query import LONGEST_LINE, Understood
from .tags import NO_IDS, Conventions, Tag
from .text import plain


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedFields:
    """The tags as separate fields, as staff correct them; every value as typed."""

    words: str = field(default="", repr=False)
    given_name: str = field(default="", repr=False)
    family_name: str = field(default="", repr=False)
    birth_date: str = field(default="", repr=False)
    nhs_number: str = field(default="", repr=False)
    email: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    postcode: str = field(default="", repr=False)
    record_id: str = field(default="", repr=False)
    record_system: str = field(default="", repr=False)
    study_number: str = field(default="", repr=False)


def understand_fields(
    fields: TypedFields,
    *,
    date_order: str,
    country: str,
    today: date,
    id_patterns: Mapping[str, str] = NO_IDS,
) -> Understood:
    """The same from corrected fields: nothing is guessed, and each field says what is wrong with it."""
    conventions = Conventions(date_order=date_order, country=country, today=today, id_patterns=id_patterns)
    made: dict[str, Tag] = {}
    if fields.given_name.strip() or fields.family_name.strip():
        typed = f"{fields.given_name} {fields.family_name}".strip()
        given, family = plain(fields.given_name).split(), plain(fields.family_name).split()
        made["family_name"] = tags.name_tag(typed, given=given, family=family)
    if words := plain(fields.words).replace(",", " ").split():
        made["words"] = tags.name_tag(fields.words, words=words)
    makers: dict[str, Callable[[str], Tag]] = {
        "birth_date": lambda text: tags.birth_date_tag(text, conventions.read_date(text)),
        "nhs_number": tags.nhs_tag,
        "email": tags.email_tag,
        "phone": lambda text: tags.phone_tag(text, country=country),
        "postcode": tags.postcode_tag,
        "record_id": lambda text: tags.record_tag(
            text, value=plain(text), system=fields.record_system or conventions.system_of(plain(text))
        ),
        "study_number": tags.study_tag,
    }
    for name, make in makers.items():
        if plain(text := getattr(fields, name)[:LONGEST_LINE]):
            made[name] = make(text)
    return Understood(
        tags=tuple(made.values()),
        field_errors={name: tag.warning for name, tag in made.items() if not tag.used},
    )
