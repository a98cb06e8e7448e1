"""Staff at their browsers: forms filled in and sent over HTTP, again and again until somebody answers.

A form is kept under a number that is made of the ask's own, so that sending it a second time is harmless, and
so is pressing the button that creates.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import requests
from django.conf import settings
from django.db import DatabaseError
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

    def register(self, number: str, records: Mapping[str, Mapping[str, Any]]) -> Answer:
        """Register somebody in several systems at once; who it is, and the operations, or ``taken``: whom the
        page told of. Raises :class:`NoAnswer`."""
        draft = draft_of(number)
        self._fill(draft, records)
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

    def change(self, number: str, system: str, record: str, details: Mapping[str, Any]) -> Answer:
        """Open the form about somebody, set telephone or address in one of their records, and save. What has
        moved since the form was opened is overwritten, as is said then. Raises :class:`NoAnswer`."""
        draft = draft_of(number)
        sent = _edited(draft, system)
        if sent is not None:
            return sent
        person, row = _whose(system, record)
        reply = self._get(f"/people/{person}/edit")
        for _ in range(LOOKS):
            page = parsed(reply)
            form = fields_of(page, "/edit") | {"draft": draft, "systems": [row]} | _typed(details)
            form |= {each.attributes["name"]: "mine" for each in _questions(page)}
            reply = self._post(f"/people/{person}/edit", form)
            if _is_person(reply) and not reply.url.endswith("/edit"):
                done = _edited(draft, system)
                assert done is not None, "the page says that an edit was saved which was not"
                return done
        raise RuntimeError(f"the form {draft} is never taken: {_complaint(parsed(reply))}")

    def greet(self) -> None:
        """Open a page, so that the connection stands."""
        self._get("/register")

    def _fill(self, draft: str, records: Mapping[str, Mapping[str, Any]]) -> None:
        details: dict[str, Any] = {}
        for each in records.values():
            details |= each["details"]
        form = {name: details[name] for name in _NAMES if name in details}
        form["birth_date"] = date.fromisoformat(details["birth_date"]).strftime("%d %m %Y")
        form["organization_id"] = next(
            filter(None, (each.get("organization") for each in records.values())), ""
        )
        reply = self._post("/register", form | {"draft": draft, "systems": list(records)})
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


def _is_person(reply: requests.Response) -> bool:
    return reply.ok and "/people/" in reply.url


def _taken(page: Node) -> str:
    """Whom a page tells of in place of creating: who is being registered, or is held already."""
    being = list(page.every(lambda node: node.attributes.get("id") == "being-registered"))
    held = [] if being else page.of_class("portal-met__is")
    links = [link for each in (being or held) for link in each.links() if "/people/" in link]
    return links[0].split("/")[2] if links else ""


def _whose(system: str, record: str) -> tuple[str, str]:
    """The address of a record's person, and our number of the record."""
    from patients.models import SourceRecord

    try:
        row = SourceRecord.objects.select_related("patient").get(system=system, remote_id=record)
    except DatabaseError:
        raise NoAnswer from None
    return row.patient.public_id, str(row.pk)


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
    return [each for each in choices if each.attributes.get("value") == "mine"]


def _complaint(page: Node) -> str:
    return " ".join(each.text for each in page.of_class("govuk-error-summary"))


def _edited(draft: str, system: str) -> Answer | None:
    """What a form that edits has asked for; ``None`` where it was not sent yet. The writes for one record are
    asked for one after the other: it is the last one before the form ended."""
    from patients.models import Draft, Operation

    try:
        form = Draft.objects.filter(public_id=draft).first()
        if form is None or form.sent_as is None:
            return None
        rows = Operation.objects.filter(patient=form.sent_as, system=system, asked_at__lte=form.kept_at)
        operation = rows.filter(kind="change").latest("pk")
    except DatabaseError:
        raise NoAnswer from None
    return {
        "patient": form.sent_as.public_id,
        "operations": {system: [operation.public_id, operation.own_id]},
    }


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
