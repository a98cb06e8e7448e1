"""How a look-up's details are put to a system one after the other, and checked on what comes back.

For systems that search by one detail at a time and whose filters cannot be relied on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from .types import Found, RemotePatient, SearchQuery, Term
from .wire import folded


def ask_in_turn(query: SearchQuery, steps: Iterable[Callable[[], Found]]) -> Found | None:
    """The answers to the most decisive details; ``None`` where there is no step at all.

    The next step is taken where nobody was found, or nobody of the typed name: a shared mailbox
    or a mistyped number finds somebody else, who is returned too. ``searched_by`` then holds
    what narrowed every part of the result, which can be nothing.
    """
    records: dict[str, RemotePatient] = {}
    narrowed: list[frozenset[Term]] = []
    asked: frozenset[Term] | None = None
    more = False
    for step in steps:
        found = step()
        asked = (asked or frozenset()) | found.searched_by
        more |= found.more
        if found.records:
            records = {each.id: each for each in (*found.records, *records.values())}
            narrowed.append(found.searched_by)
        if any(_is_answer(query, each, found) for each in found.records):
            break
    if asked is None:
        return None
    searched_by = frozenset.intersection(*narrowed) if narrowed else asked
    return Found(records=tuple(records.values()), searched_by=searched_by, more=more)


def _is_answer(query: SearchQuery, record: RemotePatient, found: Found) -> bool:
    """Whether nothing further has to be asked: an id, or a record of the typed name."""
    return Term.RECORD_ID in found.searched_by or is_named(query, record)


def is_named(query: SearchQuery, record: RemotePatient, *others: str) -> bool:
    """Whether its names, or other texts of it, carry every name word; unread names may."""
    if {"given_name", "family_name", "full_name"}.intersection(record.unread):
        return True
    who = record.demographics
    names = (who.given_name, who.middle_name, who.family_name, who.full_name, who.preferred_name)
    return carries(name_words(query), (*names, *others))


def name_words(query: SearchQuery) -> tuple[str, ...]:
    """The words of the name: as typed, else of the known parts."""
    return query.words or tuple(f"{query.given_name} {query.family_name}".split())


def id_for(query: SearchQuery, system: str) -> str:
    """The record id where one is given that can be this system's, else nothing."""
    return query.record_id if query.record_system in ("", system) else ""


def carries(words: Sequence[str], texts: Sequence[str]) -> bool:
    """Whether every word is somewhere in the texts, whatever the spelling of its letters."""
    text = folded(" ".join(texts))
    return all(folded(word) in text for word in words)


def born_then(query: SearchQuery, record: RemotePatient) -> bool:
    """Whether the birth date is one of those asked for; one that could not be read may be."""
    if not query.birth_dates or "birth_date" in record.unread:
        return True
    return record.demographics.birth_date in query.birth_dates


def best_first(words: Sequence[str], records: Sequence[RemotePatient]) -> list[RemotePatient]:
    """Those with more of the words as whole names first; of these, current records first."""

    def distance(record: RemotePatient) -> tuple[int, str]:
        who = record.demographics
        names = folded(f"{who.given_name} {who.family_name} {who.full_name}").split()
        return -sum(folded(word) in names for word in words), record.status.value

    return sorted(records, key=distance)
