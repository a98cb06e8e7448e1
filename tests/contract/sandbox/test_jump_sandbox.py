"""The sandbox's Jump over real HTTP: examples, filters, paging, keys, quota, and every switch."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from integrations.sandbox.jump import JumpSwitches
from integrations.sandbox.people import CAST

from .conftest import START, Asker, Watch

EXAMPLES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "data" / "jump_examples.json").read_text(encoding="utf-8")
)
DOCUMENTED = "123e4567-e89b-12d3-a456-426614174000"
SPACED = r"\d{3} \d{3} \d{4}"


def jump_id(case: str, place: int = 0) -> str:
    """The id of a case's record in Jump."""
    return [id_ for system, id_ in CAST[case] if system == "jump"][place]


def ids(jump: Asker, key: str = "full", **query: Any) -> list[str]:
    """The ids of a list of up to a hundred."""
    return [row["id"] for row in jump.get("/patients", key, limit=100, **query).json()["data"]]


def everybody(jump: Asker, **query: Any) -> list[dict[str, Any]]:
    """All rows, page by page."""
    rows: list[dict[str, Any]] = []
    offset: int | None = 0
    while offset is not None:
        body = jump.get("/patients", limit=100, offset=offset, **query).json()
        rows += body["data"]
        offset = body["meta"]["next_offset"]
    return rows


@pytest.fixture
def switches(jump: Asker) -> JumpSwitches:
    """Jump's switches, in their first position."""
    found = jump.sandbox.switches["jump"]
    assert isinstance(found, JumpSwitches)
    return found


READING = [each for each in EXAMPLES if each["request"]["method"] == "GET"]
ANSWERED = [
    each for each in READING if "response" in each and each["request"]["path"] != "/appointment-templates"
]
ASKED = [each for each in READING if "response" not in each]


@pytest.mark.parametrize("example", ANSWERED, ids=lambda example: example["title"])
def test_reading_example_replays_word_for_word(jump: Asker, example: dict[str, Any]) -> None:
    response = jump.get(example["request"]["path"], **example["request"].get("query", {}))
    body = response.json()
    body["meta"]["request_id"] = example["response"]["body"]["meta"]["request_id"]
    assert (response.status_code, body) == (example["response"]["status"], example["response"]["body"])


@pytest.mark.parametrize("example", ASKED, ids=lambda example: example["title"])
def test_reading_example_without_a_printed_answer_finds_somebody(
    jump: Asker, example: dict[str, Any]
) -> None:
    response = jump.get(example["request"]["path"], **example["request"]["query"])
    assert response.status_code == 200
    assert response.json()["data"]


def test_example_of_active_templates_replays_in_keys_and_types(jump: Asker) -> None:
    (example,) = (each for each in READING if each["request"]["path"] == "/appointment-templates")
    rows = jump.get("/appointment-templates", **example["request"]["query"]).json()["data"]
    (like,) = example["response"]["body"]["data"]
    assert any(all(type(row[name]) is type(value) for name, value in like.items()) for row in rows)


def test_whole_object_has_every_documented_field_for_everybody(jump: Asker) -> None:
    documented = set(EXAMPLES[0]["response"]["body"]["data"])
    for row in everybody(jump)[::12]:
        shown = jump.get(f"/patients/{row['id']}").json()["data"]
        assert set(shown) - {"custom_fields"} == documented


# --- Lists ----------------------------------------------------------------------------------


def test_walk_by_next_offset_meets_everybody_once_newest_first(jump: Asker) -> None:
    rows = everybody(jump)
    held = jump.sandbox.stores["jump"].snapshot()["patients"]
    assert len(rows) == len(held) == len({row["id"] for row in rows})
    assert [row["created_at"] for row in rows] == sorted((row["created_at"] for row in rows), reverse=True)


