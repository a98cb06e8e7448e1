"""What patients' apps send: observations, as a resource today, in 2025-10 in a Bundle of them.

The apps' requests are not among the recordings: what is checked here, and how it is refused, follows the
server's published code.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from flask import request

from .calls import Call, Row, instant
from .errors import Crashed, Refused, denied, sentences
from .fhir_resources import IMPORTED, RESOURCES
from .records import is_practitioner, own_patient, shared_patients
from .seed import next_id

OPENMHEALTH = "https://w3id.org/openmhealth"
DEVICES = ("personal_device", "device")
NO_SOURCE = (
    "A FhirSource is required to write this resource: send the 'X-JHE-FHIR-Source-ID' header or set the"
    " resource's meta.source to 'https://jupyterhealth.org/fhir/fhir-source/<id>'."
)


def create(call: Call, kind: str) -> tuple[Row, int]:
    """One observation of the current generation; 201 with little more than its number."""
    if kind not in RESOURCES and kind not in IMPORTED:
        raise Refused(404, {"detail": f"Unsupported FHIR resource type: {kind}."})
    sent = json_body()
    if kind != "Observation" or _coding(sent).get("system") != OPENMHEALTH:
        raise sentences(NO_SOURCE)
    row = stored(call, sent)
    return {
        "resourceType": "Observation",
        "id": str(row["id"]),
        "status": "final",
        "meta": {"lastUpdated": row["last_updated"].replace("Z", "+00:00")},
        "subject": {"reference": f"Patient/{row['patient_id']}"},
        "code": {"coding": [{key: _coding(sent)[key] for key in ("system", "code")}]},
    }, 201


def create_each(call: Call) -> Row:
    """A Bundle of observations to the 2025-10 generation: always 200, what became of each is inside."""
    entries = json_body().get("entry")
    if not isinstance(entries, list):
        raise Crashed
    return {
        "resourceType": "Bundle",
        "type": "batch-response",
        "entry": [_answer(call, each.get("resource")) for each in entries],
    }


def _answer(call: Call, sent: Any) -> Row:
    try:
        row = stored(call, sent)
    except Refused as refused:
        title = {400: "Bad Request", 403: "Forbidden"}[refused.status]
        return {"response": {"status": f"{refused.status} {title}", "outcome": outcome(refused)}}
    resource = {"resourceType": "Resource", "id": str(row["id"])}
    return {"resource": resource, "response": {"status": "201 Created"}}


def outcome(refused: Refused) -> Row:
    """A refusal as the 2025-10 generation words it in answers to what is sent."""
    issue = {"severity": "error", "code": "processing", "diagnostics": refused.diagnostics}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def stored(call: Call, sent: Any) -> Row:
    """Keep an observation of somebody who agreed, in some study, to send what it is of."""
    subject = _subject(call, _reference(sent, "subject", "Patient/"))
    _check_device(call, _reference(sent, "device", "Device/"))
    wanted = (_coding(sent).get("system"), _coding(sent).get("code"))
    codes = call.data["scope_codes"].values()
    code = next((row for row in codes if (row["coding_system"], row["coding_code"]) == wanted), None)
    if code is None:
        raise _bad("Code not found: system={} code={}".format(*wanted))
    if code["id"] not in _agreed(call, subject):
        text = "Observation data with coding_system={} coding_code={} has not been consented for any studies"
        raise denied(f"{text.format(*wanted)} by this Patient.")
    payload = _payload(sent)
    now = instant(call.server.clock())
    row = {
        "id": next_id(call.data, "observations"),
        "patient_id": subject["id"],
        "scope_code_id": code["id"],
        "last_updated": now,
        "effective": payload["body"].get("effective_time_frame", {}).get("date_time", now),
        "omh_data": payload,
    }
    call.data["observations"][str(row["id"])] = row
    return row


def _subject(call: Call, key: str) -> Row:
    """Patients send for themselves, practitioners for those of their organizations."""
    row: Row | None = call.data["patients"].get(key)
    if row is None:
        raise _bad(f"Patient id={key} can not be found.")
    if is_practitioner(call.data, call.user):
        if row not in shared_patients(call.data, call.user):
            raise denied("Current user doesn't have access to the Patient.")
        return row
    own = own_patient(call.data, call.user)
    if own is None:
        raise denied("Current user is not a Patient.")
    if own["id"] != row["id"]:
        raise denied("The Subject Patient does not match the current user.")
    return row


def _check_device(call: Call, key: str) -> None:
    row = call.data["data_sources"].get(key)
    if row is None or row["type"] not in DEVICES:
        raise _bad(f"Device Data Source id={key} can not be found.")


def _agreed(call: Call, subject: Row) -> set[int]:
    mine = {row["id"] for row in call.data["enrolments"] if row["patient_id"] == subject["id"]}
    rows = call.data["consents"]
    return {row["scope_code_id"] for row in rows if row["enrolment_id"] in mine and row["consented"]}


def _reference(sent: Any, name: str, start: str) -> str:
    part = sent.get(name) if isinstance(sent, dict) else None
    text = part.get("reference") if isinstance(part, dict) else None
    if not isinstance(text, str) or not text.startswith(start):
        raise _bad(f"{name.title()} is required and must be a reference that starts with '{start}'")
    return text.removeprefix(start)


def _coding(sent: Any) -> dict[str, Any]:
    """The one coding of an observation; empty where it has none or several."""
    try:
        (coding,) = sent["code"]["coding"]
    except (KeyError, TypeError, ValueError):
        return {}
    return coding if isinstance(coding, dict) else {}


def _payload(sent: Any) -> dict[str, Any]:
    try:
        found = json.loads(base64.b64decode(sent["valueAttachment"]["data"]))
        if isinstance(found["header"], dict) and isinstance(found["body"], dict):
            return dict(found)
    except (KeyError, TypeError, ValueError):
        pass
    raise _bad("valueAttachment.data must be Base 64 Encoded Binary JSON.")


def json_body() -> dict[str, Any]:
    """What was sent, an object."""
    try:
        sent = json.loads(request.get_data() or b"{}")
    except ValueError as error:
        raise Refused(400, {"detail": f"JSON parse error - {error}"}) from error
    if not isinstance(sent, dict):
        raise Crashed
    return sent


def _bad(text: str) -> Refused:
    return Refused(400, {"detail": text})
