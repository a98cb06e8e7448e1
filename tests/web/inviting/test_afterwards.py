"""What becomes of an invitation: cancelled, found not to work, doubted, made in spite of a refusal."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from integrations.sandbox.run import Sandbox
from patients.models import Invitation, Operation, SourceRecord, Study
from tests.writing import work_off

from .pages import (
    REASON,
    fields_of,
    invite_page,
    invited,
    of_invitation,
    opened,
    send,
    went_on,
)

State = Operation.State


def test_cancelled_invitation_leads_nowhere(
    sandbox: Sandbox, desk: Client, study: Study, peter: SourceRecord
) -> None:
    row = invited(desk, peter, study)
    page = opened(desk, of_invitation(row, "invitation_cancel"))
    assert "stays in the study" in page.text

    went_on(desk.post(of_invitation(row, "invitation_cancel"), fields_of(page, "seal")))
    assert work_off().state == State.DONE
    row.refresh_from_db()
    assert (row.state, row.link) == ("cancelled", None)
    assert "leads nowhere" in opened(desk, of_invitation(row)).text


@pytest.mark.parametrize("state", ["expired", "cancelled", "reissued"])
def test_link_that_is_over_is_found_by_the_check(
    sandbox: Sandbox, desk: Client, study: Study, peter: SourceRecord, state: str
) -> None:
    row = invited(desk, peter, study)
    with sandbox.stores["jhe"].writing() as held:
        held["invitations"][row.remote_id]["status"] = state

    page = opened(desk, of_invitation(row, "invitation_trouble"))
    first = page.of_class("portal-checks__item")[0]
    assert "portal-checks__item--bad" in first.attributes["class"]
    assert invite_page(peter, study) in page.links()


def test_check_of_a_link_that_should_work_leaves_the_rest_to_the_person(
    sandbox: Sandbox, desk: Client, study: Study, peter: SourceRecord
) -> None:
    row = invited(desk, peter, study)

    page = opened(desk, of_invitation(row, "invitation_trouble"))
    items = page.of_class("portal-checks__item")
    assert len(items) == 4
    assert "not used, replaced or cancelled" in items[0].text
    assert "portal-checks__item--good" in items[0].attributes["class"]
    assert "carex.example.org" in items[1].text
    assert "cannot see what is installed" in items[2].text
    assert "a telephone does not get there" in items[3].text  # 127.0.0.1


def test_older_link_that_nobody_tried_is_doubted(desk: Client, study: Study, peter: SourceRecord) -> None:
    row = invited(desk, peter, study)
    Invitation.objects.update(asked_at=timezone.now() - timedelta(days=3))

    first = opened(desk, of_invitation(row, "invitation_trouble")).of_class("portal-checks__item")[0]
    assert "only once somebody tries it" in first.text
    assert "portal-checks__item--ask" in first.attributes["class"]


def test_reason_is_needed_for_an_e_mail_without_permission(
    sandbox: Sandbox, desk: Client, study: Study, peter: SourceRecord
) -> None:
    hold_refusal(peter)

    page = opened(desk, invite_page(peter, study))
    assert "No permission for e-mails" in page.text
    refused = send(desk, invite_page(peter, study), channel="email")
    assert refused.status_code == 422
    went_on(send(desk, invite_page(peter, study), channel="email", reason=REASON))
    assert work_off().state == State.DONE
    assert Invitation.objects.get().reason == REASON


def hold_refusal(record: SourceRecord) -> None:
    """The index holds that the person refuses e-mails."""
    record.refresh_from_db()
    record.held = {**record.held, "contact": {**record.held.get("contact", {}), "email": False}}
    record.save(update_fields=["held"])
