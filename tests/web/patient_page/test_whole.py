"""What a person's page and its paper carry once every system was asked, and whom they do not ask."""

from __future__ import annotations

from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from integrations.sandbox.run import Sandbox
from patients.models import SourceRecord
from patients.services import installations
from tests.support import change, parsed, settle

from .opening import address, change_at, gone_on_to_the_end, opened


def test_another_installation_is_not_asked_about_a_record_of_the_first(
    client: Client, sandbox: Sandbox, settings: Settings
) -> None:
    installations.note_first("jump")
    change(settings, "jump", URL=sandbox.url("jump").replace("127.0.0.1", "localhost"))
    page = gone_on_to_the_end(client, opened(client))
    assert "address of Jump EHR was changed" in page.text
    assert not sandbox.faults["jump"].requests()
    found = client.post(reverse("patients:search"), {"text": "mbeki"}, follow=True)
    settle()
    found = client.get(f"{found.redirect_chain[-1][0]}?all=1")
    assert "address of Jump EHR was changed" in parsed(found).text
    assert not sandbox.faults["jump"].requests()


def test_alerts_stand_first_under_the_identity_and_on_paper(client: Client, sandbox: Sandbox) -> None:
    change_at(sandbox, "jump", accessibility_needs=["BSL interpreter"], accessibility_notes="Left ear")
    page = gone_on_to_the_end(client, opened(client))
    assert "BSL interpreter Jump EHR read now" in page.of_id("alerts").text
    for where in (f"{address()}?read=all", f"{address()}/print"):
        text = opened(client, where).of_id("main").text
        places = [text.index(each) for each in ("MBEKI, Grace", "BSL interpreter", "3 source records")]
        assert places == sorted(places)
        assert "No needs or alerts recorded in Impilo." in text


def test_paper_carries_what_the_page_carries(client: Client) -> None:
    page, paper = opened(client, f"{address()}?read=all"), opened(client, f"{address()}/print")
    rows = [[row.text for row in each.of_class("portal-compare__row")] for each in (page, paper)]
    assert rows[0] == rows[1]
    assert len(rows[0]) > 15
    assert page.of_class("portal-checklist")[0].text == paper.of_class("portal-checklist")[0].text


def test_list_of_systems_and_organizations_tells_absent_from_unknown(
    client: Client, sandbox: Sandbox
) -> None:
    where = opened(client, f"{address()}?read=all").of_class("portal-checklist")[0].text
    assert "In Jump EHR 1 record" in where
    assert "In Lifespan Lab JupyterHealth Exchange" in where

    SourceRecord.objects.filter(system="impilo").delete()
    patient = SourceRecord.objects.get(system="jump", family="mbeki", given="grace").patient
    where = opened(client, f"/people/{patient.public_id}").of_class("portal-checklist")[0].text
    assert "No record in Impilo is known" in where, "nobody has read all of Impilo: it may hold one"
    assert "Not in Impilo" not in where
