"""Writing to the sandbox's Jump over real HTTP: examples, checks, keys for creating, and every switch."""

from __future__ import annotations

import threading
import time
from typing import Any
from uuid import uuid4

import pytest
import requests

from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.jump import JumpSwitches
from tests.waiting import until

from .conftest import Asker, Watch
from .test_jump_sandbox import DOCUMENTED, EXAMPLES, jump_id
from .test_jump_sandbox import switches as switches  # a fixture

MINIMUM = {"first_name": "Nadia", "last_name": "Quillfeather", "date_of_birth": "1991-02-03"}
WRITING = [each for each in EXAMPLES if each["request"]["method"] != "GET"]
STRAY = "9434765919"


def post(jump: Asker, body: Any, *, key: str = "", api_key: str = "full") -> requests.Response:
    headers = jump.signed(api_key) | ({"Idempotency-Key": key} if key else {})
    return jump.ask("POST", "/patients", json=body, headers=headers)


def patch(jump: Asker, body: Any, *, record: str = DOCUMENTED, api_key: str = "full") -> requests.Response:
    return jump.ask("PATCH", f"/patients/{record}", json=body, headers=jump.signed(api_key))


def shown(jump: Asker, record: str = DOCUMENTED) -> dict[str, Any]:
    found: dict[str, Any] = jump.get(f"/patients/{record}").json()["data"]
    return found


def count(jump: Asker) -> int:
    return len(jump.sandbox.stores["jump"].snapshot()["patients"])


# --- Examples -------------------------------------------------------------------------------


@pytest.mark.parametrize("example", WRITING, ids=lambda example: example["title"])
def test_writing_example_replays(jump: Asker, switches: JumpSwitches, example: dict[str, Any]) -> None:
    if example.get("generation") == "g1":
        switches.set(city="g1", gender="g1")
    switches.set(custom_fields="always", written="short" if "response" in example else "whole")
    asked = example["request"]
    response = jump.ask(asked["method"], asked["path"], json=asked["body"], headers=jump.signed())
    data = response.json()["data"]
    assert response.status_code == (201 if asked["method"] == "POST" else 200)
    if "response" in example:
        printed = example["response"]["body"]["data"]
        own = dict.fromkeys(("id", "created_at", "updated_at"))
        assert list(data) == list(printed)
        assert {**data, **own} == {**printed, **own}
    else:
        assert {name: data[name] for name in asked["body"]} == asked["body"]


# --- Creating -------------------------------------------------------------------------------


def test_new_record_has_every_documented_field_and_the_defaults(jump: Asker, watch: Watch) -> None:
    watch.turn(minutes=5)
    response = post(jump, MINIMUM)
    data = response.json()["data"]
    defaults = {**dict.fromkeys(EXAMPLES[0]["response"]["body"]["data"]), **MINIMUM}
    flags = [name for name in data if name.startswith(("consent_", "is_", "requires_"))]
    defaults |= dict.fromkeys(flags, False) | {"id": data["id"], "status": "active", "patient_type": "active"}
    defaults |= dict.fromkeys(("created_at", "updated_at"), "2026-11-21T10:25:00Z")
    assert response.status_code == 201
    assert len(flags) == 6
    assert data == defaults == shown(jump, data["id"])


