"""Questions to the state: who is who, who shares an organization with whom, what is in a study.

As on the real server, roles are not inherited: only a link between practitioner and organization
counts. Two functions refuse, in the way that several operations share (``find_patient``,
``check_managing``); otherwise the operations decide what an answer means.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .calls import Call, Data, Row
from .errors import denied, missing, number

MANAGING = frozenset({"super_user", "manager", "member"})
"""The roles that may create, change and remove patients."""


def practitioner(data: Data, user: Row) -> Row | None:
    """The practitioner behind a login."""
    found: Iterable[Row] = data["practitioners"].values()
    return next((row for row in found if row["user_id"] == user["id"]), None)


def is_practitioner(data: Data, user: Row) -> bool:
    """Whether a login counts as a practitioner's."""
    return user["user_type"] == "practitioner" or practitioner(data, user) is not None


def own_patient(data: Data, user: Row) -> Row | None:
    """The patient behind a login."""
    found: Iterable[Row] = data["patients"].values()
    return next((row for row in found if row["user_id"] == user["id"]), None)


def is_patient(data: Data, user: Row) -> bool:
    """Whether a login counts as a patient's; a practitioner's can become one, too."""
    return user["user_type"] == "patient" or own_patient(data, user) is not None


def role_in(data: Data, user: Row, organization_id: int) -> str | None:
    """The caller's role in one organization; superusers have theirs everywhere."""
    if user["is_superuser"]:
        return "super_user"
    for link in data["roles"]:
        if link["user_id"] == user["id"] and link["organization_id"] == organization_id:
            return str(link["role"])
    return None


def own_organizations(data: Data, user: Row) -> set[int]:
    """The organizations that the caller is linked to."""
    return {link["organization_id"] for link in data["roles"] if link["user_id"] == user["id"]}


def shared_patients(data: Data, user: Row, organization_id: int | None = None) -> list[Row]:
    """The patients who share an organization (this one, if given) with the caller, by id."""
    reach = own_organizations(data, user)
    if organization_id is not None:
        reach &= {organization_id}
    rows = [row for row in data["patients"].values() if reach.intersection(row["organizations"])]
    return sorted(rows, key=lambda row: int(row["id"]))


def enrolled(data: Data, study_id: int) -> set[int]:
    """The patients of a study."""
    return {row["patient_id"] for row in data["enrolments"] if row["study_id"] == study_id}


def own_studies(data: Data, user: Row) -> list[Row]:
    """The studies of the caller's organizations, by name."""
    reach = own_organizations(data, user)
    rows = [row for row in data["studies"].values() if row["organization_id"] in reach]
    return sorted(rows, key=lambda row: str(row["name"]))


def requested_codes(data: Data, study_id: int) -> set[int]:
    """The scope codes that a study asks for."""
    study = data["studies"].get(str(study_id))
    return {request["scope_code_id"] for request in study["scope_requests"]} if study else set()


def login_of(data: Data, patient: Row) -> Row:
    """The login behind a patient."""
    user: Row = data["users"][str(patient["user_id"])]
    return user


def user_by_email(data: Data, email: str) -> Row | None:
    """The login with exactly this e-mail, letter case included."""
    found: Iterable[Row] = data["users"].values()
    return next((row for row in found if row["email"] == email), None)


def identifier_in_use(data: Data, system: str, value: str) -> bool:
    """Whether any patient, in whatever organization, holds this identifier; a pair of text belongs to one."""
    found: Iterable[Row] = data["patients"].values()
    return any(
        (system, value) == (each["system"], each["value"]) for row in found for each in row["identifiers"]
    )


def find_patient(call: Call, key: str) -> Row:
    """A patient by id: any practitioner may see any, a patient only their own record."""
    own = own_patient(call.data, call.user)
    if not is_practitioner(call.data, call.user) and (own is None or own["id"] != number(key)):
        raise denied("Current User does not have authorization to access this Patient.")
    row: Row | None = call.data["patients"].get(str(number(key)))
    if row is None:
        raise missing("Patient")
    return row


def check_managing(call: Call, organization: Any) -> None:
    """403 for who may not manage patients *in the organization that the request names*.

    Whether the patient belongs to it is not asked. Superusers need not name any.
    """
    if call.user["is_superuser"]:
        return
    if organization is None or role_in(call.data, call.user, number(organization)) not in MANAGING:
        raise denied()
