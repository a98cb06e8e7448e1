"""Somebody at the desk who edits a person: forms filled and sent as a browser without scripts does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.test import Client
from django.urls import reverse

from integrations.sandbox.run import Sandbox
from patients.models import Patient, SourceRecord
from tests.filling import fields_of
from tests.support import Node, parsed

PHONE, OTHER_PHONE = "07700 900555", "07700 900666"


@dataclass
class Desk:
    """One member of staff at one browser, with the person whom they edit."""

    client: Client
    sandbox: Sandbox
    person: Patient

    @property
    def url(self) -> str:
        """The form's address."""
        return reverse("patients:edit", args=[self.person.public_id])

    def record(self, system: str) -> SourceRecord:
        """The person's record in a system."""
        record: SourceRecord = self.person.records.get(system=system)
        return record

    def open(self) -> dict[str, Any]:
        """The form as it would be sent back."""
        reply = self.client.get(self.url)
        assert reply.status_code == 200, reply.status_code
        return self.form_in(parsed(reply))

    def form_in(self, page: Node) -> dict[str, Any]:
        """The form of a page as it would be sent back."""
        form = fields_of(page, "/edit")
        boxes = page.every(lambda node: node.tag == "textarea" and node.attributes.get("name", "") in form)
        return form | {each.attributes["name"]: _lines_in(each) for each in boxes}

    def send(self, form: dict[str, Any], **values: Any) -> Any:
        """Send the form with these values."""
        return self.client.post(self.url, form | values)

    def save(self, **values: Any) -> Any:
        """Open the form, fill it in, send it."""
        return self.send(self.open(), **values)


def _lines_in(box: Node) -> str:
    """What stands in a box of several lines, line by line; browsers leave the first line break out."""
    text = "".join(each for each in box.children if isinstance(each, str))
    return text.removeprefix("\r\n").removeprefix("\n")
