"""Ways to the pages of writes: the list, stories in every state, decisions, many at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.utils import timezone
from playwright.sync_api import expect

from integrations.registry import label_of
from integrations.writes import Changes, details_of, shown_of
from patients.models import Attempt, Bulk, Operation, SourceRecord
from patients.services.held import whole_of
from patients.services.operations import bulks
from patients.services.operations.bulks import Part
from patients.services.operations.whys import Why, words_of
from patients.services.operations.wishes import Change
from portal.accounts.models import PersonToken, User
from portal.accounts.roles import Role
from tests import writing
from tests.conftest import make_user
from tests.support import connected
from tests.writing import LIFESPAN, change, new_record, work_off

from .journey import Journey

State = Operation.State
MARY = "manager_mary@example.com"
REASON = "Looked at together with the desk"
NEW_PHONE, OTHER_PHONE = "+44 7700 900111", "+44 7700 900222"


def asker(journey: Journey) -> User:
    """A colleague of the clinic who asks for writes; they themself where clinic staff are at the desk."""
    assert journey.user is not None
    if journey.user.role == Role.CLINIC_STAFF:
        return journey.user
    known = User.objects.filter(email="clive@example.org").first()
    return known or connected(
        make_user("clive@example.org", Role.CLINIC_STAFF, name="Clive Staff"), MARY, journey.sandbox
    )


def given_index(journey: Journey) -> None:
    """The index knows some people, read once: a sign-in may be gone by the second time."""
    if not SourceRecord.objects.exists():
        journey.given_index("Mbeki", "Wardle", "Joshi", "Ramsbottom")


def record(system: str, family: str = "mbeki") -> SourceRecord:
    """A record of the index."""
    return SourceRecord.objects.filter(system=system, family=family).order_by("pk")[0]


def open_story(journey: Journey, operation: Operation) -> None:
    """Go to the page of a write."""
    journey.when_they_go_to(f"/writes/{operation.public_id}")
    expect(journey.page.get_by_role("heading", name="Tries")).to_be_visible()


def register(journey: Journey, system: str = "jump", **values: Any) -> Operation:
    """Somebody is to be registered."""
    new = replace(new_record(**values), organization_id=LIFESPAN if system == "jhe" else "")
    return writing.register({system: new}, by=asker(journey))[0]


def stand(operation: Operation, state: str, why: Why = Why.NONE, **values: object) -> Operation:
    """Let a write stand as the queue leaves it."""
    problem, step = words_of(why, label_of(operation.system))
    columns = {"state": state, "why": why, "problem": problem, "next_step": step, "due_at": None}
    ended = {"ended_at": timezone.now()} if state in {State.DONE, State.REFUSED} else {}
    Operation.objects.filter(pk=operation.pk).update(**columns | ended | values)
    return Operation.objects.get(pk=operation.pk)


def without_a_token(journey: Journey) -> Operation:
    """A change in JHE whose asker's sign-in there has ended: it was tried, and waits."""
    given_index(journey)
    by = asker(journey)
    operation = change(record("jhe"), by=by, phone=NEW_PHONE)
    PersonToken.objects.filter(user=by).delete()
    return work_off(operation)


def found_meanwhile(journey: Journey) -> Operation:
    """A registration in Jump of somebody whom Jump holds by now."""
    given_index(journey)
    held = details_of(whole_of(record("jump")))
    wanted: dict[str, Any] = {
        "given_name": held.given_name, "family_name": held.family_name, "birth_date": held.birth_date,
        "nhs_number": held.nhs_number, "email": held.email, "phone": "",
    }  # fmt: skip
    return work_off(register(journey, **wanted))


# --- states ---------------------------------------------------------------------------------


