"""Who sees whom: our roles, JHE's roles, coordinators, and roles that are taken away."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from integrations.jhe import reach as adapter_memory
from integrations.sandbox import jhe
from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.people import CAST
from integrations.sandbox.run import Sandbox, utc_now
from patients.services.connections import check_sign_in
from portal.accounts.models import User
from portal.accounts.sign_in import RefusedSignIn
from portal.audit.models import Event
from tests.support import PART, Desk, connected

MARY, MEGAN, VICTOR, MARK = (
    "manager_mary@example.com", "member_megan@example.com",
    "viewer_victor@example.com", "manager_mark@example.com",
)  # fmt: skip
MINUTE = timedelta(seconds=61)


def role(request: pytest.FixtureRequest, name: str) -> User:
    """One of the cast."""
    user: User = request.getfixturevalue(name)
    return user


def take_roles(sandbox: Sandbox, user_id: int) -> None:
    """JHE takes away every role of a person."""
    with sandbox.stores["jhe"].writing() as state:
        state["roles"] = [row for row in state["roles"] if row["user_id"] != user_id]


@pytest.mark.parametrize("who", ["reader", "clinic_staff", "admin"])
def test_jump_and_impilo_are_open_to_those_who_look_and_jhe_is_not(
    request: pytest.FixtureRequest, sandbox: Sandbox, who: str
) -> None:
    found = Desk(role(request, who)).look_up("grace mbeki")

    assert found.panels == {"jump": "found", "jhe": "no_reach", "impilo": "found"}


@pytest.mark.parametrize("who", ["reader", "clinic_staff", "admin", "coordinator"])
@pytest.mark.parametrize("email", [MARY, MEGAN, VICTOR])
def test_jhe_shows_the_organizations_in_which_a_role_is_held(
    request: pytest.FixtureRequest, sandbox: Sandbox, who: str, email: str
) -> None:
    desk = Desk(connected(role(request, who), email, sandbox))

    assert desk.look_up("grace mbeki").panels["jhe"] == "found"
    assert desk.look_up("viktor halloran").panels["jhe"] == "nobody"  # in another organization


@pytest.mark.parametrize("who", ["reader", "clinic_staff", "admin", "coordinator"])
def test_member_elsewhere_does_not_see_the_organization(
    request: pytest.FixtureRequest, sandbox: Sandbox, who: str
) -> None:
    desk = Desk(connected(role(request, who), MARK, sandbox))

    assert desk.look_up("viktor halloran").panels["jhe"] == "found"
    assert desk.look_up("grace mbeki").panels["jhe"] == "nobody"


def test_superuser_of_jhe_without_a_role_sees_nobody(sandbox: Sandbox, admin: User) -> None:
    found = Desk(connected(admin, "admin@example.com", sandbox)).look_up("grace mbeki")

    assert found.panels["jhe"] != "found"
    assert not any("JupyterHealth" in row.text for row in found.people)


@pytest.mark.parametrize("address", ["/", "/connections"])
def test_account_without_a_role_sees_nothing(sandbox: Sandbox, nobody: User, address: str) -> None:
    desk = Desk(connected(nobody, MARY, sandbox))

    assert desk.client.get(address).status_code == 403
    assert desk.client.post("/", {"text": "mbeki"}).status_code == 403
    assert not any(board.requests() for board in sandbox.faults.values())


# --- coordinators ---------------------------------------------------------------------------


def test_coordinator_sees_other_systems_where_joined_with_a_participant(
    sandbox: Sandbox, coordinator: User
) -> None:
    found = Desk(connected(coordinator, MEGAN, sandbox)).look_up("grace mbeki")

    assert set(found.panels.values()) == {"found"}
    (row,) = found.people
    assert "Jump EHR" in row.text
    assert "Impilo" in row.text


def test_coordinator_does_not_see_who_is_no_participant(sandbox: Sandbox, coordinator: User) -> None:
    found = Desk(connected(coordinator, MEGAN, sandbox)).look_up("kavanagh")

    assert found.people == []
    assert found.panels == {"jump": "nobody", "jhe": "nobody", "impilo": "nobody"}
    assert "participants of your organizations only" in found.panel("jump")
    assert "KAVANAGH" not in found.page.of_id("found").text


def test_coordinator_sees_of_namesakes_the_participant_alone(sandbox: Sandbox, coordinator: User) -> None:
    found = Desk(connected(coordinator, MEGAN, sandbox)).look_up("lockwood")

    assert len(found.people) == 1
    assert "1976" in found.people[0].text
    assert "1948" not in found.page.of_id("found").text
    assert found.panels["impilo"] == "nobody"


@pytest.mark.parametrize("email", ["", MEGAN])
def test_coordinator_cannot_open_others_by_their_number(
    sandbox: Sandbox, coordinator: User, email: str
) -> None:
    if email:
        connected(coordinator, email, sandbox)
    desk = Desk(coordinator)
    url = desk.look_up("wardle" if email else "grace mbeki").url

    for number in range(1, 9):
        before = Event.objects.count()
        assert desk.client.get(f"{url}/{number}").status_code == 404
        (event,) = Event.objects.order_by("at")[before:]
        assert (event.outcome, event.details) == ("refused", {"number": number})
        assert event.record_id == ""


def test_coordinator_loses_joined_records_with_the_participant(sandbox: Sandbox, coordinator: User) -> None:
    desk = Desk(connected(coordinator, MEGAN, sandbox))
    found = desk.look_up("grace mbeki")
    take_roles(sandbox, 10003)

    with time_machine.travel(timezone.now() + MINUTE):
        assert desk.shown(found.url).people == []
        assert desk.client.get(found.addresses[0]).status_code == 404


# --- roles that are taken away --------------------------------------------------------------


def test_role_taken_away_shows_within_a_minute(sandbox: Sandbox, reader: User) -> None:
    desk = Desk(connected(reader, MEGAN, sandbox))
    found = desk.look_up("grace mbeki")
    take_roles(sandbox, 10003)

    with time_machine.travel(timezone.now() + MINUTE):
        later = desk.shown(found.url)
        page = desk.open(found.addresses[0])

    assert later.panels["jhe"] == "nobody"
    assert "JupyterHealth Exchange" not in later.people[0].of_class("portal-person__systems")[0].text
    (jhe_id,) = (record_id for system, record_id in CAST["in_all_three"] if system == "jhe")
    assert jhe_id not in {node.text for node in page.of_class("portal-code")}


def test_answer_cut_to_old_roles_is_not_trusted_for_a_minute_more(sandbox: Sandbox, reader: User) -> None:
    desk = Desk(connected(reader, MEGAN, sandbox))
    begun = timezone.now()
    desk.look_up("warm up")  # the roles are read now, and remembered
    take_roles(sandbox, 10003)
    with time_machine.travel(begun + timedelta(seconds=25)):
        url = desk.look_up("grace mbeki").url

    with time_machine.travel(begun + timedelta(seconds=60)):
        assert desk.shown(url).panels["jhe"] == "nobody"


@pytest.mark.parametrize(
    "fault",
    [Fault(kind=FaultKind.STATUS, status=500), Fault(kind=FaultKind.RESET),
     Fault(kind=FaultKind.MALFORMED), Fault(kind=FaultKind.STATUS, status=401)],
    ids=lambda fault: f"{fault.kind} {fault.status}",
)  # fmt: skip
def test_kept_jhe_records_are_hidden_where_jhe_does_not_tell(
    sandbox: Sandbox, reader: User, fault: Fault
) -> None:
    desk = Desk(connected(reader, MEGAN, sandbox))
    found = desk.look_up("grace mbeki")
    sandbox.faults["jhe"].add(fault)
    (jhe_id,) = (record_id for system, record_id in CAST["in_all_three"] if system == "jhe")

    with time_machine.travel(timezone.now() + MINUTE):
        later = desk.shown(found.url)
        page = desk.open(found.addresses[0])

    assert later.panels["jhe"] in {"failed", "no_reach"}
    assert later.panels["jump"] == later.panels["impilo"] == "found"
    assert jhe_id not in {node.text for node in page.of_class("portal-code")}


def test_records_come_back_when_jhe_tells_again(sandbox: Sandbox, reader: User) -> None:
    desk = Desk(connected(reader, MEGAN, sandbox))
    found = desk.look_up("grace mbeki")
    fault = sandbox.faults["jhe"].add(Fault(kind=FaultKind.STATUS, status=500))
    with time_machine.travel(timezone.now() + MINUTE):
        desk.shown(found.url)
        sandbox.faults["jhe"].remove(fault.id)
        again = desk.shown(found.url)

    assert again.panels["jhe"] == "found"
    assert again.addresses == found.addresses


def test_signing_out_of_jhe_hides_its_kept_records(sandbox: Sandbox, reader: User) -> None:
    desk = Desk(connected(reader, MEGAN, sandbox))
    found = desk.look_up("grace mbeki")
    reader.tokens.all().delete()

    with time_machine.travel(timezone.now() + MINUTE):
        assert desk.shown(found.url).panels["jhe"] in {"failed", "no_reach"}


def test_other_practitioner_on_the_same_account_sees_with_their_own_roles(
    sandbox: Sandbox, reader: User
) -> None:
    desk = Desk(connected(reader, MEGAN, sandbox))
    url = desk.look_up("grace mbeki").url
    connected(reader, MARK, sandbox)

    with time_machine.travel(timezone.now() + MINUTE):
        assert desk.shown(url).panels["jhe"] == "nobody"


def test_role_given_here_holds_from_the_next_request(sandbox: Sandbox, reader: User, nobody: User) -> None:
    desk = Desk(reader)
    url = desk.look_up("mbeki").url
    reader.groups.clear()

    assert desk.client.get(url).status_code == 403
    assert desk.client.get(f"{url}/systems/jump", headers=PART).status_code == 403


def test_roles_are_remembered_apart_for_each_person(sandbox: Sandbox, reader: User, admin: User) -> None:
    adapter_memory.forget()
    one, other = Desk(connected(reader, MEGAN, sandbox)), Desk(connected(admin, MARK, sandbox))

    assert one.look_up("grace mbeki").panels["jhe"] == "found"
    assert other.look_up("grace mbeki").panels["jhe"] == "nobody"


# --- who may sign in ------------------------------------------------------------------------


def sign_in(sandbox: Sandbox, email: str, *, subject: str = "") -> None:
    """What happens when somebody comes back from JHE's sign-in page."""
    access, _ = jhe.issue_token(sandbox.stores["jhe"], utc_now, email)
    users = sandbox.stores["jhe"].snapshot()["users"].values()
    own = next(str(row["id"]) for row in users if row["email"] == email)
    check_sign_in(None, "jhe", subject or own, access)


@pytest.mark.parametrize("email", [MARY, MEGAN, VICTOR, MARK, "admin@example.com"])
def test_practitioner_may_sign_in(sandbox: Sandbox, email: str) -> None:
    sign_in(sandbox, email)


@pytest.mark.parametrize("email", ["ll_patient_peter@example.com", "ll_patient_pamela@example.com"])
def test_login_of_a_patient_is_refused(sandbox: Sandbox, email: str) -> None:
    with pytest.raises(RefusedSignIn):
        sign_in(sandbox, email)


def test_token_of_another_account_is_refused(sandbox: Sandbox) -> None:
    with pytest.raises(RefusedSignIn, match="do not belong together"):
        sign_in(sandbox, MARY, subject="10003")


@pytest.mark.parametrize("kind", [FaultKind.RESET, FaultKind.MALFORMED, FaultKind.WRONG_TYPES])
def test_nobody_signs_in_while_jhe_cannot_tell_who_they_are(sandbox: Sandbox, kind: FaultKind) -> None:
    sandbox.faults["jhe"].add(Fault(kind=kind))

    with pytest.raises(RefusedSignIn):
        sign_in(sandbox, MARY)
