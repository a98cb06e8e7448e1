"""Ways to the studies: organizations, lists, boards in every state."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import Locator, expect

from patients.matching.study_numbers import folded
from patients.models import Participant, Study, StudyReading
from tests import study_reading as studying
from tests.study_reading import BP, BP_AND_HR, HEART_RATE, LIFESPAN, PRESSURE

from .journey import Journey

BOARD = "Lifespan Study on BP & HR"
RESEARCH = "20001"  # an organization that runs no study


def organizations(journey: Journey) -> None:
    """Which organization, of several."""
    journey.when_they_go_to("/studies/?choose=1")
    journey.then_they_see("Studies")


def list_of(journey: Journey) -> None:
    """The studies of an organization."""
    assert journey.user is not None
    studying.read_place(journey.user)
    _go_to_list(journey)
    expect(journey.page.get_by_role("link", name=BOARD)).to_be_visible()


def list_being_read(journey: Journey) -> None:
    """... before anybody has read them."""
    _go_to_list(journey)
    expect(journey.page.get_by_text("Not read yet", exact=True)).to_be_visible()


def list_empty(journey: Journey) -> None:
    """An organization that runs none."""
    assert journey.user is not None
    studying.read_place(journey.user, RESEARCH)
    _go_to_list(journey, RESEARCH)
    expect(journey.page.get_by_text("No studies here")).to_be_visible()


def board(journey: Journey) -> None:
    """A study with forty people, everywhere between enrolled and sending."""
    study = filled(journey)
    go_to_board(journey, study)


def board_of_viewer(journey: Journey) -> None:
    """... as somebody sees it who may only look."""
    board(journey)
    expect(journey.page.get_by_text("Your role: JupyterHealth Exchange viewer")).to_be_visible()


def board_filtered(journey: Journey) -> None:
    """... narrowed by a count that was pressed."""
    board(journey)
    journey.page.get_by_role("button", name="Declined something").click()
    expect(journey.page.get_by_role("button", name="Remove the filter Declined something")).to_be_visible()


def board_filters(journey: Journey) -> None:
    """... with its filters open."""
    board(journey)
    journey.page.get_by_text("Filter these people").click()


def board_nobody_left(journey: Journey) -> None:
    """... narrowed until nobody is left."""
    board_filters(journey)
    journey.watch.typed.append("Xanthopoulos")
    journey.page.get_by_label("Name or number").fill("Xanthopoulos")
    journey.page.get_by_role("button", name="Filter", exact=True).click()
    expect(journey.page.get_by_text("Nobody is left")).to_be_visible()


def board_tests(journey: Journey) -> None:
    """The test participants of a study."""
    study = filled(journey)
    Participant.objects.filter(study=study, record__remote_id="40002").update(is_test=True)
    go_to_board(journey, study)
    journey.page.get_by_role("button", name="Test participants").click()
    expect(journey.page.get_by_text("1 test participant, as filtered")).to_be_visible()


def board_numbering(journey: Journey) -> None:
    """A number being given, in its row."""
    board(journey)
    give_number(journey).click()
    expect(journey.page.get_by_role("textbox", name="Number in the study")).to_be_focused()


def board_number_taken(journey: Journey) -> None:
    """... that somebody has."""
    board_numbering(journey)
    field = journey.page.get_by_role("textbox", name="Number in the study")
    field.fill("ll 001")
    field.press("Enter")
    expect(journey.page.get_by_text("Somebody else in this study has this number")).to_be_visible()


def number_page(journey: Journey) -> None:
    """A number on a page of its own."""
    board(journey)
    address = give_number(journey).get_attribute("href")
    journey.when_they_go_to(str(address))
    journey.page.get_by_role("heading", name="Number in").wait_for()


def board_empty(journey: Journey) -> None:
    """A study in which nobody takes part."""
    assert journey.user is not None
    for patient in ("40001", "40002"):
        studying.unenrol(journey.sandbox, BP, patient)
    with journey.sandbox.stores["jhe"].writing() as state:
        state["enrolments"] = [row for row in state["enrolments"] if row["study_id"] != int(BP)]
    study = studying.read_study(journey.user, BP)
    go_to_board(journey, study)
    expect(journey.page.get_by_text("Nobody takes part yet")).to_be_visible()


def board_being_read(journey: Journey) -> None:
    """A study that was read an hour ago, and is being read."""
    study = filled(journey)
    StudyReading.objects.update(fresh_at=timezone.now() - timedelta(hours=1))
    go_to_board(journey, study)
    expect(journey.page.get_by_text("Reading what is there now")).to_be_visible()


def board_in_trouble(journey: Journey) -> None:
    """A study that cannot be read now."""
    study = filled(journey)
    StudyReading.objects.update(
        fresh_at=timezone.now() - timedelta(hours=3),
        is_open=True,
        problem="JupyterHealth Exchange did not answer in time.",
        next_step="Go on with what is shown, or try again in a minute.",
        resume_at=timezone.now() + timedelta(minutes=8),
        failures=4,
    )
    go_to_board(journey, study)
    expect(journey.page.get_by_role("button", name="Read again now")).to_be_visible()


def board_of_older(journey: Journey) -> None:
    """A study at a server that says nothing of invitations."""
    study = filled(journey)
    Study.objects.filter(pk=study.pk).update(tells_states=False)
    go_to_board(journey, study)


def export(journey: Journey) -> None:
    """The board as a file."""
    board_filtered(journey)
    journey.page.get_by_role("link", name="Export").click()
    journey.then_they_see(f"Export the people of {BOARD}")


def export_refused(journey: Journey) -> None:
    """... without a reason."""
    export(journey)
    journey.page.get_by_role("button", name="Export").click()
    expect(journey.page.get_by_role("alert")).to_be_focused()


def person(journey: Journey) -> None:
    """Somebody's page with the studies that they take part in."""
    board(journey)
    journey.page.get_by_role("link", name="ASANTE").click()
    expect(journey.page.get_by_role("heading", name="Studies", exact=True)).to_be_visible()
    expect(journey.page.locator("[data-portal-asking]")).to_have_count(0, timeout=20_000)


