"""Pages of the portal in every state, rendered from their templates with made-up contexts.

They show what a whole journey reaches only with effort: names of 100 characters, every panel
state, answers that overtake each other. Served without database, sign-in and systems.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import SimpleNamespace as Of
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from django.contrib.staticfiles import finders
from django.template.loader import render_to_string

from patients.forms.lookup import LookUpForm

NOW = datetime(2026, 11, 21, 13, 0, tzinfo=UTC)
CSP = "default-src 'none'; " + "; ".join(
    f"{kind} 'self'" for kind in ("script-src", "style-src", "img-src", "connect-src", "form-action")
)
PASSWORD = "open sesame"
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


class Account:
    """Somebody who is signed in."""

    is_authenticated = True
    email = "maria@clinic.example"
    has_usable_password = True

    def __str__(self) -> str:
        return "Maria Okafor"


def identity(**values: Any) -> Of:
    """An identity strip; what is not given is not recorded."""
    empty = dict.fromkeys(
        ("family_name", "given_name", "middle_name", "title", "full_name", "preferred_name"), ""
    )
    rest: dict[str, Any] = {
        "birth_date": None,
        "nhs_number": "",
        "sex": "",
        "is_deceased": False,
        "date_of_death": None,
        "marks": [],
    }
    return Of(**{**empty, **rest, **values})


ANNE = identity(
    family_name="Smith", given_name="Anne", title="Mrs", birth_date=date(1945, 7, 14), nhs_number="9434765919"
)
DEAD = identity(
    family_name="O’Connor",
    given_name="Seán",
    is_deceased=True,
    date_of_death=date(2024, 11, 2),
    marks=["archived"],
)
LONG = identity(
    family_name="Wolfeschlegelsteinhausenbergerdorff" * 2, given_name="Hubert " * 4, marks=["temporary"]
)
ARABIC = identity(family_name="الخوارزمي", given_name="محمد بن موسى", birth_date=date(1988, 1, 30))
CHINESE = identity(full_name="歐陽菲菲", marks=["test record"])
NAMELESS = identity()
EVERYBODY = (ANNE, DEAD, LONG, ARABIC, CHINESE, NAMELESS)
HOW = ("same", "similar", "different", "unknown")
STATES = ("asking", "found", "nobody", "failed", "cannot", "no_reach", "signed_out", "not_connected")


def person(key: int, who: Of) -> Of:
    """A row of the list with everything in it."""
    return Of(
        key=key,
        url=f"/page/person_{key}",
        identity=who,
        records=[Of(system_label="Jump", status="archived", marks=["test record"])],
        matched=[Of(label="Name", how=how, note="Ann in JHE") for how in HOW],
        cautions=[Of(lead="Twin?", reason="Same birth date", url="/", name="Anna Smith", systems="JHE")],
        address="14 Harbour Street",
        postcode="CT5 1AQ",
        phone="07700900123",
        email="a-very-long-mailbox-name@subdomain.of.a.long.example.org",
    )


def panel(name: str, state: str, **values: Any) -> Of:
    """One system's panel."""
    texts = {
        "sentence": "One plain sentence.",
        "next_step": "One next step.",
        "request_id": "c0ffee5a1d2e4f60b7a9",
    }
    given = {
        "url": f"/answer/{name}",
        "count": 2,
        "more": True,
        "notes": ["A note."],
        "read_at": NOW,
        "retry_url": "/",
    }
    return Of(**{"name": name, "label": name.upper(), "state": state, **texts, **given, **values})


def lookup(people: int, answers: int, *panels: Of) -> Of:
    """What was found so far."""
    understood = [
        Of(key="words", label="Name", value="Anne Smith", note=""),
        Of(key="phone", label="Phone", value="0", note="x"),
    ]
    shown = [person(number, who) for number, who in enumerate(EVERYBODY[:people], start=1)]
    asking = any(each.state == "asking" for each in panels)
    return Of(
        url="/page/found",
        understood=understood,
        people=shown,
        count=people,
        panels=panels,
        asking=asking,
        asked=3,
        answers=answers,
        complete=False,
    )


def comparison(count: int) -> Of:
    """So many records, each read at another time."""
    labels = ("Jump EHR", "JupyterHealth Exchange", "Impilo")[:count]
    ages = (("now", "read now"), ("asking", "as of 2 hours ago"), ("old", "as of 3 days ago"))
    sources = [
        Of(system_label=label, standing=standing, age=age)
        for label, (standing, age) in zip(labels, ages, strict=False)
    ]
    records = [
        Of(
            system=source.system_label[:4].lower(),
            system_label=source.system_label,
            id="b2c4a1e0-77aa-4b1e-9a53-1f0f3d0b9c11",
            status="active",
            marks=["deceased"],
            updated_at=NOW,
            url="/elsewhere",
            unread=["birth date"],
            problem="Old." if source.standing == "old" else "",
            source=source,
        )
        for source in sources
    ]
    email = Of(lines=["anne.smith@example.org"], sources=sources)
    rows = [
        Of(label="E-mail", key=f"e-mail-{verdict}", verdict=verdict, says="", values=[email, email])
        for verdict in ("differs", "same", "one", "own")
    ]
    needs = Of(label="Accessibility needs", values=[Of(lines=["Interpreter", "x" * 100], sources=sources)])
    silences = [Of(kind=kind, sentence="One sentence.") for kind in ("none", "asking", "unread")]
    return Of(
        records=records,
        alerts=Of(rows=[needs][: count - 1], silences=silences, is_certain=False),
        groups=[Of(title="Identity", rows=rows)],
        differences=3,
        is_current=False,
        problems=["Jump: old."],
    )


