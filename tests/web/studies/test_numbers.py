"""A participant's number in the study: given in its row or on a page, one person's each."""

from __future__ import annotations

import pytest
from django.test import Client

from patients.matching.study_numbers import folded
from patients.models import Participant, Study
from portal.accounts.models import User
from portal.audit.models import Event
from tests.conftest import signed_in
from tests.support import PART, parsed
from tests.web.people_list.listing import events_of

from .boards import board_of, holds, people, study, takes_part


def one(family: str) -> Participant:
    return Participant.objects.get(record__family=family)


def form_of(client: Client, which: Study, row: Participant, **headers: str) -> tuple[str, str]:
    """The address of the number's form, and the seal that it carries."""
    url = f"{board_of(which)}participants/{row.pk}/number{'/row' if headers else ''}"
    response = client.get(url, headers=headers)
    assert response.status_code == 200
    return url, parsed(response).named("seal")[0].attributes["value"]


def test_number_is_given_in_its_row(desk: Client, five: Study) -> None:
    row = one("abbott")
    url, seal = form_of(desk, five, row, **PART)
    response = desk.post(url, {"seal": seal, "number": " LL-099 "}, headers=PART)

    assert response.status_code == 200
    assert "LL-099" in parsed(response).text
    row.refresh_from_db()
    assert (row.number, row.number_key) == ("LL-099", "ll099")
    (event,) = Event.objects.filter(action="participant.numbered")
    assert "LL-099" not in str(event.details)


def test_number_is_given_on_a_page_without_javascript(desk: Client, five: Study) -> None:
    row = one("carter")
    url, seal = form_of(desk, five, row)
    assert desk.get(f"{url}/row")["Location"] == url
    assert events_of(desk.get(url)) == ["person.number_opened"]
    response = desk.post(url, {"seal": seal, "number": ""})

    assert response["Location"] == board_of(five)
    row.refresh_from_db()
    assert (row.number, row.number_key) == ("", "")


@pytest.mark.parametrize("typed", ["LL-014", "ll 014", "LL014"])
def test_number_that_somebody_has_is_refused(desk: Client, five: Study, typed: str) -> None:
    url, seal = form_of(desk, five, one("abbott"), **PART)
    response = desk.post(url, {"seal": seal, "number": typed}, headers=PART)

    assert response.status_code == 422
    assert "Somebody else in this study has this number" in parsed(response).text
    assert one("abbott").number == ""


def test_same_number_is_free_in_another_study_and_after_leaving(desk: Client, five: Study) -> None:
    other = study(2)
    (foster,) = people("Foster", first=60)
    takes_part(other, foster)
    url, seal = form_of(desk, other, one("foster"), **PART)
    assert desk.post(url, {"seal": seal, "number": "LL-014"}, headers=PART).status_code == 200

    Participant.objects.filter(record__family="carter").update(left_at=five.read_at)
    url, seal = form_of(desk, five, one("abbott"), **PART)
    assert desk.post(url, {"seal": seal, "number": "LL-014"}, headers=PART).status_code == 200


def test_form_of_somebody_else_is_refused(desk: Client, five: Study) -> None:
    _, seal = form_of(desk, five, one("baker"), **PART)
    url = f"{board_of(five)}participants/{one('abbott').pk}/number"
    assert desk.post(f"{url}/row", {"seal": seal, "number": "LL-7"}, headers=PART).status_code == 422
    assert desk.post(url, {"seal": seal, "number": "LL-7"}).status_code == 409
    assert one("abbott").number == ""


@pytest.mark.parametrize("typed", ["-", "///"])
def test_number_without_letters_or_digits_is_refused(desk: Client, five: Study, typed: str) -> None:
    url, seal = form_of(desk, five, one("abbott"), **PART)
    assert desk.post(url, {"seal": seal, "number": typed}, headers=PART).status_code == 422


def test_viewers_see_numbers_and_change_none(client: Client, coordinator: User, five: Study) -> None:
    signed_in(client, holds(coordinator, "7", role="viewer"))
    page = parsed(client.get(board_of(five)))

    assert "LL-014" in page.text
    assert not [each for each in page.links() if each.endswith("/number")]
    assert client.get(f"{board_of(five)}participants/{one('carter').pk}/number").status_code == 404


def test_numbers_are_compared_without_what_stands_between() -> None:
    assert folded("LL-014") == folded("ll 014") == folded("LL\N{NON-BREAKING HYPHEN}014") == "ll014"
    assert folded("014") != folded("14")


# --- the look-up box ------------------------------------------------------------------------


def suggested(client: Client, typed: str) -> list[str]:
    """Family names that the look-up shows while this is typed."""
    response = client.post("/typed", {"text": typed, "run": "r" * 22}, headers=PART)
    assert response.status_code == 200
    return [each.text for each in parsed(response).of_class("portal-name__family")]


@pytest.mark.parametrize("typed", ["LL-014", "ll-014", "participant no. LL014", "id: LL014", "ll-014 carter"])
def test_look_up_finds_the_person_by_number(desk: Client, five: Study, typed: str) -> None:
    assert suggested(desk, typed) == ["CARTER"]


def test_number_that_nobody_has_finds_nobody(desk: Client, five: Study) -> None:
    assert suggested(desk, "LL-999") == []


def test_number_beyond_reach_finds_nobody(client: Client, coordinator: User, five: Study) -> None:
    signed_in(client, holds(coordinator, "8"))
    assert suggested(client, "LL-014") == []


def test_number_of_who_has_left_finds_nobody(desk: Client, five: Study) -> None:
    Participant.objects.filter(number="LL-014").update(left_at=five.read_at)
    assert suggested(desk, "LL-014") == []


def test_systems_are_not_asked_for_numbers_of_studies(desk: Client, five: Study) -> None:
    address = desk.post("/", {"text": "LL-014"})["Location"]
    page = parsed(desk.get(f"{address}?all=1"))

    assert [each.text for each in page.of_class("portal-name__family")] == ["CARTER"]
    assert "keeps no numbers in studies" in page.text
