"""Putting people into a study and taking them out: one, many, and somebody of another organization."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.run import Sandbox
from patients.models import Operation, Participant, SourceRecord, Study
from patients.services.studies import elsewhere
from patients.services.studies.allowed import Refused
from portal.accounts.models import User
from portal.audit.models import Event
from tests.ending import belong
from tests.studying import BP, PETER, enrolled, reach, study_read
from tests.support import PART, parsed
from tests.writing import LIFESPAN, known, work_off

from .conftest import PERRY
from .pages import (
    REASON,
    at_person,
    chosen_on,
    enrol_page,
    fields_of,
    invite_page,
    of_study,
    opened,
    send,
    went_on,
)

State = Operation.State


@pytest.fixture
def outsider(sandbox: Sandbox, newcomer: SourceRecord, other: User) -> SourceRecord:
    """Somebody of the organization above alone, which the admin sees."""
    belong(sandbox, 20002, person=PERRY)
    return known("jhe", PERRY, by=other)


# --- one ------------------------------------------------------------------------------------


def test_person_is_enrolled_and_inviting_them_is_the_next_step(
    sandbox: Sandbox, desk: Client, study: Study, newcomer: SourceRecord
) -> None:
    person = at_person("enrol", newcomer)
    assert person in opened(desk, f"/people/{newcomer.patient.public_id}").links()

    then = went_on(send(desk, enrol_page(newcomer), study=study.public_id))
    assert then == invite_page(newcomer, study)
    waiting = opened(desk, then)
    assert "Being enrolled" in waiting.text
    poll = waiting.of_class("portal-standing")[0].attributes["hx-get"]
    assert desk.get(poll, headers=PART).status_code == 204
    assert work_off().state == State.DONE
    assert desk.get(poll, headers=PART)["HX-Refresh"] == "true"
    assert opened(desk, then).named("channel")
    assert enrolled(sandbox, PERRY, study.remote_id) == 1


def test_study_opened_last_is_chosen_already(desk: Client, study: Study, newcomer: SourceRecord) -> None:
    study_read(BP, by=User.objects.get(email="coordinator@example.org"))
    assert chosen_on(opened(desk, enrol_page(newcomer)), "study") == []

    opened(desk, of_study("study", study))
    assert chosen_on(opened(desk, enrol_page(newcomer)), "study") == [study.public_id]


def test_record_of_another_organization_is_added_by_a_button(
    sandbox: Sandbox, others: Client, study: Study, outsider: SourceRecord
) -> None:
    refused = send(others, enrol_page(outsider), study=study.public_id)
    assert refused.status_code == 422
    page = parsed(refused)
    assert "does not belong to Lifespan Lab" in page.text
    (button,) = page.named("add")
    assert button.text == "Add to Lifespan Lab and enrol"
    assert not Operation.objects.exists()

    form = fields_of(page, "study") | {"study": study.public_id, "add": "1"}
    went_on(others.post(enrol_page(outsider), form))
    work_off()
    work_off()
    assert [each.state for each in Operation.objects.order_by("pk")] == [State.DONE, State.DONE]
    assert enrolled(sandbox, PERRY, study.remote_id) == 1


def test_viewer_is_told_role_and_whom_to_ask(
    onlookers: Client, desk: Client, study: Study, newcomer: SourceRecord
) -> None:
    form = fields_of(opened(desk, enrol_page(newcomer)), "study")

    reply = onlookers.post(enrol_page(newcomer), form | {"study": study.public_id})
    assert reply.status_code == 422
    text = parsed(reply).text
    assert "role at Lifespan Lab is viewer" in text
    assert "Ask a manager of Lifespan Lab" in text
    assert not Operation.objects.exists()


def test_form_of_somebody_else_is_refused(
    desk: Client, asker: User, study: Study, newcomer: SourceRecord, peter: SourceRecord
) -> None:
    other = study_read(BP, by=asker)
    form = fields_of(opened(desk, enrol_page(peter)), "study")

    reply = desk.post(enrol_page(newcomer), form | {"study": other.public_id})
    assert reply.status_code == 409
    assert "This form was about somebody else" in parsed(reply).text
    assert not Operation.objects.exists()


def test_what_goes_and_what_stays_is_said_before_somebody_is_taken_out(
    sandbox: Sandbox, desk: Client, study: Study, peter: SourceRecord
) -> None:
    url = at_person("unenrol", peter, study.public_id)
    page = opened(desk, url)
    assert "deletes them" in page.text
    assert "All observations" in page.text

    assert send(desk, url, reason="").status_code == 422
    went_on(send(desk, url, reason=REASON))
    assert work_off().state == State.DONE
    assert enrolled(sandbox, PETER, study.remote_id) == 0
    assert Participant.objects.get(study=study, record=peter).left_at is not None
    with sandbox.stores["jhe"].reading() as state:
        assert any(row["patient_id"] == int(PETER) for row in state["observations"].values())


# --- many -----------------------------------------------------------------------------------


def test_people_of_the_organization_are_ticked_and_each_outcome_is_listed(
    sandbox: Sandbox, desk: Client, asker: User, study: Study, peter: SourceRecord, newcomer: SourceRecord
) -> None:
    page = opened(desk, of_study("study_add", study))
    ticks = {each.attributes["value"] for each in page.named("tick")}
    assert str(newcomer.pk) in ticks
    assert str(peter.pk) not in ticks

    then = went_on(desk.post(of_study("study_add", study), {"enrol": "1", "tick": [str(newcomer.pk)]}))
    assert "0 of 1 ended" in opened(desk, then).text
    work_off()
    after = opened(desk, then)
    assert "1 of 1 ended" in after.text
    assert "Invite them" in after.text
    assert enrolled(sandbox, PERRY, study.remote_id) == 1


def test_nobody_ticked_is_said(desk: Client, study: Study, newcomer: SourceRecord) -> None:
    reply = desk.post(of_study("study_add", study), {"enrol": "1"})
    assert reply.status_code == 422
    assert "Tick who is to be enrolled" in parsed(reply).text


def test_all_of_a_page_are_ticked_without_a_script(
    desk: Client, study: Study, newcomer: SourceRecord
) -> None:
    page = parsed(desk.post(of_study("study_add", study), {"all": "1"}))
    assert all("checked" in each.attributes for each in page.named("tick"))


def test_list_is_narrowed_by_name_which_is_in_no_address(
    desk: Client, study: Study, newcomer: SourceRecord
) -> None:
    found = desk.post(of_study("study_add", study), {"name": newcomer.family[:5]})
    assert [each.attributes["value"] for each in parsed(found).named("tick")] == [str(newcomer.pk)]
    assert not parsed(desk.post(of_study("study_add", study), {"name": "quillon"})).named("tick")


def test_selected_people_are_enrolled_and_who_is_outside_is_added_by_a_button(
    sandbox: Sandbox, others: Client, study: Study, peter: SourceRecord, outsider: SourceRecord
) -> None:
    keys = [each.patient.public_id for each in (peter, outsider)]
    others.post("/people/", {"shown": " ".join(keys), "tick": keys, "keep": "1"})
    assert "/people/enrol" in opened(others, "/people/").links()
    assert "Enrol 2 people" in opened(others, "/people/enrol").text

    then = went_on(others.post("/people/enrol", {"study": study.public_id}))
    page = opened(others, then)
    assert "Not asked for: 1 person" in page.text
    assert "does not belong to Lifespan Lab" in page.text
    (button,) = page.named("add to organization")
    assert button.text == "Add 1 person to Lifespan Lab and enrol"
    again = went_on(others.post(then, {"add to organization": "1"}))
    for _ in range(3):
        work_off()
    assert {each.state for each in Operation.objects.all()} == {State.DONE}
    assert enrolled(sandbox, PERRY, study.remote_id) == 1
    assert enrolled(sandbox, PETER, study.remote_id) == 1
    assert "1 of 1 ended" in opened(others, again).text


def test_outcome_of_another_session_or_study_is_not_there(
    desk: Client, others: Client, study: Study, newcomer: SourceRecord
) -> None:
    then = went_on(desk.post(of_study("study_add", study), {"enrol": "1", "tick": [str(newcomer.pk)]}))
    assert others.get(then).status_code == 404


def test_viewer_sees_the_list_and_no_button(onlookers: Client, study: Study, newcomer: SourceRecord) -> None:
    page = opened(onlookers, of_study("study_add", study))
    assert "is viewer" in page.text
    assert not page.named("enrol")
    reply = onlookers.post(of_study("study_add", study), {"enrol": "1", "tick": [str(newcomer.pk)]})
    assert reply.status_code == 422
    assert not Operation.objects.exists()


def test_study_of_an_organization_without_a_role_is_not_there(desk: Client, study: Study) -> None:
    pages = [of_study(name, study) for name in ("study_add", "study_elsewhere", "study_invite")]
    Study.objects.filter(pk=study.pk).update(organization="20006")
    assert {desk.get(each).status_code for each in pages} == {404}


# --- somebody of another organization -------------------------------------------------------


def email_of(sandbox: Sandbox, patient: str) -> str:
    """The e-mail of somebody's login."""
    with sandbox.stores["jhe"].reading() as state:
        user = state["patients"][patient]["user_id"]
        return str(state["users"][str(user)]["email"])


