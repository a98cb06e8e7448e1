"""Passing a link on: by e-mail with permission or a reason, by who may change the study's people, and the
stories of writes to whom they are told."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from integrations.jhe import reach as jhe_reach
from integrations.sandbox.run import Sandbox
from patients.models import Invitation, Operation, OwnRoles, Participant, SourceRecord, Study
from patients.services import visibility
from patients.services.studies import enrolling, invitations
from portal.accounts.models import User
from portal.audit.models import Event
from tests.studying import PAMELA, disagree, linked, reach, refuse_emails
from tests.support import Node, parsed
from tests.writing import LIFESPAN, known

from .pages import REASON, invite_page, invited, of_invitation, opened, send, went_on

WAYS = ("copy", "qr", "letter", "in-person")


def _offers_mail(page: Node) -> bool:
    return any("way=email" in each for each in page.links())


# --- by e-mail ------------------------------------------------------------------------------


def test_link_is_put_into_an_e_mail_with_permission_or_a_reason_alone(
    desk: Client, asker: User, study: Study, peter: SourceRecord
) -> None:
    refuse_emails(linked(peter, system="impilo"))
    row = invited(desk, peter, study)

    page = opened(desk, of_invitation(row))
    assert not _offers_mail(page)
    assert "Impilo holds no permission of this person for e-mails" in page.text
    (again,) = [each for each in page.links() if "channel=" in each]
    assert again.startswith(invite_page(peter, study))
    asked_for = opened(desk, f"{of_invitation(row)}?way=email")
    assert not asked_for.of_class("portal-copy")
    assert not [each for each in asked_for.links() if each.startswith("mailto:")]
    assert invitations.link_of(row, by=asker, reach=reach(asker), way="email") == ""
    assert not Event.objects.filter(action="invitation.link_shown", details__way="email").exists()

    with_reason = invited(desk, peter, study, "own email", reason=REASON, again="1")
    page = opened(desk, of_invitation(with_reason))
    assert _offers_mail(page)
    assert page.of_id("mail-text").text


def test_permission_that_is_withdrawn_afterwards_ends_the_e_mail_of_our_own(
    desk: Client, study: Study, peter: SourceRecord
) -> None:
    row = invited(desk, peter, study, "own email")
    assert opened(desk, of_invitation(row)).of_id("mail-text").text
    refuse_emails(peter)

    page = opened(desk, of_invitation(row))
    assert not _offers_mail(page)
    assert not page.of_class("portal-copy")


def test_records_that_disagree_are_to_be_settled_before_anything_is_mailed(
    desk: Client, asker: User, study: Study, peter: SourceRecord
) -> None:
    disagree(study, peter, known("jhe", PAMELA, by=asker))

    page = parsed(send(desk, invite_page(peter, study), channel="email"))
    assert "decide differently about the same data" in page.text
    assert reverse("patients:consents", args=[peter.patient.public_id]) in page.links()
    assert not Operation.objects.exists()
    went_on(send(desk, invite_page(peter, study), channel="qr"))


# --- by whom --------------------------------------------------------------------------------


def test_link_is_not_shown_to_who_asked_for_it_and_only_looks_on_by_now(
    sandbox: Sandbox, desk: Client, asker: User, study: Study, peter: SourceRecord
) -> None:
    row = invited(desk, peter, study, "copy")
    assert invitations.link_of(row, by=asker, reach=reach(asker))
    with sandbox.stores["jhe"].writing() as state:
        for role in state["roles"]:
            if role["organization_id"] == int(LIFESPAN) and role["role"] == "member":
                role["role"] = "viewer"
    OwnRoles.objects.all().delete()
    jhe_reach.forget()

    shown = Event.objects.filter(action="invitation.link_shown").count()
    page = opened(desk, of_invitation(row))
    assert "role at Lifespan Lab is viewer" in page.text
    for way in WAYS:
        assert b"carex.example.org" not in desk.get(f"{of_invitation(row)}?way={way}").content
    for name in ("invitation_in_person", "invitation_letter"):
        beside = desk.get(of_invitation(row, name))
        assert not parsed(beside).of_class("portal-link-qr")
        assert b"carex.example.org" not in beside.content
    assert invitations.link_of(row, by=asker, reach=visibility.reach_of(asker)) == ""
    assert Event.objects.filter(action="invitation.link_shown").count() == shown


# --- how it goes ----------------------------------------------------------------------------


def test_story_of_an_invitation_is_offered_to_whom_it_is_told(
    desk: Client, onlookers: Client, others: Client, study: Study, peter: SourceRecord
) -> None:
    went_on(send(desk, invite_page(peter, study), channel="qr"))
    row = Invitation.objects.get()
    story = reverse("patients:operation", args=[Operation.objects.get().public_id])
    assert story in opened(desk, of_invitation(row)).links()
    assert story in opened(others, of_invitation(row)).links()  # an admin
    page = opened(onlookers, of_invitation(row))
    assert "Being made" in page.text
    assert story not in page.links()


@pytest.mark.parametrize("is_askers", [True, False])
def test_story_of_an_enrolment_is_offered_to_whom_it_is_told(
    desk: Client, onlookers: Client, asker: User, study: Study, newcomer: SourceRecord, is_askers: bool
) -> None:
    operation = enrolling.enrol(study, newcomer, by=asker, reach=reach(asker))
    assert not Participant.objects.filter(record=newcomer).exists()

    page = opened(desk if is_askers else onlookers, invite_page(newcomer, study))
    assert "Being enrolled" in page.text
    assert (reverse("patients:operation", args=[operation.public_id]) in page.links()) is is_askers
