"""Who may read what hangs on an organization, asked before reading: JHE asks for less (README.md §3)."""

from __future__ import annotations

from functools import partial

from integrations import errors
from integrations.studies import ANOTHER_STUDY
from integrations.types import Organization, RemotePatient, Role, Study

from . import reach
from .client import JheClient
from .guards import OUTSIDE, ROLE, is_in
from .mapping import LABEL, organization_id_of_study, study_from
from .records import Records, array, beside


def organization_of(client: JheClient, organization_id: str, operation: str) -> Organization:
    """One of the caller's organizations, in which they hold any role. Else ``Forbidden``."""
    return _among(client, reach.own_organizations(client), organization_id, operation)


def shared_organization_of(client: JheClient, organization_id: str, operation: str) -> Organization:
    """One of the caller's organizations, by a role of their own at this moment. Else ``Forbidden``: JHE
    answers its lists of people by nobody there, for superusers too, and nobody is not no one (README.md §14).
    """
    every = reach.every_organization(client)
    own = tuple(each for each in every if each.role is not None)
    organization = _among(client, own, organization_id, operation)
    if organization.role is Role.SUPERUSER:
        sentence = f"{LABEL} tells a superuser nothing of an organization’s people."
        raise _forbidden(client, operation, ROLE, sentence)
    return organization


def record_in(
    client: JheClient, records: Records, patient_id: str, organization_id: str, operation: str
) -> tuple[RemotePatient, Organization]:
    """A record, which belongs to one of the caller's organizations: that one. Else ``Forbidden``."""
    client.bearer.current()  # one look for the token, shared by the threads
    own, (record,) = beside(partial(reach.own_organizations, client), [partial(records.one, patient_id)])
    organization = _among(client, own, organization_id, operation)
    if not is_in(record, organization_id):
        raise _forbidden(
            client, operation, OUTSIDE, f"This {LABEL} record does not belong to the organization."
        )
    return record, organization


def study_of(client: JheClient, study_id: str, organization: Organization, operation: str) -> Study:
    """A study, which this organization runs. Else ``Forbidden``: JHE tells anybody about any."""
    found = {each.id: each for each in studies_of(client, organization)}
    if study_id not in found:
        sentence = f"This {LABEL} study does not belong to the organization."
        raise _forbidden(client, operation, ANOTHER_STUDY, sentence)
    return found[study_id]


def studies_of(client: JheClient, organization: Organization) -> tuple[Study, ...]:
    """The studies that an organization runs."""
    rows = array(client, client.organization_studies(organization.id), "organization studies")
    mine = [row for row in rows if organization_id_of_study(row) == organization.id]
    return tuple(study_from(row, organization) for row in mine)


def _among(
    client: JheClient, own: tuple[Organization, ...], organization_id: str, operation: str
) -> Organization:
    organization = next((each for each in own if each.id == organization_id), None)
    if organization is None:
        raise _forbidden(client, operation, ROLE, f"You have no role in this {LABEL} organization.")
    return organization


def _forbidden(client: JheClient, operation: str, reason: str, for_staff: str) -> errors.IntegrationError:
    return client.http.fault(errors.Forbidden, operation, reason=reason, for_staff=for_staff)
