"""What the tests of JHE share: its adapter for somebody, and what was asked of the sandbox."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from integrations.jhe.adapter import JheAdapter
from integrations.sandbox.faults import Fault, FaultKind
from integrations.types import Found, Identifier, RemotePatient
from integrations.writes import Details, NewRecord

from .subjects import Bench
from .subjects_jhe import READER, caller_of

NOT_THERE = Fault(kind=FaultKind.STATUS, status=404, html=True)
"""The page for an address that does not exist."""


def adapter(bench: Bench, email: str = READER) -> JheAdapter:
    """The adapter for one person."""
    return JheAdapter(caller_of(bench.sandbox, email))


def ids(answer: object) -> list[str]:
    """The ids that a search found; fails where it could not search."""
    assert isinstance(answer, Found)
    return [record.id for record in answer.records]


def asked(bench: Bench, path: str) -> int:
    """How many requests for this address arrived."""
    return len(bench.faults.requests(path=path))


# --- Writing ------------------------------------------------------------------------------

LAB, PULSE, INSTITUTE = "20003", "20007", "20001"
"""Where the reader is a member, and two where she has no role; the manager has one in the third."""
VIEWER = "viewer_victor@example.com"
MANAGER = "manager_mary@example.com"  # of 20001 to 20003
ELSEWHERE = "manager_mark@example.com"  # of 20004 to 20007

ANYBODY = Details(
    given_name="Ines",
    family_name="Okafor-Núñez",
    birth_date=date(1984, 2, 29),
    email="ines.okafor@example.org",
    phone="020 7946 0123",
)


def new_record(*identifiers: Identifier, organization_id: str = LAB, **details: Any) -> NewRecord:
    """Somebody to be created, with these details instead of their own."""
    return NewRecord(
        details=replace(ANYBODY, **details), organization_id=organization_id, identifiers=identifiers
    )


def create(jhe: JheAdapter, *identifiers: Identifier, **details: Any) -> RemotePatient:
    """Create them; the key says nothing to JHE."""
    return jhe.create(new_record(*identifiers, **details), key="a-key")


def row_of(bench: Bench, patient_id: str) -> dict[str, Any]:
    """The sandbox's own row of a patient."""
    with bench.sandbox.stores["jhe"].reading() as state:
        return dict(state["patients"][patient_id])


def people_of(bench: Bench) -> dict[str, Any]:
    """Everything about patients and logins, to be compared."""
    state = bench.sandbox.stores["jhe"].snapshot()
    return {name: state[name] for name in ("patients", "users", "enrolments", "consents", "observations")}


def change(bench: Bench, patient_id: str, **columns: Any) -> None:
    """Change a patient behind everybody's back."""
    with bench.sandbox.stores["jhe"].writing() as state:
        state["patients"][patient_id].update(columns)


def stranger(bench: Bench) -> str:
    """Somebody in the manager's institute, beyond the reader's reach."""
    change(bench, "40003", organizations=[int(INSTITUTE)])
    return "40003"


def writes(bench: Bench) -> list[str]:
    """The changes that arrived, as methods."""
    seen = bench.faults.requests(path="/api/v1/")
    return [each.method for each in seen if each.method != "GET"]


# --- Studies ------------------------------------------------------------------------------

HEART, PRESSURE, OTHERS_STUDY = "30001", "30002", "30004"
"""Two studies of the lab (heart rate and blood pressure; blood pressure), and one of the pulse lab."""
PAMELA = "40002"  # in both of the lab's, everything agreed to
PETER = "40001"  # in both, in the second nothing decided
OMH = "https://w3id.org/openmhealth"
BLOOD_PRESSURE, HEART_RATE = (OMH, "omh:blood-pressure:4.0"), (OMH, "omh:heart-rate:2.0")
GLUCOSE = (OMH, "omh:blood-glucose:4.0")


def are_enrolled(bench: Bench, study_id: str) -> set[str]:
    """The people of a study, by the sandbox's own rows."""
    rows = bench.sandbox.stores["jhe"].snapshot()["enrolments"]
    return {str(row["patient_id"]) for row in rows if str(row["study_id"]) == study_id}


def decided(bench: Bench, patient_id: str, study_id: str) -> dict[str, bool]:
    """What the sandbox holds of one person's decisions in one study: answer by code."""
    state = bench.sandbox.stores["jhe"].snapshot()
    pair = (int(patient_id), int(study_id))
    mine = {row["id"] for row in state["enrolments"] if (row["patient_id"], row["study_id"]) == pair}
    codes = {row["id"]: row["coding_code"] for row in state["scope_codes"].values()}
    return {
        codes[row["scope_code_id"]]: row["consented"]
        for row in state["consents"]
        if row["enrolment_id"] in mine
    }


def mailed(bench: Bench) -> list[dict[str, str]]:
    """The invitations that the sandbox mailed."""
    return list(bench.sandbox.stores["jhe"].snapshot()["mails"])