def listed(journey: Journey) -> None:
    """A list with a write in every state."""
    waiting = without_a_token(journey)
    assert waiting.why == Why.NO_TOKEN
    found_meanwhile(journey)
    done = work_off(change(record("impilo"), by=asker(journey), phone=NEW_PHONE))
    assert done.state == State.DONE
    unknown = change(record("impilo"), by=asker(journey), phone=OTHER_PHONE)
    stand(unknown, State.UNKNOWN, Why.LATE, due_at=timezone.now() + timedelta(minutes=2))
    refused = change(record("jump"), by=asker(journey), email="not an address")
    stand(refused, State.REFUSED, problem="Jump EHR did not accept one of the details.")
    journey.when_they_go_to("/writes/")
    expect(journey.page.locator(".portal-writes")).to_be_visible()


def narrowed(journey: Journey) -> None:
    """A list that is narrowed to nothing."""
    listed(journey)
    journey.page.get_by_text("Narrow the list").click()
    journey.page.get_by_label("System").select_option("impilo")
    journey.page.get_by_role("button", name="Show", exact=True).click()
    journey.page.get_by_role("link", name="Held").click()
    expect(journey.page.get_by_text("Nothing fits.")).to_be_visible()


def waiting(journey: Journey) -> None:
    """One that waits for somebody's sign-in."""
    open_story(journey, without_a_token(journey))


def unknown(journey: Journey) -> None:
    """One that left, was cut off, and is looked for."""
    given_index(journey)
    operation = change(record("jump"), by=asker(journey), phone=NEW_PHONE, email="")
    now = timezone.now()
    began = now - timedelta(minutes=3)
    Attempt.objects.create(operation=operation, began_at=began, sent=True)
    Attempt.objects.create(
        operation=operation, began_at=began + timedelta(minutes=2), sent=False, outcome="not known",
        ended_at=began + timedelta(minutes=2, seconds=5), fault="Unavailable", request_id="c0ffee5a1d2e4f60",
    )  # fmt: skip
    stand(operation, State.UNKNOWN, Why.LATE, left_at=began, due_at=now + timedelta(seconds=50))
    open_story(journey, operation)


def held(journey: Journey) -> None:
    """A registration of somebody who was found meanwhile."""
    operation = found_meanwhile(journey)
    assert operation.why == Why.APPEARED
    open_story(journey, operation)


def moved(journey: Journey) -> None:
    """A change of a detail that somebody else has changed."""
    open_story(journey, _moved(journey))


def _moved(journey: Journey) -> Operation:
    given_index(journey)
    row = record("jump")
    operation = change(row, by=asker(journey), phone=NEW_PHONE, occupation="Carpenter")
    with journey.sandbox.stores["jump"].writing() as state:
        state["patients"][row.remote_id]["phone"] = OTHER_PHONE
    operation = work_off(operation)
    assert operation.why == Why.MOVED
    return operation


def refused(journey: Journey) -> None:
    """One that its system refused, read by who asked."""
    given_index(journey)
    operation = change(record("jump"), by=asker(journey), phone=NEW_PHONE, email="grace@example")
    stand(
        operation, State.REFUSED, Why.INVALID, problem="Jump EHR did not accept one of the details.",
        next_step="Check the details and try again.",
        details={"fields": {"email": "Jump EHR does not take this as an e-mail address."}},
    )  # fmt: skip
    open_story(journey, operation)


def done(journey: Journey) -> None:
    """One that is done."""
    given_index(journey)
    operation = work_off(change(record("impilo"), by=asker(journey), phone=NEW_PHONE))
    assert operation.state == State.DONE, operation.problem
    open_story(journey, operation)


def beyond(journey: Journey) -> None:
    """One about somebody whom the admin's own role does not reach."""
    by = asker(journey)
    operation = register(journey, "jhe")
    PersonToken.objects.filter(user=by).delete()
    assert journey.user is not None
    PersonToken.objects.filter(user=journey.user).delete()
    open_story(journey, work_off(operation))


def taking_over(journey: Journey) -> None:
    """The page before taking one over."""
    waiting(journey)
    journey.page.get_by_role("link", name="Take over").or_(
        journey.page.get_by_role("button", name="Take over")
    ).click()
    expect(journey.page.get_by_text("in your name")).to_be_visible()


