"""Looking somebody up: what was typed and understood, the list, its parts, whose look-up it is."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.run import Sandbox
from patients.models import Answer, LookUp
from portal.accounts.models import User
from tests.support import PART, Desk, connected, parsed

MEGAN = "member_megan@example.com"


@pytest.fixture
def desk(sandbox: Sandbox, clinic_staff: User) -> Desk:
    """Clinic staff who are members of the Lifespan Lab in JHE."""
    return Desk(connected(clinic_staff, MEGAN, sandbox))


def test_typing_leads_to_an_opaque_address_and_back_to_the_same_list(desk: Desk) -> None:
    url = desk.type("Grace Mbeki 18/4/1975")

    assert "/search/" in url
    assert len(url) == len("/search/") + 22
    first = desk.all_of(url)
    again = desk.shown(url)
    assert first.names == again.names == ["MBEKI, Grace"]
    assert set(again.panels.values()) == {"found"}


def test_htmx_is_led_by_a_client_redirect(desk: Desk) -> None:
    response = desk.client.post("/", {"text": "mbeki"}, headers=PART)

    assert response.status_code == 200
    assert response["HX-Redirect"].startswith("/search/")


def test_page_shows_at_once_and_its_parts_bring_the_answers(desk: Desk, sandbox: Sandbox) -> None:
    desk.look_up("warm up")
    for board in sandbox.faults.values():
        board.add(Fault(kind=FaultKind.HANG, times=1))
    url = desk.type("grace mbeki")

    page = desk.shown(url)

    assert set(page.panels.values()) == {"asking"}
    panel = page.page.of_id("system-jump")
    assert panel.attributes["hx-get"] == f"{url}/systems/jump"
    assert f"{url}?all=1" in page.page.links()  # without JavaScript
    for board in sandbox.faults.values():
        board.clear()

    for number, system in enumerate(("impilo", "jump", "jhe"), start=1):
        part = desk.part(url, system)
        assert part.panels == {system: "found"}
        people = part.page.of_id("people")
        assert people.attributes["hx-swap-oob"] == "true"
        assert int(people.attributes["data-answers"]) >= number
        assert part.names == ["MBEKI, Grace"]
    assert desk.shown(url).names == ["MBEKI, Grace"]


def test_part_without_htmx_leads_to_the_page(desk: Desk) -> None:
    url = desk.type("mbeki")

    response = desk.client.get(f"{url}/systems/jump")

    assert (response.status_code, response["Location"]) == (303, url)


@pytest.mark.parametrize("tail", ["/systems/nosuch", "/99", "/0", "/1/print"])
def test_address_of_nothing_is_404(desk: Desk, tail: str) -> None:
    url = desk.type("mbeki")

    assert desk.client.get(url + tail, headers=PART).status_code == 404


@pytest.mark.parametrize("tail", ["", "?all=1", "/1", "/systems/jump"])
def test_look_up_of_somebody_else_is_404(desk: Desk, admin: User, tail: str) -> None:
    url = desk.look_up("mbeki").url

    assert Desk(admin).client.get(url + tail, headers=PART).status_code == 404


@pytest.mark.parametrize("tail", ["", "/1", "/systems/jump"])
def test_look_up_ends_after_a_quarter_of_an_hour(desk: Desk, tail: str) -> None:
    url = desk.look_up("mbeki").url
    LookUp.objects.update(ends_at=timezone.now() - timedelta(seconds=1))

    assert desk.client.get(url + tail, headers=PART).status_code == 404


def test_signing_out_forgets_own_look_ups_and_nobody_elses(desk: Desk, admin: User) -> None:
    url, other = desk.look_up("mbeki").url, Desk(admin).look_up("mbeki").url

    desk.client.post("/accounts/logout/")

    assert [f"/search/{each.pk}" for each in LookUp.objects.all()] == [other]
    assert set(Answer.objects.values_list("lookup__user", flat=True)) == {admin.pk}
    desk.client.force_login(desk.user)
    assert desk.client.get(url).status_code == 404


def test_record_keeps_its_number_when_asked_again_even_after_a_failure(desk: Desk, sandbox: Sandbox) -> None:
    found = desk.look_up("wardle")
    before = dict(zip(found.names, found.addresses, strict=True))
    assert len(before) == 3

    fault = sandbox.faults["jump"].add(Fault(kind=FaultKind.STATUS, status=500))
    assert desk.ask_again(found.url, "jump").panels == {"jump": "failed"}
    sandbox.faults["jump"].remove(fault.id)
    again = desk.ask_again(found.url, "jump")

    assert dict(zip(again.names, again.addresses, strict=True)) == before


# --- what was understood --------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed", ["999 134 6236", "9991346236", "999-134-6236", " 99 91 34 62 36 ", "NHS no: 999 134 6236"]
)
def test_nhs_number_is_found_in_any_spacing(desk: Desk, typed: str) -> None:
    found = desk.look_up(typed)

    assert found.names == ["MBEKI, Grace"]
    assert found.panels["jump"] == found.panels["jhe"] == "found"


@pytest.mark.parametrize("typed", ["999 101 1374", "999 109 0568"])
def test_nhs_number_is_found_however_the_system_spells_it(desk: Desk, typed: str) -> None:
    held = {"999 101 1374": "OPENSHAW, Frank", "999 109 0568": "STANHOPE, Beverley"}

    assert [name.partition(" (")[0] for name in desk.look_up(typed).names] == [held[typed]]


def test_ambiguous_date_is_read_as_here_and_finds_the_other_way_round_too(desk: Desk) -> None:
    found = desk.look_up("john smith 3/4/80")

    assert found.understood["Born"] == "03-Apr-1980"
    item = next(node for node in found.page.of_class("portal-understood__item") if "03-Apr-1980" in node.text)
    assert "04-Mar-1980" in item.text
    assert {name.partition(" (")[0] for name in found.names} == {"SMITH, John"}
    born = " ".join(row.text for row in found.people)
    assert "03-Apr-1980" in born
    assert "04-Mar-1980" in born


def test_detail_is_crossed_out(desk: Desk) -> None:
    found = desk.look_up("grace mbeki 1/1/1999")
    assert found.names == []
    form = found.page.of_class("portal-understood")[0]
    hidden = {
        node.attributes["name"]: node.attributes["value"]
        for node in form.every(lambda node: node.attributes.get("type") == "hidden")
        if node.attributes["name"] != "csrfmiddlewaretoken"
    }
    crosses = [node.attributes["value"] for node in form.named("without")]
    assert "birth_date" in crosses

    again = desk.look_up(**hidden, without="birth_date")

    assert again.names == ["MBEKI, Grace"]
    assert set(again.understood) == {"Name"}


def test_details_are_corrected_one_by_one(desk: Desk) -> None:
    found = desk.look_up("smith john")
    assert found.page.named("words")[0].attributes["value"] == "smith john"

    again = desk.look_up(family_name="Mbeki", given_name="Grace", birth_date="18.4.75")

    assert again.names == ["MBEKI, Grace"]
    assert again.understood["Born"] == "18-Apr-1975"


def test_detail_stands_in_place_of_the_same_in_the_line(desk: Desk) -> None:
    found = desk.look_up("grace mbeki 1/1/1999", birth_date="18 April 1975")

    assert found.names == ["MBEKI, Grace"]


@pytest.mark.parametrize(
    ("field", "typed"),
    [("birth_date", "31/31/1980"), ("nhs_number", "999 134"), ("email", "grace at home"),
     ("phone", "12"), ("postcode", "nowhere")],
)  # fmt: skip
def test_field_says_what_is_wrong_and_keeps_what_was_typed(desk: Desk, field: str, typed: str) -> None:
    for headers in ({}, PART):
        response = desk.client.post("/", {"text": "mbeki", field: typed}, headers=headers)

        page = parsed(response)
        assert response.status_code == 422
        assert page.of_class("govuk-error-summary")
        assert page.named(field)[0].attributes["value"] == typed
        assert "mbeki" in [node.attributes.get("value") for node in page.named("text")]
        assert page.of_id(f"id_{field}_error").text


@pytest.mark.parametrize("typed", ["", "   ", "?!", "x" * 0])
def test_nothing_to_look_for_is_said(desk: Desk, typed: str) -> None:
    response = desk.client.post("/", {"text": typed})

    assert response.status_code == 422
    assert "NHS number" in parsed(response).of_class("govuk-error-summary")[0].text
    assert not LookUp.objects.exists()


def test_pasted_referral_line_is_understood(desk: Desk) -> None:
    found = desk.look_up(
        "Re: Mrs Grace MBEKI, DOB 18/04/1975, NHS No 999 134 6236, M14 1AA. Thank you for seeing her."
    )

    assert found.names == ["MBEKI, Grace"]
    assert found.understood["NHS number"].replace(" ", "") == "9991346236"
    assert found.understood["Born"] == "18-Apr-1975"


def test_email_is_found_in_any_case(desk: Desk) -> None:
    found = desk.look_up("GRACE.Mbeki@Example.ORG")

    assert set(found.panels.values()) == {"found"}
    assert found.names == ["MBEKI, Grace"]


def test_record_number_of_one_system_is_not_put_to_the_others(desk: Desk, sandbox: Sandbox) -> None:
    for board in sandbox.faults.values():
        board.forget_requests()

    found = desk.look_up(record_id="12001", record_system="impilo")

    assert found.panels == {"jump": "cannot", "jhe": "cannot", "impilo": "found"}
    assert not sandbox.faults["jump"].requests()


def test_answers_are_kept_and_nobody_is_asked_twice(desk: Desk, sandbox: Sandbox) -> None:
    url = desk.look_up("mbeki").url
    for board in sandbox.faults.values():
        board.forget_requests()

    desk.shown(url)
    desk.all_of(url)

    assert not any(board.requests(path="patient") for board in sandbox.faults.values())


def test_list_tells_how_old_an_answer_is(desk: Desk) -> None:
    url = desk.look_up("mbeki").url
    with time_machine.travel(timezone.now() + timedelta(minutes=5)):
        assert "5 minutes ago" in desk.shown(url).panel("jump")
