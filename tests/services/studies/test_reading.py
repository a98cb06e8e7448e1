"""Reading studies into the portal: what is found there stands here, whoever dies and whatever fails."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from integrations.abilities import HasStudies
from integrations.jhe import client, studies
from integrations.jhe import reach as jhe_reach
from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.run import Sandbox
from patients.models import Decision, Invitation, Operation, Participant, SourceRecord, Study, StudyReading
from patients.services.connections import open_system
from patients.services.operations import recording
from patients.services.operations.study_wishes import Unenrol
from patients.services.studies import arrivals, everybody, inviting, reading, readings
from patients.services.studies.plans import plan_of
from patients.services.studies.scopes import asked_for
from portal.accounts.models import User
from tests.conftest import make_user
from tests.study_reading import (
    BP,
    BP_AND_HR,
    HEART_RATE,
    LIFESPAN,
    PRESSURE,
    decide,
    enrol,
    invite,
    observe,
    own_place,
    participant,
    read_place,
    read_study,
    standings,
    unenrol,
)
from tests.studying import offer, reach, until_it_ends
from tests.support import connected

pytestmark = pytest.mark.slow
MEMBER, VIEWER = "member_megan@example.com", "viewer_victor@example.com"


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


def test_only_what_came_since_is_asked_for(sandbox: Sandbox, asker: User) -> None:
    quiet = someone_else(sandbox)
    enrol(sandbox, BP_AND_HR, quiet)
    study = read_study(asker)
    sent = study.data_until
    with sandbox.stores["jhe"].writing() as state:  # what is as old as what was seen is not looked at again
        for row in state["observations"].values():
            row["patient_id"] = int(quiet)
    observe(sandbox, "40001", HEART_RATE)
    study = read_study(asker)

    assert sent is not None
    assert study.data_until is not None
    assert study.data_until > sent
    assert participant(study, "40001").data_at == study.data_until
    assert participant(study, quiet).data_at is None

    StudyReading.objects.update(data_whole_at=timezone.now() - timedelta(days=2))
    read_study(asker)
    assert participant(study, quiet).data_at is not None  # once a day everything is


def test_pass_over_what_was_sent_goes_on_where_it_was_broken_off(
    sandbox: Sandbox, asker: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However little a step has time for; and nobody waits for it who waits for decisions."""
    study = read_study(asker)
    for _ in range(6):
        observe(sandbox, "40001", PRESSURE)
        observe(sandbox, "40002", HEART_RATE)
    study.participants.update(data_at=None)
    monkeypatch.setattr(arrivals, "TOGETHER", 1)
    monkeypatch.setattr(arrivals, "SECONDS", 0.0)
    monkeypatch.setattr(studies, "FHIR_PAGE", 2)
    monkeypatch.setattr(studies, "REST_PAGE", 2)
    StudyReading.objects.update(fresh_at=None, data_whole_at=None, phase=readings.Phase.DATA, is_open=True)
    StudyReading.objects.exclude(study=study).update(is_open=False)

    assert reading.take_turn("jhe", "dies after it", seconds=0)
    row = StudyReading.objects.get(study=study)
    assert (row.phase, row.data_whole_at) == (readings.Phase.SHOWN, None)
    first = row.data_pass
    assert study.participants.exclude(data_at=None).exists()
    assert reading.take_turn("jhe", "another", seconds=0)
    assert reading.take_turn("jhe", "another", seconds=0)
    row.refresh_from_db()
    assert first is not None
    assert row.data_pass is not None
    assert row.data_pass["resume"] != first["resume"]
    assert row.fresh_at is not None

    reading.read_all()
    row.refresh_from_db()
    assert (row.is_open, row.data_pass) == (False, None)
    assert row.data_whole_at is not None
    study.refresh_from_db()
    latest = {participant(study, each).data_at for each in ("40001", "40002")}
    assert study.data_until == max(each for each in latest if each)
    assert None not in latest


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


def test_whole_pass_that_breaks_off_lets_nobody_leave(sandbox: Sandbox, asker: User) -> None:
    study = read_study(asker)
    sandbox.faults["jhe"].add(Fault(kind=FaultKind.TRUNCATED, path=f"/studies/{BP_AND_HR}/patients"))
    StudyReading.objects.update(fresh_at=None)
    readings.ask_for_study(study, by=asker)
    reading.read_all()

    assert not Participant.objects.exclude(left_at=None).exists()


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


def someone_else(sandbox: Sandbox) -> str:
    """A patient of the laboratory who takes part in nothing."""
    state = sandbox.stores["jhe"].snapshot()
    enrolled = {row["patient_id"] for row in state["enrolments"]}
    return next(
        str(row["id"])
        for row in state["patients"].values()
        if int(LIFESPAN) in row["organizations"] and row["id"] not in enrolled
    )
