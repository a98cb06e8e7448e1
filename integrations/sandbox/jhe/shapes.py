"""What records look like in REST replies, for both generations."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from .calls import Data, Row
from .records import enrolled, is_patient, login_of, own_patient, practitioner, role_in

PACIFIC = timezone(timedelta(hours=-8))
"""The 2025-10 server writes instants in its own zone."""


def shown(moment: str, *, older: bool) -> str:
    """An instant as the dialect writes it."""
    return datetime.fromisoformat(moment).astimezone(PACIFIC).isoformat() if older else moment


def organization(row: Row, role: str | None = None, children: list[Any] | None = None) -> Row:
    """An organization; the role is filled only in lists, details and trees of organizations."""
    return {
        "id": row["id"],
        "name": row["name"],
        "type": row["type"],
        "partOf": row["part_of"],
        "currentUserRole": role,
        "children": children or [],
    }


def organization_tree(data: Data, user: Row, row: Row) -> Row:
    """An organization with everything below it."""
    below = [each for each in data["organizations"].values() if each["part_of"] == row["id"]]
    children = [
        organization_tree(data, user, each) for each in sorted(below, key=lambda one: str(one["name"]))
    ]
    return organization(row, role_in(data, user, row["id"]), children)


def patient(data: Data, row: Row, *, older: bool) -> Row:
    """A whole patient, with all organizations."""
    own = {"identifier": row["identifier"]} if older else {"identifiers": row["identifiers"]}
    return {
        "id": row["id"],
        "jheUserId": row["user_id"],
        **own,
        "nameFamily": row["name_family"],
        "nameGiven": row["name_given"],
        "birthDate": row["birth_date"],
        "telecomPhone": row["telecom_phone"],
        "telecomEmail": login_of(data, row)["email"],
        "organizations": _organizations_of(data, row),
    }


def _organizations_of(data: Data, row: Row) -> list[Row]:
    return [organization(data["organizations"][str(each)]) for each in sorted(row["organizations"])]


def user(data: Data, row: Row, *, older: bool) -> Row:
    """A login, with the patient behind it if there is one."""
    own = own_patient(data, row)
    return {
        "id": row["id"],
        "email": row["email"],
        "firstName": row["first_name"],
        "lastName": row["last_name"],
        "patient": patient(data, own, older=older) if own else None,
        "userType": row["user_type"],
        "isSuperuser": row["is_superuser"],
    }


def profile(data: Data, row: Row, *, older: bool) -> Row:
    """The caller's own login. Currently a patient's is short, a practitioner's has settings."""
    shape = user(data, row, older=older)
    if older:
        return shape
    own = own_patient(data, row)
    if is_patient(data, row):
        kept = ("id", "userType", "isSuperuser")
        short = (
            {
                "id": own["id"],
                "jheUserId": own["user_id"],
                "identifiers": own["identifiers"],
                "organizations": _organizations_of(data, own),
            }
            if own
            else None
        )
        shape = {**{name: shape[name] for name in kept}, "patient": short}
    worker = practitioner(data, row)
    if worker is not None:
        names = {"current_study_id": "currentStudyId", "current_organization_id": "currentOrganizationId"}
        shape["settings"] = {names[key]: value for key, value in worker["settings"].items()}
    return shape


def study(data: Data, row: Row) -> Row:
    """A study as lists and details show it."""
    owner = data["organizations"][str(row["organization_id"])]
    return {
        "id": row["id"],
        "name": row["name"],
        "description": row["description"],
        "organization": {"id": owner["id"], "name": owner["name"], "type": owner["type"]},
        "iconUrl": row["icon_url"],
    }


def nested_study(data: Data, row: Row, *, older: bool) -> Row:
    """A study inside one of its sub-resources: organization and patients by number."""
    updated = {} if older else {"lastUpdated": row["last_updated"]}
    return {
        "id": row["id"],
        "name": row["name"],
        "description": row["description"],
        "iconUrl": row["icon_url"],
        **updated,
        "organization": row["organization_id"],
        "patients": sorted(enrolled(data, row["id"])),
    }


def scope_code(row: Row) -> Row:
    """A scope code."""
    return {
        "id": row["id"],
        "codingSystem": row["coding_system"],
        "codingCode": row["coding_code"],
        "text": row["text"],
    }


