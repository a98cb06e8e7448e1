"""Looking people up in a browser."""
from __future__ import annotations
import pytest
from .journey import Journey
pytestmark = pytest.mark.browser

def test_name(journey: Journey) -> None:
    journey.given_signed_in()
    journey.when_they_look_up("grace mbeki 18/4/75")
    journey.then_they_find("MBEKI, Grace")
    journey.then_the_page_is_accessible()
    journey.page.screenshot(path="/tmp/a.png")
    journey.when_they_open("MBEKI")
    journey.then_the_page_is_accessible()
    journey.page.screenshot(path="/tmp/b.png")
