"""Switches: the shapes that a system's documentation leaves open, or that it once had."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args, get_origin, get_type_hints


@dataclass(slots=True)
class Switches:
    """Base of a system's switches: a field is a ``bool``, an ``int`` or a ``Literal`` of texts."""

    def set(self, **values: Any) -> None:
        """Turn several switches. Raises ``ValueError`` (and turns none) for a wrong name or value."""
        kinds = get_type_hints(type(self))
        for name, value in values.items():
            if name not in kinds:
                raise ValueError(f"There is no switch {name!r}; there are {', '.join(sorted(kinds))}.")
            if not _fits(value, kinds[name]):
                raise ValueError(f"{value!r} is no position of the switch {name!r} ({_said(kinds[name])}).")
        for name, value in values.items():
            setattr(self, name, value)

    def reset(self) -> None:
        """All switches back to their first position."""
        fresh = type(self)()
        for each in fields(self):
            setattr(self, each.name, getattr(fresh, each.name))

    def as_json(self) -> dict[str, Any]:
        """Every switch and its position."""
        return asdict(self)

    @classmethod
    def positions(cls, name: str) -> tuple[Any, ...]:
        """What a switch can be turned to; empty for a number."""
        kind = get_type_hints(cls)[name]
        if get_origin(kind) is Literal:
            return get_args(kind)
        return (False, True) if kind is bool else ()


def _fits(value: Any, kind: Any) -> bool:
    if get_origin(kind) is Literal:
        return value in get_args(kind)
    return type(value) is kind


def _said(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return " or ".join(str(each) for each in get_args(kind))
    return "true or false" if kind is bool else "a whole number"
