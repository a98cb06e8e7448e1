"""What is kept of a form for registering while somebody works on it, and what the portal fills in itself."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from patients.entering.typed import Typed
from patients.matching.dates import show
from patients.models import Draft, Operation
from patients.services.registering import drafts
from portal.accounts.models import User
from tests.support import PART, parsed

from .desk import ZOE, Desk, created, latest_draft

pytestmark = pytest.mark.django_db
UNKNOWN = {"sex": "male", "not_known": "unknown"}


def _typing(desk: Desk, form: dict[str, Any]) -> Any:
    """A pause in typing: the parts of the page that come back."""
    return desk.client.post(reverse("patients:register_typed"), form, headers=PART)


# --- one form, one draft -------------------------------------------------------------------------


def test_old_tab_goes_on_in_one_form_after_a_hand_over(desk: Desk, admin: User) -> None:
    form = desk.new_form() | ZOE | {"systems": ["jump"]}
    _typing(desk, form | {"turn": "1"})
    first = latest_draft()
    drafts.hand_over(first, admin, by=first.user)

    for turn, name in enumerate(("Zo", "Zoe", "Zoey"), start=2):
        part = parsed(_typing(desk, form | {"given_name": name, "turn": str(turn)}))
        form |= {"draft": part.of_id("id_draft").attributes["value"]}

    (mine,) = Draft.objects.exclude(pk=first.pk)
    assert (mine.public_id, mine.typed["given_name"]) == (form["draft"], "Zoey")
    sent = desk.send(form | {"draft": first.public_id, "given_name": ""})
    page = parsed(sent)
    assert sent.status_code == 422
    assert page.of_id("id_draft").attributes["value"] != first.public_id
    desk.send(desk.fields(page, "/register") | {"given_name": "Zoë"})
    assert Draft.objects.exclude(pk=first.pk).count() == 2


def test_form_that_is_one_too_many_is_said_not_to_be_kept(desk: Desk, clerk: User) -> None:
    for _ in range(drafts.MOST):
        drafts.keep(Typed(given_name="Ada"), by=clerk)

    part = parsed(_typing(desk, desk.new_form() | ZOE))

    assert "Not kept." in part.of_id("kept").text
    assert f"You keep {drafts.MOST} forms" in part.of_id("kept").text


# --- the page and the form that it has read back -------------------------------------------------


@pytest.mark.parametrize(
    "changed",
    [
        {"phone": "07700 900999"},
        {"sex": "female"},
        {"consent_sms": "yes"},
        {"systems": ["jump", "impilo"]},
        {"identifier_1": "A1", "identifier_1_of": "https://fitbit.com"},
    ],
    ids=lambda each: next(iter(each)),
)
def test_form_that_was_changed_in_another_tab_is_read_back_first(desk: Desk, changed: dict[str, Any]) -> None:
    desk.fill(systems=("jump",))
    draft = latest_draft()
    page = desk.search(draft)
    form = desk.fields(parsed(desk.client.get(f"/register/{draft.public_id}")), "/register")
    assert desk.send(form | changed).status_code == 303

    reply = desk.create(draft, page)

    assert reply.status_code == 409
    assert "Look at it once more" in parsed(reply).text
    assert not Operation.objects.exists()
    assert desk.create(draft, parsed(reply)).status_code == 303
    assert {system for system, _ in created()} == set(changed.get("systems", ["jump"]))


# --- what stands for "not known" -----------------------------------------------------------------


def test_nothing_is_filled_in_where_a_form_is_parked(desk: Desk) -> None:
    desk.fill(UNKNOWN, systems=("jump",), park="1")

    typed = drafts.typed_in(latest_draft())

    assert typed is not None
    assert (typed.given_name, typed.family_name, typed.birth_date) == ("", "", "")


def test_what_was_filled_in_goes_again_where_it_is_known_who_it_is(desk: Desk) -> None:
    desk.fill(UNKNOWN, systems=("jump",))
    draft = latest_draft()
    form = desk.fields(parsed(desk.client.get(f"/register/{draft.public_id}")), "/register")
    assert (form["given_name"], form["birth_date"]) == ("Unknown", "01-Jan-1900")
    _typing(desk, form | {"not_known": "", "turn": "9"})

    reply = desk.send(form | {"not_known": "", "given_name": "Viktor"})

    shown = desk.fields(parsed(reply), "/register")
    assert reply.status_code == 422
    assert (shown["given_name"], shown["family_name"], shown["birth_date"]) == ("Viktor", "", "")
    assert shown["registration"] == ""
    assert shown["sex"] == "male"


def test_unknown_person_keeps_their_name_when_the_form_is_sent_again(desk: Desk) -> None:
    desk.fill(UNKNOWN, systems=("jump",))
    draft = latest_draft()
    form = desk.fields(parsed(desk.client.get(f"/register/{draft.public_id}")), "/register")

    desk.send(form | {"sex": "female"})

    typed = drafts.typed_in(latest_draft())
    assert typed is not None
    assert (typed.family_name, typed.sex) == (form["family_name"], "female")


def test_day_of_birth_is_offered_for_a_newborn_and_never_filled_in(desk: Desk) -> None:
    form = desk.new_form() | {"family_name": "Okonkwo", "systems": ["jump"], "not_known": "newborn"}

    part = parsed(_typing(desk, form | {"turn": "1"}))
    sent = parsed(desk.send(form | {"birth_date": "yesterday"}))

    assert f"Use {show(timezone.localdate())}" in part.of_id("said-birth_date").text
    assert sent.of_id("id_birth_date").attributes["value"] != show(timezone.localdate())
