"""Inviting one participant: who may, by which way, who sees the link, and what becomes of it."""

from __future__ import annotations

from datetime import timedelta

from django.test import Client
from django.utils import timezone

from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.patient_app import PatientApp
from integrations.sandbox.run import Sandbox
from patients.models import Invitation, Operation, Participant, SourceRecord, Study
from portal.audit.models import Event
from tests.studying import CAREX, PETER, mailed, taking_part
from tests.support import PART, parsed
from tests.writing import work_off

from .pages import (
    chosen_on,
    fields_of,
    invite_page,
    invited,
    link_on,
    of_invitation,
    opened,
    qr_texts,
    send,
    went_on,
)

State = Operation.State


def test_qr_code_says_the_link_that_is_copied(
    sandbox: Sandbox, desk: Client, study: Study, peter: SourceRecord
) -> None:
    row = invited(desk, peter, study)

    shown = opened(desk, of_invitation(row))
    link = link_on(opened(desk, f"{of_invitation(row)}?way=copy"))
    assert link.startswith("https://carex.example.org/invitation/")
    assert qr_texts(shown) == [link]
    assert qr_texts(opened(desk, of_invitation(row, "invitation_in_person"))) == [link]
    assert qr_texts(opened(desk, of_invitation(row, "invitation_letter"))) == [link]
    assert "data:" not in shown.text


def test_way_of_the_last_invitation_is_chosen_already_unless_it_leaves_at_once(
    desk: Client, others: Client, study: Study, peter: SourceRecord, newcomer: SourceRecord
) -> None:
    taking_part(study, newcomer)
    assert chosen_on(opened(desk, invite_page(newcomer, study)), "channel") == []

    invited(desk, peter, study, channel="in person")
    assert chosen_on(opened(desk, invite_page(newcomer, study)), "channel") == ["in person"]
    assert chosen_on(opened(others, invite_page(newcomer, study)), "channel") == []

    invited(desk, peter, study, channel="email", again="1")
    assert chosen_on(opened(desk, invite_page(newcomer, study)), "channel") == []


def test_link_is_kept_by_nobody_on_its_way(desk: Client, study: Study, peter: SourceRecord) -> None:
    row = invited(desk, peter, study)

    for way in ("copy", "qr", "email"):
        assert desk.get(f"{of_invitation(row)}?way={way}")["Cache-Control"] == "no-store, private"
    for name in ("invitation_in_person", "invitation_letter"):
        assert desk.get(of_invitation(row, name))["Cache-Control"] == "no-store, private"


def test_each_showing_is_an_event_without_the_link(desk: Client, study: Study, peter: SourceRecord) -> None:
    row = invited(desk, peter, study)
    link = link_on(opened(desk, f"{of_invitation(row)}?way=copy"))
    opened(desk, of_invitation(row, "invitation_letter"))

    events = Event.objects.filter(action="invitation.link_shown")
    assert sorted(each.details["way"] for each in events) == ["copy", "letter"]
    assert {each.record_id for each in events} == {PETER}
    secret = link.rpartition("_")[2]
    assert not [each for each in Event.objects.all() if secret in str(each.details)]


def test_nobody_but_who_asked_for_it_is_shown_the_link(
    desk: Client, others: Client, study: Study, peter: SourceRecord
) -> None:
    row = invited(desk, peter, study, "copy")

    page = opened(others, of_invitation(row))
    assert "Cora Coordinator" in page.text
    assert "shown to nobody but who asked for it" in page.text
    for name in ("invitation", "invitation_in_person", "invitation_letter"):
        shown = others.get(f"{of_invitation(row, name)}?way=copy")
        assert not parsed(shown).of_class("portal-link-qr")
        assert b"carex.example.org" not in shown.content
    assert not Event.objects.filter(action="invitation.link_shown").exists()


def test_link_is_gone_after_an_hour(desk: Client, study: Study, peter: SourceRecord) -> None:
    row = invited(desk, peter, study, "copy")
    Invitation.objects.update(link_until=timezone.now() - timedelta(seconds=1))

    page = opened(desk, of_invitation(row))
    assert "not kept any more" in page.text
    assert not page.of_class("portal-copy")


def test_page_says_connected_when_the_app_has_redeemed(
    sandbox: Sandbox, desk: Client, study: Study, peter: SourceRecord, takes_part: Participant
) -> None:
    row = invited(desk, peter, study, "in person")
    beside = opened(desk, of_invitation(row, "invitation_in_person"))
    (waiting,) = beside.of_class("portal-in-person__wait")
    poll = waiting.attributes["hx-get"]
    assert desk.get(poll, headers=PART).status_code == 204

    PatientApp(sandbox.url("jhe")).follow(qr_texts(beside)[0])
    assert desk.get(poll, headers=PART)["HX-Refresh"] == "true"
    after = opened(desk, of_invitation(row, "invitation_in_person"))
    assert "Connected" in after.text
    assert not after.of_class("portal-link-qr")
    row.refresh_from_db()
    takes_part.refresh_from_db()
    assert (row.state, row.link) == ("redeemed", None)
    assert takes_part.standing == Participant.Standing.CONNECTED
    assert takes_part.invitation_state == "redeemed"
    assert Event.objects.filter(action="invitation.stands", details__state="redeemed").count() == 1


