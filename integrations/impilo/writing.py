"""Creating and changing Impilo's records. Sections cited are of README.md beside this file.

Nothing is sent twice here. An error's ``outcome_unknown`` says whether the change may have taken
effect all the same; that holds for errors of reading back, too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from integrations import errors
from integrations.http import Reply
from integrations.parallel import side_by_side
from integrations.queries import born_then, is_named
from integrations.types import RecordStatus, RemotePatient, SearchQuery
from integrations.writes import Changes, NewRecord, left_to_do

from . import mapping, replies, sending
from .client import Filters, ImpiloClient
from .mapping import LABEL, SYSTEM

# Pages of one look for what was created: 10,000 rows. Whoever lists more ignores the filter.
MAX_PAGES = 40
NO_MARKS = "This portal does not write its own numbers into records of Impilo."

Look = tuple[Filters, Callable[[RemotePatient], bool]]
FieldsFor = Callable[[Mapping[str, Any]], Mapping[str, Any]]
Done = Callable[[RemotePatient], bool]


# --- creating ---------------------------------------------------------------------------------


def create(client: ImpiloClient, new: NewRecord) -> RemotePatient:
    """Create a record under the portal's id: one request."""
    operation = "create"
    reply = client.create_patient(sending.new_patient(new), operation=operation)
    if not reply.ok or reply.text_kind:
        raise _not_created(client, reply, operation)
    record = _record_in(reply, operation)
    if record is None or (record.identifiers and not _is_marked(new.own_id)(record)):
        raise client.http.fault(
            errors.ProtocolError, operation, reply=reply, reason="shape", outcome_unknown=True
        )
    return record


def _not_created(client: ImpiloClient, reply: Reply, operation: str) -> errors.IntegrationError:
    """Our error for a create that failed. An earlier try of ours may hold the identifier: look for it."""
    named = reply.status in (400, 422) and replies.names_identifier(reply.json, reply.status)
    if reply.status != 409 and not named:
        return client.http.write_error(reply, operation)
    return client.http.fault(
        errors.Conflict, operation, reply=reply, reason="identifier in use", outcome_unknown=True
    )


def created(client: ImpiloClient, new: NewRecord) -> Sequence[RemotePatient]:
    """Records that carry the portal's id, have the same e-mail, or the same name and birth date.

    All looks at once; every row is checked here, and all pages are read where a filter is ignored.
    """
    looks = _looks(new)
    outcomes = side_by_side(lambda look: _found(client, look), looks, pool=SYSTEM)
    found: dict[str, RemotePatient] = {}
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            raise outcome
        found.update((record.id, record) for record in outcome)
    return tuple(found.values())


def _looks(new: NewRecord) -> list[Look]:
    details = sending.as_held(new.details)
    looks: list[Look] = []
    if new.own_id:
        looks.append(({"external_identifiers": [new.own_id]}, _is_marked(new.own_id)))
    email = details.email.casefold()
    for spelling in dict.fromkeys(filter(None, (details.email, details.email.lower()))):
        looks.append(({"email": spelling}, lambda row: row.demographics.email.casefold() == email))
    words = tuple(f"{details.given_name} {details.family_name}".split())
    days = (details.birth_date,) if details.birth_date else ()
    who = SearchQuery(words=words, birth_dates=days)
    if details.birth_date:  # by the day alone: few people share one, and names have many spellings
        by_day: Filters = {"born_from": details.birth_date, "born_until": details.birth_date}
        looks.append((by_day, lambda row: is_named(who, row) and born_then(who, row)))
    elif words:
        looks.append(({"name": " ".join(words)}, lambda row: is_named(who, row)))
    return looks


def _found(client: ImpiloClient, look: Look) -> list[RemotePatient]:
    """All rows of one look that hold. Raises where not all of them can be read."""
    operation = "look for created"
    filters, holds = look
    page, start = client.first_page(operation=operation, **filters)
    rows = list(page.rows)
    while page.more:
        if page.number - start + 1 >= MAX_PAGES:
            raise client.http.fault(
                errors.Conflict,
                operation,
                reason="filter ignored",
                for_staff=f"{LABEL} finds more records with such details than can be looked through.",
                next_step=f"Look in {LABEL} itself whether the person is there, and mark this as done with"
                " that record, or with one that you make there.",
            )
        last, number = page.rows, page.number + 1
        page = client.list_patients(page=number, first_page=start, operation=operation, **filters)
        if page.rows == last:
            raise client.http.fault(errors.ProtocolError, operation, reason="pages repeat")
        rows += page.rows
    return [record for row in rows if holds(record := mapping.patient(row, operation=operation))]