def data_source(data: Data, row: Row, *, scopes: bool = True) -> Row:
    """A data source; its detail leaves the supported scopes empty."""
    supported = (
        [data["scope_codes"][str(each["scope_code_id"])] for each in row["supported"]] if scopes else []
    )
    kept = {name: row[name] for name in ("id", "name", "type")}
    return {**kept, "supportedScopes": [scope_code(each) for each in supported]}


def nested_data_source(row: Row) -> Row:
    """A data source inside a link to it."""
    return {
        "id": row["id"],
        "name": row["name"],
        "type": row["type"],
        "lastUpdated": row["last_updated"],
    }


def enrolment(data: Data, row: Row, *, older: bool) -> Row:
    """An enrolment as the reply to making it shows it; login and organizations by number."""
    subject = data["patients"][str(row["patient_id"])]
    single = {"identifier": subject["identifier"]} if older else {}
    study_row = data["studies"][str(row["study_id"])]
    return {
        "id": row["id"],
        "study": nested_study(data, study_row, older=older),
        "patient": {
            "id": subject["id"],
            **single,
            "nameFamily": subject["name_family"],
            "nameGiven": subject["name_given"],
            "birthDate": subject["birth_date"],
            "telecomPhone": subject["telecom_phone"],
            "lastUpdated": shown(subject["last_updated"], older=older),
            "jheUser": subject["user_id"],
            "organizations": sorted(subject["organizations"]),
        },
    }


def decision(data: Data, row: Row, enrolment_row: Row, *, older: bool) -> Row:
    """A decision as the reply to making or changing it shows it."""
    return {
        "id": row["id"],
        "studyPatient": {
            "id": enrolment_row["id"],
            "study": enrolment_row["study_id"],
            "patient": enrolment_row["patient_id"],
        },
        "scopeCode": scope_code(data["scope_codes"][str(row["scope_code_id"])]),
        "consented": row["consented"],
        "consentedTime": shown(row["consented_time"], older=older),
    }


def app(row: Row) -> Row:
    """A patient app as the list of clients shows it."""
    return {
        "id": row["id"],
        "name": row["name"],
        "clientId": row["client_id"],
        "invitationUrl": row["invitation_url"],
    }


def invitation(row: Row) -> Row:
    """An invitation as every reading shows it: the token is told only once, on creation."""
    return {
        "id": row["id"],
        "patientId": row["patient_id"],
        "client_id": row["client_id"],
        "tokenHash": row["token_hash"],
        "token": None,
        "status": row["status"],
        "lastUpdated": row["last_updated"],
    }


def application(row: Row, callback: str) -> Row:
    """The whole OAuth application of a patient app, hashed secret included, as study clients show it."""
    return {
        "id": row["id"],
        "client_id": row["client_id"],
        "redirectUris": callback,
        "postLogoutRedirectUris": "",
        "clientType": "public",
        "authorizationGrantType": row["grant"],
        "clientSecret": "pbkdf2_sha256$1000000$sandbox$bm90LWEtc2VjcmV0",
        "hashClientSecret": True,
        "name": row["name"],
        "skipAuthorization": True,
        "created": row["created"],
        "updated": row["created"],
        "algorithm": "RS256",
        "allowedOrigins": "",
        "registrationSource": "manual",
        "cimdExpiresAt": None,
        "user": None,
    }


def observation(data: Data, row: Row, *, older: bool) -> Row:
    """An observation with its payload, whose keys stay as the device wrote them."""
    subject = data["patients"][str(row["patient_id"])]
    code = data["scope_codes"][str(row["scope_code_id"])]
    login = {} if older else {"jheUserId": subject["user_id"]}
    return {
        "id": row["id"],
        "subjectPatientId": subject["id"],
        "patientNameFamily": subject["name_family"],
        "patientNameGiven": subject["name_given"],
        **login,
        "codeableConceptId": code["id"],
        "codingSystem": code["coding_system"],
        "codingCode": code["coding_code"],
        "codingText": code["text"],
        "lastUpdated": shown(row["last_updated"], older=older),
        "valueAttachmentData" if older else "omhData": row["omh_data"],
    }
