"""What has to be certain before a change leaves for JHE, which holds few lines itself.

The caller's role is asked anew each time, and whether the record belongs to the organization named
(README.md §3, §11). Every guard raises one of :mod:`integrations.errors`; nothing was sent then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings

from integrations import errors
from integrations.parallel import side_by_side
from integrations.types import Identifier, Organization, RemotePatient
from integrations.writes import Part

from . import outgoing, reach
from .client import JheClient
from .dialect import Dialect
from .mapping import LABEL, NAME, NHS_NUMBER_SYSTEM
from .oauth import NoToken
from .plan import by_identifier
from .records import Records, result_of

UNREADABLE = "unreadable identifiers"
OUTSIDE = "another organization"
ROLE = "role"
UNWRITABLE = "An identifier is empty or cannot be written."
NO_NHS_NUMBER = f"This portal does not write NHS numbers into {LABEL}."
_WORDS = {Part.EMAIL: "e-mail address", Part.NHS_NUMBER: "NHS number"}


def writes_nhs_number() -> bool:
    """Whether this site has the NHS number written into JHE, where every practitioner can read it."""
    return bool(settings.SYSTEMS[NAME]["WRITES_NHS_NUMBER"])


class Guards:
    """The guards of one caller's writes."""

    def __init__(self, client: JheClient, records: Records) -> None:
        self.client = client
        self.http = client.http
        self.records = records

    # --- who and where --------------------------------------------------------------------

    def check_role(self, organization_id: str, operation: str) -> None:
        """Raise ``Forbidden`` unless the caller may manage people of this organization at this moment."""
        caller = self.http.caller
        if caller.token is None:  # an API key only reads: it acts as whoever made it
            NoToken(self.http).current()
        if not organization_id:
            sentence = f"Choose the {LABEL} organization for this."
            self.check_values({"organization_id": sentence}, operation)
        every = reach.every_organization(self.client)
        found = next((each for each in every if each.id == organization_id), None)
        if found is None or found.role not in reach.MANAGING:
            raise self._role_fault(found, operation)

    def _role_fault(self, found: Organization | None, operation: str) -> errors.IntegrationError:
        name = (found.name if found else "") or "this organization"
        held = f"You have no {LABEL} role at {name}"
        if found and found.role:
            held = f"Your {LABEL} role at {name} is {found.role}"
        return self.http.fault(
            errors.Forbidden,
            operation,
            reason=ROLE,
            for_staff=f"{held}: this takes a member or manager there.",
            next_step=f"Ask a manager of {name} to do this, or to give you the role.",
        )

    def member(self, patient_id: str, organization_id: str, operation: str) -> RemotePatient:
        """The record as it is, which belongs to an organization where the caller may change it.

        JHE asks for the role alone, so that anybody's record could be changed in the name of one's
        own organization.
        """
        self.check_role(organization_id, operation)
        return self.in_organization(patient_id, organization_id, operation)

    def in_organization(self, patient_id: str, organization_id: str, operation: str) -> RemotePatient:
        """The record as it is, which belongs to an organization; the role in that is asked elsewhere."""
        record = self.records.one(patient_id)
        if not is_in(record, organization_id):
            raise self.http.fault(
                errors.Forbidden,
                operation,
                reason=OUTSIDE,
                for_staff=f"This {LABEL} record does not belong to the organization that was chosen.",
                next_step="Choose one of its own organizations.",
            )
        return record

    # --- details --------------------------------------------------------------------------

    def check_parts(
        self, parts: frozenset[Part], possible: frozenset[Part], operation: str, *, custom: bool = False
    ) -> None:
        """Raise ``Unsupported`` for a part that JHE does not take, or drops without a word."""
        beyond = [_WORDS.get(each, each.replace("_", " ")) for each in sorted(parts - possible)]
        if custom:
            beyond.append("custom fields")
        if beyond:
            raise self.http.fault(
                errors.Unsupported,
                operation,
                reason="parts",
                for_staff=f"{LABEL} does not take this: {', '.join(beyond)}.",
                next_step="Leave it as it is there.",
            )

    def check_values(self, problems: Mapping[str, str], operation: str) -> None:
        """Raise ``Invalid`` with these sentences, if there are any."""
        if problems:
            raise self.http.fault(errors.Invalid, operation, reason="not sent", field_errors=problems)

    # --- identifiers ----------------------------------------------------------------------

    def check_writable(self, identifiers: Sequence[Identifier], operation: str) -> None:
        """Raise for what cannot be stored, and for an NHS number where no setting has it written."""
        if not all(map(outgoing.is_writable, identifiers)):
            self.check_values({"identifiers": UNWRITABLE}, operation)
        if not writes_nhs_number() and any(each.system == NHS_NUMBER_SYSTEM for each in identifiers):
            raise self.http.fault(
                errors.Unsupported,
                operation,
                reason="NHS number",
                for_staff=NO_NHS_NUMBER,
                next_step="Leave it out, or ask your administrator for JHE_WRITES_NHS_NUMBER.",
            )

    def identifiers_body(
        self, identifiers: Sequence[Identifier], operation: str, *, several: bool
    ) -> dict[str, Any]:
        """The whole set as this generation takes it; ``Unsupported`` where it cannot hold that."""
        if several:
            return outgoing.several_identifiers(identifiers)
        try:
            return outgoing.single_identifier(identifiers)
        except ValueError:
            raise self.http.fault(
                errors.Unsupported,
                operation,
                reason="single identifier",
                for_staff=f"This version of {LABEL} holds one identifier, without who gave it.",
                next_step="Ask your administrator to bring it up to date.",
            ) from None

    def check_unused(
        self, identifiers: Sequence[Identifier], own_id: str, dialect: Dialect, operation: str
    ) -> None:
        """Raise ``Conflict`` where another record in the caller's organizations holds one of these.

        Others cannot be searched; where nothing can, ``Unsupported``.
        """
        values = tuple(dict.fromkeys(each.value for each in identifiers))
        ways = by_identifier(values, "", dialect, self.records)
        if not ways:
            raise self.http.fault(
                errors.Unsupported,
                operation,
                reason="identifiers cannot be searched",
                for_staff=f"This version of {LABEL} cannot be asked who holds an identifier already.",
                next_step="Ask your administrator to bring it up to date.",
            )
        self.client.bearer.current()
        hits = [result_of(each) for each in side_by_side(lambda way: way(), ways, pool=NAME)]
        others = [record for each in hits for record in each.records if record.id != own_id]
        if any(pairs(identifiers) & pairs(record.identifiers) for record in others):
            raise self.http.fault(
                errors.Conflict,
                operation,
                reason=outgoing.IN_USE,
                for_staff=f"Another {LABEL} record holds one of these identifiers.",
            )


def is_in(record: RemotePatient, organization_id: str) -> bool:
    """Whether a record belongs to an organization."""
    return organization_id in {each.id for each in record.organizations}


def pairs(identifiers: Sequence[Identifier]) -> set[tuple[str, str]]:
    """Identifiers as JHE tells them apart: party and value, letter by letter."""
    return {(each.system, each.value) for each in identifiers}
