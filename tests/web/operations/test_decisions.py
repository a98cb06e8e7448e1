"""Decisions on pages: who may, what each says before, what stands against it, and forms gone stale."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from integrations.sandbox.run import Sandbox
from patients.models import Claim, Operation, SourceRecord
from patients.services.operations.whys import Why
from portal import audit
from portal.accounts.models import User
from portal.audit.models import Event
from tests.conftest import signed_in
from tests.support import parsed
from tests.writing import ZOE, named, work_off

from .asking import State, asked_change, asked_new, form_of, page_of, read, stand, story_url, way

REASON = "Told at the desk"


def now(operation: Operation) -> Operation:
    """The operation as it stands now."""
    return Operation.objects.get(pk=operation.pk)


def seal_of(client: Client, operation: Operation) -> str:
    """The seal of the form on a write's own page."""
    return page_of(client, operation).named("seal")[0].attributes["value"]


def reasons(action: str) -> list[tuple[str, str]]:
    """Who decided so, and why."""
    return list(Event.objects.filter(action=action).values_list("actor_label", "reason"))


# --- the way through ------------------------------------------------------------------------


def test_own_write_is_tried_again_at_once(staff: Client, clinic_staff: User) -> None:
    operation = stand(
        asked_change(read("jump", "p-1"), by=clinic_staff), State.WAITING, Why.NOT_ANSWERING,
        due_at=timezone.now() + timedelta(minutes=5),
    )  # fmt: skip

    reply = staff.post(way(operation, "try"), {"seal": seal_of(staff, operation)}, follow=True)

    assert "It is tried now." in parsed(reply).text
    assert now(operation).due_at <= timezone.now()  # type: ignore[operator]
    assert reasons("operation.tried_now") == [("Clive Staff", "")]


def test_one_is_given_up_with_a_reason(staff: Client, clinic_staff: User) -> None:
    operation = stand(asked_change(read("jump", "p-1"), by=clinic_staff), State.HELD, Why.CONFLICT)
    address = way(operation, "give_up")
    assert "It is not known" not in parsed(staff.get(address)).text

    without = staff.post(address, form_of(staff, address, reason=" "))
    reply = staff.post(address, form_of(staff, address, reason=REASON))

    assert without.status_code == 422
    assert "Give the reason" in parsed(without).text
    assert (reply.status_code, reply["Location"]) == (303, story_url(operation))
    assert (now(operation).state, now(operation).why) == (State.REFUSED, Why.GIVEN_UP)
    assert reasons("operation.given_up") == [("Clive Staff", REASON)]


def test_giving_up_says_plainly_that_it_is_not_known_whether_it_took_effect(
    staff: Client, clinic_staff: User
) -> None:
    operation = stand(
        asked_change(read("jump", "p-1"), by=clinic_staff), State.UNKNOWN, left_at=timezone.now()
    )

    assert "It is not known whether it took effect" in parsed(staff.get(way(operation, "give_up"))).text


def test_what_moved_is_overwritten_with_a_reason(staff: Client, clinic_staff: User) -> None:
    operation = stand(
        asked_change(read("jump", "p-1"), by=clinic_staff), State.HELD, Why.MOVED,
        details={"fields": ["phone"]},
    )  # fmt: skip
    address = way(operation, "overrule")
    assert "is overwritten with what is wanted" in parsed(staff.get(address)).text

    assert staff.post(address, form_of(staff, address, reason=REASON)).status_code == 303

    assert now(operation).state == State.WAITING
    assert reasons("operation.tried_now") == [("Clive Staff", REASON)]


def test_admin_takes_over_after_being_told_in_whose_name_it_goes_out(
    admins: Client, staff: Client, clinic_staff: User, admin: User
) -> None:
    operation = stand(asked_change(read("jump", "p-1"), by=clinic_staff), State.WAITING, Why.NO_TOKEN)
    address = way(operation, "take_over")
    assert "in your name, Ada Admin, with your rights in Jump EHR" in parsed(admins.get(address)).text
    assert staff.get(address).status_code == 403

    assert admins.post(address, form_of(admins, address)).status_code == 303

    assert now(operation).acts_for == admin
    assert "Taken over by Ada Admin, in whose name it is sent" in page_of(staff, operation).text


