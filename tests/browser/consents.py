"""Ways to the pages of consent: what was decided, recording it, the study file, who is asked again."""

from __future__ import annotations

from django.db import transaction
from playwright.sync_api import expect

from integrations.sandbox.faults import FaultKind
from patients.models import SourceRecord, Study
from patients.services import linking, visibility
from patients.services.studies import consent_forms, consent_reading
from patients.services.studies.consent_forms import Version
from tests.consenting import (
    PRESSURE_ID,
    RATE_ID,
    ask_again_page,
    ask_for_more,
    at,
    decide_all_there,
    decide_there,
    page_of,
)
from tests.studying import BP, BP_AND_HR, PAMELA, PETER
from tests.writing import known, work_off

from .journey import Journey

MARY, VICTOR = "manager_mary@example.com", "viewer_victor@example.com"
HEADING = "What was decided in"


def given_peter(journey: Journey) -> SourceRecord:
    """Somebody in two studies, who agreed, declined, and has something still to decide."""
    assert journey.user is not None
    decide_there(journey.sandbox, PETER, BP_AND_HR, PRESSURE_ID, True)
    decide_there(journey.sandbox, PETER, BP_AND_HR, RATE_ID, False)
    decide_there(journey.sandbox, PETER, BP, PRESSURE_ID, None)
    return known("jhe", PETER, by=journey.user)


def _read(journey: Journey, record: SourceRecord) -> None:
    assert journey.user is not None
    consent_reading.read([record], by=journey.user, reach=visibility.reach_of(journey.user))


def opened(journey: Journey) -> SourceRecord:
    """The page with somebody's consents."""
    record = given_peter(journey)
    journey.when_they_go_to(page_of(record))
    expect(journey.page.get_by_role("heading", name="Consents", exact=True)).to_be_visible()
    return record


def unread(journey: Journey) -> None:
    """JHE does not answer: what was known last."""
    record = given_peter(journey)
    _read(journey, record)
    journey.given_fault("jhe", FaultKind.STATUS, status=503, path="/consents$")
    journey.when_they_go_to(page_of(record))
    expect(journey.page.get_by_text("Shown as last known").first).to_be_visible()


def disagreeing(journey: Journey) -> None:
    """Two records of one person decide differently."""
    record = given_peter(journey)
    assert journey.user is not None
    other = known("jhe", PAMELA, by=journey.user)
    decide_there(journey.sandbox, PAMELA, BP_AND_HR, PRESSURE_ID, False)
    for each in (record, other):
        _read(journey, each)
    with transaction.atomic():
        linking.link_people(keep=record.patient, other=other.patient, reason="The same", by=journey.user)
    journey.when_they_go_to(page_of(record))
    expect(journey.page.get_by_text("Two records of this person decide differently")).to_be_visible()


def on_the_person(journey: Journey) -> None:
    """The person's page says so, too."""
    disagreeing(journey)
    journey.page.get_by_role("link", name="Back to the person").click()
    expect(journey.page.get_by_role("link", name="See the consents")).to_be_visible()
    journey.then_every_system_has_answered()


def form(journey: Journey) -> SourceRecord:
    """The form that records a decision."""
    record = opened(journey)
    journey.page.get_by_role("button", name="Record a decision in Lifespan Study on BP & HR").click()
    expect(journey.page.get_by_role("heading", name=HEADING)).to_be_visible()
    return record


def filled(journey: Journey, answers: dict[str, str]) -> None:
    """Answers by kind of data, and by whose authority."""
    page = journey.page
    for words, answer in answers.items():
        page.get_by_role("group", name=words).get_by_label(answer).check()
    page.get_by_label("A representative").check()
    page.get_by_label("Name of the representative or parent").fill("Ruth Pearson")
    page.get_by_label("What they are to the person").fill("legal guardian")
    page.get_by_label("On a paper form").check()
    page.get_by_label("Version of the consent form").fill("3.1")
    page.get_by_label("Language of the form").select_option(label="Spanish")
    page.get_by_label("Version of the information sheet").fill("2.0")
    page.get_by_label("Date signed").fill("15 1 2026")
    page.get_by_label("Witness").fill("Will Ness")


def refused(journey: Journey) -> None:
    """Nothing was filled in."""
    form(journey)
    journey.page.get_by_role("button", name="Continue").click()
    expect(journey.page.get_by_role("alert")).to_be_visible()


