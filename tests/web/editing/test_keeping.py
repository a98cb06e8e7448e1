"""Forms that are not sent yet: kept whatever happens, and taken up again against what they showed."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from integrations.sandbox.run import Sandbox
from patients.entering.typed import Typed
from patients.models import Draft, Membership, Operation, Patient
from patients.services import linking
from patients.services.operations import wishes
from patients.services.operations.wishes import Change
from patients.services.registering.drafts import MOST, keep
from portal.accounts.locking import kept_post
from portal.accounts.models import User
from portal.accounts.roles import Role
from tests.conftest import make_user, signed_in
from tests.editing import elsewhere, person
from tests.support import PART, Node, connected, parsed
from tests.writing import known

from .desk import OTHER_PHONE, PHONE, Desk

pytestmark = pytest.mark.slow


def _type(desk: Desk, form: dict[str, Any], **values: Any) -> Any:
    """What comes back while it is typed."""
    url = reverse("patients:edit_typed", args=[desk.person.public_id])
    return desk.client.post(url, form | values, headers=PART)


def _parked(desk: Desk, **values: Any) -> Draft:
    assert desk.save(park="1", **values).status_code == 303
    return Draft.objects.get(user__email=_email(desk), sent_as=None)


def _email(desk: Desk) -> str:
    return str(User.objects.get(pk=desk.client.session["_auth_user_id"]).email)


def _opened(desk: Desk, draft: Draft) -> Node:
    """A form that was kept, by its address on the home page."""
    address = reverse("patients:edit", args=[draft.patient.public_id])  # type: ignore[union-attr]
    return parsed(desk.client.get(f"{address}?draft={draft.public_id}", follow=True))


def _asked() -> set[tuple[str, str]]:
    """System and part of all that was asked for."""
    found = set()
    for each in Operation.objects.all():
        wish = wishes.kept(each.kind, each.wanted)
        assert isinstance(wish, Change)
        found |= {(each.system, part.value) for part in wish.changes.parts}
    return found


def test_form_is_kept_while_it_is_typed_and_opened_again_with_what_was_shown(desk: Desk) -> None:
    form = desk.open() | {"phone": PHONE, "turn": "3"}

    reply = desk.client.post(reverse("patients:edit_typed", args=[desk.person.public_id]), form, headers=PART)

    assert reply.status_code == 200
    draft = Draft.objects.get()
    assert (draft.kind, draft.patient, draft.typed["phone"]) == ("edit", desk.person, PHONE)
    elsewhere(desk.sandbox, desk.record("jump"), phone=OTHER_PHONE)
    home = parsed(desk.client.get("/"))
    (address,) = [each for each in home.links() if draft.public_id in each]
    opened = parsed(desk.client.get(address))
    assert opened.of_id("id_phone").attributes["value"] == PHONE
    again = desk.send(desk.form_in(opened))
    assert "Phone was changed in Jump EHR meanwhile." in parsed(again).text


def test_colleague_goes_on_with_a_form_that_was_handed_over(
    desk: Desk, admin: User, sandbox: Sandbox
) -> None:
    desk.send(desk.open(), phone=PHONE, park="1")
    draft = Draft.objects.get()
    connected(admin, "manager_mary@example.com", sandbox)
    desk.client.post(reverse("patients:hand_over", args=[draft.public_id]), {"to": admin.pk})
    theirs = Desk(signed_in(Client(), admin), sandbox, desk.person)

    page = parsed(theirs.client.get(f"{theirs.url}?draft={draft.public_id}"))

    assert page.of_id("id_phone").attributes["value"] == PHONE
    assert theirs.send(theirs.form_in(page)).status_code == 303
    assert Operation.objects.first().asked_by == admin  # type: ignore[union-attr]


def test_form_met_by_the_lock_is_kept_for_the_form_itself(desk: Desk, settings: Settings) -> None:
    """What is typed when the screen locks is kept as if it had been sent, not as typing."""
    form = desk.open() | {"phone": PHONE}
    settings.IDLE_LOCK_SECONDS = 0
    desk.client.post(reverse("patients:edit_typed", args=[desk.person.public_id]), form, headers=PART)

    kept = kept_post(desk.client.session)

    assert kept is not None
    assert kept.path == desk.url
    assert ("phone", PHONE) in kept.fields


# --- what cannot be kept ------------------------------------------------------------------------


def _keep_as_many_as_may_be(user: User) -> None:
    for number in range(MOST):
        keep(Typed(given_name=f"Ann {number}"), by=user)


def test_form_that_cannot_be_parked_is_shown_with_the_reason_and_never_sent(desk: Desk, clerk: User) -> None:
    form = desk.open()
    _keep_as_many_as_may_be(clerk)

    reply = desk.send(form, phone=PHONE, park="1")

    page = parsed(reply)
    assert reply.status_code == 409
    assert f"Not parked. You keep {MOST} forms that are not sent." in page.text
    assert page.of_id("id_phone").attributes["value"] == PHONE
    assert not Operation.objects.exists()
    assert "Not kept." in parsed(_type(desk, form, phone=PHONE)).text


def test_form_that_was_handed_over_meanwhile_is_not_sent_but_can_be_parked_anew(
    desk: Desk, admin: User
) -> None:
    form = desk.open()
    draft = _parked(desk, **form)
    Draft.objects.filter(pk=draft.pk).update(user=admin)

    page = parsed(desk.send(form, phone=PHONE, park="1"))

    assert "Not parked. This form was sent, or handed over, meanwhile" in page.text
    assert not Operation.objects.exists()
    assert desk.send(desk.form_in(page), park="1").status_code == 303
    assert Draft.objects.exclude(pk=draft.pk).get().typed["phone"] == PHONE


# --- what is kept, and what is not --------------------------------------------------------------


def test_typing_asks_no_system_and_is_kept_though_the_person_is_elsewhere(desk: Desk, clerk: User) -> None:
    other = person("tariq", "Mahmood", by=clerk)
    form = desk.open()
    for name in ("jump", "impilo", "jhe"):
        desk.sandbox.faults[name].forget_requests()

    assert "Kept, encrypted" in parsed(_type(desk, form, phone=PHONE, turn="1")).text
    assert not [*desk.sandbox.faults["jump"].requests(), *desk.sandbox.faults["impilo"].requests()]
    linking.link_people(keep=other, other=desk.person, reason="One", by=clerk)
    reply = _type(desk, form, phone=OTHER_PHONE, turn="2")

    assert reply.status_code == 200
    assert Draft.objects.get().typed["phone"] == OTHER_PHONE


def test_what_was_sent_about_somebody_who_cannot_be_shown_is_kept(
    coordinator: User, grace: Patient, sandbox: Sandbox
) -> None:
    connected(coordinator, "manager_mary@example.com", sandbox)
    desk = Desk(signed_in(Client(), coordinator), sandbox, grace)
    form = desk.open()
    Membership.objects.filter(patient=grace).delete()

    reply = desk.send(form, phone=PHONE)

    assert reply.status_code == 303
    assert "This person cannot be shown now." in parsed(desk.client.get(reply["Location"])).text
    assert Draft.objects.get().typed["phone"] == PHONE
    assert not Operation.objects.exists()


def test_what_was_said_of_one_moment_is_not_kept_and_no_record_ticked_is(desk: Desk) -> None:
    draft = _parked(desk, caller="parent", confirmed=["phone"], sure="1", why="marriage", systems=[])

    form = desk.form_in(_opened(desk, draft))

    assert "confirmed" not in form
    assert "systems" not in form
    assert (form["caller"], form["why"]) == ("", "marriage")


# --- taking up again ----------------------------------------------------------------------------


def _joined(desk: Desk, clerk: User) -> Desk:
    """At work on somebody else, with whom the person was linked."""
    tariq = person("tariq", "Mahmood", by=clerk)
    linking.link_people(keep=tariq, other=desk.person, reason="One", by=clerk)
    return Desk(desk.client, desk.sandbox, tariq)


def test_kept_form_goes_on_against_what_it_showed_where_its_person_was_linked(
    desk: Desk, clerk: User
) -> None:
    draft, jump = _parked(desk, phone=PHONE), desk.record("jump")
    joined = _joined(desk, clerk)
    elsewhere(desk.sandbox, jump, patient_notes="Came in on foot.")

    form = joined.form_in(_opened(desk, draft))

    assert (form["family_name"], form["phone"], form["notes"]) == ("Mbeki", PHONE, "")
    assert joined.send(form).status_code == 303
    assert _asked() == {(name, "phone") for name in ("jump", "jhe", "impilo")}


def test_form_sent_after_its_person_was_linked_goes_on_as_it_was(desk: Desk, clerk: User) -> None:
    form = desk.open()
    jump, joined = desk.record("jump"), _joined(desk, clerk)
    elsewhere(desk.sandbox, jump, patient_notes="Came in on foot.")

    reply = desk.send(form, phone=PHONE)

    assert reply.status_code == 409
    page = parsed(reply)
    assert "what you wrote is kept below" in page.text
    assert not Operation.objects.exists()
    assert joined.send(joined.form_in(page)).status_code == 303
    assert _asked() == {(name, "phone") for name in ("jump", "jhe", "impilo")}


def test_form_about_somebody_else_is_not_put_into_this_one(desk: Desk, clerk: User) -> None:
    draft, tariq = _parked(desk, phone=PHONE), person("tariq", "Mahmood", by=clerk)

    page = parsed(
        desk.client.get(reverse("patients:edit", args=[tariq.public_id]), {"draft": draft.public_id})
    )

    assert "That form is about somebody else" in page.text
    assert page.of_id("id_phone").attributes["value"] != PHONE
    assert page.named("draft")[0].attributes["value"] != draft.public_id


def test_form_whose_page_cannot_be_read_is_left_alone_and_said(desk: Desk) -> None:
    draft = _parked(desk, phone=PHONE)
    draft.also = draft.also | {"page": "none of ours"}
    draft.save()

    page = _opened(desk, draft)

    assert "cannot be set against what is held now" in page.text
    assert page.of_id("id_phone").attributes["value"] != PHONE
    desk.send(desk.form_in(page), phone=OTHER_PHONE, park="1")
    assert Draft.objects.get(pk=draft.pk).typed["phone"] == PHONE


def test_whoever_takes_a_form_over_sees_nothing_of_records_out_of_their_reach(
    desk: Desk, clerk: User, sandbox: Sandbox
) -> None:
    for name, wire in (("jump", "phone"), ("impilo", "phoneNumber"), ("jhe", "telecom_phone")):
        elsewhere(sandbox, desk.record(name), **{wire: PHONE if name == "jhe" else ""})
        known(name, desk.record(name).remote_id, by=clerk)
    draft = _parked(desk, occupation="Baker")
    assert draft.typed["phone"]
    colleague = make_user("other@example.org", Role.CLINIC_STAFF, name="Cora Staff")
    desk.client.post(reverse("patients:hand_over", args=[draft.public_id]), {"to": colleague.pk})
    theirs = Desk(signed_in(Client(), colleague), sandbox, desk.person)

    page = _opened(theirs, draft)

    assert PHONE[-6:] not in page.text
    form = theirs.form_in(page)
    assert (form["phone"], form["occupation"]) == ("", "Baker")
    assert theirs.send(form, systems=[str(desk.record("jump").pk)]).status_code == 303
    assert _asked() == {("jump", "occupation")}


def test_what_was_typed_for_a_record_that_was_closed_meanwhile_is_said_and_stays(desk: Desk) -> None:
    form, jump = desk.open(), desk.record("jump")
    elsewhere(desk.sandbox, jump, status="merged")

    page = parsed(desk.send(form, occupation="Baker", phone=PHONE))

    assert "A record that was ticked cannot be written to any more" in page.text
    assert desk.form_in(page)["occupation"] == "Baker"
    again = parsed(desk.send(desk.form_in(page)))
    assert "does not take the occupation" in again.text
    assert not Operation.objects.exists()
