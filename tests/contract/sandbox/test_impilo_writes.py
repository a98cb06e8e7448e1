"""The sandbox's Impilo over real HTTP: creating, replacing and patching patients."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from integrations.sandbox.impilo import ImpiloSwitches
from integrations.sandbox.impilo.seeds import OF_ANOTHER_CUSTOMER

from .conftest import Asker
from .test_impilo_sandbox import EXAMPLES, held, impilo_id

Row = dict[str, Any]

ADDRESS = {
    "lineOne": "1 Test Lane",
    "city": "Leeds",
    "state": "West Yorkshire",
    "zipCode": "LS6 1AA",
    "country": "United Kingdom",
}
WHOLE_ADDRESS = {**ADDRESS, "lineTwo": None, "lineThree": None, "note": None}
WHOLE = {
    "externalIdentifier": "portal-new",
    "firstName": "Nova",
    "lastName": "Abercorn",
    "dateOfBirth": "1991-02-03",
    "email": "nova@example.org",
    "phoneNumber": "111-222-3333",
    "sex": "other",
    "address": ADDRESS,
    "site": {"id": 301},
    "archived": False,
    "enrolled": False,
}
GRACE = impilo_id("in_all_three")


@pytest.fixture
def switches(impilo: Asker) -> ImpiloSwitches:
    """Impilo's switches, in their first position."""
    found = impilo.sandbox.switches["impilo"]
    assert isinstance(found, ImpiloSwitches)
    return found


def write(impilo: Asker, method: str, path: str, body: Any) -> requests.Response:
    """One write with a good key."""
    return impilo.ask(method, path, headers=impilo.signed(), json=body)


def patch(impilo: Asker, patient_id: int = GRACE, **fields: Any) -> requests.Response:
    """Set some fields of one record."""
    return write(impilo, "PATCH", f"/patient/{patient_id}", fields)


def row_of(impilo: Asker, patient_id: int = GRACE) -> Row:
    """What the sandbox's own state holds of one record."""
    return next(row for row in held(impilo) if row["id"] == patient_id)


# --- POST -------------------------------------------------------------------------------------


def test_example_of_the_bare_minimum_replays(impilo: Asker) -> None:
    request = EXAMPLES["create, bare minimum"]["request"]
    response = write(impilo, request["method"], request["path"], request["body"])
    assert response.status_code == 201
    made = response.json()
    assert {name: made[name] for name in request["body"]} == request["body"]
    assert set(made) == set(row_of(impilo))
    assert isinstance(made["id"], int)
    assert (made["archived"], made["enrolled"], made["address"]) == (False, True, None)


def test_create_stores_everything_that_can_be_written(impilo: Asker) -> None:
    made = write(impilo, "POST", "/patient", {**WHOLE, "id": 1, "favouriteColour": "blue"}).json()
    site = {"id": 301, "name": "Riverside Clinic", "active": True}
    assert made == {**WHOLE, "id": made["id"], "address": WHOLE_ADDRESS, "site": site}
    assert made == row_of(impilo, made["id"]) == impilo.get(f"/patient/{made['id']}").json()
    assert made["id"] > max(row["id"] for row in held(impilo) if row["id"] != made["id"])


def test_ids_are_whole_numbers_of_64_bits(impilo: Asker) -> None:
    large = 2**62
    with impilo.sandbox.stores["impilo"].writing() as data:
        data["patients"][str(large)] = {**row_of(impilo), "id": large, "externalIdentifier": None}
    assert write(impilo, "POST", "/patient", WHOLE).json()["id"] == large + 1
    assert patch(impilo, large + 1, email=None).json()["email"] is None


def test_create_may_answer_200(impilo: Asker, switches: ImpiloSwitches) -> None:
    switches.set(creates_with="ok")
    assert write(impilo, "POST", "/patient", WHOLE).status_code == 200


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"lastName": None}, "lastName: must not be null"),
        ({"firstName": ""}, "firstName: must not be null"),
        ({"firstName": 7}, "firstName: must be a text"),
        ({"dateOfBirth": "03-02-1991"}, "dateOfBirth: must be a date"),
        ({"dateOfBirth": "1991-02-30"}, "dateOfBirth: must be a date"),
        ({"email": "nobody"}, "email: must be a well-formed"),
        ({"sex": "indeterminate"}, "sex: must be one of"),
        ({"enrolled": "yes"}, "enrolled: must be true or false"),
        ({"site": {"id": 999}}, "site: there is no such site"),
        ({"site": {"name": "Riverside Clinic"}}, "site: there is no such site"),
        ({"address": "1 Test Lane"}, "address: must be an object"),
        ({"address": {**ADDRESS, "state": None}}, "address.state: must not be blank"),
        ({"address": {**ADDRESS, "note": 3}}, "address.note: must be a text"),
    ],
    ids=str,
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_value_of_the_wrong_kind_is_refused_by_name_and_changes_nothing(
    impilo: Asker, method: str, fields: Row, message: str
) -> None:
    before = held(impilo)
    path = "/patient" if method == "POST" else f"/patient/{GRACE}"
    response = write(impilo, method, path, {**WHOLE, **fields})
    assert (response.status_code, response.json()["error"]) == (400, "Bad Request")
    assert message in response.json()["message"]
    assert response.json()["path"].endswith(path)
    assert held(impilo) == before


