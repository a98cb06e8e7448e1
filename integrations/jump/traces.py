"""What a creation left behind, or what stands in its way: records that agree with what was sent.

Sections cited are of README.md beside this file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from integrations import errors
from integrations.parallel import side_by_side
from integrations.types import RemotePatient
from integrations.wire import folded, surest_part
from integrations.writes import Details, NewRecord

from . import mapping, writing
from .client import LABEL, MAX_LIMIT, SYSTEM, JumpClient
from .search import spellings, whole

OPERATION = "look for created"
#: Pages read for one search: more namesakes than these hold are nobody's to tell apart by machine.
PAGES = 5
#: Of a search by a part of the name, which everybody of a frequent surname fits. What we made ourselves
#: is found as typed; this one is for another spelling of somebody who appeared meanwhile.
PAGES_BY_PART = 2
MOST_WHOLE = 24  # records read whole for one NHS number
Agrees = Callable[[RemotePatient], bool]


def created(client: JumpClient, new: NewRecord) -> tuple[RemotePatient, ...]:
    """Whole records whose NHS number, e-mail, own id, or name and birth date agree.

    Raises ``Conflict`` rather than answering "none" where not everything could be read.
    """
    return _Look(client, new).run()


class _Look:
    """One look; every record is read whole once."""

    def __init__(self, client: JumpClient, new: NewRecord) -> None:
        self.client = client
        self.own_id = new.own_id
        self.wanted: Details = writing.as_held(new.details)
        self.unread = False
        self._known: dict[str, RemotePatient | None] = {}

    def run(self) -> tuple[RemotePatient, ...]:
        """Everything that agrees, the most decisive detail first."""
        for step in (self._by_number, self._by_email, self._by_name):
            step()
        found = tuple(each for each in self._known.values() if each is not None and self._agrees(each))
        if self.unread and not found:
            raise self.client.http.fault(
                errors.Conflict,
                OPERATION,
                reason="too many hits",
                for_staff=f"{LABEL} finds more records with such details than can be looked through.",
                next_step=f"Look in {LABEL} itself whether the person is there, and mark this as done with"
                " that record, or with one that you make there.",
            )
        return found

    # --- by one detail ------------------------------------------------------------------

    def _by_number(self) -> None:
        """In three spellings, up to the first that finds somebody (README, NHS number)."""
        number = self.wanted.nhs_number
        for spelling in spellings(number) if len(number) == 10 else ():
            rows = self._rows(spelling, lambda row: True)
            self.unread |= len(rows) > MOST_WHOLE
            self._read(rows[:MOST_WHOLE])
            if any(self._same_number(each) for each in self._known.values() if each is not None):
                return

    def _by_email(self) -> None:
        if self.wanted.email:
            self._read(self._rows(self.wanted.email, self._same_email))

    def _by_name(self) -> None:
        """As typed; where that finds nobody, by the letters that all spellings share."""
        words = f"{self.wanted.given_name} {self.wanted.family_name}".split()
        if not words:
            return
        typed, part = " ".join(words), surest_part(words)
        rows = self._rows(typed, self._same_person)
        if not rows and part != typed:
            rows = self._rows(part, self._same_person, part_of_it=True)
        self._read(rows)

    # --- comparing ----------------------------------------------------------------------

    def _agrees(self, record: RemotePatient) -> bool:
        own = self.own_id and any(each.value == self.own_id for each in record.identifiers)
        return bool(own) or self._same_number(record) or self._same_email(record) or self._same_person(record)

    def _same_number(self, record: RemotePatient) -> bool:
        return bool(self.wanted.nhs_number) and record.demographics.nhs_number == self.wanted.nhs_number

    def _same_email(self, record: RemotePatient) -> bool:
        email = self.wanted.email.casefold()
        return bool(email) and record.demographics.email.casefold() == email

    def _same_person(self, record: RemotePatient) -> bool:
        """Equal names, in any spelling of their letters, and birth date; an unread one may be equal."""
        who = record.demographics
        names = (self.wanted.given_name, who.given_name), (self.wanted.family_name, who.family_name)
        same_day = who.birth_date == self.wanted.birth_date or "birth_date" in record.unread
        return same_day and all(folded(ours) == folded(theirs) for ours, theirs in names)

    # --- reading ------------------------------------------------------------------------

    def _rows(self, search: str, agrees: Agrees, *, part_of_it: bool = False) -> list[RemotePatient]:
        """The rows of a search that agree."""
        kept: dict[str, RemotePatient] = {}
        offset: int | None = 0
        for _ in range(PAGES_BY_PART if part_of_it else PAGES):
            page = self.client.list_patients(
                search=search, limit=MAX_LIMIT, offset=offset or 0, operation=OPERATION
            )
            rows = [mapping.patient(row, operation=OPERATION, short=True) for row in page.rows]
            kept |= {row.id: row for row in rows if agrees(row)}
            offset = page.next_offset
            if offset is None:
                break
        self.unread |= offset is not None and not part_of_it
        return list(kept.values())

    def _read(self, rows: Iterable[RemotePatient]) -> None:
        """Know these records whole; one that is gone meanwhile is none."""
        new = [row for row in rows if row.id not in self._known]
        for row, outcome in zip(new, side_by_side(self._whole, new, pool=SYSTEM), strict=True):
            if isinstance(outcome, errors.NotFound):
                self._known[row.id] = None
            elif isinstance(outcome, Exception):
                raise outcome
            else:
                self._known[row.id] = outcome

    def _whole(self, row: RemotePatient) -> RemotePatient:
        return row if row.complete else whole(self.client, row.id, operation=OPERATION)
