"""What writing takes for granted of the server, good and bad, asked over plain HTTP.

Each belongs to ``integrations/jhe/README.md`` §11. Where one of these fails on a new release, the adapter
may be right no more.
"""

from __future__ import annotations

import secrets
from typing import Any

import pytest
import requests

from integrations.jhe import dialect as dialects

from .made import PATIENTS, Made, unique_email, unique_identifier


@pytest.fixture
def modern(made: Made) -> bool:
    """Whether this is the current generation."""
    return dialects.find(made.jhe.http).searches_identifiers


def _body(place: str, **fields: Any) -> dict[str, Any]:
    return {
        "telecomEmail": unique_email(),
        "nameFamily": "Trap",
        "nameGiven": "Verification",
        "birthDate": "1980-01-01",
        "organizationId": int(place),
        **fields,
    }


def _create(made: Made, place: str, **fields: Any) -> requests.Response:
    return made.send("POST", PATIENTS, json=_body(place, **fields))


def _made(made: Made, place: str, **fields: Any) -> str:
    reply = _create(made, place, **fields)
    assert reply.ok, reply.status_code
    return f"{PATIENTS}/{reply.json()['id']}"


def _patch(made: Made, path: str, place: str, **fields: Any) -> requests.Response:
    return made.send("PATCH", path, organization_id=place, json=fields)


def _failed(reply: requests.Response) -> bool:
    return reply.status_code == 500 and reply.headers["Content-Type"].startswith("text/html")


def _lookup(made: Made, email: str) -> list[Any]:
    rows: list[Any] = made.send("GET", f"{PATIENTS}/global_lookup", params={"email": email}).json()
    return rows


# --- creating -----------------------------------------------------------------------------


def test_create_is_answered_with_the_whole_record(made: Made, place: str, modern: bool) -> None:
    reply = _create(made, place)
    assert reply.status_code == (201 if modern else 200)
    assert made.send("GET", f"{PATIENTS}/{reply.json()['id']}").json() == reply.json()


def test_email_compares_letter_case_and_space(made: Made, place: str, modern: bool) -> None:
    email = unique_email()
    _made(made, place, telecomEmail=email)
    _made(made, place, telecomEmail=email.upper())
    spaced = _create(made, place, telecomEmail=f" {unique_email()} ").json()["telecomEmail"]
    assert (spaced == spaced.strip()) is modern


def test_taken_email_is_a_general_sentence_or_a_500(made: Made, place: str, modern: bool) -> None:
    email = unique_email()
    _made(made, place, telecomEmail=email)
    reply = _create(made, place, telecomEmail=email)
    assert reply.json()[0].startswith("Could not save") if modern else _failed(reply)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"telecomEmail": "not-an-email"}, "Enter a valid email address."),
        ({"birthDate": "1980-02-30"}, "Enter a valid birth date (YYYY-MM-DD)."),
        ({"telecomEmail": ""}, "Email is required to create a patient."),
    ],
)
def test_bad_value_is_a_sentence_on_current_servers_only(
    made: Made, place: str, modern: bool, fields: dict[str, str], sentence: str
) -> None:
    if not modern and "telecomEmail" in fields:
        pytest.skip("2025-10 takes any e-mail, which cannot be asked twice")
    email = fields.get("telecomEmail", unique_email())
    reply = _create(made, place, **{"telecomEmail": email, **fields})
    assert reply.json() == [sentence] if modern else _failed(reply)
    if not modern:  # uses the login that the failure left, so that it is removed with the person
        assert _create(made, place, telecomEmail=email).ok


@pytest.mark.parametrize("wrong", [{"favouriteColour": "blue"}, {"birthDate": ""}], ids=str)
def test_unknown_field_or_empty_birth_date_is_a_500_and_the_email_stays_free(
    made: Made, place: str, wrong: dict[str, str]
) -> None:
    email = unique_email()
    assert _failed(_create(made, place, telecomEmail=email, **wrong))
    assert _lookup(made, email) == []
    assert _create(made, place, telecomEmail=email).ok


def test_id_in_a_body_is_obeyed(made: Made, place: str) -> None:
    wanted = 1_500_000_000 + secrets.randbelow(500_000_000)
    assert _create(made, place, id=wanted).json()["id"] == wanted


def test_wrong_kind_of_identifier_field_is_a_500(made: Made, place: str, modern: bool) -> None:
    email = unique_email()
    wrong: dict[str, Any] = {"identifier": "x"} if modern else {"identifiers": []}
    assert _failed(_create(made, place, telecomEmail=email, **wrong))
    assert _create(made, place, telecomEmail=email).ok


def test_identifier_in_use_is_named(made: Made, place: str, modern: bool) -> None:
    if not modern:
        pytest.skip("2025-10 lets several people hold one")
    own = unique_identifier()
    body = {"identifiers": [{"system": own.system, "value": own.value}]}
    _made(made, place, **body)
    reply = _create(made, place, **body)
    text = f"The external identifier {own.system}|{own.value} is already in use by another patient."
    assert (reply.status_code, reply.json()) == (400, [text])


def test_foreign_unknown_and_missing_organization_are_403(made: Made, place: str, foreign_place: str) -> None:
    for organization in (int(foreign_place), 99999999, None):
        assert _create(made, place, organizationId=organization).status_code == 403
    assert _failed(_create(made, place, organizationId="abc"))


# --- changing -----------------------------------------------------------------------------


