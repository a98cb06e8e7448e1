"""Who takes part and who has left, as whole passes tell: nobody leaves whom a list merely does not show."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from integrations.abilities import HasStudies
from integrations.jhe import client
from integrations.jhe import reach as jhe_reach
from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.run import Sandbox
from patients.models import Operation, Participant, Study, StudyReading
from patients.services.connections import open_system
from patients.services.operations import recording
from patients.services.operations.study_wishes import Unenrol
from patients.services.studies import (
    everybody,
    reading,
    readings,
)
from portal.accounts.models import User
from tests.conftest import make_user
from tests.study_reading import (
    BP_AND_HR,
    enrol,
    kinds_of_data,
    own_place,
    participant,
    read_study,
    unenrol,
)
from tests.studying import until_it_ends
from tests.support import connected

pytestmark = pytest.mark.slow
MEMBER = "member_megan@example.com"


def test_who_left_stays_as_a_row_and_comes_back_anew(sandbox: Sandbox, asker: User) -> None:
    study = read_study(asker)
    Participant.objects.filter(record__remote_id="40001", study=study).update(number="LL-1", number_key="ll1")
    unenrol(sandbox, BP_AND_HR, "40001")
    read_study(asker)
    gone = participant(study, "40001")
    assert gone.left_at is not None

    enrol(sandbox, BP_AND_HR, "40001")
    read_study(asker)
    back = participant(study, "40001")
    assert (back.pk, back.left_at, back.number) == (gone.pk, None, "LL-1")
    assert (back.agreed, back.pending) == (0, kinds_of_data(sandbox))


def test_who_is_moved_to_a_page_already_read_has_not_left(
    sandbox: Sandbox, asker: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody who leaves between two pages moves the others forward."""
    study = read_study(asker)
    invited = timezone.now() - timedelta(days=3)
    study.participants.update(invited_at=invited, connected_at=invited)
    everyone = sorted(study.participants.values_list("record__remote_id", flat=True))
    one_by_one(monkeypatch)
    left: list[str] = []

    def somebody_leaves() -> None:
        if not left:
            left.append(everyone[0])
            unenrol(sandbox, BP_AND_HR, everyone[0])

    everybody.read(adapter_of(asker), study, alive=somebody_leaves)
    assert participant(study, everyone[1]).left_at is None
    everybody.read(adapter_of(asker), study, alive=somebody_leaves)
    after = study.participants.filter(left_at=None).values_list("record__remote_id", "invited_at")
    assert sorted(after) == [(each, invited) for each in everyone[1:]]


def test_who_was_taken_out_here_meanwhile_is_not_back_by_an_older_page(
    sandbox: Sandbox, asker: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = read_study(asker)
    people = study.participants.order_by("record__remote_id")
    someone = people[1].record
    one_by_one(monkeypatch, page=1000)
    operations: list[Operation] = []

    def taken_out() -> None:
        if not operations:
            wish = Unenrol(study_id=study.remote_id, organization_id=study.organization)
            operations.append(until_it_ends(recording.ask(wish, record=someone, by=asker)))

    everybody.read(adapter_of(asker), study, alive=taken_out)
    assert operations[0].state == Operation.State.DONE
    assert participant(study, someone.remote_id).left_at is not None


def one_by_one(monkeypatch: pytest.MonkeyPatch, *, page: int = 1) -> None:
    """People are kept one after the other, and come in pages of so many."""
    monkeypatch.setattr(everybody, "TOGETHER", 1)
    monkeypatch.setattr(client, "REST_PAGE", page)


def adapter_of(user: User) -> HasStudies:
    adapter = open_system("jhe", by=user, seconds=30)
    assert isinstance(adapter, HasStudies)
    return adapter


def test_superuser_who_looks_lets_nobody_leave(sandbox: Sandbox, asker: User) -> None:
    """JHE calls it a role, and shows them nobody."""
    study = read_study(asker)
    people = set(study.participants.values_list("record__remote_id", flat=True))
    StudyReading.objects.update(fresh_at=None)
    everywhere = connected(make_user("everywhere@example.org"), "admin@example.com", sandbox)
    row = readings.ask_for_study(study, by=everywhere)
    reading.read_all()

    row.refresh_from_db()
    assert (row.is_open, row.phase) == (True, readings.Phase.PEOPLE)
    assert row.problem
    assert set(study.participants.filter(left_at=None).values_list("record__remote_id", flat=True)) == people


@pytest.mark.parametrize("phase", [readings.Phase.PEOPLE, None])
def test_role_that_ends_meanwhile_lets_nobody_leave_and_no_study_vanish(
    sandbox: Sandbox, asker: User, phase: str | None
) -> None:
    study = read_study(asker)
    people = study.participants.filter(left_at=None).count()
    StudyReading.objects.update(fresh_at=None)
    if phase is None:
        readings.ask_for_place(own_place(asker), by=asker)
    else:
        row = readings.ask_for_study(study, by=asker)
        StudyReading.objects.filter(pk=row.pk).update(phase=phase)
    with sandbox.stores["jhe"].writing() as state:
        login = next(each for each in state["users"].values() if each["email"] == MEMBER)
        state["roles"] = [each for each in state["roles"] if each["user_id"] != login["id"]]
    if phase is None:
        jhe_reach.forget()  # half a minute later
    reading.read_all()

    assert StudyReading.objects.exclude(problem="").count() == 1
    assert study.participants.filter(left_at=None).count() == people > 0
    assert not Study.objects.exclude(vanished_at=None).exists()


def test_whole_pass_that_breaks_off_lets_nobody_leave(sandbox: Sandbox, asker: User) -> None:
    study = read_study(asker)
    sandbox.faults["jhe"].add(Fault(kind=FaultKind.TRUNCATED, path=f"/studies/{BP_AND_HR}/patients"))
    StudyReading.objects.update(fresh_at=None)
    readings.ask_for_study(study, by=asker)
    reading.read_all()

    assert not Participant.objects.exclude(left_at=None).exists()
