"""Patients over REST: lists with their filters, single records, lookup over all organizations.

Writing them is in ``patient_creating`` and ``patient_writing``.
"""

from __future__ import annotations

from . import patient_creating, patient_writing, shapes
from .calls import Api, Call, Row, Writes
from .errors import denied, sentences
from .lists import console_list, filters
from .records import enrolled, find_patient, login_of, own_patient, shared_patients


def register(api: Api) -> None:
    """Serve the operations on patients."""
    api.add("/patients", GET=Writes(patients), POST=Writes(patient_creating.create))
    api.add("/patients/global_lookup", GET=global_lookup)
    if not api.server.older:
        api.add("/patients/me", GET=me)
    api.add(
        "/patients/<key>",
        GET=patient,
        PUT=Writes(patient_writing.put),
        PATCH=Writes(patient_writing.patch),
        DELETE=Writes(patient_writing.remove),
    )
    api.add("/patients/<key>/global_add_organization", PATCH=Writes(patient_writing.add_organization))


def patients(call: Call) -> Row:
    """The patients who share an organization with the caller, narrowed by the filters, by id."""
    numbers = ("organization_id", "study_id", "patient_id")
    chosen = filters(call, *numbers, texts=("patient_identifier_value",))
    rows = shared_patients(call.data, call.user, chosen.get("organization_id"))
    if "study_id" in chosen:
        members = enrolled(call.data, chosen["study_id"])
        rows = [row for row in rows if row["id"] in members]
    if "patient_id" in chosen:
        rows = [row for row in rows if row["id"] == chosen["patient_id"]]
    value = call.query.get("patient_identifier_value")
    if value:
        rows = [row for row in rows if value in identifier_values(row, older=call.older)]
    return console_list(call, rows, lambda row: shapes.patient(call.data, row, older=call.older))


def identifier_values(row: Row, *, older: bool) -> set[str]:
    """The values of a patient's identifiers; the 2025-10 server keeps a single one."""
    if older:
        return {row["identifier"]} if row["identifier"] else set()
    return {each["value"] for each in row["identifiers"]}


def patient(call: Call, key: str) -> Row:
    """One whole patient, shared organization or not."""
    return shapes.patient(call.data, find_patient(call, key), older=call.older)


def me(call: Call) -> Row:
    """The patient behind the caller's login."""
    own = own_patient(call.data, call.user)
    if own is None:
        raise denied("Current user is not a patient.")
    return shapes.patient(call.data, own, older=False)


def global_lookup(call: Call) -> list[Row]:
    """The patient with exactly this e-mail, letter case included, in whatever organization."""
    email = call.query.get("email")
    if not email:
        raise sentences("email parameter required")
    rows = [row for row in call.data["patients"].values() if login_of(call.data, row)["email"] == email]
    return [shapes.patient(call.data, row, older=call.older) for row in rows]