def confirming(journey: Journey) -> SourceRecord:
    """What follows, before it is asked for."""
    record = form(journey)
    filled(journey, {"Blood pressure": "Declines", "Heart rate": "Agrees"})
    journey.page.get_by_role("button", name="Continue").click()
    expect(journey.page.get_by_role("heading", name="Record these 2 decisions?")).to_be_visible()
    return record


def being_written(journey: Journey) -> None:
    """Asked for, and not written yet."""
    confirming(journey)
    journey.page.get_by_role("button", name="Record these decisions").click()
    expect(journey.page.get_by_text("Being written: declined")).to_be_visible()


def recorded(journey: Journey) -> SourceRecord:
    """Written, with the authority in the timeline."""
    record = confirming(journey)
    journey.page.get_by_role("button", name="Record these decisions").click()
    expect(journey.page.get_by_text("is asked to record 2 decisions")).to_be_visible()
    work_off()
    expect(journey.page.get_by_text("Ruth Pearson, legal guardian")).to_be_visible(timeout=10_000)
    return record


def stale(journey: Journey) -> None:
    """The person has changed since the form was opened."""
    record = form(journey)
    filled(journey, {"Blood pressure": "Declines"})
    journey.page.get_by_role("button", name="Continue").click()
    person = SourceRecord.objects.get(pk=record.pk).patient
    person.version += 1
    person.save()
    journey.page.get_by_role("button", name="Record this decision").click()
    expect(journey.page.get_by_role("alert")).to_contain_text("Nothing was changed")


def withdrawing(journey: Journey) -> None:
    """Everything that was agreed to is to be withdrawn."""
    opened(journey)
    journey.page.get_by_role("button", name="Withdraw consent in Lifespan Study on BP & HR").click()
    expect(journey.page.get_by_role("heading", name="Withdraw consent in")).to_be_visible()


def looking_on(journey: Journey) -> None:
    """A viewer opens the form by its address."""
    record = opened(journey)
    journey.when_they_go_to(at("decide", record))
    expect(journey.page.get_by_text("takes a member or manager")).to_be_visible()


def for_the_file(journey: Journey) -> None:
    """The record for the study file."""
    record = recorded(journey)
    journey.when_they_go_to(at("consent_record", record))
    expect(journey.page.get_by_role("heading", name="Consent record")).to_be_visible()


# --- who is asked again ---------------------------------------------------------------------


def given_study(journey: Journey) -> Study:
    """One who has to be asked about something new, and one who was never asked."""
    record = given_peter(journey)
    assert journey.user is not None
    decide_all_there(journey.sandbox, PAMELA, BP_AND_HR, None)
    ask_for_more(journey.sandbox, BP_AND_HR)
    for each in (record, known("jhe", PAMELA, by=journey.user)):
        _read(journey, each)
    return Study.objects.get(remote_id=BP_AND_HR)


def ask_again(journey: Journey) -> Study:
    """The list, of a study whose form somebody has entered."""
    study = given_study(journey)
    assert journey.user is not None
    version = Version(version="4.0", sheet_version="2.1", languages=("en", "es"))
    reach = visibility.reach_of(journey.user)
    if consent_forms.why_not(study, by=journey.user, reach=reach) is None:
        consent_forms.set_form(study, version, by=journey.user, reach=reach)
    journey.when_they_go_to(ask_again_page(study))
    expect(journey.page.get_by_role("heading", name="Must be asked again")).to_be_visible()
    return study


def nobody_to_ask(journey: Journey) -> None:
    """A reason for which nobody has to be asked."""
    study = given_study(journey)
    journey.when_they_go_to(f"{ask_again_page(study)}?because=new-form")
    expect(journey.page.get_by_text("Nobody whose decisions were read")).to_be_visible()


def entering_the_form_refused(journey: Journey) -> None:
    """A language that nobody knows."""
    study = given_study(journey)
    journey.when_they_go_to(ask_again_page(study))
    page = journey.page
    page.get_by_text("Enter it", exact=True).click()
    page.get_by_label("Version of the consent form").fill("4.0")
    page.get_by_label("Languages").fill("Klingish")
    page.get_by_role("button", name="Use this form").click()
    expect(page.get_by_role("alert")).to_be_visible()
