"""Studies where people are shown: a column and filters of the people list, a section of a person's page."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.test import Client

from integrations.types import SearchQuery
from patients.models import Study
from patients.services import finding, visibility
from portal.accounts.models import User
from tests.conftest import signed_in
from tests.support import parsed
from tests.web.people_list.listing import EXPORT, LIST, filtered, listed

from .boards import board_of, days_ago, holds, people, study, takes_part


@pytest.mark.parametrize(
    ("filters", "who"),
    [
        ({"study": "five"}, ["ABBOTT", "BAKER", "CARTER", "DUNN", "EVANS"]),
        ({"study": "five", "standing": "3"}, ["CARTER"]),
        ({"standing": "1"}, ["ABBOTT", "FOSTER"]),
        ({"invitation": "expired"}, ["BAKER"]),
        ({"study": "other"}, ["FOSTER"]),
        ({"study": "five", "name": "d"}, ["DUNN"]),
    ],
)
def test_people_list_is_narrowed_by_study(
    desk: Client, five: Study, filters: dict[str, str], who: list[str]
) -> None:
    other = study(2)
    foster, nobody, zz = people("Foster", "Nobody", "Zz-Test", first=60)
    takes_part(other, foster)
    takes_part(other, zz, is_test=True)
    assert nobody
    known = {"five": five.public_id, "other": other.public_id}
    sent = {name: known.get(value, value) for name, value in filters.items()}

    assert filtered(desk, **sent) == who


def test_people_list_says_where_each_stands(desk: Client, five: Study) -> None:
    page = parsed(desk.get(LIST))

    assert "Study 1: connected" in page.of_class("portal-list__row")[2].text
    response: Any = desk.post(EXPORT, {"scope": "list", "format": "csv", "reason": "a report"})
    lines = list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))
    assert lines[4]["Studies"] == "Study 1: sending data"


def test_number_in_another_organizations_study_finds_nobody(clinic_staff: User, five: Study) -> None:
    (both,) = people("Both", first=80)
    both.memberships.create(patient=both.patient, system="jhe", organization="9")
    takes_part(study(9, organization="9"), both, number="ZX-077")

    def found(*organizations: str) -> list[int]:
        by = holds(clinic_staff, *organizations)
        asked = SearchQuery(study_number="ZX-077")
        people = finding.find(asked, by=by, reach=visibility.reach_of(by)).people
        return [each.patient_id for each in people]

    assert found("7") == []
    assert found("7", "9") == [both.patient_id]


def test_studies_beyond_ones_organizations_are_neither_offered_nor_named(
    client: Client, clinic_staff: User, five: Study
) -> None:
    beyond = study(9, organization="9")
    (both,) = people("Both", first=80)
    both.memberships.create(patient=both.patient, system="jhe", organization="9")
    takes_part(beyond, both)
    signed_in(client, holds(clinic_staff, "7"))

    assert "Study 9" not in parsed(client.get(LIST)).text
    assert client.post(LIST, {"filter": "1", "study": beyond.public_id}).status_code == 422
    assert "Study 9" not in parsed(client.get(f"/people/{both.patient.public_id}")).text


def test_who_holds_no_role_has_no_such_filters(client: Client, clinic_staff: User, five: Study) -> None:
    signed_in(client, holds(clinic_staff))
    page = parsed(client.get(LIST))

    assert not page.named("study")
    assert listed(client) == []


def test_persons_page_says_study_number_standing_and_invitation(desk: Client, five: Study) -> None:
    carter = five.participants.get(record__family="carter").record
    section = parsed(desk.get(f"/people/{carter.patient.public_id}")).of_id("studies")

    assert board_of(five) in section.links()
    for words in ("LL-014", "Connected", "Redeemed", "agreed to 0 of 1", "Declined", "none known"):
        assert words in section.text, words


def test_persons_page_is_silent_where_there_is_no_study(desk: Client, five: Study) -> None:
    carter = five.participants.get(record__family="carter")
    carter.left_at = days_ago(0)
    carter.save()
    assert not parsed(desk.get(f"/people/{carter.record.patient.public_id}")).of_id("studies").text