def test_list_without_limit_has_twenty_rows(jump: Asker) -> None:
    body = jump.get("/patients").json()
    assert len(body["data"]) == body["meta"]["limit"] == body["meta"]["next_offset"] == 20
    assert body["meta"]["has_more"] is True


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"limit": 0}, 422),
        ({"limit": 101}, 422),
        ({"offset": -1}, 422),
        ({"limit": "ten"}, 400),
        ({"created_at_gte": "yesterday"}, 400),
    ],
)
def test_unusable_parameter_is_refused_by_name(jump: Asker, query: dict[str, Any], status: int) -> None:
    response = jump.get("/patients", **query)
    assert response.status_code == status
    assert next(iter(query)) in response.json()["error"]["message"]


def test_unknown_parameter_is_ignored(jump: Asker) -> None:
    assert ids(jump, shoe_size=44) == ids(jump)


@pytest.mark.parametrize(
    ("query", "case"),
    [
        ({"status": "archived"}, "archived"),
        ({"status": "merged"}, "merged"),
        ({"status_in": "archived,merged"}, "archived"),
        ({"status": "inactive"}, "inactive"),
        ({"patient_type": "dummy"}, "dummy"),
        ({"patient_type": "temporary"}, "temporary"),
    ],
)
def test_filter_by_status_or_type_finds_these_and_no_others(
    jump: Asker, query: dict[str, str], case: str
) -> None:
    found = everybody(jump, **query)
    held = jump.sandbox.stores["jump"].snapshot()["patients"]
    name = "patient_type" if "patient_type" in query else "status"
    wanted = next(iter(query.values())).split(",")
    assert {row["id"] for row in found} == {id_ for id_, row in held.items() if row[name] in wanted}
    assert {id_ for system, id_ in CAST[case] if system == "jump"} & {row["id"] for row in found}


def test_filter_by_creation_includes_both_ends(jump: Asker) -> None:
    span = {"created_at_gte": "2024-01-15T10:30:00Z", "created_at_lte": "2024-01-15T10:30:00+00:00"}
    assert ids(jump, **span) == [DOCUMENTED]


@pytest.mark.parametrize(
    ("search", "case"),
    [
        ("GRACE mbeki", "in_all_three"),
        ("grace.mbeki@", "in_all_three"),
        ("núñez", "accents"),
        ("المصري", "arabic_script"),
        ("王", "chinese_script"),
        ("O'Connor siob", "apostrophe"),
    ],
)
def test_search_needs_every_word_somewhere(jump: Asker, search: str, case: str) -> None:
    assert ids(jump, search=search) == [jump_id(case)]


def test_search_by_words_of_two_people_finds_nobody(jump: Asker) -> None:
    assert ids(jump, search="grace wainwright") == []


def test_search_does_not_look_at_birth_date_or_phone(jump: Asker) -> None:
    assert ids(jump, search="1975-04-18") == ids(jump, search="+44") == []


def test_search_by_digits_finds_numbers_however_stored(jump: Asker) -> None:
    for case in ("number_with_hyphens", "number_with_spaces"):
        held = jump.get(f"/patients/{jump_id(case)}").json()["data"]["nhs_number"]
        assert ids(jump, search=re.sub(r"\D", "", held)) == [jump_id(case)]


# --- Keys and errors ------------------------------------------------------------------------


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer nonsense", "Basic FULL", "FULL"])
def test_missing_or_unknown_key_is_unauthorised(jump: Asker, header: str | None) -> None:
    signed = header.replace("FULL", jump.sandbox.keys["jump"]["full"]) if header else header
    headers = {"Authorization": signed} if signed is not None else {}
    response = jump.ask("GET", "/patients", headers=headers)
    assert (response.status_code, response.json()["error"]["code"]) == (401, "UNAUTHORISED")
    assert response.headers["X-RateLimit-Remaining"] == "1000"


def test_revoked_key_is_unauthorised_and_a_live_one_sees_nobody(jump: Asker) -> None:
    assert jump.get("/patients", "revoked").status_code == 401
    assert jump.get("/patients", "live").json()["data"] == []
    assert jump.get(f"/patients/{DOCUMENTED}", "live").status_code == 404


