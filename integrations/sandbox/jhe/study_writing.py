"""Putting patients into a study and taking them out.

Nobody is asked for a role. Patients are handled one after the other: where one cannot be, the real server
fails, and those before it stay as they were made.
"""

from __future__ import annotations

from typing import Any

from . import shapes
from .calls import Call, Row, body_keys
from .errors import Crashed, number
from .records import enrolled
from .seed import enrol as enrol_patient


def enrol(call: Call, key: str) -> tuple[Row, int]:
    """Put patients of the study's organization into it; 201, on the 2025-10 server 200."""
    made = []
    for each in _patient_ids():
        study = call.data["studies"].get(str(number(key)))
        patient = call.data["patients"].get(str(number(each)))
        if study is None or patient is None or study["organization_id"] not in patient["organizations"]:
            raise Crashed
        if patient["id"] in enrolled(call.data, study["id"]):
            raise Crashed
        made.append(enrol_patient(call.data, study["id"], patient["id"]))
    rows = [shapes.enrolment(call.data, each, older=call.older) for each in made]
    return {"studyPatients": rows}, 200 if call.older else 201


def unenrol(call: Call, key: str) -> tuple[Row | None, int]:
    """Take patients out, with their decisions in this study; also those who are not in it."""
    wanted = _patient_ids()
    for each in wanted:
        pair = (number(key), number(each))
        gone = {row["id"] for row in call.data["enrolments"] if (row["study_id"], row["patient_id"]) == pair}
        call.data["enrolments"] = [row for row in call.data["enrolments"] if row["id"] not in gone]
        call.data["consents"] = [row for row in call.data["consents"] if row["enrolment_id"] not in gone]
    return ({"studyPatients": [{} for _ in wanted]}, 200) if call.older else (None, 204)


def _patient_ids() -> list[Any]:
    sent = body_keys().get("patient_ids")
    if not isinstance(sent, list):
        raise Crashed
    return sent
