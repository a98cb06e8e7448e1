"""Builds the first state of the sandbox's JHE.

The state is one dictionary of JSON values. Tables whose rows have an id that others refer to are
dictionaries by the id as text; relations are lists of rows. Passwords and secrets stand in clear:
everybody in it is invented and the sign-in page prints them.

=================  ==========================================================================
``users``          logins: id, email, first_name, last_name, user_type, is_superuser, password
``practitioners``  id, user_id, settings (what the console has selected), last_updated
``organizations``  id, name, type, part_of, last_updated
``roles``          user_id, organization_id, role
``patients``       id, user_id, names, birth_date, telecom_phone, identifiers, identifier (2025-10),
                   organizations (ids), last_updated
``scope_codes``, ``data_sources``, ``studies``, ``clients``, ``api_keys``, ``observations``
``invitations``    id, patient_id, client_id, token_hash, status, last_updated
``mails``          invitations that were mailed: to, subject, link
``enrolments``     id, study_id, patient_id
``consents``       id, enrolment_id, scope_code_id, consented, consented_time
``sessions``, ``codes``, ``access_tokens``, ``refresh_tokens``      sign-in
``last_ids``       last number given, by table
``dialect``        the generation that the state was made for
=================  ==========================================================================
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from integrations.sandbox import people as shared

from . import seed_data as fixed
from .calls import OLDER, Data, Row
from .catalogue import SEEDED_AT, catalogue, clients, moment
from .keys import new_signing_key

TABLES = (
    *("users", "practitioners", "patients", "observations", "invitations"),
    *("sessions", "codes", "access_tokens", "refresh_tokens"),
)
RELATIONS = ("roles", "enrolments", "consents", "mails")

# What JHE's own numbering has reached before the sandbox's people are added.
LAST_IDS = {"users": 10011, "patients": 40005, "identifiers": 0, "enrolments": 0, "consents": 0}


def seed(dialect: str, people: Iterable[Mapping[str, Any]] | None = None) -> Data:
    """The first state for one dialect.

    ``people`` are rows as :func:`integrations.sandbox.people.jhe_rows` gives them, the default;
    they are numbered after JHE's own patients. A row may name ``studies`` to be enrolled in.
    """
    older = dialect == OLDER
    data: Data = {"dialect": dialect, "signing_key": new_signing_key(), "last_ids": dict(LAST_IDS)}
    data |= {table: {} for table in TABLES}
    data |= {relation: [] for relation in RELATIONS}
    data |= catalogue(older=older)
    data["clients"], data["api_keys"] = clients(older=older)
    _add_logins(data, older=older)
    _add_patients(data)
    for row in _sample() if people is None else people:
        add_person(data, row)
    return data


def _sample() -> list[dict[str, Any]]:
    """The shared synthetic people; every third is in the first study of their organization."""
    studies = {organization: study for study, _, _, organization, *_ in reversed(fixed.STUDIES)}
    rows = []
    for count, row in enumerate(shared.jhe_rows()):
        own = [studies[each] for each in row["organizations"] if each in studies]
        rows.append({**row, "studies": own[:1] if count % 3 == 0 else []})
    return rows


def _add_logins(data: Data, *, older: bool) -> None:
    for place, (user_id, email, first, last, kind, practitioner) in enumerate(fixed.USERS):
        superuser = kind == "superuser"
        user_type = (None if older else "practitioner") if superuser else kind
        data["users"][str(user_id)] = _user(
            user_id, email, first, last, user_type=user_type, superuser=superuser, password=fixed.PASSWORD
        )
        if practitioner is None or (older and superuser):
            continue
        organization, study = fixed.SELECTIONS.get(user_id, (None, None))
        chosen = {"current_organization_id": organization, "current_study_id": study}
        data["practitioners"][str(practitioner)] = {
            "id": practitioner,
            "user_id": user_id,
            "settings": {name: value for name, value in chosen.items() if value is not None},
            "last_updated": moment(place),
        }
    ids = {row["email"]: row["id"] for row in data["users"].values()}
    data["roles"] = [
        {"user_id": ids[login.email], "organization_id": organization, "role": role}
        for login in fixed.LOGINS
        for organization, role in login.organizations.items()
    ]


def _user(
    user_id: int,
    email: str,
    first: str,
    last: str,
    *,
    user_type: str | None = None,
    superuser: bool = False,
    password: str | None = None,
) -> Row:
    return {
        "id": user_id,
        "email": email,
        "first_name": first,
        "last_name": last,
        "user_type": user_type,
        "is_superuser": superuser,
        "password": password,
    }


def next_id(data: Data, table: str) -> int:
    """The next number of a table; one that has been used never comes again.

    Tables that are numbered only since there is somebody who writes them go on from their seed.
    """
    if table not in data["last_ids"]:
        data["last_ids"][table] = max(map(int, data[table]), default=0)
    data["last_ids"][table] += 1
    return int(data["last_ids"][table])


def _add_patients(data: Data) -> None:
    for place, (user_id, birth_date, phone, organizations, identifiers, studies) in enumerate(fixed.PATIENTS):
        user = data["users"][str(user_id)]
        patient_id = 40001 + place
        data["patients"][str(patient_id)] = _patient(
            data,
            patient_id,
            user_id,
            {
                "given": user["first_name"],
                "family": user["last_name"],
                "birth_date": birth_date,
                "phone": phone,
                "organizations": organizations,
                "identifiers": [{"system": system, "value": value} for system, value in identifiers],
            },
        )
        data["patients"][str(patient_id)]["identifier"] = ""
        for study_id in studies:
            enrol(data, study_id, patient_id)
    _add_consents(data)
    _add_observations(data)


def _patient(data: Data, patient_id: int, user_id: int, row: Mapping[str, Any]) -> Row:
    identifiers = [{"id": next_id(data, "identifiers"), **each} for each in row["identifiers"]]
    return {
        "id": patient_id,
        "user_id": user_id,
        "name_family": row["family"],
        "name_given": row["given"],
        "birth_date": row["birth_date"],
        "telecom_phone": row["phone"] or None,
        "identifiers": identifiers,
        "identifier": identifiers[0]["value"] if identifiers else None,
        "organizations": list(row["organizations"]),
        "last_updated": moment(patient_id - 40001),
    }


def enrol(data: Data, study_id: int, patient_id: int) -> Row:
    """Put a patient into a study."""
    row = {"id": next_id(data, "enrolments"), "study_id": study_id, "patient_id": patient_id}
    data["enrolments"].append(row)
    return row


def add_person(data: Data, row: Mapping[str, Any]) -> int:
    """Add a patient and their login as a create over the API does; returns the patient's id.

    The login has no type and no password, as on the real server: nobody can sign in with it.
    """
    user_id, patient_id = next_id(data, "users"), next_id(data, "patients")
    data["users"][str(user_id)] = _user(user_id, row["email"], "", "")
    data["patients"][str(patient_id)] = _patient(data, patient_id, user_id, row)
    for study_id in row.get("studies", ()):
        enrol(data, study_id, patient_id)
    return patient_id


def _add_consents(data: Data) -> None:
    enrolments = {(row["patient_id"], row["study_id"]): row["id"] for row in data["enrolments"]}
    for patient_id, study_id, codes in fixed.CONSENTS:
        for code in codes:
            if str(code) in data["scope_codes"]:
                data["consents"].append(
                    {
                        "id": next_id(data, "consents"),
                        "enrolment_id": enrolments[patient_id, study_id],
                        "scope_code_id": code,
                        "consented": True,
                        "consented_time": moment(0),
                    }
                )


def _add_observations(data: Data) -> None:
    older = data["dialect"] == OLDER
    for place, (patient_id, code) in enumerate(fixed.OLDER_OBSERVATIONS if older else fixed.OBSERVATIONS):
        name, _, version = data["scope_codes"][str(code)]["coding_code"].removeprefix("omh:").partition(":")
        taken = SEEDED_AT.replace(microsecond=0) + timedelta(hours=1)
        data["observations"][str(60001 + place)] = {
            "id": 60001 + place,
            "patient_id": patient_id,
            "scope_code_id": code,
            "last_updated": moment(place),
            "effective": taken.isoformat().replace("+00:00", "Z"),
            "omh_data": {
                "body": {**fixed.MEASURED[code], "effective_time_frame": {"date_time": taken.isoformat()}},
                "header": {
                    "uuid": f"00000000-0000-4000-8000-0000000{60001 + place}",
                    "modality": "sensed",
                    "schema_id": {"name": name, "version": version, "namespace": "omh"},
                    "external_datasheets": [
                        {"datasheet_type": "manufacturer", "datasheet_reference": "iHealth"}
                    ],
                    "source_creation_date_time": SEEDED_AT.replace(microsecond=0).isoformat(),
                },
            },
        }


def api_key(client: Row) -> str:
    """The API key as JHE prints it: base64 of client id and secret."""
    return base64.b64encode(f"{client['client_id']}:{client['secret']}".encode()).decode()
