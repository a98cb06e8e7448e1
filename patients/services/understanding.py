"""What somebody typed into the look-up, by this site's habits of writing."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from django.conf import settings
from django.utils import timezone

from integrations.registry import system_names
from integrations.types import SearchQuery, Term
from patients.matching.dates import show
from patients.matching.query import Understood, understand
from patients.matching.typed_fields import TypedFields, understand_fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A look-up as typed: the line of the one box, and details given one by one."""

    text: str = field(default="", repr=False)
    details: TypedFields = field(default=TypedFields(), repr=False)

    def to_json(self) -> dict[str, Any]:
        """For keeping, encrypted."""
        return {"text": self.text, "details": asdict(self.details)}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Asked:
        """The inverse of :meth:`to_json`."""
        return cls(text=kept["text"], details=TypedFields(**kept["details"]))

    def without(self, detail: str) -> Asked:
        """The same without one detail, for the cross on its tag."""
        given = replace(details_of(read(self)), **{detail: ""})
        if detail == "family_name":
            given = replace(given, given_name="")
        return Asked(details=given)


DETAILS = tuple(each.name for each in fields(TypedFields))


def read(asked: Asked) -> Understood:
    """What was meant. Details that are given beside a line stand in place of the line's own."""
    habits: dict[str, Any] = {
        "date_order": settings.DATE_ORDER,
        "country": settings.DEFAULT_COUNTRY,
        "today": timezone.localdate(),
        "id_patterns": dict.fromkeys(system_names(), ""),
    }
    if not any(getattr(asked.details, name) for name in DETAILS):
        return understand(asked.text, **habits)
    details = asked.details
    if asked.text.strip():
        of_line = details_of(understand(asked.text, **habits))
        given = {name: getattr(details, name) for name in DETAILS if getattr(details, name)}
        details = replace(of_line, **given)
    return understand_fields(details, **habits)


def details_of(understood: Understood) -> TypedFields:
    """The understood line as separate fields, for staff to correct."""
    query = understood.to_query()
    return TypedFields(
        words=" ".join(query.words) if not (query.given_name or query.family_name) else "",
        given_name=query.given_name,
        family_name=query.family_name,
        birth_date=show(query.birth_dates[0]) if query.birth_dates else _typed(understood, Term.BIRTH_DATE),
        nhs_number=query.nhs_number or _typed(understood, Term.NHS_NUMBER),
        email=query.email or _typed(understood, Term.EMAIL),
        phone=query.phone or _typed(understood, Term.PHONE),
        postcode=query.postcode or _typed(understood, Term.POSTCODE),
        record_id=query.record_id,
        record_system=query.record_system,
        study_number=query.study_number,
    )


def terms_of(query: SearchQuery) -> list[Term]:
    """The kinds of detail that a query holds, for the audit trail and for messages."""
    held = {
        Term.NAME: query.words or query.given_name or query.family_name,
        Term.BIRTH_DATE: query.birth_dates,
        Term.NHS_NUMBER: query.nhs_number,
        Term.EMAIL: query.email,
        Term.PHONE: query.phone,
        Term.POSTCODE: query.postcode,
        Term.RECORD_ID: query.record_id,
        Term.STUDY_NUMBER: query.study_number,
    }
    return [term for term, value in held.items() if value]


def _typed(understood: Understood, kind: Term) -> str:
    """What was typed for a detail that could not be read, so that it can be put right."""
    return next((tag.typed for tag in understood.tags if tag.kind is kind), "")
