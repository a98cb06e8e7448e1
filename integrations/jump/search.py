"""How a look-up is put to Jump, which can search by names, e-mail and NHS number only.

Sections cited are of README.md beside this file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from integrations.deadlines import Deadline
from integrations.errors import IntegrationError, Invalid, NotFound
from integrations.parallel import side_by_side
from integrations.queries import ask_in_turn, best_first, born_then, id_for, is_named, name_words
from integrations.types import CannotSearch, Found, RemotePatient, SearchAnswer, SearchQuery, Term
from integrations.wire import surest_part

from . import mapping
from .client import SYSTEM, JumpClient

SEARCH_TERMS = frozenset({Term.RECORD_ID, Term.NHS_NUMBER, Term.EMAIL, Term.NAME})
# Whole records read for one look-up: enough to tell namesakes apart, 1 % of the hourly quota.
WHOLE_RECORDS = 8
EMAIL_ROWS = 25
NAME_ROWS = 100
# Where a birth date narrows a common name, this many pages are read before "there are more".
NAME_PAGES = 5
# Whole records are a bonus: their requests end a little before the caller stops waiting.
SHARE_FOR_RECORDS = 0.85
CANNOT = (
    "Jump EHR cannot search by phone number, postcode or birth date alone. Add a name, NHS number or e-mail."
)


class Search:
    """One look-up: the most decisive detail first."""

    def __init__(self, client: JumpClient, query: SearchQuery) -> None:
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
        if query.nhs_number:
            yield self._by_nhs_number
        if query.email:
            yield self._by_email
        if name_words(self.query):
            yield self._by_name

    # --- by one detail ------------------------------------------------------------------

    def _by_id(self) -> Found:
        searched_by = frozenset({Term.RECORD_ID})
        try:
            record = self._whole(self.client, self.query.record_id)
        except (NotFound, Invalid):  # an id of another system's form is refused, not missing
            return Found(searched_by=searched_by)
        return Found(records=(record,), searched_by=searched_by)

    def _by_nhs_number(self) -> Found:
        """In three spellings, since it is not said how Jump compares (README, NHS number)."""
        unread = False
        for spelling in spellings(self.query.nhs_number):
            rows, more = self._rows(spelling, limit=WHOLE_RECORDS)
            records = tuple(row for row in self._completed(rows) if self._has_number(row))
            if records:
                return Found(records=records, searched_by=frozenset({Term.NHS_NUMBER}), more=more)
            unread |= more
        return Found(searched_by=frozenset({Term.NHS_NUMBER}), more=unread)

    def _has_number(self, record: RemotePatient) -> bool:
        """Whether it holds the number; a row whose whole record could not be read may."""
        if not record.complete:
            return True
        return record.demographics.nhs_number == self.query.nhs_number

    def _by_email(self) -> Found:
        rows, more = self._rows(self.query.email, limit=EMAIL_ROWS)
        wanted = self.query.email.casefold()
        equal = [row for row in rows if row.demographics.email.casefold() == wanted]
        return Found(records=self._completed(equal), searched_by=frozenset({Term.EMAIL}), more=more)

    def _by_name(self) -> Found:
        words = name_words(self.query)
        rows, more = self._named(" ".join(words))
        part = surest_part(words)
        if not rows and (part,) != words:  # another spelling of an accent or apostrophe
            rows, more = self._named(part)
        searched_by = {Term.NAME}
        if self.query.birth_dates:
            searched_by.add(Term.BIRTH_DATE)
        records = self._completed(best_first(words, rows))
        return Found(records=records, searched_by=frozenset(searched_by), more=more)

    def _named(self, search: str) -> tuple[list[RemotePatient], bool]:
        """Rows that carry every name word and, where one is given, the birth date."""
        rows, more = self._rows(search, limit=NAME_ROWS)
        if more and self.query.birth_dates:
            offsets = range(NAME_ROWS, NAME_ROWS * NAME_PAGES, NAME_ROWS)

            def further(offset: int) -> tuple[list[RemotePatient], bool]:
                return self._rows(search, limit=NAME_ROWS, offset=offset)

            for page in side_by_side(further, offsets, pool=SYSTEM):
                if isinstance(page, Exception):
                    raise page
                rows, more = [*rows, *page[0]], page[1]
        distinct = {
            row.id: row
            for row in rows
            if is_named(self.query, row, row.demographics.email) and born_then(self.query, row)
        }
        return list(distinct.values()), more

    # --- reading ------------------------------------------------------------------------

    def _rows(self, search: str, *, limit: int, offset: int = 0) -> tuple[list[RemotePatient], bool]:
        page = self.client.list_patients(search=search, limit=limit, offset=offset, operation="search")
        return [mapping.patient(row, operation="search", short=True) for row in page.rows], page.more

    def _completed(self, rows: list[RemotePatient]) -> tuple[RemotePatient, ...]:
        """The first few as whole records, read side by side; a row that cannot be read stays short."""
        hurried = self._hurried()
        first, rest = rows[:WHOLE_RECORDS], rows[WHOLE_RECORDS:]

        def complete(row: RemotePatient) -> RemotePatient:
            return row if row.complete else self._whole(hurried, row.id)

        outcomes = side_by_side(complete, first, pool=SYSTEM)
        for outcome in outcomes:
            if isinstance(outcome, Exception) and not isinstance(outcome, IntegrationError):
                raise outcome
        whole = [
            row if isinstance(outcome, Exception) else outcome
            for row, outcome in zip(first, outcomes, strict=True)
        ]
        return (*whole, *rest)

    def _hurried(self) -> JumpClient:
        deadline = self.client.caller.deadline
        if deadline is None:
            return self.client
        sooner = Deadline.after(deadline.remaining() * SHARE_FOR_RECORDS)
        return JumpClient(replace(self.client.caller, deadline=sooner))

    def _whole(self, client: JumpClient, patient_id: str) -> RemotePatient:
        return whole(client, patient_id, operation="search")


def whole(client: JumpClient, patient_id: str, *, operation: str) -> RemotePatient:
    """The whole record; a reply about anybody else is an error, never a record."""
    record = mapping.patient(client.get_patient(patient_id, operation=operation), operation=operation)
    if record.id.casefold() != patient_id.casefold():
        raise client.foreign_record(operation)
    return record


def spellings(number: str) -> tuple[str, str, str]:
    """An NHS number as digits, with hyphens, with spaces: in the order in which Jump is asked."""
    parts = (number[:3], number[3:6], number[6:])
    return number, "-".join(parts), " ".join(parts)
