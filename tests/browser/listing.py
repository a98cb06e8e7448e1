"""Ways to the people list: filtered, refused, printed and exported."""

from __future__ import annotations

from playwright.sync_api import expect

from .journey import Journey

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
