"""Pages of both envelopes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.errors import ProtocolError
from integrations.jhe import paging

from .test_mapping import ANYTHING


def bundle(next_link: str | None) -> dict[str, Any]:
    links = [{"relation": "self", "url": "https://jhe.example.org/FHIR/R5/Patient"}]
    if next_link:
        links.append({"relation": "next", "url": next_link})
    return {"resourceType": "Bundle", "total": 7, "entry": [{"resource": {"id": "1"}}], "link": links}


def test_rest_page_takes_only_the_number_of_the_next_link() -> None:
    link = "http://other.example.org/elsewhere?page=2&page_size=1&organization_id=9"
    page = paging.rest_page({"count": 22, "next": link, "results": [{"id": 1}]}, page=1)
    assert (page.rows, page.total, page.next_page) == (({"id": 1},), 22, 2)


def test_last_rest_page_has_no_next() -> None:
    assert paging.rest_page({"count": 0, "next": None, "results": []}, page=1).next_page is None


@pytest.mark.parametrize("told", [None, "7", [7], True, -1, 7.0])
def test_total_that_nobody_told_is_no_count(told: object) -> None:
    """What is on the page is known all the same."""
    row = {"resource": {"id": "1"}}
    for page in (
        paging.rest_page({"count": told, "next": None, "results": [row]}, page=1),
        paging.fhir_page({**bundle(None), "total": told}, page=1),
        paging.fhir_page({"count": told, "next": None, "results": [row]}, page=1),
    ):
        assert (page.total, page.counted) == (1, False)
    assert paging.fhir_page(bundle(None), page=1).counted


def test_bundle_and_older_envelope_read_alike() -> None:
    link = "https://other.example.org/FHIR/R5/Patient?_count=1&_page=3"
    older = {"count": 7, "next": link, "results": [{"resource": {"id": "1"}}]}
    assert paging.fhir_page(bundle(link), page=2) == paging.fhir_page(older, page=2)
    assert paging.fhir_page(bundle(link), page=2).next_page == 3
    assert paging.fhir_page(bundle(None), page=2).next_page is None


@pytest.mark.parametrize("link", ["?page=1", "?page=0", "?page=x", "?other=2", 5, [], "http://[bad"])
def test_next_link_that_does_not_lead_on_is_refused(link: Any) -> None:
    with pytest.raises(ProtocolError):
        paging.rest_page({"count": 1, "next": link, "results": [{"id": 1}]}, page=1)


@given(
    ANYTHING
    | st.fixed_dictionaries({"count": ANYTHING, "next": ANYTHING, "results": ANYTHING})
    | st.fixed_dictionaries(
        {"resourceType": st.just("Bundle"), "entry": ANYTHING, "link": ANYTHING, "total": ANYTHING}
    )
)
def test_any_body_is_a_page_or_refused(body: Any) -> None:
    for read in (paging.rest_page, paging.fhir_page):
        try:
            page = read(body, page=1)
        except ProtocolError:
            continue
        assert page.next_page is None or page.next_page > 1
