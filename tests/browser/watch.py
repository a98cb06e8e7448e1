"""What must never happen in a browser, noted while a journey goes on and asserted at its end."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote_plus, urlsplit

from playwright.sync_api import ConsoleMessage, Error, Page, Request, WebSocket

# Chromium writes a line for every reply that is no success. Which statuses are right is for tests.
STATUS_LINE = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d")
SHORTEST_TELLING = 4  # letters; shorter words stand in addresses by chance

STORED = """async () => [
  ...Object.keys(localStorage), ...Object.keys(sessionStorage),
  ...(await indexedDB.databases()).map(each => each.name), ...(await caches.keys()),
  ...(await navigator.serviceWorker.getRegistrations()).map(each => each.scope),
  ...(history.state === null ? [] : [JSON.stringify(history.state)])]"""
ADDRESSES = """() => [location.href, document.referrer, ...performance.getEntries().map(each => each.name)]"""


class Watch:
    """Notes what the browser says and whom it asks. ``typed`` is what must be in no address."""

    def __init__(self, page: Page, *, allowed: Sequence[str]) -> None:
        self.page = page
        self.typed: list[str] = []
        self.said: list[str] = []
        self.addresses: list[str] = []
        self._allowed = {urlsplit(address).netloc for address in allowed}
        self._excused: list[str] = []
        page.context.on("console", self._note_line)
        page.context.on("weberror", lambda error: self.said.append(str(error.error)))
        page.context.on("request", self._note_request)
        page.on("websocket", self._note_socket)

    def excuse(self, pattern: str) -> None:
        """A complaint that a test provokes, as a regular expression."""
        self._excused.append(pattern)

    def nothing_amiss(self) -> None:
        """Assert all of it."""
        assert [line for line in self.said if not self._is_excused(line)] == []
        assert [each for each in self.addresses if self._is_foreign(each)] == []
        assert [each for each in [*self.addresses, *self._in_page(ADDRESSES)] if self._tells(each)] == []
        # htmx writes its own words into the history entry; none of them may be of anybody.
        assert [each for each in self._in_page(STORED) if each != '{"htmx":true}'] == []

    def _note_line(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not STATUS_LINE.match(message.text):
            self.said.append(message.text)

    def _note_request(self, request: Request) -> None:
        self.addresses.append(request.url)

    def _note_socket(self, socket: WebSocket) -> None:
        self.addresses.append(socket.url)

    def _is_excused(self, line: str) -> bool:
        return any(re.search(pattern, line) for pattern in self._excused)

    def _is_foreign(self, address: str) -> bool:
        parts = urlsplit(address)
        return parts.scheme not in {"about", "data", "blob"} and parts.netloc not in self._allowed

    def _tells(self, address: str) -> bool:
        shown = unquote_plus(address).casefold()
        words = {word.casefold() for line in self.typed for word in line.split()}
        return any(len(word) >= SHORTEST_TELLING and word in shown for word in words)

    def _in_page(self, script: str) -> list[Any]:
        """Of the page that is open; nothing where it runs no scripts or there is none."""
        if not self.page.url.startswith("http"):
            return []
        try:
            found: list[Any] = self.page.evaluate(script)
        except Error as error:
            if "JavaScript" in str(error):
                return []
            raise
        return found
