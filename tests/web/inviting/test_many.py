"""Inviting many participants at once, again where an invitation is over, and printing their letters."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations.sandbox.run import Sandbox
from patients.models import Bulk, Invitation, Operation, Participant, SourceRecord, Study
from portal.accounts.models import User
from portal.audit.models import Event
from tests.studying import CAREX, PAMELA, invited, mailed, taking_part
from tests.support import parsed
from tests.writing import known, work_off

from .pages import of_study, opened, qr_texts, went_on

State = Operation.State


@pytest.fixture
def both(asker: User, study: Study, peter: SourceRecord) -> list[SourceRecord]:
    """Two participants."""
    pamela = known("jhe", PAMELA, by=asker)
    taking_part(study, pamela)
    return [peter, pamela]


def ticked(rows: list[SourceRecord], channel: str) -> dict[str, object]:
    return {"tick": [str(each.pk) for each in rows], "app": CAREX, "channel": channel}


def work_all() -> None:
    for _ in Operation.objects.all():
        work_off()


def test_many_are_mailed_by_the_exchange_and_each_outcome_is_listed(
    sandbox: Sandbox, desk: Client, study: Study, both: list[SourceRecord]
) -> None:
    SourceRecord.objects.filter(pk=both[1].pk).update(is_deceased=True)
    page = opened(desk, of_study("study_invite", study))
    assert len(page.named("tick")) == 2

    then = went_on(desk.post(of_study("study_invite", study), ticked(both, "email")))
    work_all()
    shown = opened(desk, then)
    assert "1 of 1 ended" in shown.text
    assert "Not asked for: 1 person" in shown.text
    assert "says that they have died" in shown.text
    assert len(mailed(sandbox)) == 1
    assert len(opened(desk, of_study("study_invite", study)).named("tick")) == 1


def test_letters_of_a_bulk_are_printed_together_by_who_asked(
    sandbox: Sandbox, desk: Client, others: Client, study: Study, both: list[SourceRecord]
) -> None:
    then = went_on(desk.post(of_study("study_invite", study), ticked(both, "letter")))
    work_all()
    letters = reverse("patients:letters", args=[Bulk.objects.get().public_id])
    assert letters in opened(desk, then).links()

    page = opened(desk, letters)
    texts = qr_texts(page)
    assert len(set(texts)) == 2
    assert {str(each.link) for each in Invitation.objects.all()} == set(texts)
    assert Event.objects.filter(action="invitation.link_shown").count() == 2
    assert Event.objects.filter(action="invitation.letters_opened").count() == 1
    assert not qr_texts(opened(others, letters))  # an admin may open the bulk, and sees no link
    Invitation.objects.update(link_until=timezone.now() - timedelta(seconds=1))
    assert "2 invitations have no letter here" in opened(desk, letters).text


@pytest.mark.parametrize("state", ["expired", "cancelled"])
def test_those_whose_invitation_is_over_are_invited_again(
    sandbox: Sandbox, desk: Client, study: Study, both: list[SourceRecord], state: str
) -> None:
    went_on(desk.post(of_study("study_invite", study), ticked(both, "sms")))
    work_all()
    Invitation.objects.update(state=state)
    Participant.objects.update(invitation_state=state)

    url = f"{of_study('study_invite', study)}?who=over"
    assert len(opened(desk, url).named("tick")) == 2
    went_on(desk.post(url, ticked(both, "sms")))
    work_all()
    assert Operation.objects.filter(kind="invite", state=State.DONE).count() == 4
    for each in both:
        assert list(invited(sandbox, each.remote_id).values()).count("issued") == 1


def test_those_invited_already_are_invited_again_by_a_button(
    sandbox: Sandbox, desk: Client, study: Study, both: list[SourceRecord]
) -> None:
    went_on(desk.post(of_study("study_invite", study), ticked(both[:1], "sms")))
    work_all()

    then = went_on(desk.post(of_study("study_invite", study), ticked(both, "sms")))
    page = opened(desk, then)
    assert "has an invitation to this app already" in page.text
    (button,) = page.named("invite again")
    assert "1 person" in button.text
    went_on(desk.post(then, {"invite again": "1"}))
    work_all()
    assert sorted(invited(sandbox, both[0].remote_id).values()) == ["issued", "reissued"]


def test_who_was_enrolled_together_is_invited_together(
    sandbox: Sandbox, desk: Client, study: Study, both: list[SourceRecord], newcomer: SourceRecord
) -> None:
    then = went_on(desk.post(of_study("study_add", study), {"enrol": "1", "tick": [str(newcomer.pk)]}))
    work_all()
    (invite,) = [each for each in opened(desk, then).links() if "?bulk=" in each]

    ticks = opened(desk, invite).named("tick")
    assert [each.attributes["value"] for each in ticks] == [str(newcomer.pk)]


def test_viewer_sees_the_list_and_no_form(onlookers: Client, study: Study, both: list[SourceRecord]) -> None:
    page = opened(onlookers, of_study("study_invite", study))
    assert "is viewer" in page.text
    assert not page.named("channel")
    reply = onlookers.post(of_study("study_invite", study), ticked(both, "email"))
    assert reply.status_code == 422
    assert "is viewer" in parsed(reply).text
    assert not Operation.objects.exists()
