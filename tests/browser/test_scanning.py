"""A barcode scanner at the look-up box: it types fast, ends with Enter or Tab, and loses nothing."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from .journey import OPAQUE, Journey

pytestmark = pytest.mark.browser

NHS = "9990000107"
SLOWER_MS = 70  # ten such keys: the box asks the index, and is answered, while the scanner types on


@pytest.fixture
def at_the_box(journey: Journey) -> Journey:
    """Staff at the look-up, with people in the index."""
    journey.given_signed_in()
    journey.given_index("Mbeki")
    journey.when_they_go_to("/")
    return journey


#: Keys as fast as a scanner's: a browser that is driven from outside is slower than any hand.
SCAN = """
([keys, last]) => {
  const box = document.activeElement;
  const keydown = (key) => new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true });
  const strike = (key) => box.dispatchEvent(keydown(key));
  for (const key of keys) {
    strike(key);
    box.value += key;
    box.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }
  if (strike(last) && last === "Enter") box.form.requestSubmit();
}
"""


@pytest.mark.parametrize("last_key", ["Enter", "Tab"])
def test_scanned_number_is_looked_up_whole(at_the_box: Journey, last_key: str) -> None:
    page = at_the_box.page
    page.evaluate(SCAN, [NHS, last_key])
    page.wait_for_url(OPAQUE)
    shown = page.locator(".portal-understood__value").first
    expect(shown).to_have_text(" ".join((NHS[:3], NHS[3:6], NHS[6:])))


def test_nothing_is_lost_while_the_index_answers(at_the_box: Journey) -> None:
    page, text = at_the_box.page, f"]C0{NHS}"
    with page.expect_response("**/typed"):
        page.keyboard.type("grace mbeki", delay=SLOWER_MS)
        page.keyboard.press("Control+a")
        page.keyboard.type(text, delay=SLOWER_MS)
    expect(at_the_box.look_up_box()).to_have_value(text)


def test_tab_after_typing_by_hand_goes_on_to_the_button(at_the_box: Journey) -> None:
    page = at_the_box.page
    page.keyboard.type("grace mbeki", delay=SLOWER_MS)
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Look up", exact=True)).to_be_focused()
