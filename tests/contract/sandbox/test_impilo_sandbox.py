"""The sandbox's Impilo over real HTTP: examples, filters, paging, keys, and every switch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from integrations.sandbox.impilo import ImpiloSwitches
from integrations.sandbox.impilo.seeds import OF_ANOTHER_CUSTOMER
from integrations.sandbox.people import CAST
from integrations.sandbox.people.wire import recipe_identifier

from .conftest import Asker, Watch

Row = dict[str, Any]

EXAMPLES: dict[str, Row] = {
    each["title"]: each
    for each in json.loads(
        (Path(__file__).parents[2] / "data" / "impilo_examples.json").read_text(encoding="utf-8")
    )
}


def impilo_id(case: str, place: int = 0) -> int:
    """The id of a case's record in Impilo."""
    return int([id_ for system, id_ in CAST[case] if system == "impilo"][place])


def held(impilo: Asker) -> list[Row]:
    """What the sandbox's own state holds."""
    return list(impilo.sandbox.stores["impilo"].snapshot()["patients"].values())


def listed(impilo: Asker, **query: Any) -> list[Row]:
    """The rows of one large page."""
    rows: list[Row] = impilo.get("/patient", size=250, **query).json()["content"]
    return rows


def found_ids(impilo: Asker, **query: Any) -> set[int]:
    """The ids that a filter lets through."""
    return {row["id"] for row in listed(impilo, **query)}


@pytest.fixture
def switches(impilo: Asker) -> ImpiloSwitches:
    """Impilo's switches, in their first position."""
    found = impilo.sandbox.switches["impilo"]
    assert isinstance(found, ImpiloSwitches)
    return found


# --- Examples -------------------------------------------------------------------------------


def test_example_of_an_empty_page_replays(impilo: Asker) -> None:
    example = EXAMPLES["an empty page"]
    response = impilo.get("/patient", **example["request"]["query"])
    assert (response.status_code, response.json()) == (200, example["response"]["body"])


def test_example_of_an_error_replays_in_keys_and_types(impilo: Asker) -> None:
    example = EXAMPLES["an error"]
    response = impilo.get("/patient", **example["request"]["query"])
    expected = example["response"]["body"]
    assert response.status_code == 400
    assert {key: type(value) for key, value in response.json().items()} == {
        key: type(value) for key, value in expected.items()
    }
    assert response.json()["path"] == expected["path"]


def test_recipe_of_the_guide_is_the_one_on_some_records(impilo: Asker) -> None:
    example = EXAMPLES["external identifier recipe"]
    assert recipe_identifier(**example["input"]) == example["output"]
    identifiers = [row["externalIdentifier"] for row in held(impilo)]
    recipes = [
        row
        for row in held(impilo)
        if row["email"]
        and row["phoneNumber"]
        and row["externalIdentifier"] == recipe_identifier(row["email"], row["phoneNumber"])
    ]
    assert len(recipes) > 10
    assert None in identifiers
    assert {str(each)[:4] for each in identifiers} >= {"port", "CRM-"}


def test_switches_give_the_shapes_of_the_guide(impilo: Asker, switches: ImpiloSwitches) -> None:
    switches.set(ids="text", names="whole", sex_field="gender")
    shown = impilo.get(f"/patient/{impilo_id('in_all_three')}").json()
    like = EXAMPLES["the patient of a delivery"]["patient"]
    assert {key: type(shown[key]) for key in like if key in shown} == {
        key: type(value) for key, value in like.items() if key != "updatedAt"
    }
    assert shown["name"] == "Grace Mbeki"
    assert not {"firstName", "lastName", "sex"} & set(shown)


# --- Lists ----------------------------------------------------------------------------------


def test_walk_by_pages_meets_everybody_once(impilo: Asker) -> None:
    met, page, last = [], 1, False
    while not last:
        body = impilo.get("/patient", page=page, size=40, sort="patientId").json()
        assert (body["first"], body["page"], body["size"]) == (page == 1, page, 40)
        met += [row["id"] for row in body["content"]]
        page, last = page + 1, body["last"]
    assert met == sorted(row["id"] for row in held(impilo))
    assert body["total"] == len(met)