def test_record_made_by_hand_is_read_and_shown_before_it_counts(
    sandbox: Sandbox, admins: Client, clinic_staff: User
) -> None:
    made = work_off(asked_new("jump", by=clinic_staff)).record
    assert made is not None
    operation = _again(clinic_staff)
    address = way(operation, "by_hand")

    shown = admins.post(address, form_of(admins, address, number=made.remote_id))

    page = parsed(shown)
    assert shown.status_code == 200
    assert f"Jump EHR {made.remote_id}, as Jump EHR holds it now" in page.text
    assert page.text.count("QUARTERMAINE, Zoë") >= 2
    assert now(operation).state == State.HELD
    (event,) = audit.events_of_request(shown["X-Request-Id"])
    assert ("jump", made.remote_id) in event.records
    sent = {name: page.named(name)[-1].attributes["value"] for name in ("seal", "number")}
    reply = admins.post(address, {**sent, "reason": REASON}, follow=True)
    assert "It is marked as done." in parsed(reply).text
    assert now(operation).state == State.DONE
    assert now(operation).record == made
    assert len(named(sandbox, "jump")) == 1


def _again(user: User) -> Operation:
    """A registration of the same person, asked for again much later, and held."""
    Claim.objects.all().delete()
    return stand(asked_new("jump", by=user), State.HELD, Why.APPEARED, details={"records": ["jump:nobody"]})


def test_record_of_somebody_else_is_no_way_to_done(
    sandbox: Sandbox, admins: Client, clinic_staff: User
) -> None:
    with sandbox.stores["jump"].reading() as state:
        other = next(str(number) for number, row in state["patients"].items() if row["last_name"] == "Wardle")
    operation = stand(asked_new("jump", by=clinic_staff), State.HELD, Why.IN_VAIN)
    address = way(operation, "by_hand")

    reply = admins.post(address, form_of(admins, address, number=other))

    page = parsed(reply)
    assert reply.status_code == 422
    assert "are not those of the person who was to be registered" in page.text
    assert "WARDLE" in page.text
    assert page.named("reason") == []
    assert page.named("number")[0].attributes["value"] == other
    forged = {"seal": page.named("seal")[-1].attributes["value"], "number": other, "reason": REASON}
    assert admins.post(address, forged).status_code == 409
    assert now(operation).state == State.HELD


def test_number_that_is_not_there_is_said_on_the_same_page(
    sandbox: Sandbox, admins: Client, clinic_staff: User
) -> None:
    operation = stand(asked_new("jump", by=clinic_staff), State.HELD, Why.IN_VAIN)
    address = way(operation, "by_hand")

    reply = admins.post(address, form_of(admins, address, number="pat_nobody"))

    page = parsed(reply)
    assert reply.status_code == 422
    assert "There is a problem" in page.text
    assert page.named("number")[0].attributes["value"] == "pat_nobody"


def test_change_is_marked_as_done_with_its_own_record(
    sandbox: Sandbox, admins: Client, clinic_staff: User
) -> None:
    made = work_off(asked_new("jump", by=clinic_staff)).record
    assert made is not None
    made = SourceRecord.objects.get(pk=made.pk)
    operation = stand(asked_change(made, by=clinic_staff), State.HELD, Why.NOT_TAKEN)
    address = way(operation, "by_hand")
    assert parsed(admins.get(address)).named("number") == []

    page = parsed(admins.post(address, form_of(admins, address)))
    sent = {name: page.named(name)[-1].attributes["value"] for name in ("seal", "number")}
    reply = admins.post(address, {**sent, "reason": REASON})

    assert reply.status_code == 303
    assert now(operation).state == State.DONE
    assert "An admin marked it as done by hand." in page_of(admins, operation).text


# --- what stands against it -----------------------------------------------------------------


