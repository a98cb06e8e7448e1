"""Ways to home as a worklist, to parking somebody, and to marking a test record."""

from __future__ import annotations

import re
from datetime import date, timedelta

from django.utils import timezone
from playwright.sync_api import expect

from integrations.types import Demographics, RemotePatient
from patients.models import Parked, Patient, Seen, SourceRecord, SyncRun
from patients.services import index
from portal.audit.models import Event

from .journey import Journey

DOING = "Waiting for the interpreter to ring back about Thursday; has asked for a copy of the letter"


def _people(*families: str) -> list[Patient]:
    rows = SourceRecord.objects.filter(family__in=families).order_by("pk").select_related("patient")
    return list(dict.fromkeys(row.patient for row in rows))


def home(journey: Journey) -> None:
    """Home with people seen, people parked (one out of sight by now) and a system that was not read."""
    assert journey.user is not None
    journey.given_index("Mbeki", "Wardle", "Ramsbottom")
    now = timezone.now()
    everybody = _people("mbeki", "wardle", "ramsbottom")
    for minutes, patient in enumerate(everybody):
        Seen.objects.create(user=journey.user, patient=patient, seen_at=now - timedelta(minutes=minutes * 40))
    Parked.objects.create(
        user=journey.user, patient=everybody[0], doing=DOING, parked_at=now - timedelta(hours=2)
    )
    gone = Patient.objects.create()
    Parked.objects.create(user=journey.user, patient=gone, parked_at=now - timedelta(days=1))
    SyncRun.objects.create(
        system="jump", kind=SyncRun.Kind.FULL, source=SyncRun.Source.SCHEDULE, started_at=now, ended_at=now,
        problem="Jump EHR stopped answering.", next_step="It is read again by itself at night.",
    )  # fmt: skip
    Event.objects.create(action="session.started", at=now.replace(day=1) - timedelta(days=40))
    journey.when_they_go_to("/")
    expect(journey.page.get_by_role("heading", name="Waiting for you")).to_be_visible()


def _grace(journey: Journey) -> str:
    journey.given_index("Mbeki")
    (patient,) = _people("mbeki")[:1]
    return f"/people/{patient.public_id}"


def parking(journey: Journey) -> None:
    """The person's page with the form for parking open."""
    journey.when_they_go_to(_grace(journey))
    journey.page.get_by_text("Park this person").click()
    expect(journey.page.get_by_label("What were you doing?")).to_be_visible()


def parked(journey: Journey) -> None:
    """The page of a person who is parked."""
    parking(journey)
    journey.page.get_by_label("What were you doing?").fill(DOING)
    journey.page.get_by_role("button", name="Park", exact=True).click()
    expect(journey.page.get_by_text("You parked this person")).to_be_visible()


def park_refused(journey: Journey) -> None:
    """The form of a page that names the person as nobody does any more."""
    parking(journey)
    changed = Demographics(
        given_name="Gracie", family_name="Mbeki", birth_date=date(1975, 4, 18), nhs_number="9991346236"
    )
    for each in SourceRecord.objects.filter(family="mbeki"):
        index.store([RemotePatient(system=each.system, id=each.remote_id, demographics=changed)])
    journey.page.get_by_label("What were you doing?").fill(DOING)
    journey.page.get_by_role("button", name="Park", exact=True).click()
    expect(journey.page.get_by_text("Something was changed since")).to_be_visible()


def marking(journey: Journey) -> None:
    """The form that marks a test record."""
    journey.when_they_go_to(_grace(journey))
    journey.page.get_by_role("link", name=re.compile("Mark as a test record.*Impilo")).click()
    expect(journey.page.get_by_label("Reason")).to_be_visible()


def marked(journey: Journey) -> None:
    """The page of a record that was marked."""
    marking(journey)
    journey.page.get_by_label("Reason").fill("Made while training")
    journey.page.get_by_role("button", name="Mark as a test record").click()
    expect(journey.page.get_by_role("link", name="Take the mark back")).to_be_visible()
