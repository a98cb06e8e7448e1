"""The onboarding of one person on its pages: begun, left, taken up again, walked to its end."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from integrations.sandbox.patient_app import PatientApp
from integrations.sandbox.run import Sandbox
from patients.models import Draft, Operation, Participant, Patient, SourceRecord, Study
from portal.accounts.models import User
from portal.audit.models import Event
from tests.conftest import signed_in
from tests.filling import fields_of as all_fields
from tests.studying import BP_AND_HR, enrolled, taking_part
from tests.support import PART, Node, connected, parsed
from tests.web.inviting.pages import (
    enrol_page,
    fields_of,
    invite_page,
    invited,
    of_invitation,
    of_study,
    opened,
    qr_texts,
    send,
    went_on,
)
from tests.web.registering.desk import ZOE
from tests.writing import LIFESPAN, known, named, work_off

pytestmark = pytest.mark.slow
STEPS = ["register", "belong", "enrol", "invite", "connect"]


def course_page(study: Study, patient: Patient | str) -> str:
    whom = patient if isinstance(patient, str) else patient.public_id
    return reverse("patients:onboarding", args=[study.public_id, whom])


def begin_page(study: Study) -> str:
    return reverse("patients:onboarding_begin", args=[study.public_id])


def stands(page: Node) -> list[str]:
    """How each step stands, in order."""
    return [page.of_id(f"step-{each}").attributes["class"].rpartition("--")[2] for each in STEPS]


def registered(client: Client, study: Study, **typed: str) -> str:
    """Somebody registered for a study, from where its onboarding begins; where that leads."""
    sent = {"study": study.public_id, "text": ""}
    draft = went_on(client.post(reverse("patients:register_start"), sent))
    form = all_fields(opened(client, draft), "/register")
    check = went_on(client.post(reverse("patients:register"), form | ZOE | typed))
    page = opened(client, f"{check}?all=1")
    made = all_fields(page, "/create")
    return went_on(client.post(check.replace("/check", "/create"), made))


def person_at(url: str) -> Patient:
    return Patient.objects.get(public_id=url.rpartition("/")[2])


# --- the way through ------------------------------------------------------------------------


def test_somebody_new_is_led_to_being_connected(
    sandbox: Sandbox, desk: Client, study: Study, asker: User
) -> None:
    url = registered(desk, study)
    assert url == course_page(study, person_at(url))
    assert stands(opened(desk, url)) == ["under-way", "later", "later", "later", "later"]

    creation = work_off()
    assert creation.record is not None
    url = went_on(desk.get(url))  # to the address under which the person goes on
    page = opened(desk, url)
    assert stands(page) == ["done", "done", "next", "later", "later"]
    assert enrol_page(creation.record) in str([each.attributes.get("href") for each in page.every(_is_link)])

    to_invite = went_on(
        send(desk, f"{enrol_page(creation.record)}?study={study.public_id}", study=study.public_id)
    )
    assert to_invite == invite_page(creation.record, study)
    assert stands(opened(desk, url)) == ["done", "done", "under-way", "later", "later"]
    work_off()
    assert enrolled(sandbox, creation.record.remote_id, BP_AND_HR) == 1
    row = invited(desk, creation.record, study, "in person")
    page = opened(desk, url)
    assert stands(page) == ["done", "done", "done", "done", "waits"]
    assert of_invitation(row) in str([each.attributes.get("href") for each in page.every(_is_link)])

    (link,) = qr_texts(opened(desk, of_invitation(row, "invitation_in_person")))
    (poll,) = page.every(
        lambda node: "hx-get" in node.attributes and "/standing" in node.attributes["hx-get"]
    )
    asks = poll.attributes["hx-get"]
    assert desk.get(asks, headers=PART).status_code == 204
    PatientApp(sandbox.url("jhe")).follow(link)
    assert desk.get(asks, headers=PART)["HX-Refresh"] == "true"
    page = opened(desk, url)
    assert stands(page) == ["done"] * 5
    assert "Everything is done" in page.text


def _is_link(node: Node) -> bool:
    return node.tag == "a"


def test_form_that_is_left_is_taken_up_again(desk: Client, study: Study) -> None:
    draft = went_on(desk.post(reverse("patients:register_start"), {"study": study.public_id, "text": ""}))
    kept = Draft.objects.get()

    assert went_on(desk.get(course_page(study, kept.public_id))) == draft
    form = opened(desk, draft)
    assert all_fields(form, "/register")["organization_id"] == LIFESPAN
    assert all_fields(form, "/register")["systems"] == ["jhe"]


def test_study_stays_with_the_form_while_it_is_filled(desk: Client, study: Study) -> None:
    draft = went_on(desk.post(reverse("patients:register_start"), {"study": study.public_id, "text": ""}))
    form = all_fields(opened(desk, draft), "/register")

    desk.post(reverse("patients:register"), form | {"family_name": "Quartermaine", "park": "1"})

    assert Draft.objects.get().also["study"] == study.public_id


def test_who_is_found_goes_on_without_a_second_record(
    sandbox: Sandbox, desk: Client, study: Study, asker: User
) -> None:
    registered(desk, study)
    record = work_off().record
    assert record is not None
    sent = {"study": study.public_id, "text": ""}
    draft = went_on(desk.post(reverse("patients:register_start"), sent))
    form = all_fields(opened(desk, draft), "/register")
    check = went_on(desk.post(reverse("patients:register"), form | ZOE))

    opened(desk, f"{check}?all=1")
    reply = desk.post(check.replace("/check", "/is"), {"person": record.patient.public_id})

    assert went_on(reply) == course_page(study, record.patient)
    assert len(named(sandbox, "jhe")) == 1


def test_persons_page_leads_on(sandbox: Sandbox, desk: Client, study: Study, peter: SourceRecord) -> None:
    page = opened(desk, reverse("patients:patient", args=[peter.patient.public_id]))

    (link,) = [each.attributes["href"] for each in page.of_id("onboarding").every(_is_link)]
    assert link == course_page(study, peter.patient)
    assert "Invite" in page.of_id("onboarding").text


def test_study_that_was_open_last_is_offered_to_who_takes_no_part(
    desk: Client, study: Study, newcomer: SourceRecord
) -> None:
    person = reverse("patients:patient", args=[newcomer.patient.public_id])
    assert "Take them into this study" not in opened(desk, person).text

    opened(desk, begin_page(study))

    assert "Take them into this study" in opened(desk, person).text
    assert stands(opened(desk, course_page(study, newcomer.patient))) == [
        "done",
        "done",
        "next",
        "later",
        "later",
    ]


def test_home_begins_with_the_study_that_was_open_last(desk: Client, study: Study) -> None:
    assert "New participant" not in opened(desk, "/").text

    opened(desk, begin_page(study))

    (link,) = opened(desk, "/").of_id("new-participant").every(_is_link)
    assert link.attributes["href"] == begin_page(study)


def test_next_step_of_a_person_leads_to_their_onboarding(
    desk: Client, study: Study, peter: SourceRecord
) -> None:
    page = opened(desk, reverse("patients:patient", args=[peter.patient.public_id]))

    (link,) = page.of_id("next-step").every(_is_link)
    assert link.attributes["href"] == course_page(study, peter.patient)


def test_enrolment_that_was_refused_can_be_asked_for_again(
    sandbox: Sandbox, desk: Client, study: Study, newcomer: SourceRecord
) -> None:
    went_on(send(desk, enrol_page(newcomer), study=study.public_id))
    Operation.objects.filter(kind="enrol").update(
        state=Operation.State.REFUSED, due_at=None, ended_at="2026-01-01T00:00Z", problem="No."
    )

    page = opened(desk, course_page(study, newcomer.patient))

    assert stands(page)[2] == "stuck"
    assert "Enrol them" in page.text
    assert "No." in page.text


# --- who may --------------------------------------------------------------------------------


def test_who_only_looks_on_sees_the_steps_and_why_they_cannot_act(
    onlookers: Client, study: Study, peter: SourceRecord
) -> None:
    begin = opened(onlookers, begin_page(study))
    page = opened(onlookers, course_page(study, peter.patient))

    for each in (begin, page):
        assert "this takes a member or manager there" in each.text
        assert "Ask a manager of" in each.text
    assert "Make a test participant" not in begin.text
    assert not page.of_class("portal-steps__button")
    assert stands(page) == ["done", "done", "done", "next", "later"]


def test_test_participant_is_not_made_for_who_only_looks_on(
    sandbox: Sandbox, onlookers: Client, study: Study
) -> None:
    reply = onlookers.post(reverse("patients:onboarding_test", args=[study.public_id]))

    assert reply.status_code == 422
    assert "this takes a member or manager there" in parsed(reply).text
    assert not Operation.objects.exists()


def test_other_organizations_study_is_not_there(
    sandbox: Sandbox, admin: User, study: Study, peter: SourceRecord
) -> None:
    stranger = signed_in(Client(), connected(admin, "manager_mark@example.com", sandbox))

    for url in (begin_page(study), course_page(study, peter.patient)):
        assert stranger.get(url).status_code == 404
    assert Event.objects.filter(action="study.listed", outcome="refused").count() == 2


# --- somebody made up -----------------------------------------------------------------------


def test_button_makes_somebody_who_is_gone_with_one_more(
    sandbox: Sandbox, desk: Client, study: Study
) -> None:
    url = went_on(desk.post(reverse("patients:onboarding_test", args=[study.public_id])))
    record = work_off().record
    assert record is not None
    url = course_page(study, record.patient)
    page = opened(desk, url)
    assert "test participant" in page.text
    assert stands(page) == ["done", "done", "next", "later", "later"]
    went_on(send(desk, f"{enrol_page(record)}?study={study.public_id}", study=study.public_id))
    work_off()
    assert enrolled(sandbox, record.remote_id, BP_AND_HR) == 1

    removing = reverse("patients:onboarding_remove", args=[study.public_id, record.patient.public_id])
    sure = opened(desk, removing)
    assert "1 enrolment" in sure.text
    went_on(desk.post(removing, fields_of(sure, "numbers")))
    operation = work_off()

    assert operation.state == Operation.State.DONE, operation.problem
    assert not enrolled(sandbox, record.remote_id, BP_AND_HR)
    board = opened(desk, at_board(study))
    assert "Nobody-" not in board.text


def at_board(study: Study) -> str:
    return of_study("study", study)


def test_form_of_a_removal_that_was_changed_removes_nobody(
    sandbox: Sandbox, desk: Client, study: Study
) -> None:
    went_on(desk.post(reverse("patients:onboarding_test", args=[study.public_id])))
    record = work_off().record
    assert record is not None
    removing = reverse("patients:onboarding_remove", args=[study.public_id, record.patient.public_id])

    for broken in ({"seal": "x"}, {"numbers": "x"}):
        reply = desk.post(removing, fields_of(opened(desk, removing), "numbers") | broken)
        assert reply.status_code in (409, 422)
    assert not Operation.objects.filter(kind="remove").exists()


def test_nobody_but_who_was_made_up_is_removed_so(
    sandbox: Sandbox, desk: Client, study: Study, peter: SourceRecord
) -> None:
    removing = reverse("patients:onboarding_remove", args=[study.public_id, peter.patient.public_id])

    assert desk.get(removing).status_code == 404
    SourceRecord.objects.filter(pk=peter.pk).update(marked_test=True, is_test=True)
    assert "not somebody whom the portal made up" in opened(desk, removing).text
    reply: Any = desk.post(removing, {"seal": "", "numbers": ""})
    assert reply.status_code == 422
    assert not Operation.objects.exists()


def test_participant_counts_are_without_them(
    sandbox: Sandbox, desk: Client, study: Study, takes_part: Participant, asker: User
) -> None:
    record = known("jhe", "40002", by=asker)
    SourceRecord.objects.filter(pk=record.pk).update(is_test=True, marked_test=True)
    record.refresh_from_db()
    taking_part(study, record)

    rows = opened(desk, at_board(study)).of_class("portal-list__row")
    assert len(rows) == 1
