"""What the tests of holdings share: somebody in two studies, and how each part can be made to fail."""

from __future__ import annotations

from typing import Any

from integrations.holdings import HoldingPart
from integrations.sandbox.faults import Fault, FaultKind, Variant
from tests.contract.jhe_bench import NOT_THERE
from tests.contract.subjects import Bench

PERSON = "40001"  # in the lab alone and in both of its studies
BOTH, PRESSURE = "30001", "30002"
Part = HoldingPart

STUDIES, CONSENTS = r"/organizations/\d+/studies$", "/consents$"
PEOPLE, OBSERVATIONS = "(/FHIR/R5/Patient|/api/v1/patients)$", "/[Oo]bservations?$"
LOST = {
    STUDIES: {Part.STUDIES},
    CONSENTS: {Part.CONSENTS},
    PEOPLE: {Part.ENROLMENTS},
    OBSERVATIONS: {Part.OBSERVATIONS, Part.STUDY_OBSERVATIONS},
}
FAULTS: dict[str, Fault] = {
    "403": Fault(kind=FaultKind.STATUS, status=403),
    "429": Fault(kind=FaultKind.STATUS, status=429),
    "500 html": Fault(kind=FaultKind.STATUS, status=500, html=True),
    "404 html": NOT_THERE,
    "200 html": Fault(kind=FaultKind.STATUS, status=200, html=True),
    "reset": Fault(kind=FaultKind.RESET),
    "truncated": Fault(kind=FaultKind.TRUNCATED),
    "scalars": Fault(kind=FaultKind.WRONG_TYPES, variant=Variant.SCALARS),
    "containers": Fault(kind=FaultKind.WRONG_TYPES, variant=Variant.CONTAINERS),
    "nulls": Fault(kind=FaultKind.WRONG_TYPES, variant=Variant.NULLS),
}


def state(bench: Bench) -> Any:
    """The sandbox's JHE, to be changed behind everybody's back."""
    return bench.sandbox.stores["jhe"].writing()


def observe(bench: Bench, number: int, *, patient: str = PERSON, **columns: Any) -> None:
    """Give a person this many observations of blood pressure instead of their own."""
    with state(bench) as data:
        rows = data["observations"]
        like = dict(next(row for row in rows.values() if row["scope_code_id"] == 50002))
        for key in [key for key, row in rows.items() if row["patient_id"] == int(patient)]:
            del rows[key]
        for place in range(number):
            time = f"2026-03-01T{place // 3600:02}:{place // 60 % 60:02}:{place % 60:02}.000000Z"
            row = {**like, "id": 70001 + place, "patient_id": int(patient), "last_updated": time, **columns}
            rows[str(row["id"])] = row


def leave(bench: Bench, study: str) -> None:
    """The person leaves a study, as JHE does it: with the decisions."""
    with state(bench) as data:
        gone = [
            row
            for row in data["enrolments"]
            if (row["patient_id"], row["study_id"]) == (int(PERSON), int(study))
        ]
        data["enrolments"] = [row for row in data["enrolments"] if row not in gone]
        numbers = {row["id"] for row in gone}
        data["consents"] = [row for row in data["consents"] if row["enrolment_id"] not in numbers]
