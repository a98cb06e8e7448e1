"""What every creation carries: that the search was made, and what was said of whom it found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from integrations.writes import Details
from patients.services.operations.wishes import Create


class Nearness(IntEnum):
    """How likely somebody is the person who is to be registered (docs/architecture.md, "Registering").

    ``CONFLICT``: they hold the NHS number, and nothing else of them confirms it.
    """

    FAMILY = 1
    LOW = 2
    MEDIUM = 3
    HIGH = 4
    CONFLICT = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """Somebody beside whom a person was created all the same; ``patient`` is our id of them, ``by_number``
    whether they hold the NHS number, ``levels`` how far each field agreed, without values."""

    patient: int
    nearness: Nearness
    by_number: bool = False
    levels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """That somebody may be registered with these details; made by ``gate`` alone.

    ``reason`` is why they are another person than those in ``doubts``; ``is_namesake`` that one of those has
    the same names and birth date. ``contested`` is the NHS number that was left out, since another holds it;
    ``unanswered`` the systems that did not say whom they hold: they are searched again before sending.
    """

    details: Details = field(repr=False)
    reason: str = field(default="", repr=False)
    doubts: tuple[Doubt, ...] = ()
    is_namesake: bool = False
    contested: str = field(default="", repr=False)
    unanswered: tuple[str, ...] = ()

    @classmethod
    def before(cls, wish: Create) -> Passed:
        """For asking once more for what was let through before; it is searched for again when it is sent."""
        return cls(details=wish.new.details, reason=wish.namesake, is_namesake=bool(wish.namesake))

    def covers(self, details: Details) -> bool:
        """Whether a record with these details is one of the person who was searched for: a system may
        hold less of them, and nothing else of who they are."""
        return all(
            getattr(details, name) in (getattr(self.details, name), "", None)
            for name in ("given_name", "family_name", "birth_date", "nhs_number", "email")
        )
