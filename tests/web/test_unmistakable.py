"""Deceased, archived, merged, test, temporary and gone: said beside the name wherever people are shown."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client
from django.utils import timezone

from integrations.sandbox.run import Sandbox
from integrations.types import Administrative, Demographics, RecordStatus, Registration, RemotePatient
from patients.models import SourceRecord
from patients.services import index
from portal.accounts.models import User
from tests.conftest import signed_in
from tests.support import Desk, Node, connected, parsed
from tests.writing import MEMBER

BORN = date(1975, 4, 18)
#: Family name in the index → how the record stands, and the word that has to stand beside the name.
STANDINGS = {
    "Deadman": ({"administrative": Administrative(is_deceased=True)}, "Deceased"),
    "Awayman": ({"status": RecordStatus.ARCHIVED}, "Archived"),
    "Joinedman": ({"status": RecordStatus.MERGED, "registration": Registration.MERGED}, "Merged"),
    "Shortman": ({"registration": Registration.TEMPORARY}, "Temporary registration"),
    "Plainman": ({}, ""),
}
WORDS = {word for _, word in STANDINGS.values() if word}


@pytest.fixture
def staff(sandbox: Sandbox, clinic_staff: User) -> Client:
    """Clinic staff at work, with somebody of every standing in the index."""
    connected(clinic_staff, MEMBER, sandbox)
    index.store(
        RemotePatient(
            system="impilo" if family == "Awayman" else "jump",
            id=f"p-{number}",
            demographics=Demographics(given_name="Sam", family_name=family, birth_date=BORN),
            **values,  # type: ignore[arg-type]
        )
        for number, (family, (values, _)) in enumerate(STANDINGS.items())
    )
    return signed_in(Client(), clinic_staff)


def _marks(found: list[Node]) -> set[str]:
    return {each.text for node in found for each in node.of_class("govuk-tag")}


def _row(family: str) -> SourceRecord:
    return SourceRecord.objects.select_related("patient").get(family=family.lower())


@pytest.mark.parametrize("family", STANDINGS)
def test_identity_strip_says_it_on_a_form(staff: Client, family: str) -> None:
    record = _row(family)
    page = parsed(staff.get(f"/people/{record.patient.public_id}/records/{record.pk}/archive"))
    strip = page.of_class("portal-identity")[0]
    word = STANDINGS[family][1]
    assert {each for each in WORDS if each in strip.text} == ({word} if word else set())


@pytest.mark.parametrize("family", STANDINGS)
def test_people_list_says_it_beside_the_name(staff: Client, family: str) -> None:
    rows = parsed(staff.get("/people/")).of_class("portal-list__name")
    (name,) = [each for each in rows if family.upper() in each.text]
    word = STANDINGS[family][1]
    assert {each for each in WORDS if each in name.text} == ({word} if word else set())


@pytest.mark.parametrize("family", STANDINGS)
def test_candidate_says_it_beside_the_name(staff: Client, family: str) -> None:
    other = next(each for each in STANDINGS if each != family)
    url = f"/people/{_row(other).patient.public_id}/link"
    rows = parsed(staff.post(url, {"text": f"sam {family}"})).of_class("portal-person")
    (row,) = [each for each in rows if family.upper() in each.text]
    marks = _marks(row.of_class("portal-person__marks"))
    word = STANDINGS[family][1]
    assert marks == ({word} if word else set())


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("albert ramsbottom", "Deceased"),
        ("pippa northcott", "Merged"),
        ("freya halvorsen", "Temporary registration"),
        ("zzz do-not-use", "Test record"),
    ],
)
def test_look_up_says_it_beside_the_name(sandbox: Sandbox, clinic_staff: User, line: str, word: str) -> None:
    found = Desk(connected(clinic_staff, MEMBER, sandbox)).look_up(line)
    assert word in _marks(found.people[0].of_class("portal-person__marks"))


def test_panel_of_a_record_that_is_not_in_use_is_set_apart(sandbox: Sandbox, clinic_staff: User) -> None:
    page = Desk(connected(clinic_staff, MEMBER, sandbox)).only_person("simone laurent")
    aside = page.of_class("portal-record--aside")
    assert [each.of_class("portal-panel__title")[0].text for each in aside] == ["Jump EHR"]
    assert "1 record, archived" in page.text


def test_record_that_is_gone_is_not_called_active(staff: Client) -> None:
    record = _row("Plainman")
    index.mark_vanished([record], at=timezone.now())
    page = parsed(staff.get(f"/people/{record.patient.public_id}?read=all"))
    assert "Gone from every system" in page.of_class("portal-identity")[0].text
    panel = page.of_class("portal-record--aside")[0]
    assert _marks([panel]) == {"Gone"}
    assert "Not in Jump EHR any more" in page.text
