"""Staff at their browsers: forms filled in and sent over HTTP, again and again until somebody answers.

A form is kept under a number that is made of the ask's own, so that sending it a second time is harmless, and
so is pressing the button that creates.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import requests
from django.conf import settings
from django.db import DatabaseError
from django.db.models import Max, Q
from django.test import Client

from tests.filling import fields_of
from tests.support import Node, parsed

SECONDS = 40.0  # that a page may take: it asks three systems, one after the other at worst
LOOKS = 6  # at a page that has changed, until it is taken for one that always will
CHANCE = "Made up by chance"
_NAMES = ("given_name", "family_name", "email", "phone", "nhs_number", "sex")

Answer = dict[str, Any]


class NoAnswer(Exception):
    """Nobody answered, or the portal is in trouble: to be tried again."""


@dataclass(slots=True)
class Staff:
    """Somebody who is signed in. Of one thread."""

    address: str
    cookie: str = field(repr=False)
    session: requests.Session = field(default_factory=requests.Session, repr=False)

    def __post_init__(self) -> None:
        self.session.trust_env = False
        self.session.cookies.set(settings.SESSION_COOKIE_NAME, self.cookie, domain="127.0.0.1")

    def register(
        self, number: str, records: Mapping[str, Mapping[str, Any]], *, parks: bool = False
    ) -> Answer:
        """Register somebody in several systems at once; who it is, and the operations, or ``taken``: whom the
        page told of. ``parks``: the form is put aside, and what was kept is sent. Raises :class:`NoAnswer`.
        """
        draft = draft_of(number)
        form = _entered(records) | {"draft": draft}
        if parks:
            self._post("/register", form | {"park": "1"})
            reply = self._get(f"/register/{draft}")
            if _is_person(reply):
                return _sent(draft)
            form = fields_of(parsed(reply), "/register")
        self._enter(form)
        for _ in range(LOOKS):
            reply = self._get(f"/register/{draft}/check?all=1")
            if not reply.ok:
                raise NoAnswer
            if _is_person(reply):
                return _sent(draft)
            page = parsed(reply)
            if taken := _taken(page):
                return {"taken": taken}
            form = fields_of(page, "/create")
            if "reason" in form:
                form["reason"] = CHANCE
            reply = self._post(f"/register/{draft}/create", form)
            if _is_person(reply):
                return _sent(draft)
            if taken := _taken(parsed(reply)):
                return {"taken": taken}
        raise RuntimeError(f"the form {draft} is never taken")

    def edit(
        self,
        number: str,
        records: Mapping[str, str],
        details: Mapping[str, Any],
        *,
        parks: bool = False,
        meanwhile: Callable[[], None] = lambda: None,
        choice: str = "mine",
    ) -> Answer:
        """Open the form about somebody, set telephone or address in some of their records, and save.

        ``parks``: the form is put aside and taken up again. ``meanwhile`` happens while it is open; of what
        has moved since then ``choice`` is taken ("mine", "theirs"), and ``asked`` counts the questions.
        Raises :class:`NoAnswer`.
        """
        draft = draft_of(number)
        sent = _edited(draft, records)
        if sent is not None:
            return sent | {"asked": 0}
        person, rows = _whose(records)
        reply = _with_form(self._get(f"/people/{person}/edit"))
        typed = {"draft": draft, "systems": rows} | _typed(details)
        if parks:
            form = fields_of(parsed(reply), "/edit") | typed
            self._post(f"/people/{person}/edit", form | {"park": "1"})
        meanwhile()
        if parks:
            reply, typed = _with_form(self._get(f"/people/{person}/edit?draft={draft}")), {}
        asked = 0
        for _ in range(LOOKS):
            page = parsed(reply)
            form = fields_of(page, "/edit") | typed
            questions = _questions(page)
            asked = max(asked, len(questions))
            form |= {each.attributes["name"]: choice for each in questions}
            reply = self._post(f"/people/{person}/edit", form)
            if _is_person(reply) and not reply.url.endswith("/edit"):
                done = _edited(draft, records)
                assert done is not None, "the page says that an edit was saved which was not"
                return done | {"asked": asked}
        raise RuntimeError(f"the form {draft} is never taken: {_complaint(parsed(reply))}")

    def greet(self) -> None:
        """Open a page, so that the connection stands."""
        self._get("/register")

    def _enter(self, form: Mapping[str, Any]) -> None:
        """Send the form on its way to the search."""
        reply = self._post("/register", form)
        if reply.status_code == 422:
            raise RuntimeError(parsed(reply).of_class("govuk-error-summary")[0].text)

    # --- HTTP -----------------------------------------------------------------------------

    def _get(self, path: str) -> requests.Response:
        try:
            reply = self.session.get(f"{self.address}{path}", timeout=SECONDS)
        except requests.RequestException:
            self._begin_anew()
            raise NoAnswer from None
        return _answered(reply)

    def _post(self, path: str, form: Mapping[str, Any]) -> requests.Response:
        """Send a form. Redirects are followed: the page that they lead to is what somebody sees."""
        if settings.CSRF_COOKIE_NAME not in self.session.cookies:
            self._get("/register")
        token = self.session.cookies.get(settings.CSRF_COOKIE_NAME, "")
        try:
            reply = self.session.post(
                f"{self.address}{path}", data={**form, "csrfmiddlewaretoken": token}, timeout=SECONDS
            )
        except requests.RequestException:
            self._begin_anew()
            raise NoAnswer from None
        return _answered(reply)

    def _begin_anew(self) -> None:
        """A connection that was cut is not used again."""
        cookies = self.session.cookies
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.cookies = cookies


def signed_in(user: Any) -> str:
    """The cookie of a browser at which somebody has signed in."""
    client = Client()
    client.force_login(user)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def draft_of(number: str) -> str:
    """Under which id the form of an ask is kept."""
    return base64.urlsafe_b64encode(hashlib.sha256(number.encode()).digest()[:16]).decode().rstrip("=")


def _answered(reply: requests.Response) -> requests.Response:
    if reply.status_code >= 500:
        raise NoAnswer
    if reply.status_code in (403, 404, 405):
        raise RuntimeError(f"{reply.request.method} {reply.request.path_url}: {reply.status_code}")
    return reply


def _with_form(reply: requests.Response) -> requests.Response:
    """The page of a form about somebody, which did not lead elsewhere."""
    if not reply.url.partition("?")[0].endswith("/edit"):
        steps = [each.headers.get("Location", "") for each in reply.history]
        raise RuntimeError(f"{reply.request.path_url} by {steps} in place of a form: {reply.status_code}")
    return reply


def _is_person(reply: requests.Response) -> bool:
    return reply.ok and "/people/" in reply.url


def _taken(page: Node) -> str:
    """Whom a page tells of in place of creating: who is being registered, or is held already."""
    being = list(page.every(lambda node: node.attributes.get("id") == "being-registered"))
    held = [] if being else page.of_class("portal-met__is")
    links = [link for each in (being or held) for link in each.links() if "/people/" in link]
    return links[0].split("/")[2] if links else ""


def _entered(records: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """What is typed into the form that registers somebody in these systems."""
    details: dict[str, Any] = {}
    for each in records.values():
        details |= each["details"]
    form = {name: details[name] for name in _NAMES if name in details}
    organizations = filter(None, (each.get("organization") for each in records.values()))
    return form | {
        "birth_date": date.fromisoformat(details["birth_date"]).strftime("%d %m %Y"),
        "organization_id": next(organizations, ""),
        "systems": list(records),
    }


def _whose(records: Mapping[str, str]) -> tuple[str, list[str]]:
    """The address of the person whose records these are, and our numbers of them."""
    from patients.models import SourceRecord

    wanted = Q()
    for system, record in records.items():
        wanted |= Q(system=system, remote_id=record)
    try:
        rows = list(SourceRecord.objects.filter(wanted).select_related("patient"))
    except DatabaseError:
        raise NoAnswer from None
    (person,) = {row.patient.public_id for row in rows}
    return person, [str(row.pk) for row in rows]


def _typed(details: Mapping[str, Any]) -> dict[str, str]:
    """Telephone and address as they are typed."""
    typed = {name: text for name, text in details.items() if name != "address"}
    if address := details.get("address"):
        typed |= {name: address[name] for name in ("town", "postcode", "country")}
        typed["address_lines"] = "\n".join(address["lines"])
    return typed


def _questions(page: Node) -> list[Node]:
    """The choices between what was entered and what is there now."""
    choices = page.every(lambda node: node.attributes.get("name", "").startswith("choice-"))
    return [each for each in choices if each.attributes.get("value") == "mine"]  # each has one


def _complaint(page: Node) -> str:
    return " ".join(each.text for each in page.of_class("govuk-error-summary"))


def _edited(draft: str, systems: Collection[str]) -> Answer | None:
    """What a form that edits has asked for; ``None`` where it was not sent yet. The forms about one person
    are sent one after the other: of each system it is the last write that was asked for since the form before
    this one ended."""
    from patients.models import Draft, Operation

    try:
        form = Draft.objects.filter(public_id=draft).first()
        if form is None or form.sent_as is None:
            return None
        earlier = Draft.objects.filter(sent_as=form.sent_as, kept_at__lt=form.kept_at)
        since = earlier.aggregate(last=Max("kept_at"))["last"] or datetime.min.replace(tzinfo=UTC)
        rows = Operation.objects.filter(
            patient=form.sent_as, kind="change", asked_at__gt=since, asked_at__lte=form.kept_at
        )
        operations = {row.system: [row.public_id, row.own_id] for row in rows.filter(system__in=systems)}
    except DatabaseError:
        raise NoAnswer from None
    return {"patient": form.sent_as.public_id, "operations": operations}


def _sent(draft: str) -> Answer:
    """What a form has asked for. Raises :class:`NoAnswer` while the database does not answer."""
    from patients.models import Draft, Operation

    try:
        sent = Draft.objects.get(public_id=draft).sent_as
        assert sent is not None, "the page leads to the person of a form that was not sent"
        rows = Operation.objects.filter(asked_for=sent, kind="create").order_by("pk")
        operations = {each.system: [each.public_id, each.own_id] for each in rows}
    except DatabaseError:
        raise NoAnswer from None
    return {"patient": sent.public_id, "operations": operations}
