"""From enrolling to a connected telephone: by keyboard, with and without JavaScript."""

from __future__ import annotations

import time

import numpy as np
import pytest
import zxingcpp
from playwright.sync_api import Page, expect

from integrations.sandbox.patient_app import PatientApp
from patients.models import Invitation, Operation, SourceRecord
from portal.accounts.roles import Role
from tests.studying import BP_AND_HR, enrolled
from tests.writing import work_off

from . import enrolling, inviting
from .inviting import PERRY
from .journey import Journey

pytestmark = pytest.mark.browser

WITHIN = 3_000  # milliseconds from the telephone's answer to the word on the page


def press(journey: Journey, name: str) -> None:
    """Tab to a button and press Enter."""
    journey.when_they_tab_to(journey.page.get_by_role("button", name=name, exact=True))
    journey.page.keyboard.press("Enter")


def choose(journey: Journey, label: str) -> None:
    """Choose one of several by the keyboard."""
    radio = journey.page.get_by_label(label)
    radio.focus()
    journey.page.keyboard.press("Space")
    expect(radio).to_be_checked()


def scanned(page: Page) -> str:
    """What a telephone's camera reads from the screen."""
    shot = page.locator(".portal-link-qr").screenshot()
    (found,) = zxingcpp.read_barcodes(_pixels(page, shot))
    return str(found.text)


def _pixels(page: Page, shot: bytes) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    """A picture as grey values; the browser unpacks it."""
    width, height, values = page.evaluate(_UNPACK, list(shot))
    return np.array(values, dtype=np.uint8).reshape(height, width)


def test_newcomer_is_enrolled_and_connected_by_keyboard_alone(journey: Journey) -> None:
    journey.given_signed_in(Role.COORDINATOR)
    record, page = inviting.given_newcomer(journey), journey.page
    journey.when_they_go_to(inviting.person_page(record))
    journey.then_every_system_has_answered()
    journey.when_they_tab_to(page.get_by_role("link", name="Enrol in a study"))
    page.keyboard.press("Enter")
    choose(journey, "Lifespan Study on BP & HR")
    press(journey, "Enrol")
    expect(page.get_by_role("heading", name="Being enrolled in")).to_be_visible()
    assert work_off().state == Operation.State.DONE
    assert enrolled(journey.sandbox, PERRY, BP_AND_HR) == 1

    expect(page.get_by_role("heading", name="Invite to")).to_be_visible()  # it went on by itself
    choose(journey, "CareX")
    choose(journey, "In person")
    press(journey, "Make the invitation")
    expect(page.get_by_text("Being made")).to_be_visible()
    assert work_off().state == Operation.State.DONE
    full_screen = page.get_by_role("button", name="Show the QR code full screen")
    expect(full_screen).to_be_visible()
    journey.when_they_tab_to(full_screen)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Waiting for the telephone")).to_be_visible()
    link = scanned(page)
    assert link == str(Invitation.objects.get().link)

    PatientApp(journey.sandbox.url("jhe")).follow(link)
    began = time.monotonic()
    expect(page.get_by_role("heading", name="Connected")).to_be_visible(timeout=WITHIN)
    assert time.monotonic() - began < WITHIN / 1000
    assert page.locator(".portal-link-qr").count() == 0


def test_link_is_copied_by_keyboard_and_that_is_said(journey: Journey) -> None:
    journey.given_signed_in(Role.COORDINATOR)
    journey.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    row, page = inviting.given_invitation(journey), journey.page
    journey.when_they_go_to(f"/invitations/{row.public_id}?way=copy")
    button = page.get_by_role("button", name="Copy the link")
    journey.when_they_tab_to(button)
    page.keyboard.press("Enter")

    expect(page.locator("[data-portal-copied]")).to_have_text("Copied")
    expect(button).to_be_focused()
    assert page.evaluate("navigator.clipboard.readText()") == str(row.link)
    page.evaluate("navigator.clipboard.writeText('')")


def test_the_way_is_the_same_without_javascript(unscripted: Journey) -> None:
    journey, page = unscripted, unscripted.page
    journey.given_signed_in(Role.COORDINATOR)
    record = inviting.given_newcomer(journey)
    journey.when_they_go_to(inviting.of_record(record, "enrol"))
    page.get_by_label("Lifespan Study on BP & HR").check()
    page.get_by_role("button", name="Enrol", exact=True).click()
    work_off()
    page.get_by_role("button", name="Look again").click()
    page.get_by_label("CareX").check()
    page.get_by_label("Copy the link").check()
    page.get_by_role("button", name="Make the invitation").click()
    work_off()
    page.get_by_role("link", name="Look again").click()
    field = page.get_by_label("Link", exact=True)
    link = field.input_value()
    assert link == str(Invitation.objects.get().link)
    assert field.get_attribute("readonly") is not None
    expect(page.get_by_role("button", name="Copy the link")).to_be_hidden()

    page.get_by_role("link", name="In person, full screen").click()
    PatientApp(journey.sandbox.url("jhe")).follow(link)
    page.get_by_role("link", name="Look whether they are connected").click()
    expect(page.get_by_text("they are connected")).to_be_visible()


def test_people_are_ticked_at_once_and_enrolled(journey: Journey) -> None:
    journey.given_signed_in(Role.COORDINATOR)
    enrolling.adding(journey)
    page = journey.page
    page.get_by_role("button", name="Tick all on this page").click()
    for box in page.get_by_role("checkbox").all():
        expect(box).to_be_checked()
    page.get_by_role("button", name="Enrol those ticked").click()
    expect(page.get_by_role("heading", name="Enrolling")).to_be_visible()
    for _ in SourceRecord.objects.all():
        work_off()
    expect(page.get_by_text("1 of 1 ended")).to_be_visible(timeout=10_000)
    assert enrolled(journey.sandbox, PERRY, BP_AND_HR) == 1


_UNPACK = """async (bytes) => {
  const image = await createImageBitmap(new Blob([new Uint8Array(bytes)]));
  const canvas = new OffscreenCanvas(image.width, image.height);
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, image.width, image.height);
  return [image.width, image.height, Array.from({ length: data.length / 4 }, (_, i) => data[i * 4])];
}"""