@pytest.mark.parametrize(
    ("key", "readable"),
    [
        (
            "full",
            {
                "/patients",
                "/appointments",
                "/appointment-templates",
                "/clinician-profiles",
                "/locations",
                "/webhooks",
            },
        ),
        ("patients_only", {"/patients"}),
        ("without_patients", {"/appointments", "/locations"}),
    ],
)
def test_scopes_can_be_found_by_reading(jump: Asker, key: str, readable: set[str]) -> None:
    paths = [
        "/patients",
        "/appointments",
        "/appointment-templates",
        "/clinician-profiles",
        "/locations",
        "/webhooks",
    ]
    answers = {path: jump.get(path, key, limit=1) for path in paths}
    assert {path for path, answer in answers.items() if answer.status_code == 200} == readable
    refused = [answer for path, answer in answers.items() if path not in readable]
    assert all((each.status_code, each.json()["error"]["code"]) == (403, "FORBIDDEN") for each in refused)


def test_directories_filter_and_show_single_records(jump: Asker) -> None:
    active = jump.get("/appointment-templates", is_active="true").json()["data"]
    assert active
    assert all(row["is_active"] is True for row in active)
    assert jump.get(f"/locations/{jump.get('/locations').json()['data'][0]['id']}").status_code == 200
    assert jump.get("/locations/loc_none").status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/patients/nobody", 404, "NOT_FOUND"),
        ("GET", "/spaceships", 404, "NOT_FOUND"),
        ("GET", "/patients/", 404, "NOT_FOUND"),
        ("PUT", "/patients", 405, "METHOD_NOT_ALLOWED"),
    ],
)
def test_error_has_envelope_code_and_request_id(
    jump: Asker, method: str, path: str, status: int, code: str
) -> None:
    response = jump.ask(method, path, headers=jump.signed())
    body = response.json()
    assert (response.status_code, body["data"], body["error"]["code"]) == (status, None, code)
    assert body["meta"]["request_id"] == response.headers["X-Request-Id"]


def test_path_outside_the_api_is_an_html_page(jump: Asker) -> None:
    address = jump.sandbox.servers["jump"].url + "/elsewhere"
    response = jump.session.get(address, timeout=5)
    assert response.status_code == 404
    assert "text/html" in response.headers["Content-Type"]


# --- Quota ----------------------------------------------------------------------------------


def test_quota_counts_by_key_and_starts_anew_on_the_hour(
    jump: Asker, watch: Watch, switches: JumpSwitches
) -> None:
    switches.set(rate_limit=3)
    left = [jump.get("/patients", limit=1).headers["X-RateLimit-Remaining"] for _ in range(3)]
    refused = jump.get("/patients")
    assert left == ["2", "1", "0"]
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "RATE_LIMITED")
    assert refused.headers["X-RateLimit-Remaining"] == "0"
    assert "Retry-After" not in refused.headers
    assert jump.get("/patients", "read_only").headers["X-RateLimit-Remaining"] == "2"
    watch.turn(minutes=39, seconds=59)
    assert jump.get("/patients").status_code == 429
    watch.turn(seconds=1)
    assert jump.get("/patients").headers["X-RateLimit-Remaining"] == "2"


def test_refused_requests_of_a_good_key_count_and_unsigned_ones_do_not(jump: Asker) -> None:
    jump.ask("GET", "/patients")
    assert jump.get("/patients/nobody").headers["X-RateLimit-Remaining"] == "999"
    assert jump.get("/patients", "without_patients").headers["X-RateLimit-Remaining"] == "999"


def test_quota_of_the_last_hour_frees_one_by_one(jump: Asker, watch: Watch, switches: JumpSwitches) -> None:
    switches.set(rate_limit=2, rate_window="last_hour", retry_after=True)
    jump.get("/patients")
    watch.turn(minutes=50)
    jump.get("/patients")
    assert jump.get("/patients").headers["Retry-After"] == "600"
    watch.turn(minutes=10)
    assert jump.get("/patients").status_code == 200
    assert jump.get("/patients").status_code == 429


def test_retry_after_tells_the_rest_of_the_hour(jump: Asker, switches: JumpSwitches) -> None:
    switches.set(rate_limit=0, retry_after=True)
    rest = START.replace(minute=0) + timedelta(hours=1) - START
    assert jump.get("/patients").headers["Retry-After"] == str(int(rest.total_seconds()))


# --- Switches -------------------------------------------------------------------------------


