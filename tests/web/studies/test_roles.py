"""Every operation of the Exchange that the portal offers, as viewer, member and manager of one organization
and as member of another: what each may do, what each sees, and that nothing leaves where they may not.

Rows are the operations, columns the roles. The server itself lets all four enrol, invite and add people:
the portal holds that line (integrations/jhe/README.md, "Roles").
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from http import HTTPStatus

import pytest
from django.test import Client
from django.urls import reverse

from integrations.errors import IntegrationError
from integrations.sandbox.faults import SeenRequest
from integrations.sandbox.run import Sandbox
from integrations.studies import InvitationState
from patients.models import Invitation, Operation, Place, SourceRecord, Study
from patients.services import visibility
from patients.services.ending import Refused as EndingRefused
from patients.services.lookup import Gone
from patients.services.onboarding import testing
from patients.services.operations import sending
from patients.services.operations.wishes import Join
from patients.services.registering import offers
from patients.services.studies import deciding, elsewhere, enrolling, inviting, many, places
from patients.services.studies.allowed import Refused
from portal.accounts.models import PersonToken, User
from portal.accounts.roles import Role
from tests import ending
from tests.conftest import make_user, signed_in
from tests.studying import BP_AND_HR, PETER, PRESSURE, offer, reach, said, study_read, taking_part
from tests.support import connected, parsed
from tests.writing import LIFESPAN, change, known, new_record, register

pytestmark = pytest.mark.slow
PERRY = "40003"
OTHER = "20002"
VIEWER, MEMBER, MANAGER, ELSEWHERE = "viewer", "member", "manager", "elsewhere"
WHO = {
    VIEWER: "viewer_victor@example.com",
    MEMBER: "member_megan@example.com",
    MANAGER: "manager_mary@example.com",
    ELSEWHERE: "manager_mark@example.com",
}


@dataclass(frozen=True, kw_only=True)
class World:
    """A study of the organization, one who takes part, one who does not, and who acts."""

    sandbox: Sandbox
    study: Study
    peter: SourceRecord
    newcomer: SourceRecord
    by: User
    role: str
    client: Client
    invitation: Invitation


@pytest.fixture
def study(sandbox: Sandbox, insider: User) -> Study:
    """A study of the organization, with its plan."""
    found = study_read(BP_AND_HR, by=insider)
    places.own_places(reach(insider))
    return found


@pytest.fixture
def insider(admin: User, sandbox: Sandbox) -> User:
    """Whoever set the study up."""
    return connected(admin, WHO[MANAGER], sandbox)


@pytest.fixture(params=list(WHO))
def world(request: pytest.FixtureRequest, sandbox: Sandbox, study: Study, insider: User) -> World:
    """The same world for each role, of coordinators: the portal's own role stands in nobody's way."""
    ending.belong(sandbox, int(LIFESPAN), int(OTHER), person=PETER)
    with sandbox.stores["jhe"].writing() as state:
        state["enrolments"] = [each for each in state["enrolments"] if str(each["patient_id"]) != PERRY]
    ending.belong(sandbox, int(LIFESPAN), person=PERRY)
    peter, newcomer = (known("jhe", each, by=insider) for each in (PETER, PERRY))
    participant = taking_part(study, peter)
    inviting.invite(study, peter, offer(sandbox), by=insider, reach=reach(insider))
    sending.send_due()
    invitation = Invitation.objects.get(participant=participant)
    assert invitation.state == InvitationState.ISSUED
    user = make_user(f"{request.param}@example.org", Role.COORDINATOR, name=f"Cleo {request.param.title()}")
    PersonToken.objects.filter(user=insider).delete()  # of two accounts one is a person's at JHE
    by = connected(user, WHO[request.param], sandbox)
    visibility.reach_of(by)
    sandbox.faults["jhe"].forget_requests()
    return World(
        sandbox=sandbox, study=study, peter=peter, newcomer=newcomer, by=by, role=request.param,
        client=signed_in(Client(), by), invitation=invitation,
    )  # fmt: skip


def changes(world: World) -> list[SeenRequest]:
    """What was sent that changes something: not what only finds out which generation the server is of."""
    seen = world.sandbox.faults["jhe"].requests(path="^/api/|^/FHIR/")
    return [each for each in seen if each.method not in ("GET", "HEAD") and each.status not in (400, 401)]


# --- what each may do -----------------------------------------------------------------------


def _create(world: World) -> None:
    """5.4; the organizations to choose from are those in which one may."""
    choices = [each for each in offers.offers_for(world.by, reach(world.by)) if each.system == "jhe"]
    if LIFESPAN not in [number for each in choices for number, _ in each.organizations]:
        raise Gone
    register({"jhe": replace(new_record(), organization_id=LIFESPAN)}, by=world.by)


def _create_past_the_form(world: World) -> None:
    """5.4, asked for by who was offered no such choice: the operation itself is stopped."""
    register({"jhe": replace(new_record(), organization_id=LIFESPAN)}, by=world.by)


def _update(world: World) -> None:
    """5.5"""
    change(world.peter, by=world.by, phone="07700 900999")


def _look_up_everywhere(world: World) -> None:
    """5.6"""
    assert elsewhere.look_up("npl_patient_percy@example.com", world.study, by=world.by, reach=reach(world.by))
    enrolling.enrol(world.study, world.newcomer, by=world.by, reach=reach(world.by))


def _add_to_organization(world: World) -> None:
    """5.6"""
    ending.belong(world.sandbox, 20004, person=PERRY)
    many.ask_many(
        world.study, [world.newcomer], lambda record: Join(organization_id=LIFESPAN),
        label="Add", by=world.by, reach=reach(world.by),
    )  # fmt: skip


def _enrol(world: World) -> None:
    """5.7"""
    enrolling.enrol(world.study, world.newcomer, by=world.by, reach=reach(world.by))


def _unenrol(world: World) -> None:
    """5.7"""
    enrolling.unenrol(world.study, world.peter, reason="Asked for it", by=world.by, reach=reach(world.by))


def _decide(world: World) -> None:
    """5.8"""
    deciding.decide(
        world.study, world.peter, {PRESSURE: False}, said_by=said(), by=world.by, reach=reach(world.by)
    )


def _invite(world: World) -> None:
    """5.9"""
    again = replace(offer(world.sandbox), again=True)
    inviting.invite(world.study, world.peter, again, by=world.by, reach=reach(world.by))


def _cancel(world: World) -> None:
    """5.9"""
    inviting.cancel(world.invitation, by=world.by, reach=reach(world.by))


def _leave(world: World) -> None:
    """5.10"""
    ending.leave(world.peter, by=world.by)


def _make_up(world: World) -> None:
    """Somebody to try it with."""
    testing.make(world.study, by=world.by, reach=reach(world.by))


ACTS: dict[str, Callable[[World], None]] = {
    "create": _create,
    "create past the form": _create_past_the_form,
    "update": _update,
    "look up everywhere": _look_up_everywhere,
    "add to the organization": _add_to_organization,
    "enrol": _enrol,
    "unenrol": _unenrol,
    "decide": _decide,
    "invite": _invite,
    "cancel an invitation": _cancel,
    "leave the organization": _leave,
    "make somebody up": _make_up,
}
MAY_ACT = {VIEWER: False, MEMBER: True, MANAGER: True, ELSEWHERE: False}


@pytest.mark.parametrize("act", list(ACTS))
def test_member_and_manager_act_and_of_nobody_else_is_anything_sent(world: World, act: str) -> None:
    with suppress(Refused, EndingRefused, IntegrationError, Gone):
        ACTS[act](world)
    sending.send_due()

    if MAY_ACT[world.role]:
        done = Operation.objects.filter(asked_by=world.by)
        assert [(each.state, each.problem) for each in done] == [("done", "")] * len(done)
        assert changes(world)
    else:
        assert not changes(world)
        if act == "look up everywhere":
            assert not world.sandbox.faults["jhe"].requests(path="global_lookup")
        assert not Operation.objects.filter(asked_by=world.by, state="done").exists()


# --- what each is shown ---------------------------------------------------------------------

SEES = {VIEWER: HTTPStatus.OK, MEMBER: HTTPStatus.OK, MANAGER: HTTPStatus.OK, ELSEWHERE: HTTPStatus.NOT_FOUND}


def _pages(world: World) -> dict[str, str]:
    """Page → address: organizations (5.1), studies (5.2), people (5.3, 5.5), enrolling (5.7), consents (5.8),
    inviting (5.9)."""
    place = Place.objects.get(system="jhe", organization=LIFESPAN).pk
    study = world.study.public_id
    at_peter = [world.peter.patient.public_id, world.peter.pk]
    at_newcomer = [world.newcomer.patient.public_id, world.newcomer.pk]
    return {
        "studies": reverse("patients:study_list", args=[place]),
        "board": reverse("patients:study", args=[place, study]),
        "person": reverse("patients:patient", args=[world.peter.patient.public_id]),
        "add": reverse("patients:study_add", args=[place, study]),
        "elsewhere": reverse("patients:study_elsewhere", args=[place, study]),
        "enrol": reverse("patients:enrol", args=at_newcomer),
        "unenrol": reverse("patients:unenrol", args=[*at_peter, study]),
        "invite": reverse("patients:invite", args=[*at_peter, study]),
        "invitation": reverse("patients:invitation", args=[world.invitation.public_id]),
        "consents": reverse("patients:consents", args=[world.peter.patient.public_id]),
        "decide": reverse("patients:decide", args=[*at_peter, study]),
        "begin": reverse("patients:onboarding_begin", args=[study]),
        "onboarding": reverse("patients:onboarding", args=[study, world.peter.patient.public_id]),
    }


def test_whoever_holds_a_role_sees_every_page_and_nobody_else_any(world: World) -> None:
    expected = SEES[world.role]

    for name, url in _pages(world).items():
        assert world.client.get(url).status_code in (
            expected,
            HTTPStatus.CONFLICT if expected == 404 else expected,
        ), name
    assert not changes(world)


@pytest.mark.parametrize("world", [VIEWER, MEMBER, MANAGER], indirect=True)
def test_who_may_not_act_is_told_which_role_it_takes(world: World) -> None:
    pages = _pages(world)

    for name in ("unenrol", "decide", "invite", "begin", "onboarding", "add", "elsewhere"):
        text = parsed(world.client.get(pages[name])).text
        assert ("this takes a member or manager there" in text) is (world.role == VIEWER), name


@pytest.mark.parametrize("world", [VIEWER, ELSEWHERE], indirect=True)
@pytest.mark.parametrize("name", ["enrol", "unenrol", "decide", "invite", "elsewhere"])
def test_form_that_is_sent_past_its_page_sends_nothing(world: World, name: str) -> None:
    """As somebody would who knows the address and leaves the page out."""
    values = {
        "study": world.study.public_id, "seal": "x", "reason": "Wanted", "channel": "qr", "app": "1",
        "email": "npl_patient_percy@example.com", "somebody": "x",
    }  # fmt: skip

    reply = world.client.post(_pages(world)[name], values)
    sending.send_due()

    assert reply.status_code in (404, 409, 422), reply.status_code
    assert not Operation.objects.filter(asked_by=world.by).exists()
    assert not changes(world)
