"""A patient's consent decisions, and the apps that their studies use. Writing is in ``consent_writing``."""

from __future__ import annotations

from . import consent_writing, shapes
from .calls import Api, Call, Row, Writes
from .errors import denied, number
from .records import enrolled, is_practitioner, shared_patients


def register(api: Api) -> None:
    """Serve what hangs on one patient."""
    api.add(
        "/patients/<key>/consents",
        GET=Writes(consents),
        POST=Writes(consent_writing.decide),
        PATCH=Writes(consent_writing.change),
        DELETE=Writes(consent_writing.forget),
    )
    if not api.server.older:
        api.add("/patients/<key>/consolidated_clients", GET=consolidated_clients)


def consents(call: Call, key: str) -> Row:
    """The decisions of one patient, study by study, and the scopes still to be decided.

    ``?reset=true`` is a trap of the real server: this GET then deletes every decision.
    """
    row = _readable(call, key)
    if call.query.get("reset") == "true":
        return _forget_all(call, row)
    return {
        "patient": shapes.patient(call.data, row, older=call.older),
        "consolidatedConsentedScopes": _agreed(call, row),
        "studiesPendingConsent": _studies(call, row, pending=True),
        "studies": _studies(call, row, pending=False),
    }


def _readable(call: Call, key: str) -> Row:
    """The patient, if the caller is that patient or shares an organization with them."""
    row = consent_writing.subject(call, key)
    if is_practitioner(call.data, call.user) and row not in shared_patients(call.data, call.user):
        raise denied("This Practitioner not authorized to access this Patient")
    return row


def _enrolments(call: Call, row: Row) -> list[Row]:
    mine = [each for each in call.data["enrolments"] if each["patient_id"] == row["id"]]
    return sorted(mine, key=lambda each: int(each["study_id"]))


def _decisions(call: Call, row: Row) -> list[Row]:
    mine = {each["id"] for each in _enrolments(call, row)}
    return [each for each in call.data["consents"] if each["enrolment_id"] in mine]


def _forget_all(call: Call, row: Row) -> Row:
    gone = {each["id"] for each in _decisions(call, row)}
    call.data["consents"] = [each for each in call.data["consents"] if each["id"] not in gone]
    return {"resetCount": len(gone)}


def _agreed(call: Call, row: Row) -> list[Row]:
    """Every scope with at least one yes, in whatever study."""
    codes = {each["scope_code_id"] for each in _decisions(call, row) if each["consented"]}
    return [shapes.scope_code(call.data["scope_codes"][str(code)]) for code in sorted(codes)]


def _studies(call: Call, row: Row, *, pending: bool) -> list[Row]:
    """The patient's studies with the scopes that were decided, or with those that were not."""
    decided = {(each["enrolment_id"], each["scope_code_id"]): each for each in _decisions(call, row)}
    shown = []
    for enrolment in _enrolments(call, row):
        study = call.data["studies"][str(enrolment["study_id"])]
        scopes = [
            _scope(call, request["scope_code_id"], decided.get((enrolment["id"], request["scope_code_id"])))
            for request in study["scope_requests"]
            if pending == ((enrolment["id"], request["scope_code_id"]) not in decided)
        ]
        if scopes:
            shown.append(_study(call, study, "pendingScopeConsents" if pending else "scopeConsents", scopes))
    return shown


def _scope(call: Call, code: int, decision: Row | None) -> Row:
    time = shapes.shown(decision["consented_time"], older=call.older) if decision else None
    return {
        "code": shapes.scope_code(call.data["scope_codes"][str(code)]),
        "consented": decision["consented"] if decision else None,
        "consentedTime": time,
    }


def _study(call: Call, row: Row, label: str, scopes: list[Row]) -> Row:
    sources = [call.data["data_sources"][str(link["data_source_id"])] for link in row["data_sources"]]
    shape = shapes.study(call.data, row)
    del shape["iconUrl"]
    return {**shape, "dataSources": [shapes.data_source(call.data, each) for each in sources], label: scopes}


def consolidated_clients(call: Call, key: str) -> list[Row]:
    """The apps of the studies that a patient is in; open to every signed-in person."""
    wanted = number(key)
    links = {
        link["client_id"]
        for study in call.data["studies"].values()
        if wanted in enrolled(call.data, study["id"])
        for link in study["clients"]
    }
    return [_with_invitations(call, wanted, call.data["clients"][str(each)]) for each in sorted(links)]


def _with_invitations(call: Call, patient_id: int, app: Row) -> Row:
    mine = [
        row
        for row in call.data["invitations"].values()
        if (row["patient_id"], row["client_id"]) == (patient_id, app["id"])
    ]
    mine.sort(key=lambda row: str(row["last_updated"]), reverse=True)
    return {**shapes.app(app), "patientInvitations": [shapes.invitation(row) for row in mine]}