@pytest.mark.parametrize("part", ["lineOne", "city", "state", "zipCode", "country"])
def test_address_in_parts_is_refused(impilo: Asker, part: str) -> None:
    address = {name: value for name, value in ADDRESS.items() if name != part}
    response = write(impilo, "POST", "/patient", {**WHOLE, "address": address})
    assert (response.status_code, part in response.json()["message"]) == (400, True)


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_address_may_be_required(impilo: Asker, switches: ImpiloSwitches, method: str) -> None:
    switches.set(address="required")
    path = "/patient" if method == "POST" else f"/patient/{GRACE}"
    without = {name: value for name, value in WHOLE.items() if name != "address"}
    assert "address" in write(impilo, method, path, without).json()["message"]
    assert write(impilo, method, path, WHOLE).ok
    assert patch(impilo, email=None).status_code == 200


@pytest.mark.parametrize(("position", "status"), [("conflict", 409), ("bad_request", 400)])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_identifier_of_another_record_is_refused_by_name(
    impilo: Asker, switches: ImpiloSwitches, method: str, position: str, status: int
) -> None:
    switches.set(duplicates=position)
    taken = next(row for row in held(impilo) if row["externalIdentifier"] and row["id"] != GRACE)
    path = "/patient" if method == "POST" else f"/patient/{GRACE}"
    body = {**WHOLE, "externalIdentifier": taken["externalIdentifier"]}
    response = write(impilo, method, path, body)
    assert response.status_code == status
    assert "externalIdentifier" in response.json()["message"]


def test_own_identifier_may_be_sent_again(impilo: Asker) -> None:
    assert patch(impilo, externalIdentifier="portal-x").status_code == 200
    assert patch(impilo, externalIdentifier="portal-x").status_code == 200


# --- PATCH ------------------------------------------------------------------------------------


def test_patch_changes_what_is_sent_and_null_clears(impilo: Asker) -> None:
    before = row_of(impilo)
    response = patch(impilo, phoneNumber="+1234567890", email=None, sex=None, dateOfBirth=None)
    wanted = {**before, "phoneNumber": "+1234567890", "email": None, "sex": None, "dateOfBirth": None}
    assert (response.status_code, response.json()) == (200, wanted)
    assert row_of(impilo) == wanted


def test_patch_replaces_the_whole_address(impilo: Asker) -> None:
    patch(impilo, address={**ADDRESS, "lineTwo": "Flat 9", "note": "Ring twice"})
    assert patch(impilo, address=ADDRESS).json()["address"] == WHOLE_ADDRESS
    assert patch(impilo, address=None).json()["address"] is None


def test_patch_cannot_take_a_name_away(impilo: Asker) -> None:
    assert patch(impilo, lastName=None).status_code == 400
    assert patch(impilo, lastName="Mbeki-Clark").json()["firstName"] == "Grace"


def test_patch_may_need_names(impilo: Asker, switches: ImpiloSwitches) -> None:
    switches.set(patch_names="required")
    assert "firstName" in patch(impilo, email=None).json()["message"]
    assert patch(impilo, firstName="Grace", lastName="Mbeki", email=None).status_code == 200


@pytest.mark.parametrize(("position", "status"), [("not_allowed", 405), ("not_found", 404)])
def test_patch_may_not_be_offered(
    impilo: Asker, switches: ImpiloSwitches, position: str, status: int
) -> None:
    switches.set(patch=position)
    before = row_of(impilo)
    assert patch(impilo, email=None).status_code == status
    assert row_of(impilo) == before


def test_reply_may_show_the_record_as_it_was(impilo: Asker, switches: ImpiloSwitches) -> None:
    before = row_of(impilo)
    switches.set(shows="before")
    assert patch(impilo, phoneNumber="1").json() == before
    assert row_of(impilo)["phoneNumber"] == "1"


# --- PUT --------------------------------------------------------------------------------------


def test_put_replaces_and_leaves_nothing_that_is_not_sent(impilo: Asker) -> None:
    response = write(impilo, "PUT", f"/patient/{GRACE}", {"firstName": "Grace", "lastName": "Mbeki"})
    assert response.status_code == 200
    assert {name for name, value in response.json().items() if value not in (None, False, True)} == {
        "id",
        "firstName",
        "lastName",
    }
    assert response.json() == row_of(impilo)


# --- What holds for all -------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize(("patient_id", "status"), [(1, 404), (OF_ANOTHER_CUSTOMER, 403), ("abc", 404)])
def test_record_that_is_not_ours_cannot_be_written(
    impilo: Asker, method: str, patient_id: object, status: int
) -> None:
    response = write(impilo, method, f"/patient/{patient_id}", WHOLE)
    assert (response.status_code, response.json()["status"]) == (status, status)


@pytest.mark.parametrize(("method", "path"), [("POST", "/patient"), ("PATCH", f"/patient/{GRACE}")])
@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"data": "firstName=Nova"}, 415),
        ({"json": []}, 400),
        ({"data": "{", "headers": {"Content-Type": "application/json"}}, 400),
    ],
)
def test_body_that_is_no_json_object_is_refused(
    impilo: Asker, method: str, path: str, sent: Row, status: int
) -> None:
    headers = {**impilo.signed(), **sent.get("headers", {})}
    assert impilo.ask(method, path, **{**sent, "headers": headers}).status_code == status


def test_writes_need_a_key_and_count_for_the_limit(impilo: Asker, switches: ImpiloSwitches) -> None:
    before = held(impilo)
    assert impilo.ask("POST", "/patient", json=WHOLE).status_code == 401
    switches.set(per_minute=1)
    assert patch(impilo, email=None).status_code == 200
    refused = write(impilo, "POST", "/patient", WHOLE)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "60")
    assert len(held(impilo)) == len(before)
