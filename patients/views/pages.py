"""A page of people found, as it was made: what its parts must know so that nothing moves on it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse

from integrations.registry import system_names
from integrations.types import SearchQuery
from patients.services.answers import Outcome, State

FEW, MANY = 10, 50  # people shown at first, and after "more": beyond that staff narrow it
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPage:
    """Whose answers stood on the page when it was made, and whether it shows more than the first ten."""

    systems: tuple[str, ...] = ()
    more: bool = False

    @classmethod
    def made(cls, outcomes: Iterable[Outcome], *, more: bool) -> FoundPage:
        """The page that is being made. Only systems whose people stand on it count: whom another one
        brings when it is asked again is added below."""
        return cls(systems=tuple(each.system for each in outcomes if each.state is State.FOUND), more=more)

    @classmethod
    def read(cls, sent: QueryDict) -> FoundPage:
        """The page that a part belongs to, from the part's address."""
        named = sent.get("on", "").split(".")
        return cls(systems=tuple(each for each in system_names() if each in named), more="more" in sent)

    def address(self, name: str, *args: str, **also: int) -> str:
        """An address that knows the page."""
        knows = {"on": ".".join(self.systems)} if self.systems else {}
        asked = urlencode({**knows, **({"more": 1} if self.more else {}), **also})
        return f"{reverse(name, args=args)}{'?' if asked else ''}{asked}"

    def cut(self, people: Sequence[T], own: int) -> list[T]:
        """The people to show: the first of the page's own, and the first that were added since, which
        are never hidden behind those."""
        most = MANY if self.more else FEW
        return [*people[:own][:most], *people[own:][:most]]


def narrower(query: SearchQuery) -> str:
    """Which details that were not typed would tell people apart, in words."""
    has_name = query.words or query.given_name or query.family_name
    one_name = len(query.words) == 1 or bool(query.given_name) != bool(query.family_name)
    missing = [
        ("a first name and a surname", not has_name or one_name),
        ("the birth date", not query.birth_dates),
        ("the NHS number", not query.nhs_number),
        ("the postcode", not query.postcode),
        ("a phone number", not query.phone),
    ]
    words = [word for word, is_missing in missing if is_missing][:3]
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
