"""What tests of the whole portal share: systems to look into, people at their desks, pages to read."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any, TypeVar

from django.db import connections
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from integrations.jhe import reach
from integrations.registry import system_names
from integrations.sandbox import jhe
from integrations.sandbox.run import Sandbox, utc_now
from patients.models import Patient, SourceRecord
from patients.services import index, lookup, rereading, taking_in
from patients.services.connections import open_system
from portal.accounts.models import PersonToken, User
from tests.waiting import until

# Small waits, and a pace that no test meets by accident.
QUICK: Mapping[str, Any] = {
    "TIMEOUT": (2.0, 5.0),
    "DEADLINE": 15.0,
    "RATE": 10_000.0,
    "BURST": 10_000,
    "BACKOFF": 0.001,
}
PART = {"HX-Request": "true"}


def point_at(settings: Settings, sandbox: Sandbox) -> None:
    """Make a running sandbox the portal's three systems."""
    keys = sandbox.keys
    systems = {
        name: {
            **settings.SYSTEMS[name],
            **QUICK,
            "URL": sandbox.url(name),
            "CONSOLE_URL": sandbox.console_url(name),
            "API_KEY": keys[name].get("full", ""),
        }
        for name in sandbox.stores
    }
    systems["jhe"] |= {"CLIENT_ID": jhe.CLIENT_ID, "CLIENT_SECRET": jhe.CLIENT_SECRET}
    settings.SYSTEMS = systems
    reach.forget()


def change(settings: Settings, system: str, **values: Any) -> None:
    """Other settings for one system."""
    settings.SYSTEMS = {**settings.SYSTEMS, system: {**settings.SYSTEMS[system], **values}}


def settle() -> None:
    """Return when no system is being asked and nothing stored any more: it would come into the next test."""
    until(lambda: not getattr(lookup, "_asking", None), what="systems being asked")
    until(rereading.is_idle, what="records being read anew")
    until(taking_in.is_idle, what="records being taken in")


T = TypeVar("T")


def side_by_side(works: Sequence[Callable[[], T]]) -> list[T]:
    """What each gives, all begun in the same moment, each with a database connection of its own."""
    barrier = threading.Barrier(len(works))

    def run(work: Callable[[], T]) -> T:
        try:
            barrier.wait()
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def connected(user: User, email: str, sandbox: Sandbox) -> User:
    """The user, signed in at JHE as one of its practitioners."""
    access, refresh = jhe.issue_token(sandbox.stores["jhe"], utc_now, email)
    with sandbox.stores["jhe"].reading() as state:
        subject = next(str(row["id"]) for row in state["users"].values() if row["email"] == email)
    PersonToken.objects.update_or_create(
        user=user, system="jhe", defaults={"subject": subject, "access": access, "refresh": refresh}
    )
    return user


def fill_index(user: User, *families: str) -> None:
    """The index knows the people of these family names, as somebody may read them in every system."""
    for name in system_names():
        system = open_system(name, by=user, seconds=30)
        rows = [each for each in system.iterate() if each.demographics.family_name in families]
        index.store(system.get(each.id) for each in rows)


def age_index(age: timedelta) -> None:
    """Everything that the index knows was read so long ago."""
    then = timezone.now() - age
    SourceRecord.objects.update(read_at=then, whole_at=then)
    Patient.objects.update(added_at=then)


# --- pages ----------------------------------------------------------------------------------

