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
from datetime import UTC, datetime, timedelta
from typing import Any

from integrations.sandbox import people as shared

from . import seed_data as fixed
from .calls import OLDER, Data, Row, instant
from .keys import new_signing_key

SEEDED_AT = datetime(2026, 8, 21, 9, 0, 0, 1000, tzinfo=UTC)
"""When the seed was made; rows get one second each after it, so that an order by time is total."""

SEEDED = instant(SEEDED_AT)


def seed(dialect: str, people: Iterable[Mapping[str, Any]] | None = None) -> Data:
    """The first state for one dialect.

    ``people`` are rows as :func:`integrations.sandbox.people.jhe_rows` gives them, the default;
    they are numbered after JHE's own patients. A row may name ``studies`` to be enrolled in.
    """
    older = dialect == OLDER
    data: Data = {name: {} for name in ("users", "practitioners", "patients", "observations")}
    data["dialect"] = dialect
    data["last_ids"] = {"identifiers": 0, "enrolments": 0, "consents": 0}
    data["roles"], data["enrolments"], data["consents"] = [], [], []
    data["sessions"], data["codes"] = {}, {}
    data["access_tokens"], data["refresh_tokens"] = {}, {}
    data["signing_key"] = new_signing_key()
    data |= _catalogue(older=older)
    data["clients"], data["api_keys"] = _clients(older=older)
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


def _catalogue(*, older: bool) -> Data:
    codes = fixed.SCOPE_CODES[: fixed.OLDER_CODES] if older else fixed.SCOPE_CODES
    sources = fixed.DATA_SOURCES[: fixed.OLDER_SOURCES] if older else fixed.DATA_SOURCES
    known = {50001 + place for place in range(len(codes))}
    scope_links = _Counter()
    support_links = _Counter()
    source_links = _Counter()
    client_links = _Counter()
    return {
        "organizations": _table(
            {"id": id_, "name": name, "type": old if older else kind, "part_of": part_of}
            for id_, name, kind, old, part_of in fixed.ORGANIZATIONS
        ),
        "scope_codes": _table(
            {
                "id": 50001 + place,
                "coding_system": fixed.CODE_SYSTEMS.get(code, fixed.OPENMHEALTH),
                "coding_code": code,
                "text": text,
            }
            for place, (code, text) in enumerate(codes)
        ),
        "data_sources": _table(
            {
                "id": 70001 + place,
                "name": name,
                "type": kind,
                "supported": [] if older else support_links.rows("scope_code_id", scopes),
            }
            for place, (name, kind, scopes) in enumerate(sources)
        ),
        "studies": _table(
            {
                "id": id_,
                "name": name,
                "description": description,
                "organization_id": organization,
                "icon_url": None,
                "scope_requests": scope_links.rows(
                    "scope_code_id", [each for each in scopes if each in known]
                ),
                "data_sources": [] if older else source_links.rows("data_source_id", sources_),
                "clients": [] if older else client_links.rows("client_id", apps),
            }
            for id_, name, description, organization, scopes, sources_, apps in fixed.STUDIES
        ),
    }


class _Counter:
    """Numbers the rows of one linking table."""

    def __init__(self) -> None:
        self.last = 0

    def rows(self, field: str, ids: Iterable[int]) -> list[Row]:
        made = []
        for each in ids:
            self.last += 1
            made.append({"id": self.last, field: each})
        return made


def _table(rows: Iterable[Row]) -> dict[str, Row]:
    return {str(row["id"]): {**row, "last_updated": _moment(place)} for place, row in enumerate(rows)}


def _moment(place: int) -> str:
    return instant(SEEDED_AT + timedelta(seconds=place))


def _client(id_: int, **fields: Any) -> Row:
    """One OAuth application; ``secret`` is ``None`` for a public one."""
    blank: Row = {"secret": None, "grant": "authorization-code", "redirect_uris": [], "user_id": None}
    return {"id": id_, **blank, "invitation_url": None, "created": _moment(id_), **fields}


def _clients(*, older: bool) -> tuple[dict[str, Row], list[Row]]:
    apps = [] if older else list(fixed.APPS)
    made = [
        _client(place, name=name, client_id=client_id, invitation_url=url)
        for place, (name, client_id, url) in enumerate(apps, start=1)
    ]
    portal = {"client_id": fixed.CLIENT_ID, "secret": fixed.CLIENT_SECRET}
    made.append(_client(len(made) + 1, name="Portal", redirect_uris=list(fixed.REDIRECT_URIS), **portal))
    keys: list[Row] = []
    users = {email: (user_id, practitioner) for user_id, email, _, _, _, practitioner in fixed.USERS}
    for email, client_id, secret in [] if older else fixed.API_KEYS:
        user_id, practitioner = users[email]
        name = f"_practitioner_client_{practitioner}_{SEEDED_AT:%Y%m%d%H%M%S}"
        owner = {"user_id": user_id, "grant": "client-credentials", "name": name}
        made.append(_client(len(made) + 1, client_id=client_id, secret=secret, **owner))
        keys.append({"id": len(keys) + 1, "client": len(made), "user_id": user_id, "label": "Portal"})
    return {str(row["id"]): row for row in made}, keys


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
            "last_updated": _moment(place),
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
    """The next free number of a table."""
    if table in data["last_ids"]:
        data["last_ids"][table] += 1
        return int(data["last_ids"][table])
    return max(int(each) for each in data[table]) + 1


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
        "last_updated": _moment(patient_id - 40001),
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
                        "consented_time": SEEDED,
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
            "last_updated": _moment(place),
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
