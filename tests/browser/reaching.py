"""The longer ways to a state: what has to be done, or has to go wrong, before a page shows it."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection
from django.utils import timezone
from playwright.sync_api import expect

from integrations.sandbox.faults import FaultKind
from patients.models import SourceRecord
from patients.services import taking_in
from portal.accounts.roles import Role
from tests.conftest import make_user
from tests.waiting import until

from .journey import Journey

PATIENT = "ll_patient_peter@example.com"
REFERRAL = (
    "Re: Mrs Grace MBEKI, DOB 18/04/1975, NHS No 999 134 6236, "
    "grace.mbeki@example.org - thank you for seeing this lady"
)


# --- signing in -----------------------------------------------------------------------------


def wrong_password(journey: Journey) -> None:
    """The sign-in page after a wrong password."""
    user = journey.given_account()
    journey.when_they_sign_in(user, "not this one, surely")
    expect(journey.page.get_by_role("alert")).to_be_visible()


def too_many_attempts(journey: Journey) -> None:
    """The page for somebody who keeps trying."""
    user = journey.given_account()
    heading = journey.page.get_by_role("heading", level=1)
    for _ in range(12):
        journey.when_they_sign_in(user, "not this one, surely")
        if "Too many" in (heading.text_content() or "") or "Too many" in journey.page.content():
            return
    raise AssertionError("nobody ever says that it is enough")


def second_step(journey: Journey) -> None:
    """The page that asks for a code."""
    user = journey.given_account()
    journey.when_they_sign_in(user)
    journey.then_they_see("Second step")


def second_step_wrong(journey: Journey) -> None:
    """... after a wrong code."""
    second_step(journey)
    journey.page.get_by_label("code").fill("000000")
    journey.page.get_by_role("button", name="Sign in").click()
    expect(journey.page.get_by_role("alert")).to_be_visible()


def jhe_patient_refused(journey: Journey) -> None:
    """What a participant of a study sees."""
    journey.when_they_sign_in_at_jhe(PATIENT)
    journey.then_they_see("You cannot sign in this way")


def jhe_down(journey: Journey) -> None:
    """Signing in at JHE while it does not answer."""
    journey.given_fault("jhe", FaultKind.RESET)
    journey.when_they_go_to("/accounts/oidc/jhe/login/")
    journey.page.locator("main form button").click()
    expect(journey.page.get_by_role("heading", level=1)).not_to_contain_text("JupyterHealth Exchange")


def second_step_missing(journey: Journey) -> None:
    """Somebody whose role asks for a second step and who has none yet."""
    user = make_user("new@example.org", Role.CLINIC_STAFF, name="Noor New", second_step=False)
    journey.when_they_sign_in(user)
    journey.then_they_see("Set up a second step")


def authenticator_app(journey: Journey) -> None:
    """Setting up one-time codes."""
    second_step_missing(journey)
    journey.page.get_by_role("button", name="Use an app on my phone").click()
    journey.then_they_see("Set up an authenticator app")


def add_passkey(journey: Journey) -> None:
    """Setting up a passkey."""
    second_step_missing(journey)
    journey.page.get_by_role("button", name="Use a passkey").click()
    journey.then_they_see("Add a passkey or security key")


def password_change_refused(journey: Journey) -> None:
    """A new password that will not do."""
    journey.when_they_go_to("/accounts/password/change/")
    for label in ("Current Password", "New Password", "New Password (again)"):
        journey.page.get_by_label(label, exact=True).fill("short")
    journey.page.locator("main form button[type=submit]").last.click()
    expect(journey.page.get_by_role("alert").first).to_be_visible()


def sessions(journey: Journey) -> None:
    """Where somebody is signed in."""
    journey.page.context.clear_cookies()
    assert journey.user is not None
    journey.when_they_sign_in(journey.user)
    journey.when_they_give_the_code()
    journey.when_they_go_to("/accounts/sessions/")


def people_and_roles(journey: Journey) -> None:
    """Every account, as an admin sees them."""
    make_user("noor@example.org", None, name="Noor New")
    make_user("rita.longish-name@a-department.example.org", Role.READER, name="Rita Reader")
    journey.when_they_go_to("/staff")


# --- the lock -------------------------------------------------------------------------------


def locked(journey: Journey) -> None:
    """The lock page."""
    journey.when_they_go_to("/")
    journey.when_they_lock_the_screen()


def locked_wrong_password(journey: Journey) -> None:
    """... after a wrong password."""
    locked(journey)
    journey.page.get_by_label("Password").fill("not this one, surely")
    journey.page.get_by_role("button", name="Unlock", exact=True).click()
    expect(journey.page.get_by_role("alert")).to_be_visible()


def covered(journey: Journey) -> None:
    """The cover that falls over an idle page."""
    journey.page.clock.install()
    journey.when_they_go_to("/")
    journey.when_nobody_is_there_for("10:01")
    expect(journey.cover()).to_be_visible()


def form_waiting(journey: Journey) -> None:
    """A form that was sent to a locked screen."""
    journey.when_they_go_to("/")
    journey.given_idle_too_long()
    journey.look_up_box().fill("Grace Mbeki")
    journey.look_up_box().press("Enter")
    journey.then_they_see("Screen locked")
    journey.given_time_enough()
    journey.when_they_unlock_by_password()
    journey.then_they_see("Your form is still here")


# --- looking up -----------------------------------------------------------------------------


def details_open(journey: Journey) -> None:
    """The details one by one."""
    journey.when_they_go_to("/")
    journey.page.get_by_text("Give details one by one").click()


def look_up_refused(journey: Journey) -> None:
    """A date that is none."""
    details_open(journey)
    journey.page.get_by_role("textbox", name="Birth date", exact=True).fill("31 31 1980")
    journey.page.get_by_role("button", name="Look up by these details").click()
    expect(journey.page.get_by_role("alert")).to_be_focused()


def correcting(journey: Journey) -> None:
    """The list with what was understood, opened for correcting."""
    journey.when_they_look_up("smith 3/4/80")
    journey.then_every_system_has_answered()
    journey.page.get_by_text("Correct what was understood").click()


def referral_line(journey: Journey) -> None:
    """A line out of a letter."""
    journey.when_they_look_up(REFERRAL)
    journey.then_every_system_has_answered()


def still_asking(journey: Journey) -> None:
    """One system has not answered yet."""
    journey.given_fault("impilo", FaultKind.HANG)
    journey.when_they_look_up("grace mbeki 18/4/75")
    journey.then_the_panel_says("jump", "found")
    journey.then_the_panel_says("jhe", "found")
    journey.then_the_panel_says("impilo", "Asking")


def known_and_asking(journey: Journey) -> None:
    """The index knows three people; no system has answered yet."""
    journey.given_index("Mbeki", "Wardle")
    journey.given_index_two_days_old()
    for name in journey.sandbox.faults:
        journey.given_fault(name, FaultKind.HANG)
    journey.when_they_look_up("wardle")
    expect(journey.person("WARDLE")).to_have_count(3)


def known_and_not_found(journey: Journey) -> None:
    """Somebody whom the index finds in spite of slips that no system forgives."""
    journey.given_index("Mbeki")
    journey.given_index_two_days_old()
    journey.when_they_look_up("grcae mbekki 18/4/75")
    journey.then_every_system_has_answered()
    expect(journey.page.get_by_text("not confirmed by a live search")).to_be_visible()


def known_and_one_failed(journey: Journey) -> None:
    """Somebody whom the index knows, where one system does not answer."""
    journey.given_index("Mbeki")
    journey.given_index_two_days_old()
    journey.given_fault("impilo", FaultKind.STATUS, status=503)
    journey.when_they_look_up("grace mbeki")
    journey.then_every_system_has_answered()
    expect(journey.person("MBEKI")).to_contain_text("Impilo did not answer")


def more_than_ten(journey: Journey) -> None:
    """More people than are shown at first."""
    with journey.sandbox.stores["impilo"].writing() as state:
        first = next(iter(state["patients"].values()))
        for number in range(90_000, 90_060):
            own = {"dateOfBirth": f"{1890 + number % 100}-05-17", "email": "", "phone": "", "nhsNumber": ""}
            row = {**first, **own, "id": number, "lastName": "Crowd", "firstName": f"One{number}"}
            state["patients"][str(number)] = row
    journey.when_they_look_up("crowd")
    journey.then_every_system_has_answered()
    expect(journey.page.get_by_role("link", name="Show 40 more")).to_be_visible()


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


# --- the rest -------------------------------------------------------------------------------


def connections_in_trouble(journey: Journey) -> None:
    """Every system with a trouble of its own."""
    journey.given_fault("jump", FaultKind.STATUS, status=401)
    journey.given_fault("impilo", FaultKind.RESET)
    journey.given_fault("jhe", FaultKind.STATUS, status=500, html=True)
    journey.when_they_go_to("/connections")


def form_too_old(journey: Journey) -> None:
    """A form from before the sign-in."""
    journey.when_they_go_to("/")
    journey.page.context.clear_cookies(name="csrftoken")
    journey.watch.excuse("Status Error Code 403")
    journey.look_up_box().fill("grace mbeki")
    journey.look_up_box().press("Enter")
    journey.then_they_see("This page was open too long")


def fault_of_ours(journey: Journey) -> None:
    """A fault in the portal: an adapter that is not there."""
    journey.watch.excuse(r"status of 500")
    entry = {**journey.settings.SYSTEMS["jump"], "ADAPTER": "integrations.nowhere.Adapter"}
    journey.settings.SYSTEMS = {**journey.settings.SYSTEMS, "jump": entry}
    journey.when_they_go_to("/connections")


def nothing_can_be_recorded(journey: Journey) -> None:
    """Neither the database nor the journal takes an event."""
    journey.watch.excuse("status of 503|Status Error Code 503")
    journey.when_they_go_to("/")
    (journey.settings.VAR_DIR / "audit-journal").write_text("in the way")
    if connection.vendor == "sqlite":
        refuse = "CREATE TRIGGER refused BEFORE INSERT ON audit_event BEGIN SELECT RAISE(ABORT, 'full'); END"
        allow = "DROP TRIGGER refused"
    else:
        refuse = "ALTER TABLE audit_event ADD CONSTRAINT refused CHECK (action = '') NOT VALID"
        allow = "ALTER TABLE audit_event DROP CONSTRAINT refused"
    _execute(refuse)
    journey.afterwards.append(lambda: _execute(allow))
    journey.look_up_box().fill("grace mbeki")
    journey.look_up_box().press("Enter")
    journey.then_they_see("The portal cannot be used now")


def _execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


# --- the index ------------------------------------------------------------------------------


def typing(journey: Journey) -> None:
    """People whom the index knows, while one still types."""
    journey.given_index("Joshi", "Mbeki", "Wardle")
    journey.when_they_go_to("/")
    journey.when_they_type("joshi")
    expect(journey.page.get_by_role("heading", name="Known here already")).to_be_visible()


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


# --- the people list ------------------------------------------------------------------------

LISTED = (
    "Mbeki",
    "Wardle",
    "Joshi",
    "Smith",
    "Ramsbottom",
    "Kavanagh",
    "Edwards",
    "Thornton",
    "Hutchinson",
    "Desai",
    "Shah",
    "Osei",
    "Lockwood",
)


def people_listed(journey: Journey) -> None:
    """Everybody whom somebody may see, first page."""
    journey.given_index(*LISTED)
    journey.when_they_go_to("/people/")
    journey.then_they_see("People")


def people_filtered(journey: Journey) -> None:
    """... narrowed, and some of them selected."""
    people_listed(journey)
    _open_filters(journey)
    journey.page.get_by_label("Held in", exact=True).select_option("jump")
    journey.page.get_by_label("Active", exact=True).check()
    journey.page.get_by_role("button", name="Filter", exact=True).click()
    expect(journey.page.get_by_role("button", name="Remove the filter Held in Jump EHR")).to_be_visible()
    for box in journey.page.get_by_role("checkbox", name="Select").all()[:3]:
        box.check()
    expect(journey.page.get_by_text("3 selected")).to_be_visible()


def people_filters(journey: Journey) -> None:
    """The filters, opened."""
    people_listed(journey)
    _open_filters(journey)


def people_filters_refused(journey: Journey) -> None:
    """... with a day that is none."""
    people_filters(journey)
    journey.page.get_by_label("First recorded from").fill("31 31 2024")
    journey.page.get_by_role("button", name="Filter", exact=True).click()
    expect(journey.page.get_by_role("alert")).to_be_focused()


def people_nobody(journey: Journey) -> None:
    """Filters that nobody fits."""
    people_filters(journey)
    journey.page.get_by_label("Name begins with").fill("Xanthopoulos")
    journey.page.get_by_role("button", name="Filter", exact=True).click()
    expect(journey.page.get_by_text("Nobody is left")).to_be_visible()


def people_tests(journey: Journey) -> None:
    """Test records instead of people."""
    journey.given_index("Test", "Testperson", "Dummy", "Patient", *LISTED)
    journey.when_they_go_to("/people/")
    _open_filters(journey)
    journey.page.get_by_label("Test records instead of people").check()
    journey.page.get_by_role("button", name="Filter", exact=True).click()
    expect(journey.page.get_by_role("button", name="Remove the filter Test records")).to_be_visible()


def people_printed(journey: Journey) -> None:
    """The list for paper."""
    people_listed(journey)
    journey.page.get_by_role("link", name="Print view").click()
    journey.page.get_by_role("button", name="Print", exact=True).wait_for()


def people_export(journey: Journey) -> None:
    """Asking for a file."""
    people_listed(journey)
    journey.page.get_by_role("link", name="Export").click()
    journey.then_they_see("Export people")


def people_export_refused(journey: Journey) -> None:
    """... without a reason."""
    people_export(journey)
    journey.page.get_by_role("button", name="Export").click()
    expect(journey.page.get_by_role("alert")).to_be_visible()


def _open_filters(journey: Journey) -> None:
    journey.page.get_by_text("Filter the list").click()
