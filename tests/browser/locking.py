"""Ways to the lock, its cover, and the form that waits behind it."""

from __future__ import annotations

from playwright.sync_api import expect

from .journey import Journey


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
