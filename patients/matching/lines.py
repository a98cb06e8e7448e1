"""One typed line, of which every character is accounted for.

A line is read in plain characters (``text.plain_character``), of which each knows where it was
typed. Finders claim stretches of it; what nobody claims is white space and punctuation.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from .text import plain_character

CLAIMED = "\0"
"""Stands for every character that a finder has claimed; no finder's pattern matches it."""


class Role(StrEnum):
    """What became of a stretch of the line."""

    TAG = "tag"
    LABEL = "label"
    LEFTOVER = "leftover"
    SEPARATOR = "separator"


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the line as typed, and what became of it."""

    role: Role
    typed: str = field(repr=False)


class Line:
    """A typed text in plain characters, and who has claimed which stretch of it."""

    def __init__(self, typed: str) -> None:
        self._typed = typed
        self._at: list[int] = []
        characters: list[str] = []
        for position, character in enumerate(typed):
            for made in plain_character(character):
                characters.append(made)
                self._at.append(position)
        self.plain = "".join(characters)
        self._rest = characters
        self._claims: list[tuple[int, int, Role]] = []

    @property
    def rest(self) -> str:
        """The plain line, of the same length, with what is claimed blotted out."""
        return "".join(self._rest)

    def claim(self, start: int, end: int, role: Role) -> str:
        """Take a stretch of the plain line; answers it as it was typed."""
        self._claims.append((start, end, role))
        self._rest[start:end] = CLAIMED * (end - start)
        return self._typed[self._at[start] : self._at[end - 1] + 1]

    def pieces(self) -> tuple[Piece, ...]:
        """The whole typed text cut into its pieces, in order; joined they are the text again."""
        pieces: list[Piece] = []
        done = 0
        for start, end, role in sorted(self._claims):
            begin, stop = self._at[start], self._at[end - 1] + 1
            if begin > done:
                pieces.append(Piece(Role.SEPARATOR, self._typed[done:begin]))
            pieces.append(Piece(role, self._typed[begin:stop]))
            done = stop
        if done < len(self._typed):
            pieces.append(Piece(Role.SEPARATOR, self._typed[done:]))
        return tuple(pieces)
