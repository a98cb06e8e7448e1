"""Every page and state: axe finds nothing, nothing is cut, and the pages' own script does its work."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from . import checks
from .ui_pages import PAGES, PASSWORD, Handler, serving

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving() as running:
        yield running


@pytest.fixture
def problems(page: Page) -> list[str]:
    """What the browser complains about, content security policy included."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    return said


@pytest.mark.parametrize("name", [name for name in PAGES if name != "asking"])
def test_page_is_accessible_and_nothing_is_cut(
    page: Page, address: str, problems: list[str], name: str
) -> None:
    page.goto(f"{address}/page/{name}")
    found: dict[int, list[Any]] = {}
    for width in (1440, 320):
        page.set_viewport_size({"width": width, "height": 800})
        found[width] = checks.barriers(page)
    assert not any(found.values()), found
    assert problems == []


def test_slash_goes_to_the_look_up_and_not_while_typing(page: Page, address: str) -> None:
    page.goto(f"{address}/page/connections")
    page.keyboard.press("/")
    box = page.get_by_role("search").get_by_role("textbox")
    expect(box).to_be_focused()
    page.keyboard.type("3/4/80")
    expect(box).to_have_value("3/4/80")


def test_slash_can_be_turned_off(page: Page, address: str) -> None:
    page.goto(f"{address}/page/connections")
    page.locator("summary", has_text="Maria Okafor").click()
    page.get_by_role("button", name="The / key goes to the look-up").click()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.get_by_role("search").get_by_role("textbox")).not_to_be_focused()


def test_older_list_does_not_replace_a_newer_one_and_a_fault_is_said(page: Page, address: str) -> None:
    page.goto(f"{address}/page/asking")
    expect(page.locator("#system-fast")).to_contain_text("2 records found")
    expect(page.locator("#system-old")).to_contain_text("2 records found")
    expect(page.locator("#system-down")).to_contain_text("Did not answer.")
    expect(page.locator("#system-down").get_by_role("button", name="Ask DOWN again")).to_be_visible()
    expect(page.locator("#people")).to_have_attribute("data-answers", "3")
    expect(page.locator("#people li.portal-person")).to_have_count(4)
    expect(page.locator("#lookup-status")).to_contain_text("4 people found so far. 3 of 3")


def test_refused_form_keeps_its_page_and_the_summary_has_the_focus(page: Page, address: str) -> None:
    page.goto(f"{address}/page/search")
    expect(page.locator("#id_text")).to_be_focused()
    page.get_by_role("button", name="Look up", exact=True).click()
    expect(page.locator("[data-portal-error-summary]")).to_be_focused()
    expect(page).to_have_title("Error: Look somebody up – Crosswalk")


def test_identity_stays_in_view(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 1440, "height": 500})
    page.goto(f"{address}/page/person_1")
    page.mouse.wheel(0, 2000)
    expect(page.locator(".portal-identity")).to_be_in_viewport(ratio=1)


def test_idle_screen_is_covered_and_the_password_returns_the_typing(page: Page, address: str) -> None:
    page.clock.install()
    page.goto(f"{address}/page/search")
    page.locator("#id_text").fill("Anne Smith")
    with page.expect_response("**/lock"):
        page.clock.fast_forward("10:01")
    cover = page.get_by_role("dialog", name="Screen locked")
    expect(cover).to_be_visible()
    expect(page.get_by_role("heading", name="Look somebody up")).to_have_count(0)
    expect(page).to_have_title("Screen locked – Crosswalk")
    fields = next(fields for path, fields in Handler.posted if path == "/lock")
    assert json.loads(fields["draft"][0]) == [[0, "text", "Anne Smith"]]
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(cover).to_be_visible()
    cover.get_by_label("Password").fill("wrong")
    cover.get_by_role("button", name="Unlock").click()
    expect(cover).to_contain_text("Not the right password.")
    cover.get_by_label("Password").fill(PASSWORD)
    cover.get_by_role("button", name="Unlock").click()
    expect(cover).to_have_count(0)
    expect(page.locator("#id_text")).to_have_value("Anne Smith")
    expect(page).to_have_title("Look somebody up – Crosswalk")


def test_activity_keeps_the_screen_open_and_tells_the_server(page: Page, address: str) -> None:
    page.clock.install()
    page.goto(f"{address}/page/search")
    with page.expect_request("**/health/live"):
        page.clock.fast_forward("09:00")
        page.keyboard.press("a")
    page.clock.fast_forward("09:00")
    expect(page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.parametrize("name", ["search", "found", "person_1", "connections"])
def test_page_works_without_javascript(browser: object, address: str, name: str) -> None:
    page = browser.new_page(java_script_enabled=False)  # type: ignore[attr-defined]
    page.goto(f"{address}/page/{name}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator(".portal-when-scripted >> visible=true")).to_have_count(0)
    page.close()
