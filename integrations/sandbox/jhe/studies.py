"""Studies and what hangs on them."""

from __future__ import annotations

from . import shapes, study_writing
from .calls import Api, Call, Row, Writes, base_url
from .errors import Crashed, denied, missing, number
from .lists import console_list, filters, plain_list
from .records import enrolled, is_practitioner, own_organizations, own_studies


def register(api: Api) -> None:
    """Serve the reading operations on studies."""
    api.add("/studies", GET=Writes(studies))
    api.add("/studies/<key>", GET=study)
    api.add("/studies/<key>/scope_requests", GET=scope_requests)
    api.add("/studies/<key>/data_sources", GET=data_sources)
    api.add(
        "/studies/<key>/patients",
        GET=study_patients,
        POST=Writes(study_writing.enrol),
        DELETE=Writes(study_writing.unenrol),
    )
    if not api.server.older:
        api.add("/studies/<key>/clients", GET=study_clients)


def _own_studies(call: Call) -> list[Row]:
    if not is_practitioner(call.data, call.user):
        raise missing("Practitioner")
    return own_studies(call.data, call.user)


def studies(call: Call) -> Row:
    """The studies of the caller's own organizations; of a foreign one, none."""
    rows = _own_studies(call)
    chosen = filters(call, "organization_id", *(["study_id"] if call.older else []))
    if "organization_id" in chosen:
        rows = [row for row in rows if row["organization_id"] == chosen["organization_id"]]
    if "study_id" in chosen:  # only the 2025-10 server looks at it
        rows = [row for row in rows if row["id"] == chosen["study_id"]]
    return console_list(call, rows, lambda row: shapes.study(call.data, row), forgets_study=False)


def study(call: Call, key: str) -> Row:
    """One study; an unknown one and a foreign one are refused alike."""
    rows = _own_studies(call)
    wanted = number(key)
    for row in rows:
        if row["id"] == wanted:
            return shapes.study(call.data, row)
    raise denied("Current User does not have authorization to access this Study.")


def _links(call: Call, key: str, kind: str) -> tuple[Row, list[Row]]:
    """A study in its nested form and its links; nobody is checked, an unknown study has none."""
    row = call.data["studies"].get(str(number(key)))
    if row is None:
        return {}, []
    return shapes.nested_study(call.data, row, older=call.older), row[kind]


def scope_requests(call: Call, key: str) -> list[Row]:
    """The scopes that a study asks for; open to every signed-in person."""
    nested, links = _links(call, key, "scope_requests")
    codes = call.data["scope_codes"]
    return [
        {
            "id": link["id"],
            "study": nested,
            "scopeCode": shapes.scope_code(codes[str(link["scope_code_id"])]),
        }
        for link in links
    ]


def data_sources(call: Call, key: str) -> list[Row]:
    """The data sources of a study; open to every signed-in person."""
    nested, links = _links(call, key, "data_sources")
    sources = call.data["data_sources"]
    return [
        {
            "id": link["id"],
            "study": nested,
            "dataSource": shapes.nested_data_source(sources[str(link["data_source_id"])]),
        }
        for link in links
    ]


def study_clients(call: Call, key: str) -> list[Row]:
    """The patient apps of a study with their whole OAuth records; open to every signed-in person."""
    nested, links = _links(call, key, "clients")
    clients = call.data["clients"]
    callback = f"{base_url()}/auth/callback"
    return [
        {
            "id": link["id"],
            "study": nested,
            "client": shapes.application(clients[str(link["client_id"])], callback),
        }
        for link in links
    ]


def study_patients(call: Call, key: str) -> Row:
    """The people of an own study; of a foreign one none. The 2025-10 server always fails here."""
    if call.older:
        raise Crashed
    wanted = number(key)
    row = call.data["studies"].get(str(wanted))
    people = enrolled(call.data, wanted)
    if row is None or row["organization_id"] not in own_organizations(call.data, call.user):
        people = set()
    rows = [call.data["patients"][str(each)] for each in sorted(people)]
    return plain_list(call, rows, lambda one: shapes.patient(call.data, one, older=False))
