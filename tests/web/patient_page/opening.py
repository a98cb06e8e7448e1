"""The page of a person of the index as tests open it, go on with it and read it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.run import Sandbox
from patients.models import Patient, SourceRecord
from portal.audit.models import Event
from tests.support import PART, Node, parsed

READING = re.compile(r"(?i)patients?/").pattern
THREE_DAYS = timedelta(days=3)


def grow_old() -> None:
    """All that the index holds was read three days ago."""
    then = timezone.now() - THREE_DAYS
    SourceRecord.objects.update(whole_at=then, read_at=then)


def grace() -> Patient:
    patient: Patient = SourceRecord.objects.get(system="impilo", given="grace", family="mbeki").patient
    return patient


def address() -> str:
    return f"/people/{grace().public_id}"


def opened(client: Client, where: str = "") -> Node:
    """The page, as the browser first gets it."""
    response = client.get(where or address())
    assert response.status_code == 200
    return parsed(response)


def live_url(page: Node) -> str:
    """Where the page goes on; empty where it has nothing to wait for."""
    found = [
        node.attributes["hx-get"] for node in page.every(lambda node: node.attributes.get("id") == "asking")
    ]
    return found[0] if found else ""


def gone_on(client: Client, page: Node) -> Node:
    """The next answer, as htmx asks for it."""
    response = client.get(live_url(page), headers=PART)
    assert response.status_code == 200
    return parsed(response)


def gone_on_to_the_end(client: Client, page: Node) -> Node:
    """Every answer, one after the other; the last part."""
    while live_url(page):
        page = gone_on(client, page)
    return page


def field_of(page: Node, key: str) -> str:
    """One field of the table in words."""
    return page.of_id(f"field-{key}").text


def ages(page: Node) -> set[str]:
    """How old the values on the page are."""
    return {
        "".join(each for each in node.children if isinstance(each, str)).strip()
        for node in page.of_class("portal-source")
    }


def views() -> list[Event]:
    return list(Event.objects.filter(action="person.viewed"))


def change_at(sandbox: Sandbox, system: str, **values: Any) -> None:
    """Somebody changes Grace Mbeki's record in the system itself."""
    family = {"jump": "last_name", "impilo": "lastName"}[system]
    with sandbox.stores[system].writing() as state:
        row = next(each for each in state["patients"].values() if each[family] == "Mbeki")
        row |= values


def hang(sandbox: Sandbox, *systems: str) -> None:
    for system in systems:
        sandbox.faults[system].add(Fault(kind=FaultKind.HANG, path=READING))
