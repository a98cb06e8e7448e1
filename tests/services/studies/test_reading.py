"""Reading studies into the portal: what is found there stands here, whoever dies and whatever fails."""

from __future__ import annotations

import pytest

from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.run import Sandbox
from patients.models import Decision, SourceRecord, Study, StudyReading
from patients.services.studies import (
    inviting,
    reading,
    readings,
)
from patients.services.studies.plans import plan_of
from patients.services.studies.scopes import asked_for
from portal.accounts.models import User
from tests.conftest import make_user
from tests.study_reading import (
    BP,
    BP_AND_HR,
    LIFESPAN,
    PRESSURE,
    asked,
    decide,
    enrol,
    invite,
    is_current,
    kept_of,
    kinds_of_data,
    observe,
    own_place,
    participant,
    read_place,
    read_study,
    someone_else,
    standings,
)
from tests.studying import offer, reach
from tests.support import connected

pytestmark = pytest.mark.slow


# --- what is read ---------------------------------------------------------------------------


def test_list_is_read_with_plans_and_counts(sandbox: Sandbox, asker: User) -> None:
    first, second = read_place(asker)

    assert (first.name, second.name) == ("Lifespan Study on BP & HR", "Lifespan Study on BP")
    words = [each.words for each in asked_for(first, plan_of(first))]
    assert words[:2] == ["blood pressure", "heart rate"]
    assert first.people_at is not None
    enrolled = {str(row["patient_id"]) for row in sandbox.stores["jhe"].snapshot()["enrolments"]
                if row["study_id"] == int(BP_AND_HR)}  # fmt: skip
    assert set(first.participants.values_list("record__remote_id", flat=True)) == enrolled
    assert SourceRecord.objects.filter(system="jhe", remote_id="40001").exists()


def test_reading_never_moves_what_somebody_has_chosen_in_the_console(sandbox: Sandbox, asker: User) -> None:
    before = sandbox.stores["jhe"].snapshot()["practitioners"]
    read_study(asker)

    assert sandbox.stores["jhe"].snapshot()["practitioners"] == before
    if is_current(sandbox):  # the older generation keeps nothing of what was listed
        assert asked(sandbox, "/api/v1/studies/") > 0
        assert asked(sandbox, "/api/v1/(patients|studies|observations)$") == 0


def test_participants_stand_where_the_system_says(sandbox: Sandbox, asker: User) -> None:
    decide(sandbox, BP, "40002", c50002=False)
    observe(sandbox, "40001", PRESSURE)
    study = read_study(asker)
    lesser = read_study(asker, BP)

    assert standings([participant(study, "40001")]) == {"40001": "Sending data"}
    someone = participant(lesser, "40002")
    assert (someone.agreed, someone.declined) == ((1, 1) if is_current(sandbox) else (0, 1))
    nobody = participant(lesser, "40001")  # sends for the other study, and agreed to nothing in this one
    assert (nobody.agreed, nobody.get_standing_display()) == (0, "Connected")
    assert Decision.objects.filter(study=lesser, record=someone.record, agreed=False).count() == 1


def test_invitations_of_the_studys_apps_say_how_they_stand(sandbox: Sandbox, asker: User) -> None:
    invite(sandbox, "40001", 1, "reissued", "issued")
    invite(sandbox, "40002", 2, "issued")  # no app of this study
    study = read_study(asker)

    assert participant(study, "40002").invitation_state == ""
    if is_current(sandbox):
        assert [each.state for each in kept_of(study)] == ["replaced", "issued"]
        assert participant(study, "40001").invitation_state == "issued"
    else:
        assert not kept_of(study)


def test_invitation_that_was_used_says_connected(sandbox: Sandbox, asker: User) -> None:
    person = someone_else(sandbox)
    enrol(sandbox, BP_AND_HR, person)
    invite(sandbox, person, 1, "issued")
    study = read_study(asker)
    assert standings([participant(study, person)]) == {
        person: "Invited" if is_current(sandbox) else "Enrolled"
    }

    with sandbox.stores["jhe"].writing() as state:
        for row in state["invitations"].values():
            row["status"] = "redeemed"
    read_study(asker)

    if is_current(sandbox):
        assert standings([participant(study, person)]) == {person: "Connected"}
        assert [each.state for each in kept_of(study)] == ["redeemed"]
    else:
        assert standings([participant(study, person)]) == {person: "Enrolled"}


def test_invitation_that_is_being_made_here_is_left_to_its_own_row(
    sandbox: Sandbox, asker: User, study: Study, peter: SourceRecord
) -> None:
    inviting.invite(study, peter, offer(sandbox), by=asker, reach=reach(asker))
    invite(sandbox, "40001", 1, "issued")  # it has left, and nobody has heard of it yet
    read_study(asker)

    assert [each.remote_id for each in kept_of(study)] == [""]


