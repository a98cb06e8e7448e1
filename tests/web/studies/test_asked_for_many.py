"""Asking for many people at once: what came of it is kept beside the session, letters come by the fifty, and
whoever was cut off begins anew."""

from __future__ import annotations

from datetime import timedelta

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from patients.models import AskedForMany, Bulk, Invitation, Operation, SourceRecord, Study
from patients.services import visibility
from patients.services.studies import enrolling
from patients.tasks import throw_away_ended_outcomes
from patients.views.inviting_many import LETTERS
from portal.accounts.models import User
from portal.audit.models import Event
from tests.conftest import signed_in
from tests.support import parsed

from .boards import HOME, holds, people, study, takes_part
from .test_lists_to_tick import address

State = Operation.State


def enrolled(which: Study, rows: list[SourceRecord], by: User) -> Bulk:
    asked = enrolling.enrol_many(which, rows, by=by, reach=visibility.reach_of(by))
    assert asked.bulk is not None
    return asked.bulk


def test_what_came_of_it_is_kept_beside_the_session_and_for_who_asked(
    client: Client, coordinator: User, admin: User, db: None
) -> None:
    which, (inside, outside) = study(), people("Inside", "Outside")
    outside.memberships.update(organization="9")
    by = holds(coordinator, HOME, "9")
    desk = signed_in(client, by)

    reply = desk.post(address("study_add", which), {"enrol": "1", "tick": [str(inside.pk), str(outside.pk)]})
    kept = AskedForMany.objects.get()

    page = parsed(desk.get(reply["Location"]))
    assert "Not asked for: 1 person" in page.text
    assert "OUTSIDE" in page.text
    assert kept.pk not in str(dict(desk.session))
    assert "asked_for_many" not in desk.session
    assert signed_in(Client(), holds(admin, HOME)).get(reply["Location"]).status_code == 404
    AskedForMany.objects.update(ends_at=timezone.now())
    assert desk.get(reply["Location"]).status_code == 404
    assert throw_away_ended_outcomes.call() == 1


def test_letters_come_by_the_fifty(client: Client, coordinator: User, db: None) -> None:
    by, which = holds(coordinator, HOME), study(tells_states=True)
    rows = people(*[f"Family{chr(97 + each // 26)}{chr(97 + each % 26)}" for each in range(LETTERS + 2)])
    for each in rows:
        takes_part(which, each)
    bulk = enrolled(which, rows, by)
    soon = timezone.now() + timedelta(minutes=30)
    for operation in Operation.objects.filter(bulk=bulk).select_related("record").order_by("pk"):
        Invitation.objects.create(
            participant=which.participants.get(record=operation.record), operation=operation, asked_by=by,
            asked_at=timezone.now(), state="issued", link=f"https://app.example/{operation.pk}",
            link_until=soon, channel=Invitation.Channel.LETTER,
        )  # fmt: skip
    url = reverse("patients:letters", args=[bulk.public_id])
    desk = signed_in(client, by)

    first = parsed(desk.get(url))
    assert len(first.of_class("portal-letter")) == LETTERS
    assert Event.objects.filter(action="invitation.link_shown").count() == LETTERS
    assert "Page 1 of 2" in first.text
    second = parsed(desk.get(f"{url}?page=2"))
    assert len(second.of_class("portal-letter")) == 2
    assert "no letter here" not in second.text


def test_bulk_that_was_cut_off_says_so_and_begins_anew_when_it_is_sent_again(
    client: Client, coordinator: User, db: None
) -> None:
    by, which, rows = holds(coordinator, HOME), study(), people("One", "Two", "Three")
    half = enrolled(which, rows[:1], by)  # as whoever was killed after the first of three leaves it
    Bulk.objects.update(state=Bulk.State.PAUSED, to_ask=3, asked_at=timezone.now() - timedelta(minutes=5))
    (first,) = Operation.objects.all()
    desk = signed_in(client, by)

    page = parsed(desk.get(reverse("patients:bulk", args=[half.public_id])))
    assert "Asking for it was cut off: 2 people are not in it" in page.text

    whole = enrolled(which, rows, by)
    half.refresh_from_db()
    first.refresh_from_db()
    assert (half.state, first.state) == (Bulk.State.CANCELLED, State.REFUSED)
    assert (whole.state, whole.to_ask) == (Bulk.State.RUNNING, 0)
    assert Operation.objects.filter(bulk=whole, state=State.WAITING).count() == 3


def test_bulk_that_is_being_asked_for_is_left_alone(coordinator: User, db: None) -> None:
    by, which, rows = holds(coordinator, HOME), study(), people("One", "Two")
    first = enrolled(which, rows[:1], by)
    Bulk.objects.update(state=Bulk.State.PAUSED, to_ask=2)

    enrolled(which, rows, by)

    first.refresh_from_db()
    assert first.state == Bulk.State.PAUSED
