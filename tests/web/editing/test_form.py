"""The form that edits a person: what it shows, what it asks, and that nothing typed is lost."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.run import Sandbox
from patients.models import Draft, Operation, Patient
from patients.services.operations import wishes
from patients.services.operations.wishes import Change
from portal import audit
from portal.accounts.models import User
from portal.audit.models import Event
from tests.conftest import signed_in
from tests.editing import elsewhere, person
from tests.support import Node, connected, parsed
from tests.writing import work_off

from .desk import OTHER_PHONE, PHONE, Desk

pytestmark = pytest.mark.slow


def _asked() -> dict[str, set[str]]:
    """System → the parts that were asked for."""
    found = {}
    for each in Operation.objects.order_by("pk"):
        wish = wishes.kept(each.kind, each.wanted)
        assert isinstance(wish, Change)
        found[each.system] = {part.value for part in wish.changes.parts}
    return found


def _said(page: Node, name: str) -> str:
    return page.of_id(f"said-{name}").text


# --- the way through --------------------------------------------------------------------------


def test_one_edit_goes_to_every_system_that_is_chosen(desk: Desk) -> None:
    reply = desk.save(phone=PHONE, occupation="Baker")

    page = reverse("patients:patient", args=[desk.person.public_id])
    assert (reply.status_code, reply["Location"]) == (303, page)
    assert _asked() == {"jump": {"phone", "occupation"}, "jhe": {"phone"}, "impilo": {"phone"}}
    shown = parsed(desk.client.get(page))
    assert "Saved, and being written to Jump EHR, JupyterHealth Exchange and Impilo." in shown.text
    assert "Impilo does not take the occupation" in shown.text
    work_off()
    assert set(Operation.objects.values_list("state", flat=True)) == {"done"}
    assert Draft.objects.get().typed == {}


def test_form_opens_with_what_is_held_and_one_event(desk: Desk) -> None:
    reply = desk.client.get(desk.url)

    page = parsed(reply)
    assert page.of_id("id_family_name").attributes["value"] == "Mbeki"
    (event,) = audit.events_of_request(reply["X-Request-Id"])
    assert (event.action, len(event.details["records"])) == ("person.edit_opened", 3)
    assert not Draft.objects.exists()
    assert "Mbeki" not in page.named("page")[0].attributes["value"]


def test_what_systems_hold_differently_stands_below_the_field(clerk: User, sandbox: Sandbox) -> None:
    jamal = person("jamal", "Edwards", by=clerk)
    page = parsed(signed_in(Client(), clerk).get(reverse("patients:edit", args=[jamal.public_id])))

    assert "Impilo" in _said(page, "phone")
    assert "020-7946-0205" in _said(page, "phone")
    assert "Birmingham" in _said(page, "address_lines")
    assert "Kept in Jump EHR only." in _said(page, "nhs_number")


def test_email_of_jhe_is_read_only_with_the_reason(desk: Desk) -> None:
    page = parsed(desk.client.get(desk.url))

    assert "People sign in to JupyterHealth Exchange" in _said(page, "email")


def test_edit_of_nothing_writes_nothing_and_says_so(desk: Desk) -> None:
    reply = desk.save()

    assert not Operation.objects.exists()
    assert "Nothing was changed" in parsed(desk.client.get(reply["Location"])).text


def test_what_is_wrong_comes_back_with_all_that_was_typed(desk: Desk) -> None:
    reply = desk.save(birth_date="31/2/1980", notes="tall\nhat", systems=[])

    page = parsed(reply)
    assert reply.status_code == 422
    assert page.of_id("id_birth_date").attributes["value"] == "31/2/1980"
    assert page.of_id("id_notes").text.split() == ["tall", "hat"]
    assert "Choose at least one record." in page.text
    assert not Operation.objects.exists()


def test_resent_after_it_was_saved_asks_for_nothing_more(desk: Desk) -> None:
    form = desk.open()
    desk.send(form, phone=PHONE)

    desk.send(form, phone=PHONE)

    assert Operation.objects.count() == 3
    assert Draft.objects.filter(sent_as=None).count() == 0


# --- what has to be answered ------------------------------------------------------------------


def test_both_values_are_shown_where_a_copy_moved_and_the_person_chooses(desk: Desk) -> None:
    form = desk.open()
    elsewhere(desk.sandbox, desk.record("jump"), phone=OTHER_PHONE)

    reply = desk.send(form, phone=PHONE)

    page = parsed(reply)
    assert reply.status_code == 422
    assert "Phone was changed in Jump EHR meanwhile." in page.text
    (section,) = page.of_class("portal-asked")
    assert PHONE.replace("0", "+44", 1).replace(" ", "") in section.text.replace(" ", "")
    assert OTHER_PHONE in section.text
    assert not Operation.objects.exists()
    again = desk.send(desk.form_in(page))
    assert again.status_code == 422
    (radio, *_) = parsed(again).of_class("govuk-radios__input")
    chosen = desk.send(desk.form_in(parsed(again)), **{radio.attributes["name"]: "mine"})
    assert chosen.status_code == 303, parsed(chosen).text
    work_off()
    assert set(Operation.objects.values_list("state", flat=True)) == {"done"}


def test_answers_are_kept_while_others_are_still_open(desk: Desk) -> None:
    form = desk.open()
    for system, wire in (("jump", "phone"), ("impilo", "phoneNumber")):
        elsewhere(desk.sandbox, desk.record(system), **{wire: OTHER_PHONE})
    page = parsed(desk.send(form, phone=PHONE))
    radios = {each.attributes["name"] for each in page.of_class("govuk-radios__input")}
    assert len(radios) == 2
    first, second = sorted(radios)

    page = parsed(desk.send(desk.form_in(page), **{first: "mine", "birth_date": "31/2/1980"}))
    page = parsed(desk.send(desk.form_in(page), birth_date=form["birth_date"]))

    assert {each.attributes["name"] for each in page.of_class("govuk-radios__input")} == {second}
    reply = desk.send(desk.form_in(page), **{second: "theirs"})
    assert reply.status_code == 303, parsed(reply).text
    assert set(_asked()) == {"jump", "jhe"}


def test_what_a_system_cannot_hold_is_left_there_with_a_tick(desk: Desk) -> None:
    reply = desk.save(sex="other", systems=[str(desk.record(name).pk) for name in ("jump", "impilo")])

    page = parsed(reply)
    assert "Jump EHR cannot hold this" in page.text
    (tick,) = page.of_class("portal-asked")[0].of_class("govuk-checkboxes__input")
    sent = desk.send(desk.form_in(page), **{tick.attributes["name"]: tick.attributes["value"]})
    assert sent.status_code == 303
    assert _asked() == {"impilo": {"sex"}}


def test_edit_that_writes_one_person_over_another_stops_and_is_answered(desk: Desk) -> None:
    reply = desk.save(given_name="Brenda", family_name="Okonkwo")

    page = parsed(reply)
    (stop,) = page.of_class("portal-asked--stop")
    assert "Is this still the same person?" in stop.text
    assert {"Mbeki", "Okonkwo", "Grace", "Brenda"} <= set(stop.text.replace(",", " ").split())
    assert not Operation.objects.exists()
    assert Event.objects.filter(action="edit.stopped", outcome="refused").count() == 1
    sent = desk.send(desk.form_in(page), why="correction")
    assert sent.status_code == 303
    assert Operation.objects.count() == 3


def test_whoever_goes_back_from_the_stop_writes_nothing_and_leaves_an_event(desk: Desk) -> None:
    page = parsed(desk.save(given_name="Brenda", family_name="Okonkwo"))

    reply = desk.send(desk.form_in(page), back="1")

    back = parsed(reply)
    assert back.of_id("id_given_name").attributes["value"] == "Brenda"
    assert not back.of_class("portal-asked--stop")
    assert Event.objects.filter(action="edit.left").count() == 1
    assert not Operation.objects.exists()


def test_answer_without_words_is_no_answer(desk: Desk) -> None:
    page = parsed(desk.save(given_name="Brenda", family_name="Okonkwo"))

    reply = desk.send(desk.form_in(page), why="another", other=" ")

    assert reply.status_code == 422
    assert "Say in a few words" in parsed(reply).text
    assert not Operation.objects.exists()


# --- who is on the phone, and what they confirm -------------------------------------------------


def test_caller_check_is_noted_with_the_save(desk: Desk) -> None:
    page = parsed(desk.client.get(desk.url))
    assert "What is your date of birth?" in page.of_class("portal-caller")[0].text

    desk.save(phone=PHONE, caller="parent", confirmed=["phone"])

    event = Event.objects.get(action="person.edited")
    assert event.details["caller_checked"] == "parent"
    assert event.details["confirmed"] == ["phone"]


def test_confirmation_without_a_change_is_said(desk: Desk) -> None:
    reply = desk.save(confirmed=["phone"])

    page = parsed(desk.client.get(reply["Location"]))
    assert "Noted as confirmed today: phone." in page.text
    assert "Nothing was changed" not in page.text
    assert not Operation.objects.exists()


# --- whose form it is -------------------------------------------------------------------------


def test_form_about_somebody_else_is_refused_with_both_names_and_kept_apart(desk: Desk, clerk: User) -> None:
    other = person("tariq", "Mahmood", by=clerk)
    form = desk.open()

    reply = desk.client.post(reverse("patients:edit", args=[other.public_id]), form | {"phone": PHONE})

    page = parsed(reply)
    assert reply.status_code == 409
    assert "The form was about MBEKI, Grace, born 18-Apr-1975" in page.text
    assert "This page is about MAHMOOD, Tariq" in page.text
    assert page.of_id("id_family_name").attributes["value"] == "Mahmood"
    assert page.of_id("id_phone").attributes["value"] != PHONE
    assert not Operation.objects.exists()
    kept = Draft.objects.get()
    assert (kept.patient, kept.typed["phone"]) == (desk.person, PHONE)


def test_tampered_form_is_refused(desk: Desk) -> None:
    form = desk.open()

    for change in ({"page": form["page"][:-5]}, {"seal": ""}, {"page": "", "seal": ""}):
        reply = desk.send(form, phone=PHONE, **change)
        assert reply.status_code == 409
    assert not Operation.objects.exists()
    assert Event.objects.filter(action="form.refused").count() == 3


def test_form_is_refused_where_the_person_is_called_differently_by_now(desk: Desk) -> None:
    form = desk.open()
    for system, wire in (("jump", "last_name"), ("impilo", "lastName"), ("jhe", "name_family")):
        elsewhere(desk.sandbox, desk.record(system), **{wire: "Mbeki-Jones"})

    reply = desk.send(form, phone=PHONE)

    page = parsed(reply)
    assert reply.status_code == 409
    assert "MBEKI-JONES" in page.text
    assert page.of_id("id_phone").attributes["value"] == PHONE
    assert not Operation.objects.exists()


# --- without JavaScript -----------------------------------------------------------------------


def test_suggestion_is_taken_without_javascript(desk: Desk) -> None:
    reply = desk.save(email="grace@gmial.com")
    assert reply.status_code == 303  # it only hints
    page = parsed(desk.save(email="grace @example.org"))

    taken = parsed(desk.send(desk.form_in(page), take="email.0"))

    assert taken.of_id("id_email").attributes["value"] == "grace@example.org"


# --- who may, and systems that fail -------------------------------------------------------------


def test_reader_is_refused(reader: User, grace: Patient) -> None:
    client = signed_in(Client(), reader)
    address = reverse("patients:edit", args=[grace.public_id])

    assert client.get(address).status_code == client.post(address, {}).status_code == 403


def test_coordinator_is_told_what_stays_as_it_is(coordinator: User, grace: Patient, sandbox: Sandbox) -> None:
    connected(coordinator, "manager_mary@example.com", sandbox)
    desk = Desk(signed_in(Client(), coordinator), sandbox, grace)

    page = parsed(desk.client.get(desk.url))

    assert "Jump EHR: Your role does not let you change anything there." in page.text
    assert not page.named("occupation")
    assert "People sign in to JupyterHealth Exchange" in page.text
    assert desk.save(phone=PHONE).status_code == 303
    assert _asked() == {"jhe": {"phone"}}


def test_person_out_of_reach_is_not_there(coordinator: User, clerk: User, sandbox: Sandbox) -> None:
    tariq = person("tariq", "Mahmood", by=clerk)
    client = signed_in(Client(), coordinator)

    reply = client.get(reverse("patients:edit", args=[tariq.public_id]))

    assert reply.status_code == 404
    (event,) = audit.events_of_request(reply["X-Request-Id"])
    assert (event.action, event.outcome) == ("person.edit_opened", "refused")


def test_system_that_fails_is_named_and_stops_nobody(desk: Desk) -> None:
    desk.sandbox.faults["impilo"].add(Fault(kind=FaultKind.STATUS, status=503))
    desk.sandbox.faults["jump"].add(Fault(kind=FaultKind.STATUS, status=503))

    page = parsed(desk.client.get(desk.url))
    assert "Jump EHR" in page.of_class("portal-notice")[0].text
    reply = desk.send(desk.form_in(page), phone=PHONE)

    assert reply.status_code == 303
    assert "Impilo did not answer just now." in parsed(desk.client.get(reply["Location"])).text
    assert len(_asked()) == 3
