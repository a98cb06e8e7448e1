"""The traps of JHE's lists, paths, methods and media types over REST, in both generations."""

from __future__ import annotations

import pytest
import requests

from integrations.sandbox import jhe

from .support import World, failed, ids, is_page, person


def test_sizes_above_the_maximum_are_cut(current: World) -> None:
    with current.store.writing() as data:
        for count in range(1001):
            jhe.add_person(data, person("P", "Q", f"p{count}@example.com"))
    assert len(ids(current.get("/api/v1/patients", page_size=5000))) == 1000


@pytest.mark.parametrize("size", ["0", "abc", "-1", ""])
def test_a_size_that_is_none_means_the_default(current: World, size: str) -> None:
    assert len(ids(current.get("/api/v1/patients", page_size=size))) == 4


@pytest.mark.parametrize("page", ["0", "99", "x", "-1"])
def test_a_page_that_does_not_exist_is_not_found(current: World, page: str) -> None:
    response = current.get("/api/v1/patients", page=page)
    assert (response.status_code, response.json()) == (404, {"detail": "Invalid page."})


def test_previous_of_the_second_page_names_no_page(current: World) -> None:
    body = current.get("/api/v1/patients", organization_id=20003, page=2, page_size=1).json()
    base = f"{current.url}/api/v1/patients?organization_id=20003"
    assert body["previous"] == f"{base}&page_size=1"
    assert body["next"] == f"{base}&page=3&page_size=1"


def test_following_next_reads_every_row_once(world: World) -> None:
    found, url = [], f"{world.url}/api/v1/patients?page_size=1"
    while url:
        body = world.call("GET", url.removeprefix(world.url), "manager_mary").json()
        found += [row["id"] for row in body["results"]]
        url = body["next"]
    assert found == [40001, 40002, 40006, 40007]


def test_limit_and_offset_are_ignored_or_fatal(current: World, older: World) -> None:
    assert len(ids(current.get("/api/v1/patients", limit=1, offset=1))) == 4
    assert failed(older.get("/api/v1/patients", limit=1, offset=1))


def test_the_older_lists_have_no_end_and_obey_zero(older: World) -> None:
    past = older.get("/api/v1/patients", page=99).json()
    assert past["results"] == []
    assert past["previous"] == f"{older.url}/api/v1/patients?page_size=20&page=98"
    nothing = older.get("/api/v1/patients", page_size=0).json()
    assert (nothing["results"], nothing["next"]) == (
        [],
        f"{older.url}/api/v1/patients?page_size=0&page=2",
    )
    assert len(ids(older.get("/api/v1/patients", page="x", page_size="x"))) == 4
    assert failed(older.get("/api/v1/patients", page=-1))
    assert failed(older.get("/api/v1/patients", page_size=-1))


def test_older_lists_of_organizations_page_strictly_and_know_no_empty_list(older: World) -> None:
    assert older.get("/api/v1/organizations", page=9).json() == {"detail": "Invalid page."}
    empty = older.get("/api/v1/organizations", part_of=20003)
    assert (empty.status_code, empty.json()) == (404, {"detail": "No results found"})


def test_camel_case_parameters_mean_the_same(world: World) -> None:
    assert ids(world.get("/api/v1/patients", organizationId=20003, pageSize=1)) == [40001]


def test_links_follow_the_host_that_a_proxy_names(current: World) -> None:
    headers = {"X-Forwarded-Host": "other.example.org", "X-Forwarded-Proto": "https"}
    body = current.call("GET", "/api/v1/patients?page_size=1", "manager_mary", headers=headers).json()
    assert body["next"] == "https://other.example.org/api/v1/patients?page=2&page_size=1"


def test_the_older_server_refuses_a_host_that_it_does_not_know(older: World) -> None:
    headers = {"X-Forwarded-Host": "other.example.org"}
    response = older.call("GET", "/api/v1/patients", "manager_mary", headers=headers)
    assert is_page(response, 400, "Bad Request (400)")


# Paths, methods, media types --------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/api/v1/nope", "/api/v1/patients/", "/api/v1/patients//consents"])
def test_unknown_paths_and_trailing_slashes_get_a_page(world: World, path: str) -> None:
    assert is_page(world.get(path), 404, "Not Found")


def test_a_method_that_is_none_is_refused_after_the_token(world: World) -> None:
    response = world.call("POST", "/api/v1/users/profile", "manager_mary", json={})
    assert (response.status_code, response.json()) == (405, {"detail": 'Method "POST" not allowed.'})
    assert response.headers["Allow"] == "GET, HEAD"
    assert world.call("POST", "/api/v1/users/profile", json={}).status_code == 401


def test_head_answers_without_a_body(world: World) -> None:
    response = world.call("HEAD", "/api/v1/users/profile", "manager_mary")
    assert (response.status_code, response.text) == (200, "")


def test_an_accept_that_cannot_be_served_is_refused_before_the_token(world: World) -> None:
    response = world.call("GET", "/api/v1/users/profile", headers={"Accept": "application/xml"})
    expected = {"detail": "Could not satisfy the request Accept header."}
    assert (response.status_code, response.json()) == (406, expected)


def test_the_health_page_is_new(current: World, older: World) -> None:
    assert current.call("GET", "/health").json() == {"status": "ok", "version": "v0.0.13"}
    assert is_page(older.call("GET", "/health"), 404, "Not Found")


# Invitations, as far as probing goes ------------------------------------------------------------


def test_an_empty_invitation_tells_the_generations_apart(current: World, older: World) -> None:
    response = current.call("POST", "/api/v1/invitation", "manager_mary", json={})
    required = ["This field is required."]
    assert response.status_code == 400
    assert response.json() == {"patientId": required, "client_id": required}
    assert is_page(older.call("POST", "/api/v1/invitation", "manager_mary", json={}), 404, "Not Found")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"patientId": 40001, "clientId": 1}, 400),
        ({"patientId": 99999, "client_id": 1}, 404),
        ({"patientId": 40001, "client_id": 999}, 404),
        ({"patientId": 40001, "client_id": 4}, 500),
    ],
)
def test_invitations_are_refused_by_field_record_or_failure(
    current: World, body: dict[str, int], status: int
) -> None:
    assert current.call("POST", "/api/v1/invitation", "manager_mary", json=body).status_code == status


def test_broken_json_and_other_media_types_are_refused(current: World) -> None:
    def post(data: str, kind: str) -> requests.Response:
        headers = {"Content-Type": kind}
        return current.call("POST", "/api/v1/invitation", "manager_mary", data=data, headers=headers)

    broken = post("{bad", "application/json")
    assert broken.status_code == 400
    assert broken.json()["detail"].startswith("JSON parse error - ")
    text = post("hello", "text/plain")
    assert (text.status_code, text.json()) == (
        415,
        {"detail": 'Unsupported media type "text/plain" in request.'},
    )
    assert failed(post("[]", "application/json"))
    assert post("patientId=1", "application/x-www-form-urlencoded").status_code == 400
