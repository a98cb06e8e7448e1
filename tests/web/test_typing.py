"""Whatever is typed: never an error page, and nothing that was typed is lost."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from django.test import Client
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from patients.models import LookUp
from patients.services.understanding import DETAILS, Asked
from portal.accounts.models import User
from tests.conftest import signed_in
from tests.support import parsed

pytestmark = pytest.mark.slow  # hundreds of requests
# Anything that a browser can send; it sends line breaks as CR LF, and a box of one line none.
ANYTHING = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=600)
LIKELY = st.lists(
    st.sampled_from(
        ["john", "Smith,", "O'Connor", "3/4/80", "31.02.1999", "943 476 5919", "9434765919", "+44",
         "07700900123", "a@b.example", "@", "SW1A 1AA", "DOB:", "NHS", "no.", "#12", "pat_x1", "王小明",
         "خالد", "\u202e", "'", "-", "1/1/1", "\x00", "<b>", "&amp;", "%00", "١٢٣", "𝟙",
         "00000000-0000-4000-8000-000000000000"]
    ),
    max_size=40,
).map(" ".join)  # fmt: skip
TYPED = ANYTHING | LIKELY
QUICK = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def desk(client: Client, reader: User, settings: Settings, transactional_db: None) -> Client:
    """A reader of a portal whose systems are not there: only what was typed matters."""
    settings.SYSTEMS = {name: {**each, "URL": ""} for name, each in settings.SYSTEMS.items()}
    return signed_in(client, reader)


@QUICK
@example(text="\x00")
@example(text="9" * 600)
@example(text="<script>alert(1)</script>\"'&")
@given(text=TYPED)
def test_any_line_is_answered_and_survives(desk: Client, text: str) -> None:
    response = desk.post("/", {"text": text})

    if response.status_code == 422:
        (box,) = parsed(response).of_id("search").named("text")
        assert box.attributes.get("value", "") == text
    else:
        assert response.status_code == 303
        kept = LookUp.objects.get(pk=response["Location"].rpartition("/")[2])
        assert Asked.from_json(kept.asked).text == text
        assert desk.get(response["Location"]).status_code == 200


@QUICK
@given(details=st.dictionaries(st.sampled_from(DETAILS), TYPED, max_size=4), text=st.just("") | TYPED)
def test_any_details_are_answered_and_survive(desk: Client, details: dict[str, str], text: str) -> None:
    response = desk.post("/", {"text": text, **details})

    if response.status_code == 422:
        page = parsed(response).of_id("search")
        for name, typed in details.items():
            if name != "record_system":  # a choice; others are not among them
                assert page.named(name)[0].attributes.get("value", "") == typed
    else:
        assert response.status_code == 303
        kept = LookUp.objects.get(pk=response["Location"].rpartition("/")[2])
        held = Asked.from_json(kept.asked).details
        assert all(getattr(held, name) == typed for name, typed in details.items())
        assert desk.get(response["Location"]).status_code == 200


@QUICK
@given(crossed=st.sampled_from(DETAILS) | ANYTHING, text=TYPED)
def test_any_detail_is_crossed_out(desk: Client, crossed: str, text: str) -> None:
    response = desk.post("/", {"text": text, "without": crossed})

    assert response.status_code in {303, 422}


@QUICK
@given(address=st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=40))
def test_any_address_of_a_look_up_is_answered(desk: Client, address: str) -> None:
    for tail in ("", "/1", "/1/print", "/systems/jump"):
        assert desk.get(f"/search/{quote(address)}{tail}").status_code in {200, 404}
