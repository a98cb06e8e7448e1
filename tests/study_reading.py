"""What tests of reading studies share: organizations opened, studies read, the sandbox changed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from integrations.sandbox.jhe.seed import enrol as enrol_in
from integrations.sandbox.jhe.seed import next_id
from integrations.sandbox.run import Sandbox
from patients.models import Invitation, Participant, Study, StudyReading
from patients.services import visibility
from patients.services.studies import places, reading, readings
from patients.services.studies.places import OwnPlace
from portal.accounts.models import User

LIFESPAN, BP_AND_HR, BP = "20003", "30001", "30002"
PRESSURE, HEART_RATE, QUESTIONNAIRE = 50002, 50004, 50011


def own_place(user: User, organization: str = LIFESPAN) -> OwnPlace:
    """One of somebody's organizations."""
    own = places.own_places(visibility.reach_of(user))
    return next(each for each in own if each.organization == organization)


def read_place(user: User, organization: str = LIFESPAN) -> list[Study]:
    """An organization's studies with how many take part in each, read as when somebody opens the list."""
    own = own_place(user, organization)
    readings.ask_for_place(own, by=user)
    reading.read_all()
    return list(Study.objects.filter(organization=organization).order_by("remote_id"))


def read_study(user: User, number: str = BP_AND_HR, *, organization: str = LIFESPAN) -> Study:
    """A study read whole, as when somebody has its board open; asked for whatever is fresh still."""
    if not Study.objects.filter(remote_id=number).exists():
        read_place(user, organization)
    study = Study.objects.get(remote_id=number)
    people = study.participants.filter(left_at=None)
    row = readings.ask_for_study(study, by=user, wanted=list(people.values_list("pk", flat=True)) or [0])
    StudyReading.objects.filter(pk=row.pk).update(fresh_at=None, is_open=False)
    Participant.objects.filter(study=study).update(checked_at=None)
    readings.ask_for_study(study, by=user, wanted=[0])
    reading.read_all()
    study.refresh_from_db()
    return study


def participant(study: Study, number: str) -> Participant:
    """Somebody who takes part or did, by the system's number of their record."""
    return Participant.objects.get(study=study, record__remote_id=number)


# --- what the sandbox holds ------------------------------------------------------------------


def enrol(sandbox: Sandbox, study: str, patient: str) -> None:
    """Put a patient into a study, there."""
    with sandbox.stores["jhe"].writing() as state:
        enrol_in(state, int(study), int(patient))


def unenrol(sandbox: Sandbox, study: str, patient: str) -> None:
    """Take a patient out of a study with all that they decided, there."""
    with sandbox.stores["jhe"].writing() as state:
        gone = {row["id"] for row in state["enrolments"] if _is(row, study, patient)}
        state["enrolments"] = [row for row in state["enrolments"] if row["id"] not in gone]
        state["consents"] = [row for row in state["consents"] if row["enrolment_id"] not in gone]


def decide(sandbox: Sandbox, study: str, patient: str, **scopes: bool | None) -> None:
    """What a patient decided in a study, there: ``c50002=False``; ``None`` forgets it."""
    with sandbox.stores["jhe"].writing() as state:
        enrolment = next(row["id"] for row in state["enrolments"] if _is(row, study, patient))
        for name, said in scopes.items():
            code = int(name.removeprefix("c"))
            state["consents"] = [
                row
                for row in state["consents"]
                if (row["enrolment_id"], row["scope_code_id"]) != (enrolment, code)
            ]
            if said is not None:
                state["consents"].append(
                    {
                        "id": next_id(state, "consents"),
                        "enrolment_id": enrolment,
                        "scope_code_id": code,
                        "consented": said,
                        "consented_time": _now(),
                    }
                )


def observe(sandbox: Sandbox, patient: str, code: int) -> None:
    """A patient's app sends something, there."""
    with sandbox.stores["jhe"].writing() as state:
        number = max(map(int, state["observations"]), default=60000) + 1
        like = next(row for row in state["observations"].values() if row["scope_code_id"] == code)
        state["observations"][str(number)] = {
            **like,
            "id": number,
            "patient_id": int(patient),
            "last_updated": _now(),
        }


def invite(sandbox: Sandbox, patient: str, app: int, *states: str) -> list[str]:
    """Invitations of a patient to an app, there, the latest last."""
    numbers = []
    with sandbox.stores["jhe"].writing() as state:
        for each in states:
            number = max(map(int, state["invitations"]), default=100) + 1
            state["invitations"][str(number)] = {
                "id": number,
                "patient_id": int(patient),
                "client_id": app,
                "token_hash": f"hash-{number}",
                "status": each,
                "last_updated": _now(),
            }
            numbers.append(str(number))
    return numbers


def is_current(sandbox: Sandbox) -> bool:
    """Whether the sandbox's JHE is of the current generation."""
    return sandbox.dialect == "current"


def kinds_of_data(sandbox: Sandbox) -> int:
    """How many kinds of data the first study asks for."""
    return 3 if is_current(sandbox) else 2


def kept_of(study: Study) -> list[Invitation]:
    """The invitations that are known of a study's people, as the system numbers them."""
    return list(Invitation.objects.filter(participant__study=study).order_by("remote_id"))


def asked(sandbox: Sandbox, path: str) -> int:
    return len(sandbox.faults["jhe"].requests(path=path))


def someone_else(sandbox: Sandbox) -> str:
    """A patient of the laboratory who takes part in nothing."""
    state = sandbox.stores["jhe"].snapshot()
    enrolled = {row["patient_id"] for row in state["enrolments"]}
    return next(
        str(row["id"])
        for row in state["patients"].values()
        if int(LIFESPAN) in row["organizations"] and row["id"] not in enrolled
    )


def set_state(sandbox: Sandbox, number: str, state: str) -> None:
    """An invitation changes, there and now."""
    with sandbox.stores["jhe"].writing() as held:
        moment = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        held["invitations"][number] |= {"status": state, "last_updated": moment}


def standings(rows: Iterable[Participant]) -> dict[str, str]:
    """Record → how far somebody has come."""
    return {each.record.remote_id: Participant.Standing(each.standing).label for each in rows}


def _is(row: dict[str, Any], study: str, patient: str) -> bool:
    return (str(row["study_id"]), str(row["patient_id"])) == (study, patient)


def _now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")
