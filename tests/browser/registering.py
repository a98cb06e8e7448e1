"""Ways to the pages of registering: the form, the search in each of its outcomes, and what comes after."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from integrations.sandbox.faults import FaultKind
from integrations.writes import details_of
from patients.models import SourceRecord
from patients.services.held import whole_of
from patients.services.operations import sending
from patients.services.registering import drafts
from portal.accounts.roles import Role
from tests.conftest import make_user
from tests.writing import LIFESPAN

from .journey import Journey

ZOE = {
    "Given name": "Zoë",
    "Family name": "Quartermaine",
    "Birth date": "9 3 1987",
    "E-mail": "zoe.quartermaine@example.org",
    "Phone": "07700 900461",
}
OTHER = "manager_mary@example.com"
REASON = "Asked for birth date and address: somebody else"
LABELS = {"jump": "Jump EHR", "jhe": "JupyterHealth Exchange", "impilo": "Impilo"}


def field(journey: Journey, label: str) -> Locator:
    """A field of the form."""
    return journey.page.locator("main").get_by_label(label, exact=True)


def open_form(journey: Journey) -> None:
    """The blank form."""
    journey.when_they_go_to("/register")
    expect(field(journey, "Given name")).to_be_visible()


def type_in(journey: Journey, typed: dict[str, str]) -> None:
    """Fill fields in; nothing of it may come to stand in an address."""
    journey.watch.typed.extend(typed.values())
    for label, text in typed.items():
        field(journey, label).fill(text)


def choose(journey: Journey, *systems: str) -> None:
    """Tick just these systems."""
    for name, label in LABELS.items():
        box = journey.page.get_by_role("checkbox", name=label)
        if box.count():
            box.set_checked(name in systems)
    if "jhe" in systems:
        place = journey.page.get_by_label("JupyterHealth Exchange organization")
        place.select_option(LIFESPAN)


def send(journey: Journey) -> None:
    """Press the button that leads to the search."""
    journey.page.get_by_role("button", name="Search the systems and go on").click()


def searched(journey: Journey, title: str) -> None:
    """The search has come to this."""
    expect(journey.page.get_by_role("heading", name=title)).to_be_visible(timeout=20_000)


def search_for(
    journey: Journey, typed: dict[str, str], title: str, *, systems: tuple[str, ...] = ("jump", "impilo")
) -> None:
    """Fill a form in, send it, and wait for what the search says."""
    open_form(journey)
    choose(journey, *systems)
    type_in(journey, typed)
    send(journey)
    searched(journey, title)


def held_as(system: str, family: str) -> dict[str, str]:
    """What a form says of somebody whom the index holds."""
    record = SourceRecord.objects.filter(system=system, family=family).order_by("pk")[0]
    details = details_of(whole_of(record))
    born = details.birth_date
    return {
        "Given name": details.given_name,
        "Family name": details.family_name,
        "Birth date": f"{born.day} {born.month} {born.year}" if born else "",
        "NHS number": details.nhs_number,
        "E-mail": details.email,
        "Phone": details.phone,
    }


def given_index(journey: Journey) -> None:
    """The index knows some people."""
    journey.given_index("Mbeki", "Wardle", "Joshi", "Ramsbottom")


# --- states ---------------------------------------------------------------------------------


def blank(journey: Journey) -> None:
    """The form, nothing typed."""
    open_form(journey)


def filled(journey: Journey) -> None:
    """The form with doubts about what was typed, and somebody who is known already."""
    given_index(journey)
    open_form(journey)
    choose(journey, "jump", "jhe")
    with journey.page.expect_response("**/register/typed"):
        type_in(
            journey,
            held_as("jump", "mbeki")
            | {
                "Given name": "GRACE",
                "E-mail": "grace@gmial.com",
                "Postcode": "LS1 1A4",
                "NHS number": "9434765918",
            },
        )
    expect(journey.page.locator("#known .portal-met__person").first).to_be_visible()
    expect(journey.page.get_by_text("gmial.com looks mistyped")).to_be_visible()


def refused(journey: Journey) -> None:
    """The form sent back."""
    open_form(journey)
    choose(journey, "jump", "jhe")
    type_in(journey, {"Given name": "Zoë", "Birth date": "31 2 1980"})
    send(journey)
    expect(journey.page.get_by_role("alert")).to_be_visible()


def clear(journey: Journey) -> None:
    """Nobody was found."""
    search_for(journey, ZOE, "Nobody like this was found", systems=("jump", "jhe", "impilo"))


def same(journey: Journey) -> None:
    """They are held already."""
    given_index(journey)
    search_for(journey, held_as("jump", "mbeki"), "This person is held already")


def doubtful(journey: Journey) -> None:
    """Somebody who may be the same."""
    given_index(journey)
    typed = held_as("jump", "mbeki") | {"Given name": "Gracey", "NHS number": "", "Birth date": "19 4 1975"}
    search_for(journey, typed, "Is it one of these people?")


def conflict(journey: Journey) -> None:
    """Somebody else holds the NHS number."""
    given_index(journey)
    typed = ZOE | {"NHS number": held_as("jump", "mbeki")["NHS number"]}
    search_for(journey, typed, "Somebody holds this NHS number already")


def mailbox(journey: Journey) -> None:
    """A child with a parent's mailbox, in JHE too."""
    given_index(journey)
    parent = held_as("jhe", "mbeki")
    typed = parent | {"Given name": "Thabo", "Birth date": "2 6 2015", "NHS number": ""}
    search_for(journey, typed, "Nobody like this was found", systems=("jump", "jhe"))
    expect(journey.page.get_by_text("this e-mail is somebody else's")).to_be_visible()


