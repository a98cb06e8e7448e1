"""Every page and state: axe finds nothing, nothing is cut or too small to hit, wide and narrow."""

from __future__ import annotations

from typing import Any

import pytest

from . import checks
from .journey import Journey
from .states import STATES, State

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# 320 pixels is also what a window of 1280 shows at a zoom of 400 per cent.
WIDTHS = (1440, 320)
TABBED = frozenset(
    {
        "lookup-refused",
        "lookup-one-failed",
        "lookup-correcting",
        "person-three-records",
        "person-deceased",
        "connections-admin",
        "account-people-and-roles",
        "entrance-wrong-password",
        "account-lock",
    }
)


@pytest.mark.parametrize("state", [state for state in STATES if not state.print], ids=str)
def test_state_is_accessible(journey: Journey, state: State) -> None:
    state.reach(journey)
    found: dict[int, list[Any]] = {}
    for width in WIDTHS:
        journey.page.set_viewport_size({"width": width, "height": 900})
        found[width] = checks.barriers(journey.page)
    assert not any(found.values()), found


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("state", [state for state in STATES if str(state) in TABBED], ids=str)
def test_focus_is_seen_wherever_tab_leads(journey: Journey, state: State, width: int) -> None:
    state.reach(journey)
    journey.page.set_viewport_size({"width": width, "height": 640})
    journey.then_the_focus_is_visible_all_the_way()
