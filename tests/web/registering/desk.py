"""Somebody at the desk who registers people: forms filled and sent as a browser without scripts does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.test import Client
from django.urls import reverse

from integrations.sandbox.run import Sandbox
from patients.models import Draft, Operation, Patient
from tests.filling import fields_of
from tests.support import Node, parsed
from tests.writing import LIFESPAN

ZOE = {
    "given_name": "Zoë",
    "family_name": "Quartermaine",
    "birth_date": "9 3 1987",
    "email": "zoe.quartermaine@example.org",
    "phone": "07700 900461",
}
BOTH = ("jump", "impilo")
ALL = ("jump", "jhe", "impilo")


@dataclass
class Desk:
    """One member of staff at one browser."""

    client: Client
    sandbox: Sandbox

    def new_form(self) -> dict[str, Any]:
        """The blank form, as it would be sent."""
        return fields_of(parsed(self.client.get(reverse("patients:register"))), "/register")

    def fill(self, typed: Mapping[str, str] = ZOE, *, systems: tuple[str, ...] = BOTH, **more: str) -> Any:
        """Fill a new form in and send it."""
        form = self.new_form() | dict(typed) | {"systems": list(systems)} | more
        return self.send(form)

    def fields(self, page: Node, action: str) -> dict[str, Any]:
        """What the first form of a page holds that goes to an address ending so."""
        return fields_of(page, action)

    def send(self, form: Mapping[str, Any]) -> Any:
        """Send the form."""
        return self.client.post(reverse("patients:register"), form)

    def search(self, draft: Draft) -> Node:
        """The page with what the search has found, every system asked."""
        reply = self.client.get(reverse("patients:register_check", args=[draft.public_id]), {"all": "1"})
        assert reply.status_code == 200, reply.status_code
        return parsed(reply)

    def create(self, draft: Draft, page: Node | None = None, **more: str) -> Any:
        """Press the button that creates, on the page that shows what the search has found."""
        sent = fields_of(page or self.search(draft), "/create") | more
        return self.client.post(reverse("patients:register_create", args=[draft.public_id]), sent)

    def register(
        self, typed: Mapping[str, str] = ZOE, *, systems: tuple[str, ...] = BOTH, **more: str
    ) -> Any:
        """All of it: the form, the search, the button."""
        reply = self.fill(typed, systems=systems, **more)
        assert reply.status_code == 303, parsed(reply).text
        return self.create(latest_draft())


def latest_draft() -> Draft:
    """The form that was kept last."""
    return Draft.objects.latest("kept_at", "pk")


def in_jhe(**more: str) -> dict[str, str]:
    """A form for JHE, too."""
    return ZOE | {"organization_id": LIFESPAN} | more


def created() -> list[tuple[str, str]]:
    """System and state of the creations that were asked for."""
    return list(Operation.objects.order_by("pk").values_list("system", "state"))


def person_at(reply: Any) -> Patient:
    """To whose page a reply leads."""
    return Patient.objects.get(public_id=str(reply["Location"]).split("/")[2])