def connection(**values: Any) -> Of:
    """One system's connection."""
    abilities = [
        Of(label="Look people up", available=each, reason="A reason.") for each in (True, False, None)
    ]
    quota = Of(limit=1000, remaining=312, resets_at=NOW)
    usual = {
        "name": "jump",
        "label": "Jump EHR",
        "address": "https://jump.example.org/api/v1",
        "reachable": True,
        "authorised": True,
        "version": "1.4",
        "generation": "2025-10",
        "problem": "",
        "next_step": "Do this.",
        "request_id": "c0ffee",
        "milliseconds": 142,
        "checked_at": NOW,
        "check_url": "/check",
        "screens_url": "/",
        "abilities": abilities,
        "quota": quota,
    }
    return Of(**{**usual, **values})


def _person_page(who: Of, records: int) -> dict[str, Any]:
    panels = [panel(state, state) for state in STATES[2:]]
    return {
        "identity": who,
        "comparison": comparison(records),
        "checklist": [
            Of(state=state, text=f"In {state}", note="A note.") for state in ("here", "absent", "unknown")
        ],
        "progress": "Jump EHR has answered; 1 of 3.",
        "again_url": "/again/",
        "all_url": "/all",
        "history_url": "/history",
        "panels": panels,
        "back_url": "/",
        "print_url": "/",
    }


def _connections() -> list[Of]:
    refused = connection(name="jhe", label="JHE", authorised=False, problem="The key was refused.")
    return [
        connection(),
        refused,
        connection(name="impilo", label="Impilo", reachable=False, problem="Not answering.", quota=None),
    ]


ERRORS = (400, 403, 404, 405, 429, 500)
PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "search": ("patients/lookup/search.html", {}),
    "search_refused": ("patients/lookup/search.html", {"refused": True, "open_details": True}),
    "found": (
        "patients/lookup/found.html",
        {"lookup": lookup(6, 2, *[panel(each, each) for each in STATES[1:]])},
    ),
    "asking": (
        "patients/lookup/found.html",
        {"lookup": lookup(2, 1, *(panel(each, "asking") for each in ("fast", "old", "down")))},
    ),
    "nobody": ("patients/lookup/found.html", {"lookup": lookup(0, 3, panel("jump", "nobody"))}),
    **{
        f"person_{number}": ("patients/person/page.html", _person_page(who, 1 + number % 3))
        for number, who in enumerate(EVERYBODY, start=1)
    },
    "print": ("patients/person/print.html", _person_page(DEAD, 3)),
    "connections": ("patients/connections/page.html", {"is_admin": True, "systems": _connections()}),
    "connections_staff": ("patients/connections/page.html", {"is_admin": False, "systems": _connections()}),
    **{f"error_{status}": (f"errors/{status}.html", {"request_id": "c0ffee"}) for status in ERRORS},
    "error_503": ("errors/503.html", {"screens": [Of(label="Jump", url="/")]}),
}


def render(template: str, context: dict[str, Any]) -> str:
    """A template with what the frame of every page needs."""
    refused = context.get("refused", False)
    form = LookUpForm({"birth_date": "31/31/31"}) if refused else LookUpForm(initial={"words": "Anne Smith"})
    urls = {"lock_url": "/lock", "unlock_url": "/unlock", "draft_url": "/draft"}
    frame = {
        "user": Account(),
        "site_name": "Crosswalk",
        "site_version": "0",
        "demo": True,
        "csrf_token": "token",
        "session": {"idle_seconds": 600, "is_locked": False, **urls},
        "role_label": "Admin",
        "form": form,
        "navigation": [{"label": "Look up", "url": "/", "current": "page"}],
    }
    return render_to_string(template, {**frame, **context})


class Handler(BaseHTTPRequestHandler):
    """Serves pages, their parts, static files and a lock; remembers what was posted."""

    posted: ClassVar[list[tuple[str, dict[str, list[str]]]]] = []

    def log_message(self, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """A page, a static file, or a system's answer."""
        path = urlsplit(self.path).path
        if path.startswith("/static/"):
            found = Path(str(finders.find(path.removeprefix("/static/"))))
            self._send(200, found.read_bytes(), TYPES[found.suffix])
        elif path.startswith("/page/"):
            self._send(200, render(*PAGES[path.removeprefix("/page/")]).encode())
        elif path.startswith("/answer/"):
            self._answer(path.removeprefix("/answer/"))
        else:
            self._send(200, b"{}", "application/json")

    def do_POST(self) -> None:
        """The lock, or a form that is refused."""
        fields = parse_qs(
            self.rfile.read(int(self.headers["Content-Length"])).decode(), keep_blank_values=True
        )
        self.posted.append((self.path, fields))
        if self.path == "/":
            part = render("patients/lookup/_search.html", {"refused": True, "is_part": True})
            return self._send(422, part.encode())
        wrong = self.path == "/unlock" and fields["password"] != [PASSWORD]
        return self._send(422, b"Not the right password.", "text/plain") if wrong else self._send(204, b"")

    def _answer(self, name: str) -> None:
        """``fast`` knows three answers, ``old`` was made before it and knows one, ``down`` fails."""
        if name == "down":
            return self._send(500, b"")
        known = {"fast": lookup(4, 3, panel("x", "asking")), "old": lookup(1, 0, panel("x", "asking"))}[name]
        context = {"lookup": known, "panel": panel(name, "found")}
        return self._send(200, render("patients/lookup/_answer.html", context).encode())

    def _send(self, status: int, body: bytes, kind: str = "text/html; charset=utf-8") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Security-Policy", CSP)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def serving() -> Iterator[str]:
    """The address of a running server on a free port."""
    Handler.posted.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
