"""What the portal keeps about studies: what is planted wrong is found, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from integrations.types import Demographics, RemotePatient
from patients.models import Decision, Invitation, Operation, Participant, SourceRecord, Study
from patients.services import index
from patients.services.operations import recording
from patients.services.operations.study_wishes import Enrol
from patients.services.studies import participants
from portal.accounts.models import User
from tests.faults import studies
from tests.faults.intents import Intent
from tests.faults.kinds import Groups

CODE = "abcdefghijklmnopqrstuvwxyz012345"
LINK = f"https://app.example.org/invitation/jhe.example.org_{CODE}"


@pytest.fixture
def participant(clinic_staff: User) -> Participant:
    """Somebody who was invited twice, and decided before they left."""
    studies.prepare(Groups(home=20003, second=20002, study=30001), "current")
    person = Demographics(given_name="Ada", family_name="Quill", birth_date=date(1971, 2, 3))
    index.store([RemotePatient(system="jhe", id="41", demographics=person)])
    record, study = SourceRecord.objects.get(), Study.objects.get(remote_id="30001")
    participant = participants.enrolled(study, record, timezone.now())
    wish = Enrol(study_id="30001", organization_id="20003")
    left, invited, _ = (recording.ask(wish, record=record, by=clinic_staff) for _ in range(3))
    Decision.objects.create(
        record=record, study=study, scope_system="s", scope_code="c", agreed=True, seen_at=timezone.now(),
        how=Decision.How.BEFORE_LEAVING, operation=left,
    )  # fmt: skip
    for number, state in (("1", "replaced"), ("2", "issued")):
        Invitation.objects.create(participant=participant, remote_id=number, state=state, link=LINK)
    Invitation.objects.create(participant=participant, operation=invited)  # not made yet
    return participant


def _intents() -> list[Intent]:
    operations = Operation.objects.order_by("pk")
    kinds = ("jhe unenrol", "jhe invite")
    return [
        Intent(
            number=place, kind=kind, fault="none", system="jhe", person="Quill", record="41", answered=True,
            state="done", operation=each.public_id, effects=(),
        )
        for place, (kind, each) in enumerate(zip(kinds, operations, strict=False))
    ]  # fmt: skip


def _problems(folder: Path, live: str = "2") -> list[str]:
    rows = {
        number: {"id": int(number), "patient_id": 41, "status": "issued" if number == live else "reissued"}
        for number in ("1", "2")
    }
    state: dict[str, Any] = {"invitations": rows, "mails": [{"link": LINK}]}
    return list(studies.problems(_intents(), state, folder))


def test_nothing_is_found_where_all_is_kept(participant: Participant, tmp_path: Path) -> None:
    (tmp_path / "worker.log").write_text("call jhe invite 201")
    assert _problems(tmp_path) == []


def _decision_twice() -> None:
    row = Decision.objects.get()
    row.pk, row._state.adding = None, True
    row.save()


def _two_live() -> None:
    Invitation.objects.update(state="issued")


def _none_live() -> None:
    Invitation.objects.update(state="replaced")


def _in_clear() -> None:
    Invitation.objects.update(reason=f"see {CODE}")


@pytest.mark.parametrize(
    ("plant", "says"),
    [
        (_decision_twice, "2 decisions were kept"),
        (_two_live, "calls 3 invitations live"),
        (_none_live, "calls 0 invitations live"),
        (_in_clear, "stand in patients_invitation"),
    ],
)
def test_what_is_planted_is_found(
    participant: Participant, tmp_path: Path, plant: Callable[[], None], says: str
) -> None:
    plant()
    (found,) = _problems(tmp_path)
    assert says in found


def test_another_live_one_and_a_code_in_a_log_are_found(participant: Participant, tmp_path: Path) -> None:
    (found,) = _problems(tmp_path, live="1")
    assert "calls 1 invitations live" in found
    (tmp_path / "worker.log").write_text(f"GET {LINK}")
    (found,) = _problems(tmp_path)
    assert "worker.log" in found
