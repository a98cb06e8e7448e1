"""What resources look like in FHIR replies of the current generation. Empty parts are left out."""

from __future__ import annotations

import base64
import json

from .calls import Data, Row
from .records import login_of

SOURCE = "https://jupyterhealth.org/jhe"
MODEL = "https://jupyterhealth.org/fhir/CodeSystem/model"
USER_ID = "https://jupyterhealth.org/fhir/identifier/jhe-user-id"


def _head(row: Row, kind: str) -> Row:
    return {
        "resourceType": kind,
        "id": str(row["id"]),
        "meta": {"lastUpdated": row["last_updated"], "source": SOURCE},
    }


def patient(data: Data, row: Row) -> Row:
    """A patient; organizations are not in it."""
    shape = _head(row, "Patient")
    if row["identifiers"]:
        shape["identifier"] = [
            {"system": each["system"], "value": each["value"]} for each in row["identifiers"]
        ]
    name: Row = {"family": row["name_family"]} if row["name_family"] else {}
    if row["name_given"]:
        name["given"] = [row["name_given"]]
    if name:
        shape["name"] = [name]
    if row["birth_date"]:
        shape["birthDate"] = row["birth_date"]
    phone = {"system": "phone", "value": row["telecom_phone"], "use": "mobile"}
    email = {"system": "email", "value": login_of(data, row)["email"], "use": "home"}
    shape["telecom"] = [each for each in (phone, email) if each["value"]]
    return shape


def _named(row: Row, kind: str, model: str) -> Row:
    """A resource that is little more than a name and the real server's word for its kind."""
    coding = {"system": MODEL, "code": model}
    return {**_head(row, kind), "name": row["name"], "type": {"coding": [coding]}}


def group(data: Data, row: Row) -> Row:
    """A study."""
    return {**_named(row, "Group", "study"), "membership": "enumerated"}


def device(data: Data, row: Row) -> Row:
    """A data source."""
    return _named(row, "Device", "data-source")


def organization(data: Data, row: Row) -> Row:
    """An organization."""
    return _named(row, "Organization", "organization")


def practitioner(data: Data, row: Row) -> Row:
    """A practitioner."""
    name = {"family": row["last_name"], "given": [row["first_name"]]}
    return {**_head(row, "Practitioner"), "name": [name]}


def observation(data: Data, row: Row) -> Row:
    """An observation; the payload is base64 of its JSON."""
    code = data["scope_codes"][str(row["scope_code_id"])]
    login = data["patients"][str(row["patient_id"])]["user_id"]
    payload = base64.b64encode(json.dumps(row["omh_data"]).encode()).decode()
    return {
        **_head(row, "Observation"),
        "status": "final",
        "code": {
            "coding": [
                {"system": code["coding_system"], "code": code["coding_code"], "display": code["text"]}
            ]
        },
        "effectiveDateTime": row["effective"],
        "subject": {
            "reference": f"Patient/{row['patient_id']}",
            "identifier": {"system": USER_ID, "value": str(login)},
        },
        "valueAttachment": {"contentType": "application/json", "data": payload},
    }
