"""The four common problems of the guide to managing patients, each brought about against the server and
answered on the page where it arises."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from integrations.sandbox.patient_app import PatientApp, TurnedAway
from integrations.sandbox.run import Sandbox
from patients.models import Invitation, Operation, SourceRecord, Study
from patients.services.operations.whys import Why
from portal.accounts.models import User
from tests.conftest import signed_in
from tests.ending import belong
from tests.studying import BP_AND_HR, enrolled
from tests.support import connected, parsed
from tests.web.inviting.conftest import PERRY
from tests.web.inviting.pages import (
    enrol_page,
    invite_page,
    invited,
    link_on,
    of_invitation,
    opened,
    send,
    went_on,
)
from tests.web.registering.desk import Desk, latest_draft
from tests.writing import LIFESPAN, known, named, work_off

pytestmark = pytest.mark.slow
ABOVE = 20002  # Lifespan's parent: another organization, of which the manager is one, too
NEW = {
    "given_name": "Bram", "family_name": "Underhillock", "birth_date": "23 11 1966",
    "email": "ll_patient_peter@example.com", "phone": "07700 900472",
}  # fmt: skip


# --- "User with this email already exists" --------------------------------------------------


def test_mailbox_of_a_patient_is_answered_before_anything_is_sent(
    sandbox: Sandbox, desk: Client, study: Study, peter: SourceRecord
) -> None:
    """The page where somebody is registered says whose kind of mailbox it is, and creates nobody."""
    one = Desk(desk, sandbox)
    went_on(one.fill(NEW, systems=("jhe",), organization_id=LIFESPAN))

    page = one.search(latest_draft())

    assert "e-mail" in page.text.lower()
    assert (
        "takes each e-mail address" in page.text or "each mailbox" in page.text or "belongs to" in page.text
    )
    assert not named(sandbox, "jhe", "Underhillock")


def test_mailbox_that_is_found_out_by_the_server_is_held_for_a_person(
    sandbox: Sandbox, desk: Client, study: Study
) -> None:
    """Of somebody in an organization out of reach, who comes to have it after the search."""
    one = Desk(desk, sandbox)
    typed = NEW | {"email": "npl_patient_percy@example.com"}
    went_on(
        one.fill(
            typed | {"email": "bram.underhillock@example.org"}, systems=("jhe",), organization_id=LIFESPAN
        )
    )
    went_on(one.create(latest_draft()))
    with sandbox.stores["jhe"].writing() as state:
        state["users"]["10009"]["email"] = "bram.underhillock@example.org"

    operation = work_off()

    assert (operation.state, operation.why) == (Operation.State.HELD, Why.MAILBOX)
    story = opened(desk, reverse("patients:operation", args=[operation.public_id]))
    assert "e-mail" in story.text
    assert not named(sandbox, "jhe", "Underhillock")


# --- "Cannot enrol: patient and study in different organizations" ---------------------------


def test_person_of_another_organization_is_added_and_enrolled_by_the_button_that_is_offered(
    sandbox: Sandbox, admin: User, study: Study
) -> None:
    boss = connected(admin, "manager_mary@example.com", sandbox)
    client = signed_in(Client(), boss)
    record = _of_organization_above(sandbox, boss)

    reply = send(client, enrol_page(record), study=study.public_id)
    page = parsed(reply)
    assert reply.status_code == 422
    assert "does not belong to Lifespan" in page.text
    assert "Add to Lifespan" in page.text
    assert not Operation.objects.filter(kind="enrol").exists()

    went_on(send(client, enrol_page(record), study=study.public_id, add="1"))
    work_off()
    assert enrolled(sandbox, record.remote_id, BP_AND_HR) == 1


def _of_organization_above(sandbox: Sandbox, by: User) -> SourceRecord:
    """Perry, of the organization above alone."""
    with sandbox.stores["jhe"].writing() as state:
        state["enrolments"] = [each for each in state["enrolments"] if str(each["patient_id"]) != PERRY]
    belong(sandbox, ABOVE, person=PERRY)
    return known("jhe", PERRY, by=by)


# --- "The invitation link does not work" ----------------------------------------------------


def test_link_that_was_replaced_is_refused_by_the_server_and_explained(
    sandbox: Sandbox, desk: Client, study: Study, peter: SourceRecord
) -> None:
    first = invited(desk, peter, study, "copy")
    link = link_on(opened(desk, f"{of_invitation(first)}?way=copy"))
    invited(desk, peter, study, "copy", again="1")

    with pytest.raises(TurnedAway) as turned:
        PatientApp(sandbox.url("jhe")).follow(link)
    page = opened(desk, of_invitation(first, "invitation_trouble"))

    assert turned.value.status == 409
    assert "replaced" in page.text
    assert "Invite" in page.text


def test_link_that_has_expired_is_refused_by_the_server_and_explained(
    sandbox: Sandbox, desk: Client, study: Study, peter: SourceRecord
) -> None:
    row = invited(desk, peter, study, "copy")
    link = link_on(opened(desk, f"{of_invitation(row)}?way=copy"))
    with sandbox.stores["jhe"].writing() as state:
        state["invitations"][row.remote_id]["status"] = "expired"

    with pytest.raises(TurnedAway) as turned:
        PatientApp(sandbox.url("jhe")).follow(link)
    page = opened(desk, of_invitation(row, "invitation_trouble"))

    assert turned.value.status == 410
    assert "expired" in page.text
    assert Invitation.objects.get().state == "expired"


# --- "Permission denied" --------------------------------------------------------------------


def test_refusal_names_the_role_the_one_that_it_takes_and_whom_to_ask(
    sandbox: Sandbox, onlookers: Client, study: Study, peter: SourceRecord, newcomer: SourceRecord
) -> None:
    sandbox.faults["jhe"].forget_requests()

    for url in (invite_page(peter, study), reverse("patients:onboarding_begin", args=[study.public_id])):
        page = opened(onlookers, url)
        assert "Your JupyterHealth Exchange role at Lifespan Lab is viewer" in page.text, page.text
        assert "member or manager" in page.text
        assert "Ask a manager of Lifespan Lab" in page.text
    reply = send(onlookers, enrol_page(newcomer), study=study.public_id)

    assert reply.status_code == 422
    assert "is viewer" in parsed(reply).text
    assert not Operation.objects.exists()
    assert not [each for each in sandbox.faults["jhe"].requests() if each.method not in ("GET", "HEAD")]