def system_down(journey: Journey) -> None:
    """A system does not answer the search."""
    journey.given_fault("impilo", FaultKind.STATUS, status=503)
    search_for(journey, ZOE, "Nobody like this was found")
    expect(journey.page.get_by_text("Impilo could not be searched")).to_be_visible()


def coming(journey: Journey) -> None:
    """Asked for, and in no system yet."""
    search_for(journey, ZOE, "Nobody like this was found")
    journey.page.get_by_role("button", name="Register in Jump EHR and Impilo").click()
    expect(journey.page.get_by_role("heading", name="Being registered")).to_be_visible()


def arrived(journey: Journey) -> None:
    """One system has them; another is down."""
    journey.given_fault("impilo", FaultKind.STATUS, status=503)
    search_for(journey, ZOE, "Nobody like this was found")
    journey.page.get_by_role("button", name="Register in Jump EHR and Impilo").click()
    expect(journey.page.get_by_role("heading", name="Being registered")).to_be_visible()
    sending.send_due()
    expect(journey.page.get_by_role("heading", name="1 source record")).to_be_visible(timeout=10_000)


def unsent(journey: Journey) -> None:
    """Home with a form that waits, and somebody of whom something is missing."""
    open_form(journey)
    choose(journey, "jump")
    journey.page.get_by_label("Is it known who they are?").select_option("unknown")
    send(journey)
    searched(journey, "Nobody like this was found")
    journey.page.get_by_role("button", name="Register in Jump EHR").click()
    expect(journey.page.get_by_role("heading", name="Being registered")).to_be_visible()
    sending.send_due()
    open_form(journey)
    type_in(journey, ZOE)
    journey.page.get_by_role("button", name="Park this form").click()
    expect(journey.page.get_by_role("heading", name="Something is missing of them")).to_be_visible()


def handing_over(journey: Journey) -> None:
    """A form is given to a colleague."""
    make_user("dora@example.org", Role.CLINIC_STAFF, name="Dora Staff")
    open_form(journey)
    type_in(journey, ZOE)
    journey.page.get_by_role("button", name="Park this form").click()
    assert journey.user is not None
    (draft,) = drafts.of(journey.user)
    journey.when_they_go_to(f"/unsent/{draft.public_id}/hand-over")
    expect(journey.page.get_by_role("heading", name="Hand this form over")).to_be_visible()


def throwing_away(journey: Journey) -> None:
    """A form is thrown away, asked first."""
    handing_over(journey)
    journey.page.goto(journey.page.url.replace("hand-over", "throw-away"))
    expect(journey.page.get_by_role("heading", name="Throw this form away?")).to_be_visible()