_EMPTY = frozenset({"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "path", "rect"})
_BLOCKS = frozenset({"p", "li", "div", "td", "th", "h1", "h2", "h3", "dt", "dd", "br", "button", "tr"})


@dataclass(slots=True)
class Node:
    """An element of a page."""

    tag: str
    attributes: dict[str, str]
    children: list[Node | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What can be read in it, white space made single."""
        return re.sub(r"\s+", " ", "".join(self._texts())).replace(" ,", ",").strip()

    def every(self, test: Callable[[Node], bool]) -> Iterator[Node]:
        """The elements in it that pass a test, itself included, in order."""
        if test(self):
            yield self
        for child in self.children:
            if isinstance(child, Node):
                yield from child.every(test)

    def of_class(self, name: str) -> list[Node]:
        """The elements in it of a class."""
        return list(self.every(lambda node: name in node.attributes.get("class", "").split()))

    def of_id(self, name: str) -> Node:
        """The one element of an id. Raises ``ValueError`` where there is none, or there are two."""
        (found,) = self.every(lambda node: node.attributes.get("id") == name)
        return found

    def named(self, name: str) -> list[Node]:
        """The form controls of a name."""
        return list(self.every(lambda node: node.attributes.get("name") == name))

    def links(self) -> list[str]:
        """Every address in it that a browser or htmx would ask for or send to."""
        kinds = ("href", "action", "src", "hx-get", "hx-post", "content")
        return [
            node.attributes[kind]
            for node in self.every(lambda node: True)
            for kind in kinds
            if node.attributes.get(kind)
        ]

    def _texts(self) -> Iterator[str]:
        for child in self.children:
            if isinstance(child, str):
                yield child
            elif child.tag not in {"script", "style", "template", "svg"}:
                yield from child._texts()
        if self.tag in _BLOCKS:
            yield " "


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Node("", {})
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(node)
        if tag not in _EMPTY:
            self._open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open[-1].children.append(Node(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if tag in {node.tag for node in self._open}:
            while self._open.pop().tag != tag:
                pass

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)


def parsed(response: Any) -> Node:
    """The page of a response."""
    builder = _Builder()
    builder.feed(response.content.decode())
    return builder.root


# --- people at their desks ------------------------------------------------------------------


@dataclass(slots=True)
class Found:
    """The list of a look-up, or a part of it, as somebody sees it."""

    url: str
    page: Node
    response: HttpResponse

    @property
    def panels(self) -> dict[str, str]:
        """The state that each system's panel shows."""
        pattern = re.compile(r"portal-panel--(\w+)")
        return {
            node.attributes["id"].removeprefix("system-"): pattern.findall(node.attributes["class"])[0]
            for node in self.page.of_class("portal-panel")
        }

    def panel(self, system: str) -> str:
        """The words of one system's panel."""
        return self.page.of_id(f"system-{system}").text

    @property
    def people(self) -> list[Node]:
        """The rows of the list."""
        return self.page.of_class("portal-person")

    @property
    def names(self) -> list[str]:
        """The names in the list, in order."""
        return [row.of_class("portal-person__link")[0].text for row in self.people]

    @property
    def addresses(self) -> list[str]:
        """The addresses of the people's pages, in order."""
        return [row.of_class("portal-person__link")[0].attributes["href"] for row in self.people]

    @property
    def understood(self) -> dict[str, str]:
        """What was understood: value by label."""
        return {
            item.of_class("portal-understood__label")[0].text: item.of_class("portal-understood__value")[
                0
            ].text
            for item in self.page.of_class("portal-understood__item")
        }


class Desk:
    """Somebody signed in who types and opens."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.client = Client()
        self.client.force_login(user)

    def type(self, text: str = "", **details: str) -> str:
        """Send the look-up form; the opaque address that it leads to."""
        response = self.client.post("/", {"text": text, **details})
        assert response.status_code == 303, parsed(response).text
        return str(response["Location"])

    def look_up(self, text: str = "", **details: str) -> Found:
        """Look up and wait for every system, as without JavaScript."""
        return self.all_of(self.type(text, **details))

    def all_of(self, url: str) -> Found:
        """The list after every system that has not answered was asked."""
        return self._found(url, self.client.get(f"{url}?all=1"))

    def shown(self, url: str) -> Found:
        """The list as it stands."""
        return self._found(url, self.client.get(url))

    def part(self, url: str, system: str) -> Found:
        """One system's answer, as htmx asks for it."""
        return self._found(url, self.client.get(f"{url}/systems/{system}", headers=PART))

    def ask_again(self, url: str, system: str) -> Found:
        """One system's new answer, as its retry button asks for it."""
        return self._found(url, self.client.get(f"{url}/systems/{system}?again=1", headers=PART))

    def open(self, address: str) -> Node:
        """A person's page, from wherever its address leads; every system asked, as without JavaScript."""
        response = self.client.get(address, follow=True)
        assert response.status_code == 200
        page = parsed(response)
        for refresh in page.every(lambda node: node.attributes.get("http-equiv") == "refresh"):
            response = self.client.get(refresh.attributes["content"].partition("url=")[2])
            assert response.status_code == 200
            page = parsed(response)
        # What was read goes into the index behind the page: its events come before the next step's.
        until(taking_in.is_idle, what="records being taken in")
        return page

    def only_person(self, text: str = "", **details: str) -> Node:
        """The page of the one person that a look-up finds."""
        (address,) = self.look_up(text, **details).addresses
        return self.open(address)

    def _found(self, url: str, response: Any) -> Found:
        assert response.status_code == 200
        # What was read goes into the index behind the page: its events come before the next step's.
        until(taking_in.is_idle, what="records being taken in")
        return Found(url=url, page=parsed(response), response=response)