@pytest.mark.parametrize("missing", MINIMUM)
def test_creating_without_a_required_field_is_refused_by_its_name(jump: Asker, missing: str) -> None:
    before = count(jump)
    for body in (
        {name: value for name, value in MINIMUM.items() if name != missing},
        {**MINIMUM, missing: None},
        {**MINIMUM, missing: "  "},
    ):
        response = post(jump, body)
        assert (response.status_code, response.json()["error"]["code"]) == (422, "VALIDATION_ERROR")
        assert response.json()["error"]["message"].startswith(missing)
    assert count(jump) == before


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("date_of_birth", "2026-11-22"),
        ("date_of_birth", "1990-02-30"),
        ("date_of_birth", "22/07/1990"),
        ("date_of_birth", 19900722),
        ("date_of_death", "19900722"),
        ("nhs_number", "943 476 5919"),
        ("nhs_number", "94-3476-5919"),
        ("nhs_number", 9434765919),
        ("nhs_number", "943476591"),
        ("email", "nobody"),
        ("email", "a b@example.org"),
        ("biological_sex", "other"),
        ("gender", "male"),
        ("status", "deleted"),
        ("patient_type", "standard"),
        ("is_deceased", "no"),
        ("consent_sms", None),
        ("status", None),
        ("phone", ["1"]),
        ("custom_fields", "x"),
        ("custom_fields", None),
    ],
)
def test_wrong_value_is_refused_by_its_name_on_both_ways(jump: Asker, name: str, value: Any) -> None:
    before = jump.sandbox.stores["jump"].snapshot()
    for response in (post(jump, {**MINIMUM, name: value}), patch(jump, {"phone": "1", name: value})):
        assert response.status_code == 422
        assert response.json()["error"]["message"].startswith(name)
    assert jump.sandbox.stores["jump"].snapshot() == before


@pytest.mark.parametrize("number", ["1234567890", "943-476-5919", "943476-5919"])
def test_number_in_the_published_pattern_is_taken_whatever_its_check_digit(jump: Asker, number: str) -> None:
    assert post(jump, {**MINIMUM, "nhs_number": number}).json()["data"]["nhs_number"] == number


@pytest.mark.parametrize("body", [[], "text", None, {"first_name": "\ud800"}])
def test_body_that_is_no_object_or_no_text_is_a_bad_request(jump: Asker, body: Any) -> None:
    for response in (post(jump, body), patch(jump, body)):
        assert (response.status_code, response.json()["error"]["code"]) == (400, "BAD_REQUEST")


def test_body_that_is_no_json_is_a_bad_request(jump: Asker) -> None:
    assert jump.ask("POST", "/patients", data="{", headers=jump.signed()).status_code == 400


def test_validation_follows_the_older_generations_status(jump: Asker, switches: JumpSwitches) -> None:
    switches.set(validation_status=400, errors="g1")
    response = post(jump, {})
    assert (response.status_code, response.json()["error"]["code"]) == (400, "invalid_request")


def test_unknown_and_read_only_fields_are_ignored_or_refused(jump: Asker, switches: JumpSwitches) -> None:
    strange = {"id": "mine", "created_at": "2001-01-01T00:00:00Z", "archived_by": "me", "shoe_size": 4}
    made = post(jump, {**MINIMUM, **strange}).json()["data"]
    assert made["id"] != "mine"
    assert made["archived_by"] is None
    assert "shoe_size" not in made
    switches.set(fields="strict")
    for name, value in strange.items():
        for response in (post(jump, {**MINIMUM, name: value}), patch(jump, {name: value})):
            assert response.status_code == 422
            assert response.json()["error"]["message"].startswith(name)


def test_same_number_twice_is_taken_or_refused(jump: Asker, switches: JumpSwitches) -> None:
    first = post(jump, {**MINIMUM, "nhs_number": STRAY})
    second = post(jump, {**MINIMUM, "nhs_number": STRAY})
    assert (first.status_code, second.status_code) == (201, 201)
    switches.set(same_number="refused")
    again = post(jump, {**MINIMUM, "nhs_number": "943-476-5919"})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "CONFLICT")
    assert post(jump, MINIMUM).status_code == 201


@pytest.mark.parametrize("key", ["read_only", "patients_only", "without_patients"])
def test_writing_needs_its_scope(jump: Asker, key: str) -> None:
    before = jump.sandbox.stores["jump"].snapshot()
    for response in (post(jump, MINIMUM, api_key=key), patch(jump, {"phone": "1"}, api_key=key)):
        assert (response.status_code, response.json()["error"]["code"]) == (403, "FORBIDDEN")
    assert jump.sandbox.stores["jump"].snapshot() == before


