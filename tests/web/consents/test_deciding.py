"""Recording a decision: by recorded authority, after what follows was shown, for whoever may."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.run import Sandbox
from patients.models import Decision, Operation, SourceRecord, Study
from patients.services import visibility
from patients.services.studies import authority, consent_forms
from patients.services.studies.authority import Decider, Manner
from patients.services.studies.consent_forms import Version
from portal.accounts.models import User
from portal.audit.models import Event
from tests.conftest import signed_in
from tests.consenting import (
    PRESSURE_ID,
    SAID,
    at,
    decide,
    decide_all_there,
    decide_there,
    filled,
    form_of,
    opened,
    page_of,
    question,
    row_of,
)
from tests.studying import BP_AND_HR, PETER, PRESSURE, RATE, decided, reach
from tests.support import connected, parsed
from tests.writing import known, work_off

State = Operation.State
pytestmark = pytest.mark.slow


@pytest.fixture
def url(sandbox: Sandbox, desk: Client, peter: SourceRecord) -> str:
    """The form for somebody who agreed to one kind of data and was never asked about the other."""
    decide_all_there(sandbox, PETER, BP_AND_HR, None)
    decide_there(sandbox, PETER, BP_AND_HR, PRESSURE_ID, True)
    opened(desk, page_of(peter))
    return at("decide", peter)


def _done() -> list[Operation]:
    for _ in range(3):
        work_off()
    return list(Operation.objects.order_by("pk"))


def test_several_decisions_are_recorded_one_request_each_with_their_authority(
    sandbox: Sandbox, desk: Client, member: User, peter: SourceRecord, url: str
) -> None:
    reply = decide(
        desk, url, {"Blood pressure": "no", "Heart rate": "yes"},
        decider="assent with a parent", representative="Ruth Pearson", relation="mother", manner="phone",
        form_language="es", witness="Will Ness", note="Wants to think about pressure again",
    )  # fmt: skip
    assert (reply.status_code, reply["Location"]) == (303, page_of(peter))
    assert [each.state for each in _done()] == [State.DONE, State.DONE]
    assert decided(sandbox, PETER, BP_AND_HR) == {PRESSURE[1]: False, RATE[1]: True}
    for row in Decision.objects.filter(how="written"):
        said = authority.kept(row.authority)
        assert (said.decider, said.manner, said.form_language) == (Decider.ASSENT, Manner.PHONE, "es")
        assert (said.representative, said.relation, said.witness) == ("Ruth Pearson", "mother", "Will Ness")
    text = opened(desk, page_of(peter)).text
    assert "Recorded here by Cora Coordinator" in text
    assert "Ruth Pearson, mother" in text
    assert "version 3.1, Spanish" in text
    assert "Signed on 15-Jan-2026" in text
    assert Event.objects.filter(action="operation.asked").count() == 2


def test_what_follows_is_said_before_anything_is_asked_for(desk: Client, url: str) -> None:
    form = filled(desk, url, {"Blood pressure": "no"})
    check = parsed(desk.post(url, form | {"check": "1"}))
    assert "No new data of this kind are collected for this study from then on" in check.text
    assert "What was collected before stays" in check.text
    assert "What stays: everything that was collected before" in check.text
    assert "version 3.1, English" in check.text
    assert not Operation.objects.exists()
    again = parsed(desk.post(url, form_of(check) | {"change": "1"}))
    assert form_of(again)[question(again, "Blood pressure")] == "no"
    assert form_of(again)["taken_by"] == SAID["taken_by"]
    assert not Operation.objects.exists()


def test_consent_is_withdrawn_in_two_steps_from_the_consents(
    sandbox: Sandbox, desk: Client, peter: SourceRecord, url: str
) -> None:
    links = opened(desk, page_of(peter)).links()
    (withdraw, *_) = [each for each in links if each.endswith("?withdraw=1") and url in each]
    form = form_of(opened(desk, withdraw))
    assert form[question(opened(desk, withdraw), "Blood pressure")] == "no"
    assert form[question(opened(desk, withdraw), "Heart rate")] == ""
    check = parsed(desk.post(withdraw, form | SAID | {"check": "1"}))
    desk.post(withdraw, form_of(check) | {"confirm": "1"})
    assert work_off().state == State.DONE
    assert decided(sandbox, PETER, BP_AND_HR) == {PRESSURE[1]: False}
    assert "Declined" in row_of(opened(desk, page_of(peter)), "Blood pressure").text


def test_of_two_forms_at_once_the_second_overwrites_nothing(sandbox: Sandbox, desk: Client, url: str) -> None:
    """What the first asks for is on its way still: the system says as before."""
    first, second = (filled(desk, url, {"Heart rate": answer}) for answer in ("yes", "no"))
    first, second = (form_of(parsed(desk.post(url, form | {"check": "1"}))) for form in (first, second))
    assert desk.post(url, first | {"confirm": "1"}).status_code == 303
    refused = desk.post(url, second | {"confirm": "1"})
    assert "stand otherwise by now" in parsed(refused).text
    assert Operation.objects.count() == 1
    _done()
    assert decided(sandbox, PETER, BP_AND_HR)[RATE[1]] is True


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"signed_on": "1 1 2099"}, "future"),
        ({"signed_on": "31 2 2026"}, "31"),
        ({"signed_on": ""}, "Enter the date on which it was signed."),
        ({"decider": ""}, "Choose who decided."),
        ({"decider": "representative"}, "Enter the name of the representative or parent."),
        (
            {"decider": "representative", "representative": "R. P."},
            "what the representative is to the person",
        ),
        ({"manner": ""}, "Choose how it was decided."),
        ({"form_version": ""}, "Enter the version of the consent form."),
        ({"sheet_version": " "}, "Enter the version of the information sheet."),
        ({"form_language": ""}, "Choose the language of the consent form."),
        ({"taken_by": ""}, "Enter who took the decision down."),
    ],
)
def test_decision_without_its_whole_authority_is_not_taken_and_all_that_was_typed_stays(
    desk: Client, url: str, wrong: dict[str, str], says: str
) -> None:
    form = filled(desk, url, {"Heart rate": "yes"}, note="Came with her sister", **wrong)
    reply = desk.post(url, form | {"check": "1"})
    shown = parsed(reply)
    assert reply.status_code == 422
    assert says in shown.text
    kept, ours = form_of(shown), form.keys() - {"seal", "shown", "csrfmiddlewaretoken"}
    assert {name: kept[name] for name in ours} == {name: form[name] for name in ours}
    assert not Operation.objects.exists()


def test_everything_that_is_missing_is_said_at_once(desk: Client, url: str) -> None:
    form = filled(desk, url, {}, **dict.fromkeys(SAID, ""))
    shown = parsed(desk.post(url, form | {"check": "1"}))
    (summary,) = shown.of_class("govuk-error-summary__list")
    assert len(list(summary.every(lambda node: node.tag == "li"))) == len(SAID) + 1


def test_nothing_chosen_is_said(desk: Client, url: str) -> None:
    reply = desk.post(url, filled(desk, url, {}) | {"check": "1"})
    assert reply.status_code == 422
    assert "Choose what was decided about at least one kind of data." in parsed(reply).text


def test_confirmation_without_authority_records_nothing(desk: Client, url: str) -> None:
    form = filled(desk, url, {"Heart rate": "yes"}, taken_by="")
    assert desk.post(url, form | {"confirm": "1"}).status_code == 422
    assert not Operation.objects.exists()


def test_decision_that_was_made_elsewhere_meanwhile_is_shown_before_it_is_written_over(
    sandbox: Sandbox, desk: Client, peter: SourceRecord, url: str
) -> None:
    form = filled(desk, url, {"Blood pressure": "yes"}, note="On the telephone")
    decide_there(sandbox, PETER, BP_AND_HR, PRESSURE_ID, False)
    opened(desk, page_of(peter))
    reply = desk.post(url, form | {"confirm": "1"})
    shown = parsed(reply)
    assert reply.status_code == 422
    assert "stand otherwise by now" in shown.text
    assert "Now: Declined" in shown.text
    assert form_of(shown)["note"] == "On the telephone"
    assert not Operation.objects.exists()
    assert desk.post(url, form_of(shown) | {"confirm": "1"}).status_code == 303


def test_form_about_somebody_who_changed_meanwhile_is_refused_and_what_was_written_is_kept(
    sandbox: Sandbox, desk: Client, member: User, url: str
) -> None:
    form = filled(desk, url, {"Heart rate": "no"}, note="Told at the desk")
    with sandbox.stores["jhe"].writing() as state:
        state["patients"][PETER]["name_family"] = "Changed-Meanwhile"
    known("jhe", PETER, by=member)
    reply = desk.post(url, form | {"confirm": "1"})
    shown = parsed(reply)
    assert reply.status_code == 409
    assert form_of(shown)["note"] == "Told at the desk"
    assert form_of(shown)[question(shown, "Heart rate")] == "no"
    assert not Operation.objects.exists()


def test_viewer_neither_opens_a_form_nor_records(viewer: User, desk: Client, url: str) -> None:
    client = signed_in(Client(), viewer)
    shown = opened(client, url)
    assert "Your JupyterHealth Exchange role at Lifespan Lab is viewer" in shown.text
    assert "Ask a manager of Lifespan Lab" in shown.text
    assert not shown.named("seal")
    form = filled(desk, url, {"Heart rate": "yes"})
    refused = client.post(url, form | {"confirm": "1"})
    assert refused.status_code in (409, 422)
    assert not Operation.objects.exists()


def test_role_that_was_taken_away_meanwhile_records_nothing(
    sandbox: Sandbox, desk: Client, member: User, url: str
) -> None:
    form = filled(desk, url, {"Heart rate": "yes"})
    connected(member, "viewer_victor@example.com", sandbox)
    visibility.forget(member)
    reply = desk.post(url, form | {"confirm": "1"})
    assert reply.status_code == 422
    assert "takes a member or manager" in parsed(reply).text
    assert not Operation.objects.exists()


def test_practitioner_elsewhere_finds_nothing(admin: User, sandbox: Sandbox, url: str) -> None:
    stranger = signed_in(Client(), connected(admin, "manager_mark@example.com", sandbox))
    assert stranger.get(url).status_code == 404
    assert stranger.post(url, {"confirm": "1"}).status_code == 404


def test_decision_can_be_recorded_while_the_system_does_not_answer_and_waits(
    sandbox: Sandbox, desk: Client, member: User, peter: SourceRecord, url: str
) -> None:
    visibility.reach_of(member)
    sandbox.faults["jhe"].add(Fault(kind=FaultKind.STATUS, status=503, path="/consents$"))
    shown = opened(desk, url)
    assert "Shown as last known" in shown.text
    decide(desk, url, {"Blood pressure": "no"})
    assert work_off().state == State.WAITING
    page_now = opened(desk, page_of(peter))
    assert "Being written: declined" in row_of(page_now, "Blood pressure").text
    assert "A decision is being written already" in opened(desk, url).text


def test_form_in_use_stands_in_the_form(sandbox: Sandbox, desk: Client, manager: User, url: str) -> None:
    study = Study.objects.get(remote_id=BP_AND_HR)
    version = Version(version="4.0", sheet_version="2.2", languages=("es",))
    consent_forms.set_form(study, version, by=manager, reach=reach(manager))
    held: dict[str, Any] = form_of(opened(desk, url))
    assert (held["form_version"], held["sheet_version"], held["form_language"]) == ("4.0", "2.2", "es")
    assert held["taken_by"] == "Cora Coordinator"


def test_who_left_the_study_decides_nothing(
    sandbox: Sandbox, desk: Client, peter: SourceRecord, url: str
) -> None:
    study = Study.objects.get(remote_id=BP_AND_HR)
    study.participants.update(left_at=study.read_at)
    with sandbox.stores["jhe"].writing() as state:
        state["enrolments"] = [each for each in state["enrolments"] if str(each["study_id"]) != BP_AND_HR]
    shown = opened(desk, url)
    assert "does not take part in this study" in shown.text
    assert not shown.named("seal")


def test_nothing_of_a_person_is_in_an_address_or_log(
    desk: Client, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    decide(desk, url, {"Heart rate": "no"}, representative="Secretia Longname", note="Secret note")
    work_off()
    assert "Secretia" not in caplog.text
    assert "Secret note" not in caplog.text
    kept = [str(each.details) + each.reason for each in Event.objects.all()]
    assert not any("Secret" in each for each in kept)
