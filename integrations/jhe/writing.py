"""Writing to JHE: what is sent for each change, after which look, and what the answer means.

All raise :mod:`integrations.errors` errors; ``outcome_unknown`` is set where a request may have taken
effect. Rules and their sources: README.md §11.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from integrations import errors
from integrations.parallel import side_by_side
from integrations.types import Identifier, RemotePatient, SearchQuery
from integrations.writes import Changes, Details, NewRecord

from . import outgoing
from .client import JheClient
from .dialect import Dialect
from .guards import NO_NHS_NUMBER, UNREADABLE, UNWRITABLE, Guards, is_in, pairs, writes_nhs_number
from .mapping import LABEL, NAME, NHS_NUMBER_SYSTEM, keeps_several_identifiers, patient_from_rest
from .plan import by_identifier, ways_to_search
from .records import Records, result_of
from .searching import NameAsked, distinct, identifier_values

LAST_ORGANIZATION = "last organization"
NOT_LAST = "not the last organization"


def as_held(details: Details) -> Details:
    """The details as JHE would hold them: without the NHS number unless a setting writes it."""
    return outgoing.as_held(details, with_nhs_number=writes_nhs_number())


def identifier_problem(identifier: Identifier) -> str:
    """Why an identifier is not sent, in a sentence; empty where it would be."""
    if not outgoing.is_writable(identifier):
        return UNWRITABLE
    if identifier.system == NHS_NUMBER_SYSTEM and not writes_nhs_number():
        return NO_NHS_NUMBER
    return ""


class Writing:
    """What one person writes, each time after a look at the role that they hold at that moment."""

    def __init__(self, client: JheClient, records: Records, dialect: Callable[[], Dialect]) -> None:
        self.client = client
        self.http = client.http
        self.records = records
        self.dialect = dialect
        self.guards = Guards(client, records)

    # --- creating -------------------------------------------------------------------------

    def create(self, new: NewRecord) -> RemotePatient:
        """A new record in an organization where the caller is member or manager."""
        operation = "create patient"
        self.guards.check_parts(
            new.details.given(), outgoing.CREATES_WITH, operation, custom=bool(new.custom_fields)
        )
        details = as_held(new.details)
        self.guards.check_values(outgoing.problems(details, outgoing.CREATES_WITH), operation)
        identifiers = outgoing.identifiers_of(new, details)
        self.guards.check_writable(identifiers, operation)
        self.guards.check_role(new.organization_id, operation)
        body = outgoing.new_patient(details, new.organization_id)
        if identifiers:
            dialect = self.dialect()
            several = dialect.searches_identifiers
            body |= self.guards.identifiers_body(identifiers, operation, several=several)
            self.guards.check_unused(identifiers, "", dialect, operation)
        return self._read_back(self.client.create_patient(body), operation)

    def created(self, new: NewRecord, dialect: Dialect) -> tuple[RemotePatient, ...]:
        """Whole records, in reach or not, that hold the e-mail, an identifier, or name and birth date."""
        details = outgoing.as_held(new.details, with_nhs_number=True)
        query = SearchQuery(
            given_name=details.given_name,
            family_name=details.family_name,
            birth_dates=(details.birth_date,) if details.birth_date else (),
            nhs_number=details.nhs_number,
            email=new.details.email,
        )
        values = tuple(dict.fromkeys(each.value for each in new.identifiers))
        ways = [
            *ways_to_search(query, dialect, self.records),
            *by_identifier(values, "", dialect, self.records),
        ]
        self.client.bearer.current()  # one look for the token, shared by the threads
        hits = [result_of(each) for each in side_by_side(lambda way: way(), ways, pool=NAME)]
        rows = distinct(record for each in hits for record in each.records).values()
        values += identifier_values(details.nhs_number) if details.nhs_number else ()
        return tuple(self.records.whole([row for row in rows if _may_be(row, details, values)]))

    # --- changing -------------------------------------------------------------------------

    def update(self, patient_id: str, changes: Changes, organization_id: str) -> RemotePatient:
        """The record after its named parts were set, in the name of one of its organizations."""
        operation = "change patient"
        self.guards.check_parts(
            changes.parts, outgoing.CHANGES, operation, custom=bool(changes.custom_fields)
        )
        details = as_held(changes.details)
        self.guards.check_values(outgoing.problems(details, changes.parts), operation)
        record = self.guards.member(patient_id, organization_id, operation)
        if not changes.parts:
            return record
        return self._change(record, outgoing.fields(details, changes.parts), organization_id, operation)

    def set_identifiers(
        self, patient_id: str, identifiers: Sequence[Identifier], organization_id: str
    ) -> RemotePatient:
        """The record after its identifiers were replaced by these.

        JHE deletes all before it writes the first (README.md §11): nothing is sent where that could
        end with fewer than before, as far as can be seen.
        """
        operation = "set identifiers"
        record = self.guards.member(patient_id, organization_id, operation)
        if "identifiers" in record.unread:
            raise self.http.fault(
                errors.Conflict,
                operation,
                reason=UNREADABLE,
                for_staff=f"This {LABEL} record holds an identifier that the portal cannot read.",
                next_step=f"Change its identifiers in {LABEL} itself, so that none is lost.",
            )
        wanted, held = outgoing.distinct(identifiers), pairs(record.identifiers)
        if pairs(wanted) == held:
            return record
        new = [each for each in wanted if (each.system, each.value) not in held]
        self.guards.check_writable(new, operation)
        several = keeps_several_identifiers(record)
        body = self.guards.identifiers_body(wanted, operation, several=several)
        if new:
            self.guards.check_unused(new, record.id, self.dialect(), operation)
        return self._change(record, body, organization_id, operation)

    # --- organizations --------------------------------------------------------------------

    def add_to_organization(self, patient_id: str, organization_id: str) -> RemotePatient:
        """The record once it belongs to an organization where the caller is member or manager."""
        operation = "add to organization"
        self.guards.check_role(organization_id, operation)
        record = self.records.one(patient_id)
        if is_in(record, organization_id):
            return record
        try:
            reply = self.client.add_to_organization(patient_id, organization_id)
        except (errors.Conflict, errors.Unavailable) as fault:
            # Somebody was quicker: a sentence says so, before 2026 a 500.
            if fault.reason not in (outgoing.ALREADY_A_MEMBER, "status 500"):
                raise
            return self._already_in(patient_id, organization_id, fault)
        return self._read_back(reply, operation, record.id)

    def _already_in(
        self, patient_id: str, organization_id: str, fault: errors.IntegrationError
    ) -> RemotePatient:
        try:
            record = self.records.one(patient_id)
        except errors.IntegrationError:
            raise fault from None
        if not is_in(record, organization_id):
            raise fault
        return record

    def remove_from_organization(self, patient_id: str, organization_id: str) -> None:
        """Take the record out of an organization, unless that is its last one."""
        operation = "remove from organization"
        record = self._in_organizations(patient_id, organization_id, operation)
        if not is_in(record, organization_id):
            return
        if len(record.organizations) == 1:
            raise self.http.fault(
                errors.Conflict,
                operation,
                reason=LAST_ORGANIZATION,
                for_staff=f"This is the person's last organization: {LABEL} would delete them altogether.",
                next_step="Add them to another organization first, or leave them where they are.",
            )
        self.client.remove_patient(patient_id, organization_id)

    def remove_altogether(self, patient_id: str, organization_id: str) -> None:
        """Have the record deleted, which belongs to this organization and to no other."""
        operation = "remove altogether"
        record = self._in_organizations(patient_id, organization_id, operation)
        if [each.id for each in record.organizations] != [organization_id]:
            raise self.http.fault(
                errors.Conflict,
                operation,
                reason=NOT_LAST,
                for_staff=f"This is not the record's only {LABEL} organization: it would not be deleted.",
                next_step="Look at the organizations that it belongs to now.",
            )
        self.client.remove_patient(patient_id, organization_id)

    def _in_organizations(self, patient_id: str, organization_id: str, operation: str) -> RemotePatient:
        """The record with all its organizations, for somebody who may take it out of this one."""
        self.guards.check_role(organization_id, operation)
        record = self.records.one(patient_id)
        if "organizations" in record.unread:
            raise self.http.fault(errors.ProtocolError, operation, reason="unreadable organizations")
        return record

    # --- sending --------------------------------------------------------------------------

    def _change(
        self, record: RemotePatient, body: Mapping[str, Any], organization_id: str, operation: str
    ) -> RemotePatient:
        reply = self.client.change_patient(record.id, body, organization_id)
        return self._read_back(reply, operation, record.id)

    def _read_back(self, reply: Any, operation: str, patient_id: str = "") -> RemotePatient:
        """The record in a reply to a change. One that makes no sense leaves the outcome unknown."""
        try:
            record = patient_from_rest(reply)
            if patient_id and record.id != patient_id:
                raise self.http.fault(errors.ProtocolError, operation, reason="another record")
        except errors.ProtocolError as fault:
            fault.outcome_unknown = True
            raise
        return record


def _may_be(row: RemotePatient, details: Details, values: Sequence[str]) -> bool:
    """Whether a hit holds what it was searched by: a filter that a server ignores finds everybody."""
    person = row.demographics
    named = NameAsked(family=details.family_name, given=details.given_name)
    return (
        (bool(details.email) and person.email.casefold() == details.email.casefold())
        or any(each.value in values for each in row.identifiers)
        or (
            person.birth_date == details.birth_date and details.birth_date is not None and named.holds(person)
        )
    )