def test_somebody_elsewhere_is_recognised_by_little_and_added(
    sandbox: Sandbox, desk: Client, study: Study
) -> None:
    email = email_of(sandbox, PERRY)
    url = of_study("study_elsewhere", study)
    assert not SourceRecord.objects.filter(remote_id=PERRY).exists()

    page = parsed(desk.post(url, {"email": email.upper()}))
    (card,) = page.of_class("portal-somebody")
    assert "1989" in card.text
    assert email not in card.text
    assert "•••" in card.text
    assert "+1-508" not in card.text
    event = Event.objects.filter(action="study.looked_up_everywhere").latest("at")
    assert event.details["records"] == [f"jhe:{PERRY}"]
    assert email not in str(event.details)

    went_on(desk.post(url, fields_of(page, "who")))
    work_off()
    work_off()
    assert [each.state for each in Operation.objects.order_by("pk")] == [State.DONE, State.DONE]
    with sandbox.stores["jhe"].reading() as state:
        assert int(LIFESPAN) in state["patients"][PERRY]["organizations"]
    assert enrolled(sandbox, PERRY, study.remote_id) == 1


def test_nobody_by_that_e_mail_is_said_with_what_cannot_be_found(desk: Client, study: Study) -> None:
    page = parsed(desk.post(of_study("study_elsewhere", study), {"email": "nobody@example.org"}))
    assert "Nobody with this e-mail address" in page.text
    assert "/register" in page.links()


