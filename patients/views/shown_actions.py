"""What somebody may do about a person, as the buttons of their page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from patients.services.opening import Opened
from portal.accounts.models import User


@dataclass(frozen=True, slots=True)
class Action:
    """A button that leads somewhere."""

    label: str
    url: str


def actions_for(opened: Opened, *, by: User) -> tuple[Action, ...]:
    """The actions, in the order in which they are needed; none where a system refuses a record."""
    return () if opened.refused else tuple(_actions(opened, by))


def _actions(opened: Opened, by: User) -> Iterator[Action]:
    yield from ()