def giving_up(journey: Journey) -> None:
    """The page before giving one up of which it is not known whether it took effect."""
    unknown(journey)
    journey.page.get_by_role("button", name="Give up").click()
    expect(journey.page.get_by_label("Reason")).to_be_visible()


def giving_up_refused(journey: Journey) -> None:
    """Without a reason."""
    giving_up(journey)
    journey.page.get_by_role("button", name="Give up").click()
    expect(journey.page.get_by_role("alert")).to_be_visible()


def stale(journey: Journey) -> None:
    """Something came of it while a reason was written."""
    giving_up(journey)
    journey.page.get_by_label("Reason").fill(REASON)
    stand(Operation.objects.get(), State.HELD, Why.CONFLICT)
    journey.page.get_by_role("button", name="Give up").click()
    expect(journey.page.get_by_role("alert")).to_contain_text("Something came of this write")


def overruling(journey: Journey) -> None:
    """The page before overwriting what somebody else has changed."""
    moved(journey)
    journey.page.get_by_role("button", name="Overwrite it").click()
    expect(journey.page.get_by_label("Reason")).to_be_visible()


def by_hand(journey: Journey) -> None:
    """The page that asks which record was made by hand."""
    held(journey)
    journey.page.get_by_role("button", name="Mark as done by hand").click()
    expect(journey.page.get_by_label("Number of the record")).to_be_visible()


def by_hand_read(journey: Journey) -> None:
    """The record as it was read, before it counts."""
    held(journey)
    journey.page.get_by_role("button", name="It is this person").click()
    expect(journey.page.get_by_role("button", name="This is it: mark as done")).to_be_visible()


def by_hand_somebody_else(journey: Journey) -> None:
    """A record that is somebody else's."""
    given_index(journey)
    by_hand(journey)
    journey.page.get_by_label("Number of the record").fill(record("jump", "wardle").remote_id)
    journey.page.get_by_role("button", name="Read the record").click()
    expect(journey.page.get_by_role("alert")).to_be_visible()


def home(journey: Journey) -> None:
    """Home with writes that need somebody."""
    listed(journey)
    Operation.objects.update(asked_at=timezone.now() - timedelta(minutes=40))
    journey.when_they_go_to("/")
    expect(journey.page.get_by_role("heading", name="Writes that need you")).to_be_visible()


def of_a_person(journey: Journey) -> None:
    """A person's page with changes on their way."""
    moved(journey)
    change(record("impilo"), by=asker(journey), phone=NEW_PHONE)
    journey.when_they_go_to(f"/people/{record('jump').patient.public_id}")
    expect(journey.page.get_by_role("heading", name="Changes on their way")).to_be_visible()


def bulk_of(journey: Journey) -> Bulk:
    """Many changes at once, of which some have ended."""
    given_index(journey)
    rows = list(SourceRecord.objects.filter(system="jump").order_by("pk"))
    parts = [
        Part(Change(changes=Changes.to(occupation="Carpenter"), shown=shown_of(whole_of(each))), each)
        for each in rows
    ]
    return bulks.ask(parts, system="jump", label="Occupations from the survey", by=asker(journey)).bulk


def bulk(journey: Journey) -> None:
    """One of many, half way."""
    many = bulk_of(journey)
    first, second, third, *_ = many.operations.order_by("pk")
    stand(first, State.DONE)
    stand(second, State.REFUSED, Why.INVALID, problem="Jump EHR did not accept one of the details.")
    stand(third, State.HELD, Why.CONFLICT)
    journey.when_they_go_to(f"/writes/bulks/{many.public_id}")
    expect(journey.page.get_by_role("heading", name="What came of whom")).to_be_visible()


def all_bulks(journey: Journey) -> None:
    """The list of them."""
    bulk(journey)
    journey.when_they_go_to("/writes/bulks/")
    expect(journey.page.get_by_role("link", name="Occupations from the survey")).to_be_visible()


def cancelling(journey: Journey) -> None:
    """The page before cancelling what is left."""
    bulk(journey)
    journey.page.get_by_role("button", name="Cancel").click()
    expect(journey.page.get_by_role("button", name="Cancel what is left")).to_be_visible()