def test_viewer_looks_nobody_up_elsewhere(sandbox: Sandbox, onlookers: Client, study: Study) -> None:
    url = of_study("study_elsewhere", study)
    assert not opened(onlookers, url).named("email")
    page = parsed(onlookers.post(url, {"email": email_of(sandbox, PERRY)}))
    assert not page.of_class("portal-somebody")
    assert not Event.objects.filter(action="study.looked_up_everywhere").exists()


def test_who_was_found_by_somebody_else_or_long_ago_is_not_added(
    sandbox: Sandbox, desk: Client, others: Client, asker: User, study: Study
) -> None:
    asked_before = reach(asker)
    url = of_study("study_elsewhere", study)
    form = fields_of(parsed(desk.post(url, {"email": email_of(sandbox, PERRY)})), "who")

    assert others.post(url, form).status_code == 422
    with time_machine.travel(timezone.now() + timedelta(minutes=31)), pytest.raises(Refused):
        elsewhere.add(form["who"], study, by=asker, reach=asked_before)
    assert not Operation.objects.exists()


def test_exchange_that_does_not_answer_is_said(sandbox: Sandbox, desk: Client, study: Study) -> None:
    sandbox.faults["jhe"].add(Fault(kind=FaultKind.STATUS, status=503, path="global_lookup"))
    reply = desk.post(of_study("study_elsewhere", study), {"email": "nobody@example.org"})
    assert reply.status_code == 422
    assert "JupyterHealth Exchange" in parsed(reply).text
