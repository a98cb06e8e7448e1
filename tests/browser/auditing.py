"""The ways to the pages on which admins see who looked."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from allauth.usersessions.models import UserSession
from django.test import Client
from django.utils import timezone

from integrations.types import Demographics, RemotePatient
from patients.models import SourceRecord
from patients.services import index, reviews
from patients.services.findings import month_after
from portal.accounts.ending import switch_off
from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.audit.models import Event, EventRecord
from tests.conftest import make_user

from . import signing_in
from .journey import Journey

MONTH = (timezone.localdate().replace(day=1) - timedelta(days=1)).replace(day=1)  # the last whole one


def _record(system: str, number: str, given: str, family: str, nhs_number: str = "") -> SourceRecord:
    details = Demographics(
        given_name=given, family_name=family, birth_date=date(1975, 4, 18), nhs_number=nhs_number
    )
    index.store([RemotePatient(system=system, id=number, demographics=details)])
    return SourceRecord.objects.get(system=system, remote_id=number)


def _event(at: datetime, by: User, action: str, *records: SourceRecord, **values: str) -> None:
    event = Event.objects.create(
        at=at,
        actor=str(by.pk),
        actor_label=str(by),
        action=action,
        ip="192.0.2.17",
        details={"records": [str(each) for each in records]},
        **values,
    )
    for each in records:
        EventRecord.objects.create(event=event, system=each.system, record_id=each.remote_id, at=at)


def _staff() -> tuple[User, User, User]:
    return (
        make_user("rita@example.org", Role.READER, name="Rita Mbeki"),
        make_user("clive@example.org", Role.CLINIC_STAFF, name="Clive Warrington-Featherstonehaugh"),
        make_user("jo@example.org", Role.COORDINATOR, name="Jo Park"),
    )


def _weekday(day: date) -> date:
    return day + timedelta(days=(7 - day.weekday()) % 7)


def given_events() -> User:
    """A month of looks, some of them odd; answers with one of the staff."""
    rita, clive, jo = _staff()
    grace = [
        _record("jump", "8f1c2c1e-77aa", "Grace", "Mbeki", "9991346236"),
        _record("impilo", "71", "Grace", "Mbeki", "9991346236"),
    ]
    monday = timezone.make_aware(datetime.combine(_weekday(MONTH), datetime.min.time()))
    _event(monday.replace(hour=9, minute=2), rita, "person.viewed", *grace)
    _event(monday.replace(hour=9, minute=4), rita, "person.print_opened", *grace)
    _event(monday.replace(hour=23, minute=40), clive, "person.viewed", *grace)
    _event(monday.replace(hour=23, minute=41), clive, "person.viewed", outcome="refused")
    _event(monday.replace(hour=15), jo, "people.exported", reason="Recruiting for the Lifespan study")
    for minute, given in enumerate(["Elsie", "Norman", "Peggy", "Harold", "Bilal"]):
        other = _record("jump", f"w-{minute}", given, "Wardle")
        _event(monday.replace(hour=10, minute=minute), clive, "person.viewed", other)
        _event(monday.replace(hour=11, minute=minute), jo, "access.refused", outcome="refused")
    for number in range(60):
        _event(monday + timedelta(hours=33, minutes=number), rita, "search")
    return rita


def ask(journey: Journey) -> None:
    """The question."""
    given_events()
    journey.when_they_go_to("/audit")


def refused(journey: Journey) -> None:
    """A question that says nothing."""
    journey.when_they_go_to("/audit")
    journey.watch.excuse("status of 422")
    journey.page.get_by_role("button", name="Show who looked").click()
    journey.page.get_by_role("alert").wait_for()


def about_a_person(journey: Journey) -> None:
    """Who looked at one person."""
    given_events()
    journey.when_they_go_to("/audit")
    journey.page.get_by_label("System", exact=True).select_option("jump")
    journey.page.get_by_label("Record number there").fill("8f1c2c1e-77aa")
    journey.page.get_by_role("button", name="Show who looked").click()
    journey.then_they_see("Who looked at this person")


def about_staff(journey: Journey) -> None:
    """What one member of staff did, more than a page of it."""
    given_events()
    journey.when_they_go_to("/audit")
    journey.page.get_by_label("Member of staff").select_option(label="Rita Mbeki")
    journey.page.get_by_role("button", name="Show events").click()
    journey.then_they_see("What Rita Mbeki did")


def about_a_time(journey: Journey) -> None:
    """Everything of a month, narrowed by hand."""
    given_events()
    journey.when_they_go_to("/audit")
    journey.page.get_by_label("To", exact=True).fill(f"{month_after(MONTH) - timedelta(days=1):%d %m %Y}")
    journey.page.get_by_label("What", exact=True).select_option(label="Opened a person's page")
    journey.page.get_by_role("button", name="Show events").click()
    journey.page.get_by_text("Narrow it or change it").click()


def nothing(journey: Journey) -> None:
    """Nothing in the trail fits."""
    journey.when_they_go_to("/audit")
    journey.page.get_by_label("From", exact=True).fill("1 1 2020")
    journey.page.get_by_label("To", exact=True).fill("2 1 2020")
    journey.page.get_by_role("button", name="Show events").click()
    journey.page.get_by_text("No events", exact=True).wait_for()


def sheet(journey: Journey) -> None:
    """The page to hand over."""
    about_a_person(journey)
    journey.page.get_by_role("link", name="One page to hand over").click()
    journey.page.get_by_role("button", name="Print", exact=True).wait_for()


def export(journey: Journey) -> None:
    """The reason for an export."""
    about_staff(journey)
    journey.page.get_by_role("link", name="Export as CSV").click()
    journey.then_they_see("Export events")


def months(journey: Journey) -> None:
    """Every month."""
    given_events()
    journey.when_they_go_to("/audit/reviews")


def review(journey: Journey) -> None:
    """A month with findings."""
    given_events()
    journey.when_they_go_to(f"/audit/reviews/{MONTH:%Y-%m}")


def review_refused(journey: Journey) -> None:
    """... and a note that says too little."""
    review(journey)
    journey.watch.excuse("status of 422")
    journey.page.get_by_label("To follow up").first.check()
    journey.page.get_by_role("button", name="Save the notes").click()
    journey.page.get_by_role("alert").wait_for()


def _noted(journey: Journey) -> None:
    given_events()
    assert journey.user is not None
    findings = reviews.open_month(MONTH, by=journey.user).findings
    notes = {each.finding.key: ("explained", "On the rota for that night") for each in findings}
    reviews.note_all(month=MONTH, notes=notes, by=journey.user)


def to_sign(journey: Journey) -> None:
    """A month of which everything is noted."""
    _noted(journey)
    journey.when_they_go_to(f"/audit/reviews/{MONTH:%Y-%m}")


def signed(journey: Journey) -> None:
    """A month that is signed off."""
    to_sign(journey)
    journey.page.get_by_label("Summary").fill("All explained by the rota.")
    journey.page.get_by_role("button", name="off").click()
    journey.page.get_by_text("Signed off by").first.wait_for()


def sessions_elsewhere(journey: Journey) -> None:
    """Where somebody is signed in: here, and in another browser that can be ended."""
    signing_in.sessions(journey)
    assert journey.user is not None
    elsewhere = Client()
    elsewhere.force_login(journey.user)
    elsewhere.get("/", headers={"User-Agent": "Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X)"})
    UserSession.objects.get_or_create(
        session_key=elsewhere.session.session_key,
        defaults={"user": journey.user, "ip": "192.0.2.44", "user_agent": "Mozilla/5.0 (iPad)"},
    )
    journey.when_they_go_to("/accounts/sessions/")


def accounts(journey: Journey) -> None:
    """Every account, one of them switched off."""
    signing_in.people_and_roles(journey)
    switch_off(user=make_user("olga@example.org", Role.READER, name="Olga Off"), by=None)
    journey.when_they_go_to("/staff")
