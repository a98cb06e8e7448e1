"""How somebody left the board of a study: filters, order and page size, in the (encrypted) session."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from patients.models import Study
from patients.services.people_list import SIZES
from patients.services.studies.board import Filters, Order, Sort

KEY = "study_board"


class BoardState:
    """The board as one person left it. Filters are the one study's, order and size go along to the next;
    changes are kept by :meth:`save`."""

    def __init__(self, session: MutableMapping[str, Any], study: Study) -> None:
        self._session, self._study = session, study.public_id
        kept = session.get(KEY, {})
        own = kept.get("study") == self._study
        self.filters = Filters.from_json(kept.get("filters", {}) if own else {})
        self.order = Order(by=Sort(kept.get("sort", Sort.NAME)), down=bool(kept.get("down")))
        self.size: int = kept.get("size", SIZES[0])

    def save(self) -> None:
        """Keep it until the session ends."""
        self._session[KEY] = {
            "study": self._study,
            "filters": self.filters.to_json(),
            "sort": str(self.order.by),
            "down": self.order.down,
            "size": self.size,
        }

    def sort_by(self, name: str) -> None:
        """Order by a column, the other way round where it is the board's already."""
        if name in set(Sort):
            by = Sort(name)
            self.order = Order(by=by, down=by is self.order.by and not self.order.down)

    def show(self, size: str) -> None:
        """Show so many people a page; other numbers than those offered change nothing."""
        if size in {str(each) for each in SIZES}:
            self.size = int(size)