def test_page_past_the_end_is_empty_and_size_is_cut(impilo: Asker) -> None:
    body = impilo.get("/patient", page=99, size=1000).json()
    assert (body["content"], body["size"], body["last"]) == ([], 250, True)


@pytest.mark.parametrize("sort", ["firstName", "lastName"])
@pytest.mark.parametrize("descending", ["true", "false"])
def test_sort_by_name_in_both_directions(impilo: Asker, sort: str, descending: str) -> None:
    names = [row[sort] for row in listed(impilo, sort=sort, sortDescending=descending)]
    assert names == sorted(names, reverse=descending == "true")


@pytest.mark.parametrize(
    "query",
    [
        {"page": 0},
        {"page": "one"},
        {"size": 0},
        {"sort": "shoeSize"},
        {"id": "abc"},
        {"siteId": "here"},
        {"archived": "perhaps"},
        {"dateOfBirthMin": "3/4/80"},
    ],
)
def test_unusable_parameter_is_a_bad_request(impilo: Asker, query: Row) -> None:
    response = impilo.get("/patient", **query)
    assert response.status_code == 400
    assert next(iter(query)) in response.json()["message"]


def test_repeated_parameter_means_any_of_them(impilo: Asker) -> None:
    two = [impilo_id("in_all_three"), impilo_id("twins")]
    assert found_ids(impilo, id=two) == set(two)
    some = [row["externalIdentifier"] for row in held(impilo) if row["externalIdentifier"]][:3]
    assert {row["externalIdentifier"] for row in listed(impilo, externalIdentifier=some)} == set(some)
    with_site = found_ids(impilo, siteId=[301, 302])
    assert with_site == {row["id"] for row in held(impilo) if row["site"]}
    assert found_ids(impilo, siteId=301) < with_site


def test_name_is_found_inside_first_and_last_name_in_any_case(impilo: Asker) -> None:
    assert found_ids(impilo, name="ACE MBE") == {impilo_id("in_all_three")}
    assert found_ids(impilo, name="nunez") == {impilo_id("accents")}


def test_email_is_found_in_any_case_or_exactly(impilo: Asker, switches: ImpiloSwitches) -> None:
    family = {impilo_id("shared_mailbox", place) for place in range(3)}
    assert found_ids(impilo, email="The.Kavanaghs@Example.com") == family
    switches.set(email_match="exact")
    assert found_ids(impilo, email="The.Kavanaghs@Example.com") == set()
    assert found_ids(impilo, email="the.kavanaghs@example.com") == family


def test_address_flags_and_birth_dates_filter(impilo: Asker) -> None:
    rows = held(impilo)
    twin = next(row for row in rows if row["id"] == impilo_id("twins"))
    twins = {impilo_id("twins"), impilo_id("twins", 1)}
    assert found_ids(impilo, postalCode=twin["address"]["zipCode"]) <= twins
    assert found_ids(impilo, country="united kingdom") == {row["id"] for row in rows if row["address"]}
    assert found_ids(impilo, archived="true") == {row["id"] for row in rows if row["archived"]}
    assert found_ids(impilo, enrolled="false") == {row["id"] for row in rows if not row["enrolled"]}
    day = {"dateOfBirthMin": "2006-11-14", "dateOfBirthMax": "2006-11-14"}
    assert found_ids(impilo, **day) == twins


def test_ignored_filters_return_everybody(impilo: Asker, switches: ImpiloSwitches) -> None:
    switches.set(filters="ignored")
    assert len(listed(impilo, externalIdentifier="nobody's", archived="true")) == len(held(impilo))


# --- Single records -------------------------------------------------------------------------


def test_get_by_id_shows_the_whole_record(impilo: Asker) -> None:
    wanted = impilo_id("in_all_three")
    assert impilo.get(f"/patient/{wanted}").json() == next(row for row in held(impilo) if row["id"] == wanted)


@pytest.mark.parametrize(
    ("path", "status"), [("/patient/1", 404), (f"/patient/{OF_ANOTHER_CUSTOMER}", 403), ("/patient/abc", 404)]
)
def test_record_that_is_not_ours_is_an_error(impilo: Asker, path: str, status: int) -> None:
    response = impilo.get(path)
    assert (response.status_code, response.json()["status"]) == (status, status)


