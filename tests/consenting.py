"""What tests of consent share: pages and their forms, decisions made elsewhere, a study that changes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.test import Client
from django.urls import reverse

from integrations.sandbox.jhe.seed import next_id
from integrations.sandbox.run import Sandbox
from patients.models import Place, SourceRecord, Study
from tests.studying import BP_AND_HR, STUDY_NAMES
from tests.support import Node, parsed
from tests.writing import LIFESPAN

PRESSURE_ID, RATE_ID, OXYGEN_ID = 50002, 50004, 50005  # what JHE calls these kinds of data
SAID = {
    "decider": "person", "manner": "in person", "form_version": "3.1", "form_language": "en",
    "sheet_version": "2.0", "signed_on": "15 1 2026", "taken_by": "Nurse Nightingale",
}  # fmt: skip


def page_of(record: SourceRecord) -> str:
    """The page with a person's consents."""
    now = SourceRecord.objects.select_related("patient").get(pk=record.pk)
    return reverse("patients:consents", args=[now.patient.public_id])


def at(name: str, record: SourceRecord, number: str = BP_AND_HR) -> str:
    """A page about one record in one study."""
    now = SourceRecord.objects.select_related("patient").get(pk=record.pk)
    study = Study.objects.get(system="jhe", remote_id=number)
    return reverse(f"patients:{name}", args=[now.patient.public_id, now.pk, study.public_id])


def ask_again_page(study: Study, organization: str = LIFESPAN) -> str:
    """Who must be asked again in a study."""
    place = Place.objects.get(system="jhe", organization=organization)
    return reverse("patients:ask_again", args=[place.pk, study.public_id])


def opened(client: Client, url: str) -> Node:
    """A page as somebody sees it."""
    response = client.get(url)
    assert response.status_code == 200, response.status_code
    return parsed(response)


def form_of(page: Node) -> dict[str, str]:
    """What the page's form holds as a browser would send it: its hidden fields, texts and choices."""
    (form,) = [each for each in page.every(lambda node: node.tag == "form") if each.named("seal")]
    held: dict[str, str] = {}
    for node in form.every(lambda node: bool(node.attributes.get("name"))):
        name, kind = node.attributes["name"], node.attributes.get("type", "")
        if node.tag == "select":
            picked = list(node.every(lambda one: "selected" in one.attributes))
            held[name] = picked[0].attributes.get("value", "") if picked else ""
        elif node.tag == "textarea":
            held[name] = node.text
        elif kind == "radio":
            held.setdefault(name, "")
            if "checked" in node.attributes:
                held[name] = node.attributes.get("value", "")
        elif node.tag == "input":
            held[name] = node.attributes.get("value", "")
    return held


def question(page: Node, words: str) -> str:
    """The name of the field for one kind of data."""
    for group in page.every(lambda node: node.tag == "fieldset"):
        legends = list(group.every(lambda node: node.tag == "legend"))
        if legends and legends[0].text == words:
            (first, *_) = list(group.every(lambda node: node.attributes.get("type") == "radio"))
            return first.attributes["name"]
    raise AssertionError(f"nobody asks about {words}")


def filled(client: Client, url: str, answers: dict[str, str], **values: str) -> dict[str, str]:
    """The form of a page with answers by kind of data, and by whose authority."""
    page = opened(client, url)
    chosen = {question(page, words): answer for words, answer in answers.items()}
    return form_of(page) | SAID | chosen | values


def decide(client: Client, url: str, answers: dict[str, str], **values: str) -> Any:
    """Fill in the form, read what follows, and confirm it."""
    form = filled(client, url, answers, **values)
    check = client.post(url, form | {"check": "1"})
    assert check.status_code == 200, parsed(check).text
    return client.post(url, form_of(parsed(check)) | {"confirm": "1"})


def row_of(page: Node, words: str, study: str = BP_AND_HR) -> Node:
    """The row of a kind of data in one study."""
    (card,) = [
        each
        for each in page.of_class("portal-consent")
        if each.of_class("portal-consent__title")[0].text == STUDY_NAMES[study]
    ]
    (row,) = [each for each in card.of_class("portal-consent__row") if each.text.startswith(words)]
    return row


# --- what others do in JHE ------------------------------------------------------------------


def decide_there(sandbox: Sandbox, patient: str, study: str, code: int, agreed: bool | None) -> None:
    """The person decides in their app; ``None`` forgets it."""
    with sandbox.stores["jhe"].writing() as state:
        (enrolment,) = [
            each["id"]
            for each in state["enrolments"]
            if (str(each["patient_id"]), str(each["study_id"])) == (patient, study)
        ]
        kept = [
            each
            for each in state["consents"]
            if (each["enrolment_id"], each["scope_code_id"]) != (enrolment, code)
        ]
        if agreed is not None:
            kept.append(
                {
                    "id": next_id(state, "consents"),
                    "enrolment_id": enrolment,
                    "scope_code_id": code,
                    "consented": agreed,
                    "consented_time": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
                }
            )
        state["consents"] = kept


def decide_all_there(sandbox: Sandbox, patient: str, study: str, agreed: bool | None) -> None:
    """The person decides alike about everything that the study asks for."""
    with sandbox.stores["jhe"].reading() as state:
        codes = [each["scope_code_id"] for each in state["studies"][study]["scope_requests"]]
    for code in codes:
        decide_there(sandbox, patient, study, code, agreed)


def ask_for_more(sandbox: Sandbox, study: str, code: int = OXYGEN_ID) -> None:
    """The study asks for one more kind of data."""
    with sandbox.stores["jhe"].writing() as state:
        requests = state["studies"][study]["scope_requests"]
        requests.append({**requests[0], "id": requests[0]["id"] + 1000, "scope_code_id": code})