def test_older_generation_keeps_no_states(sandbox: Sandbox, asker: User) -> None:
    study = read_study(asker)

    assert study.tells_states is is_current(sandbox)


def test_scope_that_nobody_ever_sent_is_hinted_at_once_all_was_gone_through(
    sandbox: Sandbox, asker: User
) -> None:
    first, _ = read_place(asker)
    hints = {each.words: each.never_sent for each in asked_for(first, plan_of(first))}
    questionnaires = {"answers to questionnaires": True} if is_current(sandbox) else {}
    assert hints == {"blood pressure": False, "heart rate": False, **questionnaires}


# --- again and again ------------------------------------------------------------------------


def test_fresh_is_not_read_again(sandbox: Sandbox, asker: User) -> None:
    read_study(asker)
    sandbox.faults["jhe"].forget_requests()
    study = Study.objects.get(remote_id=BP_AND_HR)
    people = list(study.participants.values_list("pk", flat=True))

    readings.ask_for_study(study, by=asker)
    readings.ask_for_place(own_place(asker), by=asker)
    assert reading.read_all() == 0
    assert asked(sandbox, "/") <= 1  # whom one may see

    readings.ask_for_study(study, by=asker, wanted=people)
    reading.read_all()
    assert asked(sandbox, "/consents") == 0  # read less than a minute ago


def test_reading_again_writes_no_decision_twice(sandbox: Sandbox, asker: User) -> None:
    read_study(asker)
    count = Decision.objects.count()
    assert count == 2 * kinds_of_data(sandbox)  # of two people

    read_study(asker)
    assert Decision.objects.count() == count
    decide(sandbox, BP_AND_HR, "40001", c50002=False)
    read_study(asker)
    assert Decision.objects.count() == count + 1


# --- when something fails -------------------------------------------------------------------


def test_fault_pauses_and_says_why_and_the_rest_goes_on(sandbox: Sandbox, asker: User) -> None:
    study = read_study(asker)
    sandbox.faults["jhe"].add(Fault(kind=FaultKind.STATUS, status=503, path="/studies/"))
    StudyReading.objects.update(fresh_at=None)
    row = readings.ask_for_study(study, by=asker, wanted=[0])
    reading.read_all()

    row.refresh_from_db()
    assert row.is_open
    assert row.problem
    assert row.resume_at is not None
    assert not readings.is_under_way(row)
    assert participant(study, "40001").left_at is None  # what was known stays

    sandbox.faults["jhe"].clear()
    readings.ask_again(row, by=asker)
    reading.read_all()
    after = StudyReading.objects.get(pk=row.pk)
    assert (after.is_open, after.problem, after.resume_at) == (False, "", None)


def test_worker_that_dies_is_followed_by_another(sandbox: Sandbox, asker: User) -> None:
    read_place(asker)
    StudyReading.objects.update(fresh_at=None)
    study = Study.objects.get(remote_id=BP_AND_HR)
    readings.ask_for_study(study, by=asker)
    assert readings.claim("jhe", "dies at once") is not None
    assert readings.claim("jhe", "another") is None

    StudyReading.objects.update(lease_until="2020-01-01T00:00:00Z")
    assert reading.read_all("another") > 0
    assert not StudyReading.objects.filter(is_open=True).exists()


def test_reading_goes_on_with_the_portals_own_access(sandbox: Sandbox, boss: User) -> None:
    read_place(boss)
    StudyReading.objects.update(fresh_at=None)
    study = Study.objects.get(remote_id=BP_AND_HR)
    readings.ask_for_study(study, by=boss)
    with sandbox.stores["jhe"].writing() as state:
        state["access_tokens"], state["refresh_tokens"] = {}, {}
    reading.read_all()

    row = StudyReading.objects.get(study=study)
    assert row.asked_by is None
    if is_current(sandbox):
        assert not row.is_open
    else:  # no keys: the only access there is was the one that has ended
        assert row.is_open
        assert row.problem


def test_who_reads_reaches_no_further_than_who_asked(sandbox: Sandbox, asker: User) -> None:
    read_place(asker)
    stranger = connected(make_user("elsewhere@example.org"), "manager_mark@example.com", sandbox)
    StudyReading.objects.update(fresh_at=None)
    row = readings.ask_for_study(Study.objects.get(remote_id=BP_AND_HR), by=stranger)
    reading.read_all()

    row.refresh_from_db()
    assert row.is_open
    assert row.problem
    assert Study.objects.filter(organization=LIFESPAN).count() == 2