# --- changing ---------------------------------------------------------------------------------


def update(client: ImpiloClient, patient_id: str, changes: Changes) -> RemotePatient:
    """Set what the changes name; where nothing is left to do, nothing is sent."""
    sending.check_changes(changes)

    def done(record: RemotePatient) -> bool:
        return not record.unread and not left_to_do(record, changes, sending.as_held).parts

    change = _Change(client, patient_id, "update", lambda held: sending.changed(changes, held), done)
    held, record = change.read()
    return record if done(record) or not changes.parts else change.write(held)


def archive(client: ImpiloClient, patient_id: str) -> RemotePatient:
    """Put a record away, unless it is put away already."""

    def done(record: RemotePatient) -> bool:
        return record.status is RecordStatus.ARCHIVED

    change = _Change(client, patient_id, "archive", lambda held: sending.ARCHIVED, done)
    held, record = change.read()
    return record if done(record) else change.write(held)


def mark(client: ImpiloClient, patient_id: str, own_id: str) -> RemotePatient:
    """Write the portal's id into a record that has no identifier. Raises ``Conflict`` where it has one."""
    if not own_id:
        raise ValueError("a mark is the portal's own id")
    done = _is_marked(own_id)
    change = _Change(client, patient_id, "mark", lambda held: sending.marked(own_id), done)
    held, record = change.read()
    if done(record):
        return record
    if record.identifiers or "identifiers" in record.unread:
        raise client.http.fault(errors.Conflict, "mark", reason="identifier held")
    return change.write(held)


class _Change:
    """One change of one record: PATCH, or where that is not offered PUT (README, Changing).

    ``fields_for`` gives the fields to set for the patient object as it is held; ``done`` tells
    whether a record shows them.
    """

    def __init__(
        self, client: ImpiloClient, patient_id: str, operation: str, fields_for: FieldsFor, done: Done
    ) -> None:
        self.client = client
        self.patient_id = patient_id
        self.operation = operation
        self.fields_for = fields_for
        self.done = done

    def read(self) -> tuple[Mapping[str, Any], RemotePatient]:
        """The patient object as it came, identifier and all, and the record in it."""
        data = self.client.get_patient(self.patient_id, operation=self.operation)
        record = mapping.patient(data, operation=self.operation)
        if record.id != str(int(self.patient_id)) or not isinstance(data, Mapping):
            raise self.client.foreign_record(self.operation)
        return data, record

    def write(self, held: Mapping[str, Any]) -> RemotePatient:
        """Send the change to a record that was just read; the record as it is then."""
        body = sending.patch(held, self.fields_for(held))
        reply = self.client.patch_patient(self.patient_id, body, operation=self.operation)
        if reply.status in (404, 405):
            return self._put(reply)
        if not reply.ok or reply.text_kind:
            raise self.client.http.write_error(reply, self.operation)
        record = _record_in(reply, self.operation)
        if record is None or record.id != str(int(self.patient_id)) or not self.done(record):
            return self._read_back()
        return record

    def _put(self, refused: Reply) -> RemotePatient:
        """The whole record, read anew: a 404 may mean the record or the method, and reading tells."""
        try:
            held, _record = self.read()
            body = sending.put(held, self.fields_for(held))
        except errors.IntegrationError as fault:
            fault.outcome_unknown = bool(refused.text_kind)  # as after any refusal that is not the system's
            raise
        except ValueError:
            raise self.client.http.fault(
                errors.ProtocolError, self.operation, reply=refused, reason="site without number"
            ) from None
        self.client.put_patient(self.patient_id, body, operation=self.operation)
        return self._read_back()

    def _read_back(self) -> RemotePatient:
        try:
            return self.read()[1]
        except errors.IntegrationError as fault:
            fault.outcome_unknown = True
            raise


def _record_in(reply: Reply, operation: str) -> RemotePatient | None:
    try:
        return mapping.patient(reply.json, operation=operation)
    except errors.ProtocolError:
        return None


def _is_marked(own_id: str) -> Done:
    return lambda record: any(each.value == own_id for each in record.identifiers)
