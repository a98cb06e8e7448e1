"""What the adapter takes for granted of the server, good and bad, asked over plain HTTP.

Each belongs to a section of ``integrations/jhe/README.md``. Where one of these fails on a new
release, the adapter may be right no more.
"""

from __future__ import annotations

from typing import Any

import pytest
import requests

from integrations.jhe import dialect as dialects
from integrations.jhe import paging
from integrations.jhe.adapter import JheAdapter
from integrations.types import RemotePatient

from .conftest import token_of
from .sign_in import TIMEOUT
from .subject import Subject


class Plain:
    """Requests with the practitioner's token and nothing of ours in between."""

    def __init__(self, subject: Subject) -> None:
        self.url = subject.url
        self.headers = {"Authorization": f"Bearer {token_of(subject, subject.practitioner)}"}

    def get(self, path: str, **params: Any) -> requests.Response:
        return requests.get(
            self.url + path, params=params, headers=self.headers, allow_redirects=False, timeout=TIMEOUT
        )


@pytest.fixture
def plain(subject: Subject) -> Plain:
    """Plain requests to the examined server."""
    return Plain(subject)


@pytest.fixture
def fhir(jhe: JheAdapter) -> str:
    """The FHIR base where Patient can be searched."""
    found = dialects.find(jhe.http)
    if not found.searches_names:
        pytest.skip("this generation cannot search FHIR Patient")
    return found.fhir_base


def _is_html(reply: requests.Response) -> bool:
    return reply.headers["Content-Type"].startswith("text/html")


# --- Addresses ----------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/api/v1/nope", "/api/v1/organizations/", "/Api/v1/organizations"])
def test_unknown_address_is_an_html_404(plain: Plain, path: str) -> None:
    reply = plain.get(path)
    assert (reply.status_code, _is_html(reply)) == (404, True)


def test_missing_record_is_a_json_404(plain: Plain) -> None:
    reply = plain.get("/api/v1/patients/99999999")
    assert reply.status_code == 404
    assert set(reply.json()) == {"detail"}


def test_id_that_is_no_number_is_an_html_500(plain: Plain) -> None:
    reply = plain.get("/api/v1/patients/abc")
    assert (reply.status_code, _is_html(reply)) == (500, True)


def test_addresses_that_exist_answer_401_without_a_token(subject: Subject) -> None:
    for path in ("/api/v1/organizations", "/api/v1/patients/global_lookup", "/api/v1/users/profile"):
        assert requests.get(subject.url + path, timeout=TIMEOUT).status_code == 401


# --- Lists --------------------------------------------------------------------------------


def test_pages_of_two_hold_what_one_page_holds(plain: Plain) -> None:
    whole = plain.get("/api/v1/organizations", page_size=1000).json()["results"]
    ids: list[int] = []
    number: int | None = 1
    while number is not None:
        body = plain.get("/api/v1/organizations", page=number, page_size=2).json()
        page = paging.rest_page(body, page=number)
        assert page.total == len(whole)
        assert len(page.rows) <= 2
        ids += [row["id"] for row in page.rows]
        number = page.next_page
    assert sorted(ids) == sorted(row["id"] for row in whole)


def test_page_size_above_the_most_is_cut_and_no_error(plain: Plain) -> None:
    assert plain.get("/api/v1/organizations", page_size=5000).status_code == 200


def test_page_past_the_end_is_a_json_404_on_organizations(plain: Plain) -> None:
    reply = plain.get("/api/v1/organizations", page=999)
    assert reply.status_code == 404
    assert set(reply.json()) == {"detail"}


def test_fhir_pages_of_one_hold_everybody_once(plain: Plain, fhir: str) -> None:
    everybody = plain.get(f"{fhir}/Patient", _sort="_lastUpdated", _count=1000).json()
    ids: list[str] = []
    number: int | None = 1
    while number is not None and number <= 5:
        body = plain.get(f"{fhir}/Patient", _sort="_lastUpdated", _count=1, _page=number).json()
        page = paging.fhir_page(body, page=number)
        assert page.total == everybody["total"]
        ids += [row["id"] for row in page.rows]
        number = page.next_page
    assert ids == [entry["resource"]["id"] for entry in everybody["entry"]][: len(ids)]


# --- Searching ----------------------------------------------------------------------------


def test_fhir_parameter_that_is_not_known_is_ignored(plain: Plain, fhir: str, known: RemotePatient) -> None:
    everybody = plain.get(f"{fhir}/Patient").json()["total"]
    value = known.demographics.email
    for ignored in ({"email": value}, {"telecom": value}, {"identifier": "without-a-bar"}):
        assert plain.get(f"{fhir}/Patient", **ignored).json()["total"] == everybody


def test_fhir_filters_that_the_adapter_uses_are_applied(plain: Plain, fhir: str) -> None:
    everybody = plain.get(f"{fhir}/Patient").json()["total"]
    assert everybody > 0
    for name, nobody in dialects.CANARIES.items():
        assert plain.get(f"{fhir}/Patient", **{name: nobody}).json()["total"] == 0, name


def test_comma_in_a_fhir_name_means_or(plain: Plain, fhir: str, known: RemotePatient) -> None:
    family = known.demographics.family_name.split()[0]
    alone = plain.get(f"{fhir}/Patient", family=family).json()["total"]
    assert plain.get(f"{fhir}/Patient", family=f"{family},zz-nobody-zz").json()["total"] == alone > 0


def test_identifier_is_found_by_value_whatever_its_system(
    plain: Plain, fhir: str, people: dict[str, RemotePatient]
) -> None:
    held = [record.identifiers[0] for record in people.values() if record.identifiers]
    if not held:
        pytest.skip("nobody here has an identifier")
    for system in ("", held[0].system, "urn:of-nobody"):
        reply = plain.get(f"{fhir}/Patient", identifier=f"{system}|{held[0].value}")
        assert reply.json()["total"] >= 1


def test_fhir_path_knows_letter_case(plain: Plain, fhir: str) -> None:
    reply = plain.get(f"{fhir.lower()}/Patient")
    assert (reply.status_code, _is_html(reply)) == (404, True)


def test_global_lookup_compares_letter_case(plain: Plain, known: RemotePatient) -> None:
    email = known.demographics.email
    found = plain.get("/api/v1/patients/global_lookup", email=email).json()
    assert [str(row["id"]) for row in found] == [known.id]
    assert plain.get("/api/v1/patients/global_lookup", email=email.swapcase()).json() == []


# --- Reach --------------------------------------------------------------------------------


def test_server_shows_any_record_by_id_so_the_portal_must_not(plain: Plain, stranger: RemotePatient) -> None:
    assert plain.get(f"/api/v1/patients/{stranger.id}").status_code == 200


def test_server_shows_any_organizations_studies_so_the_portal_must_not(
    plain: Plain, stranger: RemotePatient
) -> None:
    organization = stranger.organizations[0]
    assert plain.get(f"/api/v1/organizations/{organization.id}/studies").status_code == 200


def test_records_name_organizations_without_the_callers_role(plain: Plain, known: RemotePatient) -> None:
    record = plain.get(f"/api/v1/patients/{known.id}").json()
    assert {each["currentUserRole"] for each in record["organizations"]} == {None}
