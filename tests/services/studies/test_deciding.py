"""Decisions that staff write down: by authority, one kind of data a request, the right way for the server."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from django.db import connection
from pytest_django.fixtures import Settings

from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.run import Sandbox
from patients.models import Decision, Operation, Participant, SourceRecord, Study
from patients.services.onboarding import course
from patients.services.onboarding.course import How, Step
from patients.services.operations import queue
from patients.services.operations.contents import contents_of
from patients.services.operations.whom import wish_of
from patients.services.operations.whys import Why
from patients.services.studies import authority, deciding, joining
from patients.services.studies.allowed import Because, Fix, Refused
from patients.services.studies.authority import Decider
from portal.accounts.models import User
from portal.audit.models import Event
from tests import support
from tests.study_reading import decide, enrol, read_study
from tests.studying import (
    BP_AND_HR,
    PETER,
    PRESSURE,
    RATE,
    decided,
    die_after_sending,
    reach,
    said,
    taking_part,
    timeline,
    until_it_ends,
)
from tests.writing import pass_time, work_off

State = Operation.State
pytestmark = pytest.mark.slow
CONSENTS = r"/patients/\d+/consents$"
WRITES = {"current": ("PATCH",), "2025-10": ("DELETE", "POST")}  # what changes a decision there

UNKNOWN = [
    pytest.param(FaultKind.DELAY, {}, id="late effect"),
    pytest.param(FaultKind.RESET, {}, id="reset before"),
    pytest.param(FaultKind.RESET, {"after_effect": True}, id="reset after"),
    pytest.param(FaultKind.STATUS, {"status": 502, "html": True, "after_effect": True}, id="502 after"),
    pytest.param(FaultKind.HALF_DONE, {}, id="half done"),
]


def test_decision_that_staff_wrote_down_connects_nobody(
    sandbox: Sandbox, asker: User, newcomer: SourceRecord, study: Study
) -> None:
    """Consent on paper is taken before somebody is invited: they are still to be."""
    taking_part(study, newcomer)
    enrol(sandbox, BP_AND_HR, newcomer.remote_id)
    done = until_it_ends(_decide(study, newcomer, asker, agreed=True))
    assert done.state == State.DONE, done.problem
    read_study(asker)

    row = Participant.objects.get(record=newcomer)
    assert (row.get_standing_display(), row.connected_at) == ("Consented", None)
    listed, total = joining.to_invite(study, joining.NEW, by=asker, reach=reach(asker))
    assert newcomer.pk in {each.record for each in listed}
    assert total == len(listed)
    assert newcomer.patient is not None
    far = course.course_of(study, newcomer.patient, reach=reach(asker))
    assert (far.stage(Step.INVITE).how, far.stage(Step.CONNECT).how) == (How.NEXT, How.LATER)

    decide(sandbox, BP_AND_HR, newcomer.remote_id, c50004=True)  # in their app
    read_study(asker)
    far = course.course_of(study, newcomer.patient, reach=reach(asker))
    assert (far.stage(Step.INVITE).how, far.stage(Step.CONNECT).how) == (How.DONE, How.DONE)


def test_consent_that_is_withdrawn_takes_the_standing_back(
    sandbox: Sandbox, asker: User, newcomer: SourceRecord, study: Study
) -> None:
    taking_part(study, newcomer)
    enrol(sandbox, BP_AND_HR, newcomer.remote_id)
    until_it_ends(_decide(study, newcomer, asker, agreed=True))
    assert Participant.objects.get(record=newcomer).get_standing_display() == "Consented"

    pass_time(seconds=1)
    until_it_ends(_decide(study, newcomer, asker, agreed=False))
    assert Participant.objects.get(record=newcomer).get_standing_display() == "Enrolled"


def _decide(
    study: Study, record: SourceRecord, by: User, *, agreed: bool = False, **values: Any
) -> Operation:
    decisions = {PRESSURE: agreed}
    (operation,) = deciding.decide(study, record, decisions, said_by=said(**values), by=by, reach=reach(by))
    return operation


def _latest(record: SourceRecord, study: Study) -> Decision:
    return Decision.objects.filter(record=record, study=study).latest("pk")


def test_revoking_is_written_read_back_and_kept_with_its_authority(
    sandbox: Sandbox, asker: User, study: Study, peter: SourceRecord
) -> None:
    before = decided(sandbox, PETER, BP_AND_HR)
    operation = work_off(
        _decide(
            study,
            peter,
            asker,
            decider=Decider.REPRESENTATIVE,
            representative="Rose Pearson",
            relation="legal guardian",
        )
    )

    assert operation.state == State.DONE, (operation.why, operation.problem)
    assert decided(sandbox, PETER, BP_AND_HR)[PRESSURE[1]] is False
    assert decided(sandbox, PETER, BP_AND_HR)[RATE[1]] is True
    row = _latest(peter, study)
    assert (row.agreed, row.how, row.operation) == (False, Decision.How.WRITTEN, operation)
    assert row.decided_at is not None
    assert authority.kept(row.authority).representative == "Rose Pearson"
    participant = Participant.objects.get(record=peter, study=study)
    assert (participant.agreed, participant.declined, participant.pending) == (len(before) - 1, 1, 0)
    lines = {each.label: each.wanted for each in contents_of(operation, wish_of(operation) or _never()).rows}
    assert (lines["Decision"], lines["Kind of data"]) == ("Declined", "Blood pressure")
    assert lines["Representative"] == "Rose Pearson, legal guardian"
    assert lines["Consent form"] == "version 3.1, English"


def _never() -> Any:
    raise AssertionError("the wish can be read")


def test_agreeing_again_and_first_decisions_are_written_too(
    sandbox: Sandbox, asker: User, study: Study, peter: SourceRecord
) -> None:
    for agreed in (False, True):
        assert work_off(_decide(study, peter, asker, agreed=agreed)).state == State.DONE
        assert decided(sandbox, PETER, BP_AND_HR)[PRESSURE[1]] is agreed
    with sandbox.stores["jhe"].writing() as state:
        state["consents"].clear()
    assert work_off(_decide(study, peter, asker, agreed=False)).state == State.DONE
    assert decided(sandbox, PETER, BP_AND_HR) == {PRESSURE[1]: False}
    told = [(row.agreed, row.how) for row in timeline(peter)]
    assert told == [(False, "written"), (True, "written"), (False, "written")]


def test_what_stands_already_is_not_sent_and_kept_with_the_new_authority(
    sandbox: Sandbox, asker: User, study: Study, peter: SourceRecord
) -> None:
    """A new version of the form was signed."""
    operation = work_off(_decide(study, peter, asker, agreed=True, form_version="4.0"))

    assert operation.state == State.DONE
    assert not operation.attempts.filter(sent=True).exists()
    assert authority.kept(_latest(peter, study).authority).form_version == "4.0"


@pytest.mark.parametrize("place", [0, -1])
@pytest.mark.parametrize(("kind", "values"), UNKNOWN)
def test_decision_whose_answer_is_lost_is_unknown_and_then_stands(
    sandbox: Sandbox, settings: Settings, asker: User, study: Study, peter: SourceRecord,
    kind: FaultKind, values: dict[str, Any], place: int,
) -> None:  # fmt: skip
    """In the older generation a change takes two requests, and either answer can be lost."""
    support.change(settings, "jhe", TIMEOUT=(0.5, 1.0))
    fault = Fault(
        kind=kind,
        method=WRITES[sandbox.dialect][place],
        path=CONSENTS,
        **{"times": 1, "seconds": 3.0} | values,
    )
    sandbox.faults["jhe"].add(fault)
    operation = until_it_ends(_decide(study, peter, asker))

    assert operation.state == State.DONE, (operation.why, operation.problem)
    assert decided(sandbox, PETER, BP_AND_HR)[PRESSURE[1]] is False
    assert Decision.objects.filter(operation=operation).count() == 1


def test_worker_that_dies_after_sending_leaves_one_decision(
    sandbox: Sandbox, asker: User, study: Study, peter: SourceRecord
) -> None:
    operation = die_after_sending(_decide(study, peter, asker))
    assert not Decision.objects.exists()
    pass_time(seconds=queue.LEASE + 1)
    assert work_off(operation).state == State.DONE
    assert Decision.objects.get().agreed is False


def test_several_decisions_are_asked_for_together_and_written_one_by_one(
    sandbox: Sandbox, asker: User, study: Study, peter: SourceRecord
) -> None:
    asked = deciding.decide(
        study, peter, {PRESSURE: False, RATE: False}, said_by=said(), by=asker, reach=reach(asker)
    )
    work_off()
    assert len(asked) == 2
    assert not Operation.objects.exclude(state=State.DONE).exists()
    held = decided(sandbox, PETER, BP_AND_HR)
    assert (held[PRESSURE[1]], held[RATE[1]]) == (False, False)


# --- what stands against it -----------------------------------------------------------------


def test_decision_without_authority_is_refused(
    sandbox: Sandbox, asker: User, study: Study, peter: SourceRecord
) -> None:
    lacking: dict[str, dict[str, Any]] = {
        "representative": {"decider": Decider.ASSENT},
        "version of the consent form": {"form_version": " "},
        "information sheet": {"sheet_version": ""},
        "took the decision down": {"taken_by": ""},
        "future": {"signed_on": date(2999, 1, 1)},
    }
    for says, values in lacking.items():
        with pytest.raises(Refused) as caught:
            _decide(study, peter, asker, **values)
        assert caught.value.refusal.because is Because.AUTHORITY
        assert says in caught.value.refusal.step
    assert not Operation.objects.exists()


def test_who_takes_no_part_and_what_is_not_asked_for_are_refused(
    sandbox: Sandbox, asker: User, study: Study, peter: SourceRecord, newcomer: SourceRecord
) -> None:
    with pytest.raises(Refused) as caught:
        _decide(study, newcomer, asker)
    assert (caught.value.refusal.because, caught.value.refusal.fix) == (Because.NOT_ENROLLED, Fix.ENROL)
    glucose = (PRESSURE[0], "omh:blood-glucose:4.0")
    with pytest.raises(Refused) as caught:
        deciding.decide(study, peter, {glucose: True}, said_by=said(), by=asker, reach=reach(asker))
    assert caught.value.refusal.because is Because.NOT_ASKED_FOR


def test_viewer_decides_nothing(sandbox: Sandbox, viewer: User, study: Study, peter: SourceRecord) -> None:
    with pytest.raises(Refused) as caught:
        _decide(study, peter, viewer)
    assert caught.value.refusal.because is Because.ROLE


@pytest.mark.parametrize("left", ["study", "scope"])
def test_study_that_was_left_or_asks_no_more_meanwhile_refuses_it(
    sandbox: Sandbox, asker: User, study: Study, peter: SourceRecord, left: str
) -> None:
    operation = _decide(study, peter, asker)
    with sandbox.stores["jhe"].writing() as state:
        if left == "study":
            gone = [each for each in state["enrolments"] if each["patient_id"] == int(PETER)]
            state["enrolments"] = [each for each in state["enrolments"] if each not in gone]
        else:
            requests = state["studies"][BP_AND_HR]["scope_requests"]
            requests[:] = [each for each in requests if each["scope_code_id"] != 50002]

    operation = work_off(operation)

    expected = Why.NOT_TAKING_PART if left == "study" else Why.NOT_ASKED_FOR
    assert (operation.state, operation.why) == (State.REFUSED, expected)
    assert not Decision.objects.filter(how=Decision.How.WRITTEN).exists()


def test_authority_stands_nowhere_in_clear(
    sandbox: Sandbox, asker: User, study: Study, peter: SourceRecord
) -> None:
    work_off(_decide(study, peter, asker, witness="Wilhelmina Wordsworth", note="Signed at her bedside"))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT authority FROM patients_decision UNION ALL SELECT wanted FROM patients_operation"
        )
        stored = " ".join(str(value) for (value,) in cursor.fetchall())
    told = " ".join(str(each.details) + each.reason for each in Event.objects.all())
    for text in (stored, told):
        assert "Wordsworth" not in text
        assert "bedside" not in text
    assert authority.kept(_latest(peter, study).authority) == replace(
        said(), witness="Wilhelmina Wordsworth", note="Signed at her bedside"
    )