def test_live_and_test_records_are_apart(jump: Asker) -> None:
    made = post(jump, MINIMUM, api_key="live").json()["data"]["id"]
    assert jump.get(f"/patients/{made}").status_code == 404
    assert jump.get(f"/patients/{made}", "live").status_code == 200
    assert patch(jump, {"phone": "1"}, api_key="live").status_code == 404


def test_delete_is_not_offered(jump: Asker) -> None:
    response = jump.ask("DELETE", f"/patients/{DOCUMENTED}", headers=jump.signed())
    assert (response.status_code, response.json()["error"]["code"]) == (405, "METHOD_NOT_ALLOWED")


# --- Keys for creating ----------------------------------------------------------------------


def test_same_key_and_body_in_any_order_is_answered_as_before(jump: Asker) -> None:
    key, before = str(uuid4()), count(jump)
    first = post(jump, MINIMUM, key=key)
    again = post(jump, dict(reversed(MINIMUM.items())), key=key)
    assert (again.status_code, again.json()) == (201, first.json())
    assert ("Idempotent-Replayed" in first.headers, again.headers["Idempotent-Replayed"]) == (False, "true")
    assert count(jump) == before + 1


def test_same_key_with_another_body_is_a_conflict(jump: Asker) -> None:
    key, before = str(uuid4()), count(jump)
    post(jump, MINIMUM, key=key)
    assert post(jump, {**MINIMUM, "title": "Dr"}, key=key).status_code == 409
    assert post(jump, {**MINIMUM, "title": "Dr"}).status_code == 201
    assert count(jump) == before + 2


def test_key_outlives_the_record_it_made_and_a_refusal_is_kept_too(jump: Asker) -> None:
    key = str(uuid4())
    refused = post(jump, {}, key=key)
    assert refused.status_code == 422
    assert post(jump, {}, key=key).json() == refused.json()
    assert post(jump, MINIMUM, key=key).status_code == 409


def test_key_ends_after_a_day(jump: Asker, watch: Watch) -> None:
    key = str(uuid4())
    first = post(jump, MINIMUM, key=key).json()["data"]["id"]
    watch.turn(hours=23, minutes=59)
    assert post(jump, MINIMUM, key=key).json()["data"]["id"] == first
    watch.turn(minutes=1)
    assert post(jump, MINIMUM, key=key).json()["data"]["id"] != first


def test_key_counts_for_its_organization_whichever_api_key_sends_it(jump: Asker) -> None:
    key = str(uuid4())
    assert post(jump, MINIMUM, key=key, api_key="read_only").status_code == 403  # is not kept
    assert post(jump, MINIMUM, key=key, api_key="live").status_code == 201
    assert "Idempotent-Replayed" not in post(jump, MINIMUM, key=key).headers


def test_server_fault_after_the_effect_is_answered_by_the_record_when_sent_again(jump: Asker) -> None:
    key, before = str(uuid4()), count(jump)
    jump.sandbox.faults["jump"].add(Fault(kind=FaultKind.STATUS, method="POST", after_effect=True, times=1))
    assert post(jump, MINIMUM, key=key).status_code == 503
    assert post(jump, MINIMUM, key=key).status_code == 201
    assert count(jump) == before + 1


def test_used_up_quota_is_not_kept_under_the_key(jump: Asker, switches: JumpSwitches) -> None:
    key = str(uuid4())
    switches.set(rate_limit=0)
    assert post(jump, MINIMUM, key=key).status_code == 429
    switches.set(rate_limit=1000)
    assert post(jump, MINIMUM, key=key).status_code == 201