def test_older_envelope_has_a_total_and_a_hundred_rows(jump: Asker, switches: JumpSwitches) -> None:
    switches.set(envelope="g1")
    body = jump.get("/patients").json()
    total = len(jump.sandbox.stores["jump"].snapshot()["patients"])
    assert body["pagination"] == {"total": total, "limit": 100, "offset": 0, "has_more": True}
    assert "meta" not in body
    assert set(jump.get(f"/patients/{DOCUMENTED}").json()) == {"data"}


def test_older_errors_are_lower_case_or_flat(jump: Asker, switches: JumpSwitches) -> None:
    switches.set(errors="g1", validation_status=400)
    refused = jump.get("/patients", limit=0)
    assert refused.status_code == 400
    assert refused.json()["error"]["code"] == "invalid_request"
    switches.set(errors="flat", unauthorised="UNAUTHORIZED")
    flat = jump.ask("GET", "/patients").json()
    assert set(flat) == {"error", "details", "request_id"}
    assert flat["error"] == "unauthorized"


def test_older_city_and_gender_replace_the_later_fields(jump: Asker, switches: JumpSwitches) -> None:
    switches.set(city="g1", gender="g1")
    shown = jump.get(f"/patients/{DOCUMENTED}").json()["data"]
    assert (shown["city"], shown["gender"]) == ("London", "female")
    assert not {"town_city", "biological_sex"} & set(shown)


@pytest.mark.parametrize(
    ("position", "with_some", "without"),
    [("held", True, False), ("always", True, True), ("never", False, False)],
)
def test_custom_fields_switch(
    jump: Asker, switches: JumpSwitches, position: str, with_some: bool, without: bool
) -> None:
    switches.set(custom_fields=position)
    holder = jump.get(f"/patients/{jump_id('custom_fields')}").json()["data"]
    other = jump.get(f"/patients/{DOCUMENTED}").json()["data"]
    assert ("custom_fields" in holder, "custom_fields" in other) == (with_some, without)


def test_full_rows_switch_lists_whole_records(jump: Asker, switches: JumpSwitches) -> None:
    switches.set(rows="full")
    row = jump.get("/patients", search="sarah").json()["data"][0]
    assert row == jump.get(f"/patients/{DOCUMENTED}").json()["data"]


@pytest.mark.parametrize(("form", "held"), [("hyphens", "123-456-7890"), ("spaces", "123 456 7890")])
def test_number_compared_as_stored_is_found_in_its_own_spelling_only(
    jump: Asker, switches: JumpSwitches, form: str, held: str
) -> None:
    switches.set(nhs_form=form, nhs_search="stored")
    assert jump.get(f"/patients/{DOCUMENTED}").json()["data"]["nhs_number"] == held
    assert ids(jump, search="1234567890") == []
    assert ids(jump, search=held) == [DOCUMENTED]
    switches.set(nhs_search="digits")
    assert ids(jump, search="1234567890") == [DOCUMENTED]


def test_digits_form_hides_stored_separators(jump: Asker, switches: JumpSwitches) -> None:
    assert re.fullmatch(
        SPACED, jump.get(f"/patients/{jump_id('number_with_spaces')}").json()["data"]["nhs_number"]
    )
    switches.set(nhs_form="digits")
    assert jump.get(f"/patients/{jump_id('number_with_spaces')}").json()["data"]["nhs_number"].isdecimal()


@pytest.mark.parametrize(("form", "ending"), [("fractions", ".123456Z"), ("offset", "+00:00")])
def test_timestamps_switch(jump: Asker, switches: JumpSwitches, form: str, ending: str) -> None:
    switches.set(timestamps=form)
    shown = jump.get(f"/patients/{DOCUMENTED}").json()["data"]
    assert shown["created_at"].endswith(ending)
    assert shown["archived_at"] is None


def test_switch_refuses_an_unknown_name_or_position(switches: JumpSwitches) -> None:
    for wrong in ({"envelopes": "g1"}, {"envelope": "g3"}, {"rate_limit": "many"}, {"retry_after": 1}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            switches.set(**wrong)
    assert switches.as_json() == JumpSwitches().as_json()
