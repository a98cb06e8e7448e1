"""Saving an edit: one transaction, only what changed, and whatever is open is asked first."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.run import Sandbox
from integrations.types import Gender, Sex
from integrations.writes import Part
from patients.entering.overwriting import Reason
from patients.models import Operation
from patients.services import index, linking
from patients.services.editing.copies import GONE, MERGED
from patients.services.editing.outcomes import Answers
from patients.services.editing.pages import sealed, unsealed
from patients.services.editing.saving import EDITED_AS_ONE
from patients.services.editing.weighing import Choice
from patients.services.operations import wishes
from patients.services.operations.wishes import Change
from patients.services.seals import Broken, Trouble
from portal.accounts.models import User
from portal.audit.models import Event
from tests.editing import Form, asked, elsewhere, held_by, of_system, person, saved
from tests.support import connected, side_by_side
from tests.writing import work_off

State = Operation.State
pytestmark = pytest.mark.slow
PHONE, OTHER_PHONE = "+447700900555", "+447700900666"


@pytest.fixture
def form(sandbox: Sandbox, asker: User) -> Form:
    """A form about somebody whom all three systems hold."""
    return Form.opened(person("grace", "Mbeki", by=asker), by=asker)


def _wish(operation: Operation) -> Change:
    wish = wishes.kept(operation.kind, operation.wanted)
    assert isinstance(wish, Change)
    return wish


def test_only_what_changed_goes_out_to_each_system_in_its_own_form(form: Form, asker: User) -> None:
    result = saved(form.send(phone=PHONE, gender=Gender.NON_BINARY))

    assert {each.system for each in result.operations} == {"jump", "jhe", "impilo"}
    parts = {each.system: set(_wish(each).changes.parts) for each in result.operations}
    assert parts == {"jump": {"phone", "gender"}, "jhe": {"phone"}, "impilo": {"phone"}}
    assert result.left_out == (
        "JupyterHealth Exchange does not take the gender: it is not written there.",
        "Impilo does not take the gender: it is not written there.",
    )
    work_off()
    assert {each.state for each in Operation.objects.all()} == {State.DONE}
    held = [held_by(of_system(form.copies, name), by=asker) for name in ("jump", "jhe", "impilo")]
    assert [each.phone for each in held] == [PHONE] * 3
    assert held[0].gender is Gender.NON_BINARY


def test_what_a_record_holds_already_is_not_written_again(form: Form, sandbox: Sandbox) -> None:
    elsewhere(sandbox, of_system(form.copies, "impilo"), phoneNumber="07700 900555")

    result = saved(form.send(phone=PHONE))

    assert {each.system for each in result.operations} == {"jump", "jhe"}


def test_edit_of_chosen_systems_leaves_the_others_alone(form: Form) -> None:
    result = saved(form.send(["impilo"], phone=PHONE))

    assert [each.system for each in result.operations] == ["impilo"]


def test_nothing_changed_writes_nothing(form: Form) -> None:
    result = saved(form.send(phone=form.page.details.phone))

    assert not result.operations
    assert not Operation.objects.exists()
    assert not Event.objects.filter(action="person.edited").exists()


def test_one_event_tells_of_the_edit_without_values(form: Form) -> None:
    saved(form.send(phone=PHONE))

    event = Event.objects.get(action="person.edited")
    assert event.details["fields"] == ["phone"]
    assert len(event.details["operations"]) == 3
    assert PHONE not in repr(event.details)


# --- what moved meanwhile -------------------------------------------------------------------


def test_detail_that_moved_is_asked_about_and_mine_is_written_over_it(
    form: Form, sandbox: Sandbox, asker: User
) -> None:
    elsewhere(sandbox, of_system(form.copies, "jump"), phone=OTHER_PHONE)
    was = form.page.details.phone

    result = asked(form.send(phone=PHONE))

    (moved,) = result.moved
    key = (form.number("jump"), "phone")
    assert (moved.key, moved.now, moved.wanted) == (key, OTHER_PHONE, PHONE)
    assert moved.shown == was
    assert not Operation.objects.exists()
    assert asked(form.send(phone=PHONE)).moved  # it has to be answered
    saved(form.send(phone=PHONE, choices={key: Choice.MINE}))
    work_off()
    assert {each.state for each in Operation.objects.all()} == {State.DONE}
    assert held_by(of_system(form.copies, "jump"), by=asker).phone == PHONE


def test_detail_that_moved_stays_where_theirs_is_chosen(form: Form, sandbox: Sandbox, asker: User) -> None:
    elsewhere(sandbox, of_system(form.copies, "jump"), phone=OTHER_PHONE)
    asked(form.send(phone=PHONE))

    result = saved(form.send(phone=PHONE, choices={(form.number("jump"), "phone"): Choice.THEIRS}))

    assert {each.system for each in result.operations} == {"jhe", "impilo"}
    work_off()
    assert held_by(of_system(form.copies, "jump"), by=asker).phone == OTHER_PHONE


def test_detail_that_moves_again_is_asked_about_again(form: Form, sandbox: Sandbox) -> None:
    record = of_system(form.copies, "jump")
    elsewhere(sandbox, record, phone=OTHER_PHONE)
    asked(form.send(phone=PHONE))
    elsewhere(sandbox, record, phone="020 7946 0999")

    result = asked(form.send(phone=PHONE, choices={(record.pk, "phone"): Choice.MINE}))

    assert [each.now for each in result.moved] == ["020 7946 0999"]


def test_other_details_that_moved_are_left_as_they_are(form: Form, sandbox: Sandbox, asker: User) -> None:
    elsewhere(sandbox, of_system(form.copies, "jump"), occupation="Baker")

    saved(form.send(["jump"], phone=PHONE))

    work_off()
    held = held_by(of_system(form.copies, "jump"), by=asker)
    assert (held.occupation, held.phone) == ("Baker", PHONE)


def test_change_that_is_on_its_way_counts_as_what_is_there(form: Form, asker: User, admin: User) -> None:
    """Two who edit at once: the second is shown what the first has asked for, sent or not."""
    second = Form.opened(form.copies.patient, by=admin)
    saved(form.send(["jump"], phone=PHONE))

    result = asked(second.send(["jump"], phone=OTHER_PHONE))

    assert [each.now for each in result.moved] == [PHONE]
    saved(second.send(["jump"], phone=OTHER_PHONE, choices={(form.number("jump"), "phone"): Choice.MINE}))
    work_off()
    assert held_by(of_system(form.copies, "jump"), by=asker).phone == OTHER_PHONE


def test_ones_own_edits_one_after_the_other_ask_nothing(form: Form, asker: User) -> None:
    saved(form.send(["jump"], phone=PHONE))
    again = Form.opened(form.copies.patient, by=asker)
    assert again.page.details.phone == PHONE

    saved(again.send(["jump"], phone=OTHER_PHONE))
    work_off()

    assert {each.state for each in Operation.objects.all()} == {State.DONE}
    assert held_by(of_system(form.copies, "jump"), by=asker).phone == OTHER_PHONE


def test_of_two_who_save_at_once_one_is_asked(form: Form, admin: User) -> None:
    second = Form.opened(form.copies.patient, by=admin)

    results = side_by_side(
        [
            lambda: form.send(["jump"], phone=PHONE),
            lambda: second.send(["jump"], phone=OTHER_PHONE),
        ]
    )

    assert Operation.objects.count() == 1, results


# --- what systems cannot hold, and systems that do not answer ---------------------------------


def test_what_a_system_cannot_hold_is_said_and_can_be_left_as_it_is_there(form: Form) -> None:
    result = asked(form.send(["jump", "impilo"], sex=Sex.OTHER))

    (refused,) = result.refused
    assert refused.system_label == "Jump EHR"
    key = (form.number("jump"), "sex")
    result2 = saved(form.send(["jump", "impilo"], sex=Sex.OTHER, choices={key: Choice.THEIRS}))
    assert [each.system for each in result2.operations] == ["impilo"]


@pytest.mark.parametrize("is_left_first", [False, True])
def test_what_was_mended_since_a_system_refused_it_is_written_without_a_question(
    form: Form, is_left_first: bool
) -> None:
    asked(form.send(["jump"], sex=Sex.OTHER))
    key = (form.number("jump"), "sex")

    result = saved(form.send(["jump"], sex=Sex.MALE, choices={key: Choice.THEIRS} if is_left_first else {}))

    assert [_wish(each).changes.parts for each in result.operations] == [{Part.SEX}]


def test_what_moves_after_a_system_refused_it_is_asked_about(form: Form, sandbox: Sandbox) -> None:
    asked(form.send(["jump"], sex=Sex.OTHER))
    elsewhere(sandbox, of_system(form.copies, "jump"), biological_sex="indeterminate")

    (moved,) = asked(form.send(["jump"], sex=Sex.MALE)).moved

    assert moved.label == "Sex"
    assert asked(form.send(["jump"], sex=Sex.MALE)).moved


def test_what_no_chosen_system_takes_is_not_dropped(form: Form) -> None:
    result = asked(form.send(["jhe"], occupation="Baker"))

    assert [each.field for each in result.nowhere] == ["occupation"]
    assert not Operation.objects.exists()


def test_email_of_jhe_stays_with_the_reason(form: Form) -> None:
    result = saved(form.send(email="new.address@example.org"))

    assert {each.system for each in result.operations} == {"jump", "impilo"}
    (sentence,) = result.left_out
    assert "sign in to JupyterHealth Exchange with their e-mail address" in sentence


def test_system_that_does_not_answer_is_named_and_compared_later(
    form: Form, sandbox: Sandbox, asker: User
) -> None:
    sandbox.faults["impilo"].add(Fault(kind=FaultKind.STATUS, status=503))

    result = saved(form.send(phone=PHONE))

    assert result.unread == ("Impilo",)
    assert len(result.operations) == 3
    sandbox.faults["impilo"].clear()
    elsewhere(sandbox, of_system(form.copies, "impilo"), phoneNumber=OTHER_PHONE)
    work_off()
    impilo = Operation.objects.get(system="impilo")
    assert (impilo.state, impilo.details["fields"]) == (State.HELD, ["phone"])
    assert held_by(of_system(form.copies, "impilo"), by=asker).phone == OTHER_PHONE


# --- is this still the same person? -----------------------------------------------------------


WORDS: dict[str, Any] = {"given_name": "Brenda", "family_name": "Okonkwo"}


def test_writing_one_person_over_another_stops_before_anything_is_written(form: Form) -> None:
    result = asked(form.send(**WORDS))

    assert len(result.overwriting) == 3
    assert not Operation.objects.exists()
    event = Event.objects.get(action="edit.stopped")
    assert event.outcome == "refused"
    assert event.details["fields"] == ["family_name", "given_name"]
    assert "Brenda" not in repr(event.details)


def test_answer_lets_it_through_and_stands_in_the_trail(form: Form) -> None:
    asked(form.send(**WORDS))

    saved(form.send(answers=Answers(why=Reason.CORRECTION), **WORDS))

    reasons = set(Event.objects.filter(action="operation.asked").values_list("reason", flat=True))
    assert reasons == {Reason.CORRECTION.sentence}
    assert Event.objects.get(action="person.edited").details["same_person"] == "correction"


def test_reason_given_before_it_was_shown_is_not_enough(form: Form) -> None:
    assert asked(form.send(answers=Answers(why=Reason.CORRECTION), **WORDS)).overwriting
    assert not Operation.objects.exists()


def test_reason_that_does_not_explain_all_that_changes_is_not_enough(form: Form) -> None:
    asked(form.send(**WORDS))

    assert asked(form.send(answers=Answers(why=Reason.MARRIAGE), **WORDS)).overwriting
    assert saved(form.send(answers=Answers(other="Read wrongly from the letter"), **WORDS)).operations


def test_what_is_replaced_besides_has_to_be_shown_too(form: Form) -> None:
    asked(form.send(**WORDS))

    result = asked(form.send(answers=Answers(why=Reason.CORRECTION), birth_date=date(1990, 1, 2), **WORDS))

    assert "birth_date" in result.replaced


def test_marriage_alone_asks_nothing(form: Form) -> None:
    assert saved(form.send(family_name="Okonkwo")).operations


# --- whose form it is -------------------------------------------------------------------------


def test_form_of_another_account_is_refused(form: Form, admin: User) -> None:
    with pytest.raises(Broken) as refused:
        unsealed(sealed(form.page), public_id=form.page.public_id, by=admin)
    assert refused.value.trouble is Trouble.ANOTHER_ACCOUNT


def test_form_about_somebody_else_is_refused(form: Form, asker: User) -> None:
    other = person("tariq", "Mahmood", by=asker)
    with pytest.raises(Broken):
        unsealed(sealed(form.page), public_id=other.public_id, by=asker)
    with pytest.raises(Broken):
        unsealed(sealed(form.page)[:-4], public_id=form.page.public_id, by=asker)

    theirs = Form.opened(other, by=asker)
    theirs.seal = form.seal
    with pytest.raises(Broken):
        theirs.send(phone=PHONE)
    assert Event.objects.filter(action="form.refused").exists()


def test_page_tells_nothing_to_who_reads_it(form: Form) -> None:
    assert "Mbeki" not in sealed(form.page)
    assert unsealed(sealed(form.page), public_id=form.page.public_id, by=form.by) == form.page


def test_person_who_is_called_differently_by_now_is_looked_at_again(form: Form, sandbox: Sandbox) -> None:
    for system, wire in (("jump", "last_name"), ("impilo", "lastName"), ("jhe", "name_family")):
        elsewhere(sandbox, of_system(form.copies, system), **{wire: "Mbeki-Jones"})

    result = asked(form.send(phone=PHONE))

    assert result.refusal is not None
    assert not Operation.objects.exists()
    saved(form.send(phone=PHONE))


def test_record_that_went_to_somebody_else_is_not_written_to(form: Form, asker: User, admin: User) -> None:
    linking.unlink_record(record=of_system(form.copies, "impilo"), reason="Somebody else's", by=admin)

    result = asked(form.send(phone=PHONE))

    assert result.refusal is not None
    assert not Operation.objects.exists()


# --- who may ----------------------------------------------------------------------------------


def test_coordinator_edits_in_jhe_alone(sandbox: Sandbox, asker: User, coordinator: User) -> None:
    connected(coordinator, "manager_mary@example.com", sandbox)
    form = Form.opened(person("grace", "Mbeki", by=asker), by=coordinator)

    assert [each.row.system for each in form.copies.open] == ["jhe"]
    assert {each.row.system for each in form.copies.closed} == {"jump", "impilo"}
    assert [each.system for each in saved(form.send(phone=PHONE)).operations] == ["jhe"]


def test_viewer_in_jhe_edits_elsewhere_alone(sandbox: Sandbox, asker: User, admin: User) -> None:
    patient = person("grace", "Mbeki", by=asker)
    connected(admin, "viewer_victor@example.com", sandbox)
    form = Form.opened(patient, by=admin)

    assert {each.row.system for each in form.copies.open} == {"jump", "impilo"}


def test_merged_and_vanished_records_are_closed(sandbox: Sandbox, asker: User) -> None:
    merged = Form.opened(person("pippa", "Northcott", by=asker), by=asker)
    patient = person("philippa", "Northcott", by=asker)
    row = of_system(Form.opened(patient, by=asker).copies, "impilo")
    with sandbox.stores["impilo"].writing() as state:
        state["patients"] = {
            key: each for key, each in state["patients"].items() if str(each["id"]) != row.remote_id
        }
    index.mark_vanished([row], at=row.read_at)

    form = Form.opened(patient, by=asker)

    assert [each.closed for each in merged.copies.closed] == [MERGED]
    assert [each.closed for each in form.copies.closed] == [GONE]
    assert {each.row.system for each in form.copies.open} == {"jump"}


def test_details_that_the_form_begins_with_fill_gaps_from_other_records(form: Form) -> None:
    assert form.page.details.nhs_number
    assert {Part.EMAIL, Part.SEX} <= form.page.details.given()


def test_person_stays_one_while_one_system_has_the_new_name_and_another_has_not(
    form: Form, asker: User
) -> None:
    """The one rule would part records of unlike names."""
    asked(form.send(["jump"], given_name="Gareth", family_name="Okonkwo"))
    saved(
        form.send(
            ["jump"], answers=Answers(why=Reason.TRANSITION), given_name="Gareth", family_name="Okonkwo"
        )
    )
    work_off()

    again = Form.opened(form.copies.patient, by=asker)

    assert {each.row.system for each in again.copies.every} == {"jump", "jhe", "impilo"}
    assert Event.objects.filter(action="link.made", reason=EDITED_AS_ONE).exists()


def test_number_of_somebody_else_is_not_written(form: Form, asker: User) -> None:
    other = Form.opened(person("jamal", "Edwards", by=asker), by=asker)

    result = asked(form.send(["jump"], nhs_number=other.page.details.nhs_number))

    assert result.number_is_held
    assert not Operation.objects.exists()
