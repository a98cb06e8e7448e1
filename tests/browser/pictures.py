"""What ``screenshots`` runs: every state is reached and taken at every width."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from . import checks
from .journey import Journey
from .screenshots import FOLDER
from .states import STATES, State

WIDTHS = (1440, 768, 320)
PAPER = (794,)  # A4 at 96 pixels an inch

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("state", STATES, ids=str)
def test_picture(journey: Journey, state: State) -> None:
    """One state, one picture a width."""
    state.reach(journey)
    page = journey.page
    page.emulate_media(media="print" if state.print else "screen", reduced_motion="reduce")
    cut: dict[int, list[str]] = {}
    for width in PAPER if state.print else WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate("scrollTo(0, 0)")
        path = Path(os.environ[FOLDER]) / f"{state}-{width:04}.png"
        page.screenshot(path=path, full_page=True, animations="disabled")
        cut[width] = checks.cut(page)
    assert not any(cut.values()), cut
