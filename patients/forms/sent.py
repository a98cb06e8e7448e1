"""What a form that edits somebody sent, before it is read against their records: for keeping it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from integrations.writes import Details
from patients.entering.typed import Typed, typed_of
from patients.models.ids import is_opaque

from .layout import LINES
from .person import TURN

DRAFT, SYSTEMS, SEAL, PAGE = "draft", "systems", "seal", "page"
CALLER, CONFIRMED, SURE = "caller", "confirmed", "sure"
_NOT_KEPT = frozenset({DRAFT, SEAL, "csrfmiddlewaretoken", "take", "back", "park"})
#: What somebody said of one moment: whoever takes the form up later has not heard it.
_OF_THE_MOMENT = frozenset({CALLER, CONFIRMED, SURE})


def typed_in(data: Mapping[str, Any], shown: Details) -> Typed:
    """Every field as it was typed; a field that the form did not have as it was shown."""
    texts = asdict(typed_of(shown))
    return Typed(**{name: str(data.get(name, text)) for name, text in texts.items()})


def also_in(data: Mapping[str, Any]) -> dict[str, Any]:
    """What a form holds beside the person's own fields. Ticks are there where there are none, too: no
    record ticked is an answer."""
    names = [SYSTEMS, *(name for name in data if name not in LINES and name not in _NOT_KEPT)]
    return {name: values(data, name) if _is_several(name) else str(data.get(name, "")) for name in names}


def to_keep(data: Mapping[str, Any]) -> dict[str, Any]:
    """The same, for somebody who goes on with it another time."""
    kept = {name: value for name, value in also_in(data).items() if name not in _OF_THE_MOMENT}
    return kept | {TURN: turn_in(data)}


def draft_in(data: Mapping[str, Any]) -> str:
    """Under which id the form is kept; empty where that is none of ours."""
    number = str(data.get(DRAFT, ""))
    return number if is_opaque(number) else ""


def turn_in(data: Mapping[str, Any]) -> int:
    """How often something was typed into the form, as the page counts it."""
    text = str(data.get(TURN, ""))
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def values(data: Mapping[str, Any], name: str) -> list[str]:
    """All that came under a name."""
    get = getattr(data, "getlist", None)
    return [str(each) for each in (get(name) if get else data.get(name, ()))]


def _is_several(name: str) -> bool:
    """Whether more than one value may come under a name."""
    return name in (SYSTEMS, CONFIRMED) or name.endswith("-remove")