def test_key_of_a_running_request_is_a_conflict(jump: Asker, switches: JumpSwitches) -> None:
    """Of two at once one waits and the other is refused, whichever comes first."""
    key, before = str(uuid4()), count(jump)
    answers: list[int] = []
    switches.set(creating="held")
    threads = [
        threading.Thread(target=lambda: answers.append(post(jump, MINIMUM, key=key).status_code))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    until(lambda: answers == [409], what="the refusal of the second")
    switches.set(creating="at_once")
    for thread in threads:
        thread.join()
    assert answers == [409, 201]
    assert post(jump, MINIMUM, key=key).headers["Idempotent-Replayed"] == "true"
    assert count(jump) == before + 1


# --- Changing -------------------------------------------------------------------------------


def test_change_sets_what_it_names_and_nothing_else(jump: Asker, watch: Watch) -> None:
    before = shown(jump)
    watch.turn(minutes=1)
    answer = patch(jump, {"phone": "020 7946 0001", "middle_name": "Ann", "title": None, "occupation": ""})
    wanted = {"phone": "020 7946 0001", "middle_name": "Ann", "title": None, "occupation": None}
    assert answer.json()["data"] == {**before, **wanted, "updated_at": "2026-11-21T10:21:00Z"} == shown(jump)


def test_change_of_nobody_is_not_found(jump: Asker) -> None:
    assert patch(jump, {"phone": "1"}, record="nobody").status_code == 404


def test_short_answer_to_a_change(jump: Asker, switches: JumpSwitches) -> None:
    switches.set(written="short")
    assert "address_line_1" not in patch(jump, {"phone": "1"}).json()["data"]


def test_archiving_fills_in_when_and_by_whom_and_returning_clears_it(jump: Asker, watch: Watch) -> None:
    away = {"status": "archived", "archive_reason": "moved", "archive_notes": "far"}
    first = patch(jump, away).json()["data"]
    assert (first["archived_at"], first["archive_reason"]) == ("2026-11-21T10:20:00Z", "moved")
    assert first["archived_by"]
    watch.turn(hours=1)
    assert patch(jump, away).json()["data"]["archived_at"] == first["archived_at"]
    assert patch(jump, {"title": "Dr"}).json()["data"]["archived_at"] == first["archived_at"]
    back = patch(jump, {"status": "active"}).json()["data"]
    assert (back["archived_at"], back["archived_by"]) == (None, None)


def test_reason_can_be_ignored(jump: Asker, switches: JumpSwitches) -> None:
    switches.set(archive_reason="ignored")
    data = patch(jump, {"status": "archived", "archive_reason": "moved", "archive_notes": "far"}).json()[
        "data"
    ]
    assert (data["status"], data["archive_reason"], data["archive_notes"]) == ("archived", None, None)
    assert data["archived_at"]


def test_custom_fields_are_merged_and_null_removes_one(jump: Asker) -> None:
    record = jump_id("custom_fields")
    before = shown(jump, record)["custom_fields"]
    data = patch(jump, {"custom_fields": {"emis_guid": None, "new": {"a": 1}}}, record=record).json()["data"]
    kept = {name: value for name, value in before.items() if name != "emis_guid"}
    assert data["custom_fields"] == {**kept, "new": {"a": 1}}
    assert len(before) > 1


def test_custom_fields_can_be_dropped_without_a_word(jump: Asker, switches: JumpSwitches) -> None:
    switches.set(custom_fields_written="dropped", custom_fields="always")
    assert patch(jump, {"custom_fields": {"a": "1"}}).json()["data"]["custom_fields"] == {}
    assert post(jump, {**MINIMUM, "custom_fields": {"a": "1"}}).json()["data"]["custom_fields"] == {}


def test_search_of_many_is_quick(jump: Asker) -> None:
    """Ten searches of twenty thousand, as the look before each creation does."""
    template = shown(jump)
    with jump.sandbox.stores["jump"].writing() as data:
        for number in range(20_000):
            data["patients"][f"made-{number}"] = {**template, "id": f"made-{number}"}
    began = time.monotonic()
    for search in ("nobody at all", STRAY) * 5:
        assert jump.get("/patients", search=search).json()["data"] == []
    assert time.monotonic() - began < 10