def test_lookup_by_identifier_and_by_email(impilo: Asker) -> None:
    row = next(row for row in held(impilo) if row["externalIdentifier"])
    assert impilo.get(f"/patient/identifier/{row['externalIdentifier']}").json()["id"] == row["id"]
    assert impilo.get("/patient/identifier/nobody's").status_code == 404
    found = impilo.ask("POST", "/patient/email", headers=impilo.signed(), json={"email": row["email"]})
    assert found.json()["email"] == row["email"]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"data": "x"}, 415),
        ({"json": {}}, 400),
        ({"json": []}, 400),
        ({"json": {"email": "a@example.com"}}, 404),
    ],
)
def test_lookup_by_email_refuses_what_it_cannot_use(impilo: Asker, sent: Row, status: int) -> None:
    assert impilo.ask("POST", "/patient/email", headers=impilo.signed(), **sent).status_code == status


def test_other_method_is_not_allowed(impilo: Asker) -> None:
    response = impilo.ask("DELETE", "/patient", headers=impilo.signed())
    assert response.status_code == 405
    assert "GET" in response.headers["Allow"]


# --- Keys and limits ------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["expired", "deactivated"])
def test_key_that_is_no_longer_good_is_unauthorised(impilo: Asker, key: str) -> None:
    assert impilo.get("/patient", key).status_code == 401


def test_missing_or_unknown_key_is_unauthorised(impilo: Asker) -> None:
    assert impilo.ask("GET", "/patient").status_code == 401
    assert impilo.ask("GET", "/patient", headers={"Impilo-API-Key": "nonsense"}).status_code == 401


def test_limit_by_the_minute_says_when_to_come_back(
    impilo: Asker, watch: Watch, switches: ImpiloSwitches
) -> None:
    switches.set(per_minute=2)
    watch.turn(seconds=45)
    assert [impilo.get("/patient").status_code for _ in range(2)] == [200, 200]
    refused = impilo.get("/patient")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "15")
    watch.turn(seconds=15)
    assert impilo.get("/patient").status_code == 200


# --- Switches -------------------------------------------------------------------------------


def test_paging_from_zero_skips_whoever_begins_with_one(impilo: Asker, switches: ImpiloSwitches) -> None:
    first = impilo.get("/patient", size=5).json()["content"]
    switches.set(paging="zero")
    assert impilo.get("/patient", size=5, page=0).json()["content"] == first
    second = impilo.get("/patient", size=5, page=1).json()
    assert (second["first"], second["content"] == first) == (False, False)


def test_paging_that_repeats_shows_the_first_page_again(impilo: Asker, switches: ImpiloSwitches) -> None:
    switches.set(paging="repeats")
    first, second = (impilo.get("/patient", size=5, page=page).json() for page in (1, 2))
    assert first["content"] == second["content"]
    assert second["last"] is False


@pytest.mark.parametrize(
    ("form", "text"), [("timestamp", "1975-04-18T00:00:00Z"), ("day_first", "18-04-1975")]
)
def test_birth_date_switch(impilo: Asker, switches: ImpiloSwitches, form: str, text: str) -> None:
    switches.set(birth_date=form)
    assert impilo.get(f"/patient/{impilo_id('in_all_three')}").json()["dateOfBirth"] == text


def test_nulls_switch_leaves_id_and_names(impilo: Asker, switches: ImpiloSwitches) -> None:
    switches.set(nulls=True)
    shown = impilo.get(f"/patient/{impilo_id('in_all_three')}").json()
    assert {key for key, value in shown.items() if value is not None} == {"id", "firstName", "lastName"}


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ("nested", lambda body: body["error"]["message"]),
        ("list", lambda body: body["errors"][0]["defaultMessage"]),
        ("detail", lambda body: body["detail"]),
    ],
)
def test_errors_switch(impilo: Asker, switches: ImpiloSwitches, shape: str, message: Any) -> None:
    switches.set(errors=shape)
    assert message(impilo.get("/patient/1").json()) == "There is no such patient."


def test_errors_can_be_plain_text(impilo: Asker, switches: ImpiloSwitches) -> None:
    switches.set(errors="text")
    response = impilo.get("/patient/1")
    assert (response.text, response.headers["Content-Type"][:10]) == (
        "There is no such patient.",
        "text/plain",
    )
