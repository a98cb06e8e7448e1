"""Ways to a look-up: typed, refused, corrected, still asking, known to the index only."""

from __future__ import annotations

from playwright.sync_api import expect

from integrations.sandbox.faults import FaultKind

from .journey import Journey

REFERRAL = (
    "Re: Mrs Grace MBEKI, DOB 18/04/1975, NHS No 999 134 6236, "
    "grace.mbeki@example.org - thank you for seeing this lady"
)


def typing(journey: Journey) -> None:
    """People whom the index knows, while one still types."""
    journey.given_index("Joshi", "Mbeki", "Wardle")
    journey.when_they_go_to("/")
    journey.when_they_type("joshi")
    expect(journey.page.get_by_role("heading", name="Known here already")).to_be_visible()


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
