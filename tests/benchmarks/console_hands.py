"""Somebody at a browser: what they press is counted, and how long it takes, and what goes over the wire."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from playwright.sync_api import Browser, CDPSession, Locator, Page, sync_playwright

from tests import chromium

PATIENCE = 60_000  # milliseconds

#: When a condition first holds, as the page's own clock has it. No ``eval``: the portal's policy forbids it.
WATCH = """() => new Promise(done => {
  const look = () => (CONDITION)
    ? done(performance.timeOrigin + performance.now()) : requestAnimationFrame(look);
  look();
})"""
LAST_REPLY = """() => performance.timeOrigin + Math.max(0,
  ...performance.getEntriesByType("resource").map(each => each.responseEnd))"""
STARTED = "() => performance.timeOrigin"
NOW = "() => performance.timeOrigin + performance.now()"
#: The first click of a lap; the session's storage outlives the pages that follow it.
NOTE_CLICK = """() => addEventListener("click",
  () => sessionStorage.setItem("bench", performance.timeOrigin + performance.now()),
  {capture: true, once: true})"""
CLICKED = "() => Number(sessionStorage.getItem('bench'))"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One lap: milliseconds, what went over the wire, and what a person had to press."""

    ms: float
    requests: int
    bytes: int
    script_bytes: int
    steps: int

    def values(self) -> dict[str, float]:
        """By the ends of their measures' names."""
        return asdict(self)


@dataclass(slots=True)
class Counted:
    """What went over the wire."""

    requests: int = 0
    bytes: int = 0
    script_bytes: int = 0
    scripts: set[str] = field(default_factory=set)
    sent: set[str] = field(default_factory=set)


class Wire:
    """Counts a page's requests and bytes by the browser's own protocol."""

    def __init__(self, page: Page) -> None:
        self._session: CDPSession = page.context.new_cdp_session(page)
        self._session.send("Network.enable")
        self._session.on("Network.requestWillBeSent", self._sent)
        self._session.on("Network.requestServedFromCache", self._remembered)
        self._session.on("Network.responseReceived", self._answered)
        self._session.on("Network.loadingFinished", self._finished)
        self.counted = Counted()

    def empty_cache(self) -> None:
        """As in a browser that was never here."""
        self._session.send("Network.clearBrowserCache")

    def _sent(self, event: dict[str, Any]) -> None:
        if event["request"]["url"].startswith("http"):
            self.counted.requests += 1
            self.counted.sent.add(event["requestId"])

    def _answered(self, event: dict[str, Any]) -> None:
        if event["type"] == "Script":
            self.counted.scripts.add(event["requestId"])
        if event["response"].get("fromDiskCache"):
            self._remembered(event)

    def _remembered(self, event: dict[str, Any]) -> None:
        """What the browser's cache answers does not go over the wire; it says so in one way or both."""
        if event["requestId"] in self.counted.sent:
            self.counted.sent.remove(event["requestId"])
            self.counted.requests -= 1

    def _finished(self, event: dict[str, Any]) -> None:
        size = int(event["encodedDataLength"])
        self.counted.bytes += size
        self.counted.script_bytes += size if event["requestId"] in self.counted.scripts else 0


class Hands:
    """Whoever works at one page. A lap ends with one of :meth:`opens`, :meth:`ends_in`, :meth:`ends_at`."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._wire = Wire(page)
        self._steps = 0

    def empty_cache(self) -> None:
        """As in a browser that was never here."""
        self._wire.empty_cache()

    def leaves(self) -> None:
        """Nothing is asked of anybody from here while the other side works."""
        self.page.goto("about:blank")

    def sits_at(self, address: str, shown: str) -> None:
        """Be on a page where a lap begins; nothing of it counts."""
        self.page.goto(address, wait_until="commit", timeout=PATIENCE)
        self.when(shown)
        self._rests()

    def opens(self, address: str, shown: str) -> Measured:
        """A page by its address, until a condition (JavaScript) holds in it."""
        self._forget()
        self.page.goto(address, wait_until="commit", timeout=PATIENCE)
        ms = self.when(shown) - self._told(STARTED)
        self._rests()
        return self._measured(ms)

    def begins(self) -> None:
        """From here on it counts; the clock starts with the first click."""
        self._forget()
        self.page.evaluate(NOTE_CLICK)

    def clicks(self, at: Locator) -> None:
        """One step."""
        self._steps += 1
        at.first.click(timeout=PATIENCE)

    def ticks(self, at: Locator) -> None:
        """One step: a box or one of several choices."""
        self._steps += 1
        at.first.check(timeout=PATIENCE)

    def ends_in(self, shown: str, address: str = ".") -> Measured:
        """When a condition holds in the page at an address (a pattern), and its last reply is there."""
        self.page.wait_for_url(re.compile(address), wait_until="commit", timeout=PATIENCE)
        ended = self.when(shown)
        clicked = self._told(CLICKED)
        self._rests()
        return self._measured(max(ended, self._told(LAST_REPLY)) - clicked)

    def ends_at(self, part: str) -> Measured:
        """When a part (CSS) can be seen, however many pages come before it."""
        self.page.locator(part).first.wait_for(timeout=PATIENCE)
        ended = self._told(NOW)
        clicked = self._told(CLICKED)
        self._rests()
        return self._measured(ended - clicked)

    def when(self, condition: str) -> float:
        """The moment at which a condition (JavaScript) first holds in this page."""
        return self._told(WATCH.replace("CONDITION", condition))

    def _told(self, script: str) -> float:
        value: float = self.page.evaluate(script)
        return value

    def _forget(self) -> None:
        self._wire.counted, self._steps = Counted(), 0

    def _rests(self) -> None:
        self.page.wait_for_load_state("networkidle", timeout=PATIENCE)

    def _measured(self, ms: float) -> Measured:
        counted = self._wire.counted
        return Measured(
            ms=ms,
            requests=counted.requests,
            bytes=counted.bytes,
            script_bytes=counted.script_bytes,
            steps=self._steps,
        )


@contextmanager
def chromium_running() -> Iterator[Browser]:
    """One browser for both sides."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.installed(), args=chromium.FLAGS)
        yield browser
        browser.close()


def new_page(browser: Browser) -> Page:
    """A page with a cache and cookies of its own."""
    return browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB").new_page()
