"""Pages of enrolling and inviting, their addresses and forms as a browser sends them, and what they show."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import zxingcpp
from django.test import Client
from django.urls import reverse

from patients.models import Invitation, Operation, Place, SourceRecord, Study
from tests.studying import CAREX
from tests.support import Node, parsed
from tests.writing import work_off

REASON = "Asked for it on the telephone"


def at_person(name: str, record: SourceRecord, *more: object) -> str:
    """A page about one record."""
    now = SourceRecord.objects.select_related("patient").get(pk=record.pk)
    return reverse(f"patients:{name}", args=[now.patient.public_id, now.pk, *more])


def enrol_page(record: SourceRecord) -> str:
    return at_person("enrol", record)


def invite_page(record: SourceRecord, study: Study) -> str:
    return at_person("invite", record, study.public_id)


def of_study(name: str, study: Study) -> str:
    """A page about a study."""
    place = Place.objects.get(system=study.system, organization=study.organization)
    return reverse(f"patients:{name}", args=[place.pk, study.public_id])


def of_invitation(row: Invitation, name: str = "invitation") -> str:
    return reverse(f"patients:{name}", args=[row.public_id])


def opened(client: Client, url: str) -> Node:
    """A page as somebody sees it."""
    response = client.get(url)
    assert response.status_code == 200, response.status_code
    return parsed(response)


def chosen_on(page: Node, name: str) -> list[str]:
    """What is chosen on a page before anybody chooses."""
    return [each.attributes["value"] for each in page.named(name) if "checked" in each.attributes]


def fields_of(page: Node, name: str) -> dict[str, str]:
    """The hidden fields of the form that holds a field of this name."""
    (form,) = [each for each in page.every(lambda node: node.tag == "form") if each.named(name)]
    return {
        node.attributes["name"]: node.attributes.get("value", "")
        for node in form.every(lambda node: node.attributes.get("type") == "hidden")
    }


def send(client: Client, url: str, **values: Any) -> Any:
    """Open a page and send its sealed form; the first app where there is a choice."""
    page = opened(client, url)
    app = {"app": CAREX} if page.named("app") else {}
    return client.post(url, fields_of(page, "seal") | app | values)


def went_on(reply: Any) -> str:
    """Where a form that was taken leads."""
    assert reply.status_code == 303, parsed(reply).text
    return str(reply["Location"])


def invited(
    client: Client, record: SourceRecord, study: Study, channel: str = "qr", **values: Any
) -> Invitation:
    """An invitation asked for on its page and made, where it came to that."""
    went_on(send(client, invite_page(record, study), channel=channel, **values))
    operation = work_off(Operation.objects.filter(kind="invite").latest("pk"))
    assert operation.state == Operation.State.DONE, operation.problem
    return Invitation.objects.get(operation=operation)


# --- what is shown --------------------------------------------------------------------------


def link_on(page: Node) -> str:
    """The link that a page shows to be copied."""
    return page.of_id("link").attributes["value"]


def qr_texts(page: Node) -> list[str]:
    """What the QR codes of a page say, read as a camera would."""
    return [_read(each) for each in page.of_class("portal-link-qr")]


def _read(svg: Node) -> str:
    size = int(svg.attributes["viewbox"].split()[-1])
    (path,) = svg.every(lambda node: node.tag == "path")
    return scanned(size, path.attributes["d"])


def scanned(size: int, path: str, scale: int = 8) -> str:
    """What a camera reads from dark squares."""
    image = np.full((size, size), 255, dtype=np.uint8)
    for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", path):
        image[int(y), int(x) : int(x) + int(length)] = 0
    large = np.kron(image, np.ones((scale, scale), dtype=np.uint8))
    (found,) = zxingcpp.read_barcodes(large, formats=zxingcpp.BarcodeFormat.QRCode)
    return str(found.text)
