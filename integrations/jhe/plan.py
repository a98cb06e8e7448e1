"""Which ways of searching one installation offers for a query."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from integrations.types import CannotSearch, SearchQuery, Term

from .dialect import Dialect
from .mapping import LABEL, NHS_NUMBER_SYSTEM, is_id
from .records import Hits, Records
from .searching import FhirSearch, asks_record_id, identifier_values, name_searches, names_asked

Way = Callable[[], Hits]


def ways_to_search(query: SearchQuery, dialect: Dialect, records: Records) -> list[Way]:
    """The searches whose hits together hold everybody who fits; empty where none applies.

    An id names one record, so nothing else is asked beside it; the other details are checked
    on what comes back.
    """
    if asks_record_id(query):
        by_id = [partial(records.by_id, query.record_id)] if is_id(query.record_id) else []
        return [*by_id, *by_identifier((query.record_id,), "", dialect, records)]
    ways: list[Way] = [partial(records.by_email, spelling) for spelling in spellings(query.email)]
    if query.nhs_number:
        values = identifier_values(query.nhs_number)
        ways += by_identifier(values, NHS_NUMBER_SYSTEM, dialect, records)
    if dialect.searches_names:
        searches = name_searches(names_asked(query), query.birth_dates)
        ways += [partial(records.by_fhir, dialect.fhir_base, each) for each in searches]
    return ways


def cannot_search(dialect: Dialect) -> CannotSearch:
    """The answer where no given detail can be searched by, saying which could."""
    possible = {Term.EMAIL, Term.RECORD_ID}
    words = ["e-mail address", "JHE id"]
    if dialect.searches_identifiers or dialect.lists_freely:
        possible.add(Term.NHS_NUMBER)
        words.insert(0, "NHS number")
    if dialect.searches_names:
        possible |= {Term.NAME, Term.BIRTH_DATE}
        words = ["name", "date of birth", *words]
    sentence = f"{LABEL} can only be searched by {', '.join(words[:-1])} or {words[-1]}."
    return CannotSearch(for_staff=sentence, possible=frozenset(possible))


def spellings(email: str) -> tuple[str, ...]:
    """An e-mail as typed and in lower case: JHE keeps letter case and compares it."""
    typed = email.strip()
    return tuple(dict.fromkeys(each for each in (typed, typed.lower()) if each))


def by_identifier(values: tuple[str, ...], system: str, dialect: Dialect, records: Records) -> list[Way]:
    """The searches for the records that hold an identifier of one of these values."""
    if dialect.searches_identifiers:
        # Without a bar the parameter is ignored; before the bar anything will do.
        asked = [FhirSearch(parameters={"identifier": f"{system}|{value}"}) for value in values]
        return [partial(records.by_fhir, dialect.fhir_base, each) for each in asked]
    if dialect.lists_freely:
        return [partial(records.by_listed_identifier, value) for value in values]
    return []
