"""Ways to the pages of linking: choosing somebody, both side by side, parting, undoing, and refusals."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from patients.models import Patient, SourceRecord

from .journey import Journey

REASON = "Told at the desk"
INDEXED = ("Joshi", "Wardle")


def person_of(given: str) -> Patient:
    """Whose a record of this given name is now."""
    return SourceRecord.objects.filter(given=given).order_by("pk")[0].patient


def at(given: str, *rest: str) -> str:
    """An address about a person; ``rest`` may be given names of others too."""
    return "/".join(["/people", person_of(given).public_id, *rest])


def link_of(given: str, other: str) -> str:
    """The page with two people side by side."""
    return at(given, "link", person_of(other).public_id)


def reason(journey: Journey) -> Locator:
    """The box for the reason."""
    return journey.page.get_by_label("Reason")


def link(journey: Journey, given: str, other: str) -> None:
    """Link two people who are not alike, with reason and tick."""
    journey.when_they_go_to(link_of(given, other))
    reason(journey).fill(REASON)
    journey.page.get_by_label("They are one person all the same").check()
    journey.page.get_by_role("button", name="Link: they are one person").click()
    expect(journey.page.get_by_text("The two are one person now.")).to_be_visible()


# --- states ---------------------------------------------------------------------------------


def choosing(journey: Journey) -> None:
    """Whom somebody may be the same person as."""
    journey.given_index(*INDEXED)
    journey.when_they_go_to(at("anika", "link"))
    expect(journey.person("Anisha")).to_be_visible()


def choosing_refused(journey: Journey) -> None:
    """A line by which nobody can be looked up."""
    choosing(journey)
    journey.page.get_by_role("button", name="Look up in the index").click()
    expect(journey.page.get_by_role("alert")).to_be_visible()


def side_by_side(journey: Journey) -> None:
    """Two people whom something speaks against."""
    choosing(journey)
    journey.person("Anisha").get_by_role("link").first.click()
    expect(journey.page.get_by_text("What speaks against it")).to_be_visible()


def link_refused(journey: Journey) -> None:
    """Without reason and tick."""
    side_by_side(journey)
    journey.page.get_by_role("button", name="Link: they are one person").click()
    expect(journey.page.get_by_role("alert")).to_be_visible()


def link_stale(journey: Journey) -> None:
    """A record has changed since the form was opened."""
    side_by_side(journey)
    reason(journey).fill(REASON)
    journey.page.get_by_label("They are one person all the same").check()
    person = person_of("anisha")
    person.version += 1
    person.save()
    journey.page.get_by_role("button", name="Link: they are one person").click()
    expect(journey.page.get_by_role("alert")).to_contain_text("Nothing was changed")


def linked(journey: Journey) -> None:
    """The page of a person to whom somebody linked another one."""
    journey.given_index(*INDEXED)
    link(journey, "elsie", "vera")


def parting(journey: Journey) -> None:
    """A record that is to be somebody else's."""
    linked(journey)
    journey.page.get_by_role("link", name="Not this person").last.click()
    expect(journey.page.get_by_role("heading", name="Is this record somebody else's?")).to_be_visible()


def undoing(journey: Journey) -> None:
    """A link by hand that is to be taken back."""
    linked(journey)
    journey.page.get_by_role("link", name="Undo").click()
    expect(journey.page.get_by_role("heading", name="Take this link back?")).to_be_visible()


def refused_for_good(journey: Journey) -> None:
    """A form whose page is not there any more."""
    undoing(journey)
    address = journey.page.url.removeprefix(journey.portal)
    reason(journey).fill(REASON)
    other = journey.page.context.new_page()
    other.goto(journey.portal + address)
    other.get_by_label("Reason").fill(REASON)
    other.get_by_role("button", name="Undo the link").click()
    expect(other.get_by_text("The link is taken back")).to_be_visible()
    other.close()
    journey.page.get_by_role("button", name="Undo the link").click()
    expect(journey.page.get_by_role("heading", name="Nothing was changed")).to_be_visible()


def kept_apart(journey: Journey) -> None:
    """The page of a person from whom a record was parted by hand."""
    parting(journey)
    reason(journey).fill(REASON)
    journey.page.get_by_role("button", name="Not this person: part them").click()
    expect(journey.page.get_by_role("region", name="Links").get_by_text("Kept apart from")).to_be_visible()


def namesake(journey: Journey) -> None:
    """The page of somebody with a twin."""
    journey.given_index(*INDEXED)
    journey.when_they_go_to(at("anika"))
    expect(journey.page.get_by_text("Not to be confused with")).to_be_visible()
