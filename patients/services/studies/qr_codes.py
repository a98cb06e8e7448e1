"""A link as a QR code to be drawn. Pure; what is drawn stands in a page and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import segno

QUIET = 4  # modules left free on each side, which cameras need


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A square of ``size`` modules, and the path of an SVG that fills the dark ones."""

    size: int
    path: str = field(repr=False)


def drawing_of(text: str) -> Drawing:
    """The QR code of a text; a sixth of it may be dirty or creased, and it is read all the same."""
    matrix = segno.make(text, error="m", boost_error=True, micro=False).matrix
    return Drawing(
        size=len(matrix) + 2 * QUIET,
        path="".join(_runs(row, y) for y, row in enumerate(matrix, start=QUIET)),
    )


def _runs(row: Sequence[int], y: int) -> str:
    return "".join(f"M{x} {y}h{length}v1h-{length}z" for x, length in _dark(row))


def _dark(row: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Where dark modules begin in a row, and how many there are."""
    start = None
    for x, module in enumerate([*row, 0]):
        if module and start is None:
            start = x
        elif not module and start is not None:
            yield start + QUIET, x - start
            start = None
