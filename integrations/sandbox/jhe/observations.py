"""Observations and data sources over REST."""

from __future__ import annotations

from . import shapes
from .calls import Api, Call, Row, Writes
from .errors import Refused, missing, number
from .lists import console_list, filters, plain_list
from .records import enrolled, is_practitioner, requested_codes, shared_patients


def register(api: Api) -> None:
    """Serve the reading operations on observations, data sources and scopes."""
    api.add("/observations", GET=Writes(observations))
    api.add("/data_sources", GET=data_sources)
    api.add("/data_sources/all_scopes", GET=all_scopes)
    api.add("/data_sources/<key>", GET=data_source)
    api.add("/data_sources/<key>/supported_scopes", GET=supported_scopes)
    if not api.server.older:
        api.add("/observations/<key>", GET=observation)


def _only_practitioners(call: Call) -> None:
    if not call.older and not is_practitioner(call.data, call.user):
        raise missing("Practitioner")


def _in_reach(call: Call, organization_id: int | None = None) -> list[Row]:
    """Observations of patients who share an organization with the caller, newest change first."""
    people = {row["id"] for row in shared_patients(call.data, call.user, organization_id)}
    rows = [row for row in call.data["observations"].values() if row["patient_id"] in people]
    return sorted(rows, key=lambda row: str(row["last_updated"]), reverse=True)


def observations(call: Call) -> Row:
    """Observations by organization, study (today its requested codes only), patient and id."""
    _only_practitioners(call)
    chosen = filters(call, "organization_id", "study_id", "patient_id", "observation_id")
    rows = _in_reach(call, chosen.get("organization_id"))
    if "study_id" in chosen:
        members = enrolled(call.data, chosen["study_id"])
        codes = requested_codes(call.data, chosen["study_id"])
        rows = [row for row in rows if row["patient_id"] in members]
        rows = rows if call.older else [row for row in rows if row["scope_code_id"] in codes]
    if "patient_id" in chosen:
        rows = [row for row in rows if row["patient_id"] == chosen["patient_id"]]
    if "observation_id" in chosen:
        rows = [row for row in rows if row["id"] == chosen["observation_id"]]
    return console_list(call, rows, lambda row: shapes.observation(call.data, row, older=call.older))


def observation(call: Call, key: str) -> Row:
    """One observation in reach."""
    _only_practitioners(call)
    if not key.isdecimal():
        raise Refused(404, {"detail": "Not found."})
    for row in _in_reach(call):
        if str(row["id"]) == key:
            return shapes.observation(call.data, row, older=False)
    raise missing("Observation")


def data_sources(call: Call) -> Row:
    """Every data source with its scopes, by name."""
    rows = sorted(call.data["data_sources"].values(), key=lambda row: str(row["name"]).casefold())
    return plain_list(call, rows, lambda row: shapes.data_source(call.data, row))


def data_source(call: Call, key: str) -> Row:
    """One data source, whose scopes are left empty here."""
    if not key.isdecimal():
        raise Refused(404, {"detail": "Not found."})
    row = call.data["data_sources"].get(key)
    if row is None:
        raise missing("DataSource")
    return shapes.data_source(call.data, row, scopes=False)


def all_scopes(call: Call) -> list[Row]:
    """Every scope code, by its text."""
    rows = sorted(call.data["scope_codes"].values(), key=lambda row: str(row["text"]))
    return [shapes.scope_code(row) for row in rows]


def supported_scopes(call: Call, key: str) -> list[Row]:
    """The scopes of a data source."""
    row = call.data["data_sources"].get(str(number(key)))
    if row is None:
        return []
    codes = call.data["scope_codes"]
    return [
        {
            "id": link["id"],
            "dataSource": shapes.nested_data_source(row),
            "scopeCode": shapes.scope_code(codes[str(link["scope_code_id"])]),
        }
        for link in row["supported"]
    ]
