"""How a look-up is put to Impilo, whose list has filters for most details but no full-text search.

Sections cited are of README.md beside this file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from integrations.errors import Invalid, NotFound
from integrations.parallel import side_by_side
from integrations.queries import ask_in_turn, best_first, born_then, id_for, is_named, name_words
from integrations.types import CannotSearch, Found, RemotePatient, SearchAnswer, SearchQuery, Term
from integrations.wire import surest_part

from . import mapping, replies
from .client import Filters, ImpiloClient, is_id
from .mapping import SYSTEM

SEARCH_TERMS = frozenset({Term.RECORD_ID, Term.EMAIL, Term.NAME, Term.BIRTH_DATE, Term.POSTCODE})
# Rows read for one filter before "there are more": four pages of the largest size.
MAX_PAGES = 4
# Other parts of the name that are tried where the first found nobody.
MAX_OTHERS = 4
CANNOT = "Impilo cannot search by NHS number or phone number. Add a name, birth date, e-mail or postcode."

T = TypeVar("T")
Rows = tuple[list[RemotePatient], bool]


class Search:
    """One look-up: the most decisive detail first.

    Every row is checked here as well: a filter that is ignored lists everybody (README, Filters).
    """

    def __init__(self, client: ImpiloClient, query: SearchQuery) -> None:
        self.client = client
        self.query = query

    def run(self) -> SearchAnswer:
        """The answer; ``CannotSearch`` where no given detail can be searched by."""
        found = ask_in_turn(self.query, self._steps())
        return found or CannotSearch(for_staff=CANNOT, possible=SEARCH_TERMS)

    def _steps(self) -> Iterator[Callable[[], Found]]:
        query = self.query
        if id_for(query, SYSTEM):
            yield self._by_id
        if query.email:
            yield self._by_email
        if name_words(query):
            yield self._by_name
        elif query.birth_dates:
            yield self._by_birth_date
        elif query.postcode:
            yield self._by_postcode

    # --- by one detail ------------------------------------------------------------------

    def _by_id(self) -> Found:
        """Impilo's own number, or an identifier that another system gave the record."""
        wanted = self.query.record_id
        ways = [self._with_identifier, self._with_number] if is_id(wanted) else [self._with_identifier]
        found = [_or_raise(each) for each in side_by_side(lambda way: way(wanted), ways, pool=SYSTEM)]
        distinct = {record.id: record for records in found for record in records}
        return _found(distinct.values(), Term.RECORD_ID)

    def _with_number(self, wanted: str) -> list[RemotePatient]:
        try:
            return [whole(self.client, wanted, operation="search")]
        except (NotFound, Invalid):
            return []

    def _with_identifier(self, wanted: str) -> list[RemotePatient]:
        page, _start = self.client.first_page(operation="search", external_identifiers=[wanted])
        rows = [mapping.patient(row, operation="search") for row in page.rows]
        return [row for row in rows if any(each.value == wanted for each in row.identifiers)]

    def _by_email(self) -> Found:
        """As typed and in lower case, since it is not said whether the filter minds the case."""
        wanted = self.query.email.casefold()
        spellings = dict.fromkeys((self.query.email, self.query.email.lower()))
        rows, more = self._read([{"email": email} for email in spellings])
        equal = (row for row in rows if row.demographics.email.casefold() == wanted)
        return _found(equal, Term.EMAIL, more=more)

    def _by_name(self) -> Found:
        """By one part of the name, all words checked here: the filter knows one order and no accents."""
        words = name_words(self.query)
        part = surest_part(words)
        rows, more = self._narrowed([part])
        if not rows:
            spellings = [each for word in words for each in (word, surest_part([word]))]
            others = dict.fromkeys(self._phrases() if more else spellings)
            rows, still_more = self._narrowed([each for each in others if each != part][:MAX_OTHERS])
            more = more and (still_more or not rows)
        narrowed = [Term.BIRTH_DATE] if self.query.birth_dates else []
        return _found(best_first(words, rows), Term.NAME, *narrowed, more=more)

    def _by_birth_date(self) -> Found:
        rows, more = self._narrowed([""])
        return _found(rows, Term.BIRTH_DATE, more=more)

    def _by_postcode(self) -> Found:
        """With and without the space, since it is not said how the filter compares."""
        wanted = _compact(self.query.postcode)
        spaced = f"{wanted[:-3]} {wanted[-3:]}" if len(wanted) > 4 else wanted
        rows, more = self._read([{"postcode": postcode} for postcode in dict.fromkeys((spaced, wanted))])
        there = (row for row in rows if _compact(_postcode(row)) == wanted)
        return _found(there, Term.POSTCODE, more=more)

    def _narrowed(self, names: list[str]) -> Rows:
        """Rows by name filter and birth date, one question for each pair, checked here."""
        questions: list[Filters] = []
        for name in names:
            for day in self.query.birth_dates or (None,):
                question: Filters = {"name": name}
                if day is not None:
                    question["born_from"] = question["born_until"] = day
                questions.append(question)
        rows, more = self._read(questions)
        return [row for row in rows if is_named(self.query, row) and born_then(self.query, row)], more

    def _phrases(self) -> list[str]:
        """ "First last" in the orders that the words can mean; the filter looks inside that text."""
        query, words = self.query, name_words(self.query)
        if query.given_name and query.family_name:
            return [f"{query.given_name} {query.family_name}"]
        return list(dict.fromkeys((" ".join(words), " ".join((*words[1:], words[0])))))

    # --- reading ------------------------------------------------------------------------

    def _read(self, questions: list[Filters]) -> Rows:
        """The rows of all questions, each record once: first pages side by side, then the others."""
        client, operation = self.client, "search"
        outcomes = side_by_side(
            lambda each: client.first_page(operation=operation, **each), questions, pool=SYSTEM
        )
        firsts = [_or_raise(each) for each in outcomes]
        following = [
            (question, number, start)
            for question, (page, start) in zip(questions, firsts, strict=True)
            for number in range(start + 1, start + min(page.pages, MAX_PAGES))
        ]

        def read(task: tuple[Filters, int, int]) -> replies.Page:
            question, number, start = task
            return client.list_patients(page=number, first_page=start, operation=operation, **question)

        others = [_or_raise(each) for each in side_by_side(read, following, pool=SYSTEM)]
        pages = [page for page, _start in firsts] + others
        records = [mapping.patient(row, operation=operation) for page in pages for row in page.rows]
        more = any(page.pages > MAX_PAGES or (page.more and page.pages == 1) for page, _start in firsts)
        return list({record.id: record for record in records}.values()), more


def whole(client: ImpiloClient, patient_id: str, *, operation: str) -> RemotePatient:
    """The record; a reply about anybody else is an error, never a record."""
    record = mapping.patient(client.get_patient(patient_id, operation=operation), operation=operation)
    if record.id != str(int(patient_id)):
        raise client.foreign_record(operation)
    return record


def _found(records: Iterable[RemotePatient], *terms: Term, more: bool = False) -> Found:
    return Found(records=tuple(records), searched_by=frozenset(terms), more=more)


def _or_raise(outcome: T | Exception) -> T:
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def _postcode(row: RemotePatient) -> str:
    return row.demographics.address.postcode if row.demographics.address else ""


def _compact(postcode: str) -> str:
    return "".join(postcode.split()).upper()