def test_system_that_does_not_answer_leaves_the_code_where_it_is(
    sandbox: Sandbox, desk: Client, study: Study, peter: SourceRecord
) -> None:
    row = invited(desk, peter, study, "in person")
    poll = opened(desk, of_invitation(row, "invitation_in_person")).of_class("portal-in-person__wait")[0]
    sandbox.faults["jhe"].add(Fault(kind=FaultKind.STATUS, status=503, path="/invitation/"))

    said = parsed(desk.get(poll.attributes["hx-get"], headers=PART))
    assert "cannot be asked at this moment" in said.text
    sandbox.faults["jhe"].clear()
    again = said.of_class("portal-in-person__wait")[0].attributes["hx-get"]
    assert "cannot be asked" not in parsed(desk.get(again, headers=PART)).text


def test_exchange_mails_the_link_and_the_page_shows_none(
    sandbox: Sandbox, desk: Client, study: Study, peter: SourceRecord
) -> None:
    row = invited(desk, peter, study, "email")

    assert len(mailed(sandbox)) == 1
    page = opened(desk, of_invitation(row))
    assert "mails the link itself" in page.text
    assert "p•••@" in page.text or "l•••@" in page.text
    assert mailed(sandbox)[0] not in page.text


def test_mail_of_our_own_can_be_changed_and_its_link_is_in_no_address(
    desk: Client, study: Study, peter: SourceRecord
) -> None:
    row = invited(desk, peter, study, "own email")

    page = opened(desk, of_invitation(row))
    assert page.of_id("mail-subject").attributes["value"] == f"Join {study.name} - Connect Your Health Data"
    text = page.of_id("mail-text").text
    assert text.startswith("Dear LlPatientPeter,")
    link = link_on(opened(desk, f"{of_invitation(row)}?way=copy"))
    assert link in text
    assert "- blood pressure" in text
    (mailto,) = [each for each in page.links() if each.startswith("mailto:")]
    assert "subject=Join%20" in mailto
    assert "invitation" not in mailto
    assert not [each for each in page.links() if link.rpartition("_")[2] in each]


def test_parts_of_the_link_are_explained_with_its_code_masked(
    sandbox: Sandbox, desk: Client, study: Study, peter: SourceRecord
) -> None:
    row = invited(desk, peter, study)

    shown = opened(desk, of_invitation(row)).text
    link = link_on(opened(desk, f"{of_invitation(row)}?way=copy"))
    host = sandbox.url("jhe").removeprefix("http://")
    assert "carex.example.org" in shown
    assert host in shown
    code = link.rpartition("_")[2]
    assert code not in shown
    assert f"…{code[-4:]}" in shown


# --- who may not ----------------------------------------------------------------------------


def test_viewer_sees_it_and_is_told_role_and_whom_to_ask(
    onlookers: Client, study: Study, peter: SourceRecord
) -> None:
    page = opened(onlookers, invite_page(peter, study))

    assert "role at Lifespan Lab is viewer" in page.text
    assert "takes a member or manager" in page.text
    assert "Ask a manager of Lifespan Lab" in page.text
    assert not page.named("channel")


def test_form_of_a_viewer_is_refused_all_the_same(
    desk: Client, onlookers: Client, study: Study, peter: SourceRecord
) -> None:
    form = fields_of(opened(desk, invite_page(peter, study)), "seal")

    reply = onlookers.post(invite_page(peter, study), form | {"channel": "qr", "app": CAREX})
    assert reply.status_code == 422
    assert "is viewer" in parsed(reply).text
    assert not Operation.objects.exists()


def test_who_has_died_cannot_be_invited(desk: Client, study: Study, peter: SourceRecord) -> None:
    SourceRecord.objects.filter(pk=peter.pk).update(is_deceased=True)

    page = opened(desk, invite_page(peter, study))
    assert "says that they have died" in page.text
    assert not page.named("channel")


def test_second_invitation_takes_another_press_and_replaces_the_first(
    desk: Client, study: Study, peter: SourceRecord
) -> None:
    first = invited(desk, peter, study)

    refused = send(desk, invite_page(peter, study), channel="copy")
    assert refused.status_code == 422
    page = parsed(refused)
    assert "has an invitation to this app already" in page.text
    (button,) = page.named("again")
    assert button.attributes["form"] == "invite"
    went_on(
        desk.post(
            invite_page(peter, study),
            fields_of(page, "seal") | {"channel": "copy", "app": CAREX, "again": "1"},
        )
    )
    work_off()
    first.refresh_from_db()
    assert first.state == "replaced"
    assert "replaced" in opened(desk, of_invitation(first)).text


def test_who_takes_no_part_is_enrolled_first(desk: Client, study: Study, newcomer: SourceRecord) -> None:
    page = opened(desk, invite_page(newcomer, study))
    assert "Enrol them first" in page.text
    assert not page.named("channel")


def test_invitation_that_fails_says_so(
    sandbox: Sandbox, desk: Client, study: Study, peter: SourceRecord
) -> None:
    went_on(send(desk, invite_page(peter, study), channel="qr"))
    row = Invitation.objects.get()
    page = opened(desk, of_invitation(row))
    assert "Being made" in page.text
    poll = page.of_class("portal-standing")[0].attributes["hx-get"]
    assert desk.get(poll, headers=PART).status_code == 204
    with sandbox.stores["jhe"].writing() as state:
        state["enrolments"] = []
    assert work_off().state == State.REFUSED
    assert desk.get(poll, headers=PART)["HX-Refresh"] == "true"
    assert "Refused" in opened(desk, of_invitation(row)).text