def people_of_study(journey: Journey) -> None:
    """The people list, narrowed to those who stand somewhere in a study."""
    filled(journey)
    journey.when_they_go_to("/people/")
    journey.page.get_by_text("Filter the list").click()
    journey.page.get_by_label("Study", exact=True).select_option(label=BOARD)
    journey.page.get_by_label("Stands there at").select_option(label="Consented")
    journey.page.get_by_role("button", name="Filter", exact=True).click()
    expect(journey.page.get_by_role("button", name="Remove the filter Study")).to_be_visible()


# --- steps ----------------------------------------------------------------------------------


def go_to_board(journey: Journey, study: Study) -> None:
    """Open a study's board by its address."""
    assert journey.user is not None
    own = studying.own_place(journey.user)
    journey.when_they_go_to(f"/organizations/{own.place.pk}/studies/{study.public_id}/")
    journey.then_they_see(study.name)


def give_number(journey: Journey) -> Locator:
    """The first way to give somebody a number."""
    return journey.page.get_by_role("link", name="Give one").first


def filled(journey: Journey) -> Study:
    """Forty people of the laboratory, each somewhere between enrolled and sending, read a moment ago."""
    assert journey.user is not None
    sandbox = journey.sandbox
    for place, patient in enumerate(others(journey)):
        studying.enrol(sandbox, BP_AND_HR, patient)
        if place % 8 >= 1:
            states = ("reissued", "issued") if place % 8 == 2 else ("expired",) if place % 8 == 3 else ()
            studying.invite(sandbox, patient, 1, *(states or ("redeemed" if place % 8 >= 4 else "issued",)))
        if place % 8 >= 5:
            studying.decide(sandbox, BP_AND_HR, patient, c50002=True, c50004=place % 3 > 0)
        if place % 8 >= 6:
            studying.observe(sandbox, patient, HEART_RATE if place % 2 else PRESSURE)
    study = studying.read_study(journey.user)
    rows = Participant.objects.filter(study=study, left_at=None).order_by("record__remote_id")
    for place, row in enumerate(rows[:24], start=1):
        row.number = f"LL-{place:03}"
        row.number_key = folded(row.number)
        row.save(update_fields=["number", "number_key"])
    return study


def others(journey: Journey) -> list[str]:
    """Forty patients of the laboratory who take part in nothing."""
    state = journey.sandbox.stores["jhe"].snapshot()
    enrolled = {row["patient_id"] for row in state["enrolments"]}
    rows = state["patients"].values()
    free = [row["id"] for row in rows if int(LIFESPAN) in row["organizations"] and row["id"] not in enrolled]
    return [str(each) for each in free[:40]]


def _go_to_list(journey: Journey, organization: str = LIFESPAN) -> None:
    assert journey.user is not None
    own = studying.own_place(journey.user, organization)
    journey.when_they_go_to(f"/organizations/{own.place.pk}/studies/")
    journey.then_they_see("Studies")