def test_change_needs_an_organization_in_its_query(made: Made, place: str) -> None:
    path = _made(made, place)
    assert made.send("PATCH", path, json={"telecomPhone": "1"}).status_code == 403
    assert _patch(made, path, place, telecomPhone="1").json()["telecomPhone"] == "1"


def test_email_is_ignored_and_an_empty_name_is_refused(made: Made, place: str) -> None:
    path = _made(made, place)
    email = made.send("GET", path).json()["telecomEmail"]
    reply = _patch(made, path, place, telecomEmail=unique_email())
    assert (reply.status_code, reply.json()["telecomEmail"]) == (200, email)
    refused = _patch(made, path, place, nameGiven="", telecomPhone="7")
    assert (refused.status_code, refused.json()) == (400, {"nameGiven": ["This field may not be blank."]})
    assert _patch(made, path, place, birthDate="1980-02-30").json().keys() == {"birthDate"}
    assert made.send("GET", path).json()["telecomPhone"] is None


def test_null_clears_a_phone_and_space_around_text_goes(made: Made, place: str) -> None:
    path = _made(made, place, telecomPhone="1", nameGiven=" Verification ")
    reply = _patch(made, path, place, telecomPhone=None, nameFamily=" Trapped ").json()
    assert (reply["telecomPhone"], reply["nameFamily"]) == (None, "Trapped")
    assert reply["nameGiven"] == " Verification "  # a create keeps it


def test_belonging_is_not_asked_so_the_portal_must(
    made: Made, made_elsewhere: Made, place: str, foreign_place: str
) -> None:
    path = _made(made_elsewhere, foreign_place)
    assert _patch(made, path, place, telecomPhone="1").status_code == 200


def test_identifiers_are_replaced_one_by_one_after_all_were_deleted(
    made: Made, place: str, modern: bool
) -> None:
    if not modern:
        pytest.skip("2025-10 holds one identifier")
    first, second, taken = (
        {"system": each.system, "value": each.value} for each in (unique_identifier() for _ in range(3))
    )
    _made(made, place, identifiers=[taken])
    path = _made(made, place, identifiers=[second])
    assert _failed(_patch(made, path, place, identifiers=[first, taken, second], telecomPhone="7"))
    after = made.send("GET", path).json()
    assert [each["value"] for each in after["identifiers"]] == [first["value"]]
    assert after["telecomPhone"] == "7"


def test_single_identifier_may_be_anybodys_and_null_clears_it(made: Made, place: str, modern: bool) -> None:
    if modern:
        pytest.skip("the current generation holds several, each of one person")
    value = unique_identifier().value
    _made(made, place, identifier=value)
    path = _made(made, place)
    assert _patch(made, path, place, identifier=f" {value} ").json()["identifier"] == value
    assert _patch(made, path, place, identifiers=[]).json()["identifier"] == value  # ignored
    assert _patch(made, path, place, identifier="").status_code == 400
    assert _patch(made, path, place, identifier=None).json()["identifier"] is None


def test_change_moves_last_updated_and_membership_does_not(
    made: Made, place: str, other_place: str, modern: bool
) -> None:
    if not modern:
        pytest.skip("2025-10 tells nobody when a record changed")
    path = _made(made, place)
    number = path.rpartition("/")[2]

    def moved() -> str:
        bundle = made.send("GET", f"{dialects.NEW_FHIR}/Patient", params={"_id": number}).json()
        moment: str = bundle["entry"][0]["resource"]["meta"]["lastUpdated"]
        return moment

    before = moved()
    assert _patch(made, path, place).status_code == 200
    after = moved()
    assert after > before
    made.send("PATCH", f"{path}/global_add_organization", organization_id=other_place)
    assert moved() == after


# --- organizations ------------------------------------------------------------------------


def test_adding_asks_for_no_role(made: Made, made_elsewhere: Made, place: str, foreign_place: str) -> None:
    path = _made(made_elsewhere, foreign_place)
    reply = made_elsewhere.send("PATCH", f"{path}/global_add_organization", organization_id=place)
    assert reply.status_code == 200
    assert {each["id"] for each in reply.json()["organizations"]} == {int(place), int(foreign_place)}
    assert made.send("DELETE", path, organization_id=place).ok


def test_adding_again_is_a_sentence_or_a_500(made: Made, place: str, modern: bool) -> None:
    add = f"{_made(made, place)}/global_add_organization"
    reply = made.send("PATCH", add, organization_id=place)
    if modern:
        assert reply.json() == ["This patient is already a member of this organization."]
    else:
        assert _failed(reply)
    assert made.send("PATCH", add).json() == ["organizationId parameter required"]
    assert _failed(made.send("PATCH", add, organization_id="99999999"))


def test_leaving_one_that_the_person_is_not_in_does_nothing(
    made: Made, place: str, other_place: str, modern: bool
) -> None:
    path = _made(made, place)
    reply = made.send("DELETE", path, organization_id=other_place)
    assert (reply.status_code, reply.content) == ((204, b"") if modern else (200, b'{"success":true}'))
    assert [each["id"] for each in made.send("GET", path).json()["organizations"]] == [int(place)]
    assert made.send("DELETE", path).status_code == 403


def test_leaving_the_last_organization_deletes_and_frees_the_email(made: Made, place: str) -> None:
    email = unique_email()
    path = _made(made, place, telecomEmail=email)
    assert made.send("DELETE", path, organization_id=place).ok
    assert made.send("GET", path).status_code == 404
    assert made.send("DELETE", path, organization_id=place).status_code == 404
    assert _lookup(made, email) == []
    assert _create(made, place, telecomEmail=email).ok