@pytest.mark.parametrize("name", ["try", "give_up"])
def test_form_that_something_came_of_meanwhile_is_refused(
    staff: Client, clinic_staff: User, name: str
) -> None:
    operation = asked_change(read("jump", "p-1"), by=clinic_staff)
    seal = seal_of(staff, operation)
    stand(operation, State.HELD, Why.CONFLICT)

    reply = staff.post(way(operation, name), {"seal": seal, "reason": REASON}, follow=True)

    page = parsed(reply)
    assert "Something came of this write since the page was opened" in page.text
    assert now(operation).state == State.HELD
    assert Event.objects.filter(action="form.refused", outcome="refused").count() == 1
    if name == "give_up":
        assert reply.status_code == 409
        assert page.named("reason")[0].text == REASON
        fresh = page.named("seal")[-1].attributes["value"]
        assert staff.post(way(operation, name), {"seal": fresh, "reason": REASON}).status_code == 303


def test_try_that_came_and_went_makes_no_form_stale(staff: Client, clinic_staff: User) -> None:
    operation = stand(asked_change(read("jump", "p-1"), by=clinic_staff), State.WAITING, Why.NOT_ANSWERING)
    address = way(operation, "give_up")
    form = form_of(staff, address, reason=REASON)
    stand(operation, State.WAITING, Why.NOT_ANSWERING, tries=7)

    assert staff.post(address, form).status_code == 303


@pytest.mark.parametrize("seal", ["", "made-up", "of another write", "of another account"])
def test_form_without_a_seal_of_its_own_is_refused(
    staff: Client, admins: Client, clinic_staff: User, seal: str
) -> None:
    record = read("jump", "p-1")
    operation, other = (
        stand(asked_change(record, by=clinic_staff), State.HELD, Why.CONFLICT) for _ in range(2)
    )
    if seal == "of another write":
        seal = form_of(staff, way(other, "give_up"))["seal"]
    elif seal == "of another account":
        seal = form_of(admins, way(operation, "give_up"))["seal"]

    reply = staff.post(way(operation, "give_up"), {"seal": seal, "reason": REASON})

    assert reply.status_code == 409
    assert now(operation).state == State.HELD
    assert parsed(reply).named("reason")[0].text == REASON


def test_while_a_request_is_under_way_nothing_is_decided(staff: Client, clinic_staff: User) -> None:
    operation = asked_change(read("jump", "p-1"), by=clinic_staff)
    address = way(operation, "give_up")
    form = form_of(staff, address, reason=REASON)
    stand(operation, State.SENDING)

    reply = staff.post(address, form)

    assert reply.status_code == 422
    assert "It is being sent at this moment. Look again in a minute." in parsed(reply).text
    assert parsed(reply).named("reason")[0].text == REASON


def test_late_request_is_waited_for_and_the_page_says_how_long(staff: Client, clinic_staff: User) -> None:
    operation = asked_change(read("jump", "p-1"), by=clinic_staff)
    stand(operation, State.UNKNOWN, Why.LATE, left_at=timezone.now())
    address = way(operation, "give_up")
    form = form_of(staff, address, reason=REASON)
    Operation.objects.filter(pk=operation.pk).update(late_until=timezone.now() + timedelta(seconds=80))

    reply = staff.post(address, form)

    assert "Jump EHR may still be at it" in parsed(reply).text
    assert staff.get(address)["Location"] == story_url(operation)


def test_page_of_a_decision_that_there_is_not_leads_back(admins: Client, clinic_staff: User) -> None:
    operation = stand(asked_change(read("jump", "p-1"), by=clinic_staff), State.DONE)

    for name in ("overrule", "take_over", "give_up", "by_hand"):
        reply = admins.get(way(operation, name), follow=True)
        assert "That cannot be done as it stands now." in parsed(reply).text


def test_where_ones_role_does_not_reach_it_is_said(
    staff: Client, clinic_staff: User, coordinator: User
) -> None:
    operation = asked_change(read("jump", "p-1"), by=clinic_staff)
    client = signed_in(Client(), coordinator)

    for name in ("overrule", "give_up"):
        assert client.get(way(operation, name)).status_code == 404
        assert client.post(way(operation, name), {"reason": REASON}).status_code == 404
    for name in ("take_over", "by_hand"):
        assert client.post(way(operation, name), {"reason": REASON}).status_code == 403
    assert now(operation).state == State.WAITING
    assert ZOE.family_name not in page_of(staff, operation).text
