"""The pages that end records, their addresses, and their forms as a browser would send them."""

from __future__ import annotations

from typing import Any

from django.test import Client
from django.urls import reverse

from patients.models import Removal, SourceRecord
from tests.ending import place
from tests.support import Node, parsed
from tests.writing import LIFESPAN

REASON = "Asked for it at the desk"


def address(name: str, record: SourceRecord, *more: object) -> str:
    """The page of a step about a record."""
    now = SourceRecord.objects.select_related("patient").get(pk=record.pk)
    return reverse(f"patients:{name}", args=[now.patient.public_id, now.pk, *more])


def leave_page(record: SourceRecord, organization: str = LIFESPAN) -> str:
    return address("leave", record, place(organization).pk)


def removal_page(removal: Removal) -> str:
    return reverse("patients:removal", args=[removal.public_id])


def opened(client: Client, url: str) -> Node:
    """A page as somebody sees it."""
    response = client.get(url)
    assert response.status_code == 200, response.status_code
    return parsed(response)


def form_of(page: Node, button: str = "") -> dict[str, str]:
    """The hidden fields of the page's form, or of the one with a button of this name, and a reason."""
    forms = [each for each in page.every(lambda node: node.tag == "form") if each.named("seal")]
    if button:
        forms = [each for each in forms if each.named(button)]
    (form,) = forms
    fields = {
        node.attributes["name"]: node.attributes.get("value", "")
        for node in form.every(lambda node: node.attributes.get("type") == "hidden")
    }
    return fields | {"reason": REASON} | ({button: "1"} if button else {})


def send(client: Client, url: str, *, button: str = "", **values: Any) -> Any:
    """Open a page and send its form."""
    return client.post(url, form_of(opened(client, url), button) | values)


def sent_on(reply: Any) -> str:
    """Where a form that was taken leads."""
    assert reply.status_code == 303, parsed(reply).text
    return str(reply["Location"])
