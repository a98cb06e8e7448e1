"""Ways to a person's page: out of a look-up or out of the index, with systems that do not answer."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import expect

from integrations.sandbox.faults import FaultKind
from patients.models import SourceRecord
from patients.services import taking_in
from tests.waiting import until

from .journey import Journey

# --- out of a look-up -----------------------------------------------------------------------


def person_with_a_system_down(journey: Journey) -> None:
    """A person's page where one system could not be asked."""
    journey.given_fault("impilo", FaultKind.STATUS, status=503)
    journey.when_they_look_up("grace mbeki 18/4/75")
    journey.then_every_system_has_answered()
    journey.when_they_open("MBEKI")


def person_not_read_anew(journey: Journey) -> None:
    """A person's page whose records were read a while ago and cannot be read anew."""
    journey.when_they_look_up("grace mbeki 18/4/75")
    journey.then_every_system_has_answered()
    journey.given_records_read_a_while_ago()
    journey.given_fault("jump", FaultKind.STATUS, status=503)
    journey.when_they_open("MBEKI")
    expect(journey.page.get_by_text("not answering").first).to_be_visible()


# --- out of the index -----------------------------------------------------------------------


def patient(journey: Journey) -> None:
    """The page of a person of the index."""
    journey.given_index("Mbeki")
    journey.when_they_go_to("/")
    journey.when_they_type("mbeki g")
    journey.page.get_by_role("link", name="MBEKI").click()
    expect(journey.page.get_by_role("heading", name="3 source records")).to_be_visible()


def patient_read_days_ago(journey: Journey, *families: str) -> None:
    """The page of a person of the index whose records were read three days ago."""
    journey.given_index(*(families or ("Mbeki",)))
    then = timezone.now() - timedelta(days=3)
    SourceRecord.objects.update(whole_at=then, read_at=then)
    journey.when_they_go_to("/")


def _open_typed(journey: Journey, typed: str, name: str) -> None:
    journey.when_they_type(typed)
    journey.page.get_by_role("link", name=name).first.click()
    expect(journey.page.get_by_role("region", name="This page is about")).to_be_visible()


def patient_being_checked(journey: Journey) -> None:
    """... one of whose systems has not answered yet."""
    patient_read_days_ago(journey)
    journey.given_fault("impilo", FaultKind.HANG)
    _open_typed(journey, "mbeki g", "MBEKI")
    expect(journey.page.get_by_role("status").filter(has_text="2 of 3")).to_be_visible()


def patient_not_read(journey: Journey) -> None:
    """... one of whose systems does not answer."""
    patient_read_days_ago(journey)
    journey.given_fault("jump", FaultKind.STATUS, status=503)
    _open_typed(journey, "mbeki g", "MBEKI")
    expect(journey.page.get_by_role("button", name="Ask Jump EHR again")).to_be_visible()


def patient_withheld(journey: Journey) -> None:
    """... which every system refuses to show by now."""
    patient_read_days_ago(journey)
    for system in journey.sandbox.stores:
        journey.given_fault(system, FaultKind.STATUS, status=403, path=r"(?i)patients?/")
    journey.when_they_type("mbeki g")
    journey.page.get_by_role("link", name="MBEKI").click()
    journey.then_they_see("You may not see this person’s records")


def patient_with_alerts(journey: Journey) -> None:
    """Somebody with needs, a long list of fields and records that differ."""
    journey.given_index("Wardle", "Mbeki")
    with journey.sandbox.stores["jump"].writing() as state:
        row = next(each for each in state["patients"].values() if each["last_name"] == "Mbeki")
        row |= _EVERYTHING
    then = timezone.now() - timedelta(days=3)
    SourceRecord.objects.update(whole_at=then, read_at=then)
    journey.when_they_go_to("/")
    _open_typed(journey, "mbeki g", "MBEKI")
    expect(journey.page.locator("[data-portal-asking]")).to_have_count(0, timeout=20_000)
    expect(journey.page.get_by_text("BSL interpreter")).to_be_visible()


_EVERYTHING = {
    "title": "Dr",
    "middle_name": "Nomvula Thandeka",
    "preferred_name": "Gracie",
    "gender": "woman",
    "mobile_phone": "07700 900456",
    "home_phone": "0113 496 0999",
    "address_line_1": "Flat 3",
    "occupation": "Lighthouse keeper",
    "ethnicity": "Black African",
    "patient_notes": "Prefers mornings.\nBrings her sister.",
    "accessibility_needs": {"BSL interpreter": True, "Large print": "18 point"},
    "accessibility_notes": "Hard of hearing on the left side",
    "requires_review": True,
    "review_reason": "Address returned undelivered",
    "preferred_contact_method": "email",
    "consent_sms": False,
    "consent_email": True,
    "consent_marketing": False,
    "custom_fields": {
        "external_id": "HOSP-0042",
        "insurance_provider": "Northern Mutual",
        "preferred_language": "isiXhosa",
        "marketing_consent": False,
        "referral_source": "GP",
        "emis_guid": "6f9619ff-8b86-d011-b42d-00cf4fc964ff",
        "systmone_id": "S1-77",
        "wheelchair_bay_needed": "yes",
    },
}


def patient_history(journey: Journey) -> None:
    """What happened to somebody's records."""
    patient_with_alerts(journey)
    until(taking_in.is_idle, what="records being taken in")
    journey.page.get_by_role("link", name="Show what changed").click()
    expect(journey.page.get_by_text("Lighthouse keeper").last).to_be_visible()
    expect(journey.page.locator(".portal-history__entry").first).to_be_visible()


def patient_printed(journey: Journey) -> None:
    """The same for paper."""
    patient_with_alerts(journey)
    journey.page.get_by_role("link", name="Print view").click()
    journey.page.get_by_role("button", name="Print", exact=True).wait_for()
