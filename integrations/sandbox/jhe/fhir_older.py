"""FHIR of the 2025-10 generation: Observation by patient, and a Patient search that never works.

It answers with the REST envelope around ``{"resource": …}`` instead of a Bundle, wants a patient
for every search of observations (and does not check who may see that patient), and refuses or
fails on everything else.
"""

from __future__ import annotations

import base64
import json
from typing import NoReturn

from flask import Flask

from .calls import Api, Call, Row, Server, Writes, full_url
from .errors import Crashed, Refused, denied, missing, number, sentences
from .fhir_resources import codes_like
from .fhir_writing import create_each, json_body, outcome, stored
from .paging import envelope, paged
from .patients import identifier_values
from .records import enrolled, is_practitioner, own_patient, own_studies, shared_patients

BASE = "/fhir/r5"
GROUP = "patient._has:_group:member:_id"


def register(app: Flask, server: Server) -> None:
    """Serve the lower-case base; it has no discovery documents."""
    api = Api(app, server, BASE, fhir=True)
    api.add("/", POST=Writes(create_each))
    api.add("/Observation", GET=observations, POST=Writes(create_observation))
    api.add("/Observation/<key>", GET=observation)
    api.add("/Patient", GET=patients, POST=Writes(create_patient))
    api.add("/Patient/<key>", GET=patients)


def _own_study(call: Call, text: str) -> int:
    """A study of one of the caller's organizations."""
    if not is_practitioner(call.data, call.user):
        raise missing("Practitioner")
    wanted = number(text)
    if wanted not in {row["id"] for row in own_studies(call.data, call.user)}:
        raise denied("Current User does not have authorization to access this Study.")
    return wanted


def _split(coding: str) -> tuple[str, str]:
    """``system|value``; without a bar the real server fails."""
    system, bar, value = coding.partition("|")
    if not bar:
        raise Crashed
    return system, value


def patients(call: Call, key: str = "") -> NoReturn:
    """Search and read alike: the checks of the real server, and behind them a broken query."""
    study = call.query.get("_has:_group:member:_id")
    identifier = call.query.get("identifier")
    if not study and not identifier:
        raise sentences(
            "Request parameter _has:Group:member:_id=<study_id> or"
            " patient.identifier=<system>|<value> must be provided."
        )
    value = _split(identifier)[1] if identifier else ""
    if study:
        _own_study(call, study)
    if identifier and not any(
        not value or value in identifier_values(row, older=True)
        for row in shared_patients(call.data, call.user)
    ):
        raise denied("Current User does not have authorization to access this Patient.")
    raise Crashed


def create_observation(call: Call) -> tuple[Row, int]:
    """Keep one observation; the answer to staff is a failed search for it: it is kept and they get a 404."""
    try:
        row = stored(call, json_body())
    except Refused as refused:
        raise Refused(400, outcome(refused)) from None
    if own_patient(call.data, call.user) is None:
        raise missing("Patient")
    resource: Row = _resource(call, row)["resource"]
    return resource, 201


def create_patient(call: Call) -> NoReturn:
    """A creation that never works."""
    raise Crashed


def _found(call: Call) -> list[Row]:
    """The observations of the patient asked for, newest change first."""
    query = call.query
    study = query.get(GROUP) or query.get("_has:_group:member:_id")
    patient, identifier = query.get("patient"), query.get("patient.identifier")
    if not (study or patient or identifier):
        raise sentences(
            "Request parameter patient._has:Group:member:_id=<study_id> or patient=<patient_id> or"
            " patient.identifier=<system>|<value> must be provided."
        )
    if study:
        group = _own_study(call, study)
        if patient and number(patient) not in enrolled(call.data, group):
            raise sentences("The requested Patient is not part of the specified Study.")
    code = query.get("code")
    codes = codes_like(call.data, "|".join(_split(code))) if code else None
    rows = _of_patient(call, patient, _split(identifier)[1] if identifier else None)
    rows = [row for row in rows if codes is None or row["scope_code_id"] in codes]
    return sorted(rows, key=lambda row: str(row["last_updated"]), reverse=True)


def _of_patient(call: Call, patient: str | None, identifier: str | None) -> list[Row]:
    """Without ``patient`` only a patient's own login gets anywhere.

    Who takes part in no study of an own organization has no observations here, as if there were none.
    """
    own = own_patient(call.data, call.user)
    if patient:
        wanted = number(patient)
    elif own is not None:
        wanted = own["id"]
    else:
        raise missing("Patient")
    subject = call.data["patients"].get(str(wanted))
    if subject is None or (identifier and identifier not in identifier_values(subject, older=True)):
        return []
    if not any(_takes_part(call, wanted, study) for study in call.data["studies"].values()):
        return []
    return [row for row in call.data["observations"].values() if row["patient_id"] == wanted]


def _takes_part(call: Call, patient_id: int, study: Row) -> bool:
    own: list[int] = call.data["patients"][str(patient_id)]["organizations"]
    return study["organization_id"] in own and patient_id in enrolled(call.data, study["id"])


def observations(call: Call) -> Row | list[Row]:
    """A page of observations; a size of 0 turns paging off, and the envelope with it."""
    rows = _found(call)
    size = call.query.get("_count")
    if size == "0":
        return [_resource(call, row) for row in rows]
    page = paged(rows, full_url(), page=call.query.get("_page"), size=size, key="_page")
    return envelope(page, [_resource(call, row) for row in page.rows])


def observation(call: Call, key: str) -> NoReturn:
    """Reading one never works: it wants the parameters of a search, and then finds nothing."""
    _found(call)
    raise Refused(404, {"detail": "Not found."})


def _resource(call: Call, row: Row) -> Row:
    """The payload is base64 in lines of 76 characters; there is no time of measurement."""
    code = call.data["scope_codes"][str(row["scope_code_id"])]
    payload = base64.encodebytes(json.dumps(row["omh_data"]).encode()).decode().rstrip("\n")
    return {
        "resource": {
            "resourceType": "Observation",
            "id": str(row["id"]),
            "meta": {"lastUpdated": row["last_updated"].replace("Z", "+00:00")},
            "status": "final",
            "subject": {"reference": f"Patient/{row['patient_id']}"},
            "code": {"coding": [{"code": code["coding_code"], "system": code["coding_system"]}]},
            "valueAttachment": {"data": payload, "contentType": "application/json"},
        }
    }
