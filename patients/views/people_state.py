"""How somebody left the people list: filters, order, page size and selection, in the (encrypted) session."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from patients.services.people_list import SIZES, Filters, Order, Sort

KEY = "people_list"


class ListState:
    """The list as one person left it; changes are kept by :meth:`save`."""

    def __init__(self, session: MutableMapping[str, Any]) -> None:
        self._session = session
        kept = session.get(KEY, {})
        self.filters = Filters.from_json(kept.get("filters", {}))
        self.order = Order(by=Sort(kept.get("sort", Sort.NAME)), down=bool(kept.get("down")))
        self.size: int = kept.get("size", SIZES[0])
        self.chosen: list[int] = kept.get("chosen", [])

    def save(self) -> None:
        """Keep it until the session ends."""
        self._session[KEY] = {
            "filters": self.filters.to_json(),
            "sort": str(self.order.by),
            "down": self.order.down,
            "size": self.size,
            "chosen": self.chosen,
        }

    def sort_by(self, name: str) -> None:
        """Order by a column, the other way round where it is the list's already."""
        if name in set(Sort):
            by = Sort(name)
            self.order = Order(by=by, down=by is self.order.by and not self.order.down)

    def show(self, size: str) -> None:
        """Show so many people a page; other numbers than those offered change nothing."""
        if size in {str(each) for each in SIZES}:
            self.size = int(size)
