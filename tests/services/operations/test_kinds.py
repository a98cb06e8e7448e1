"""Every kind of write, from asking to the system holding it; and what stands against it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from django.db import transaction
from pytest_django.fixtures import Settings

from integrations.sandbox.run import Sandbox
from integrations.types import Address, RecordStatus, Sex
from integrations.writes import Changes, details_of, shown_of
from patients.models import Claim, KeptApart, Link, Operation, Patient, SourceRecord
from patients.services import linking
from patients.services.held import whole_of
from patients.services.operations import arriving, recording, sending, settling
from patients.services.operations.whys import Why
from patients.services.operations.wishes import Archive, Change, Mark
from portal.accounts.models import User
from portal.audit.models import Event
from tests import support
from tests.writing import LIFESPAN, ZOE, change, held, known, named, new_record, pass_time, register, work_off

State = Operation.State
EACH = pytest.mark.parametrize("system", ["jump", "jhe", "impilo"])
OPEN_TO_ALL = pytest.mark.parametrize("system", ["jump", "impilo"])

pytestmark = pytest.mark.slow


def _register(by: User, system: str, **values: Any) -> Operation:
    new = new_record(**values)
    if system == "jhe":
        new = replace(new, organization_id=LIFESPAN)
    return register({system: new}, by=by)[0]


def _created(by: User, system: str, **values: Any) -> SourceRecord:
    operation = work_off(_register(by, system, **values))
    assert operation.state == State.DONE, (operation.why, operation.problem)
    assert operation.record
    return operation.record


# --- creating -------------------------------------------------------------------------------


@EACH
def test_registered_person_is_in_system_and_index_once(sandbox: Sandbox, asker: User, system: str) -> None:
    operation = work_off(_register(asker, system))

    assert operation.state == State.DONE, (operation.why, operation.problem)
    assert len(named(sandbox, system)) == 1
    record = operation.record
    assert record
    assert record.patient == operation.patient
    found = whole_of(record).demographics
    assert (found.given_name, found.birth_date, found.email) == (ZOE.given_name, ZOE.birth_date, ZOE.email)
    assert (operation.left_at, operation.late_until, operation.due_at, operation.owner) == (
        None,
        None,
        None,
        "",
    )
    actions = Event.objects.filter(details__operation=operation.public_id).values_list("action", flat=True)
    assert sorted(actions) == ["operation.asked", "operation.done"]


def test_person_registered_in_three_systems_is_one_person_in_the_index(sandbox: Sandbox, asker: User) -> None:
    records = {name: replace(new_record(), organization_id=LIFESPAN) for name in ("jump", "jhe", "impilo")}
    records |= {name: replace(records[name], organization_id="") for name in ("jump", "impilo")}
    operations = register(records, by=asker)
    address = operations[0].patient.public_id

    work_off()

    assert set(Operation.objects.values_list("state", flat=True)) == {State.DONE}
    (patient,) = Patient.objects.filter(merged_into=None, records__isnull=False).distinct()
    assert patient.records.count() == 3
    known_as = Patient.objects.get(public_id=address)
    assert (known_as.merged_into or known_as) == patient
    assert all(each.patient == patient for each in Operation.objects.all())


@OPEN_TO_ALL
def test_somebody_who_appeared_meanwhile_holds_a_registration(
    sandbox: Sandbox, asker: User, system: str
) -> None:
    other = _created(asker, system)
    Operation.objects.all().delete()  # the claims go with the person's registration
    Claim.objects.all().delete()

    operation = work_off(_register(asker, system))

    assert (operation.state, operation.why) == (State.HELD, Why.APPEARED)
    assert operation.details["records"] == [f"{system}:{other.remote_id}"]
    assert operation.problem
    assert operation.next_step
    assert len(named(sandbox, system)) == 1


def test_somebody_elses_mailbox_holds_a_registration_before_it_is_sent(sandbox: Sandbox, asker: User) -> None:
    _created(asker, "jhe")
    Claim.objects.all().delete()

    operation = work_off(_register(asker, "jhe", given_name="Mia", birth_date=date(2015, 6, 7)))

    assert (operation.state, operation.why) == (State.HELD, Why.MAILBOX)
    assert len(named(sandbox, "jhe")) == 1
    assert not operation.attempts.filter(sent=True).exists()


@OPEN_TO_ALL
def test_relative_with_the_same_mailbox_is_registered(sandbox: Sandbox, asker: User, system: str) -> None:
    _created(asker, system)

    operation = work_off(_register(asker, system, given_name="Mia", birth_date=date(2015, 6, 7)))

    assert operation.state == State.DONE
    assert len(named(sandbox, system)) == 2
    assert Patient.objects.filter(is_listed=True, records__operations__isnull=False).distinct().count() == 2


@pytest.mark.parametrize(
    ("system", "values", "field"),
    [
        ("jump", {"birth_date": None}, "birth_date"),
        ("jump", {"email": "no address"}, "email"),
        ("jhe", {"email": ""}, "email"),
        ("impilo", {"family_name": ""}, "family_name"),
        ("impilo", {"address": Address(lines=("1 High Street",))}, "address"),
    ],
)
def test_refused_value_is_told_at_its_field(
    sandbox: Sandbox, asker: User, system: str, values: dict[str, Any], field: str
) -> None:
    operation = work_off(_register(asker, system, **values))

    assert (operation.state, operation.why) == (State.REFUSED, Why.INVALID)
    assert field in operation.details["fields"]
    assert not named(sandbox, system)


def test_record_that_the_rule_links_makes_the_person_registered_that_person(
    sandbox: Sandbox, asker: User
) -> None:
    """Somebody whom the index knows from another system is registered as if they were new."""
    first = _created(asker, "jump", nhs_number="9990000018", phone="", email="")
    Claim.objects.all().delete()
    operation = _register(asker, "impilo")
    address = operation.patient.public_id

    operation = work_off(operation)
    first.refresh_from_db()
    assert operation.record

    if operation.record.patient == first.patient:
        assert Patient.objects.get(public_id=address).merged_into == first.patient
    else:
        assert operation.record.patient == operation.patient


def test_new_record_of_a_person_who_has_records_is_linked_in_the_askers_name(
    sandbox: Sandbox, asker: User
) -> None:
    first = _created(asker, "jump", given_name="Zed", email="", phone="")
    other = replace(new_record(), organization_id="")
    (operation,) = register({"impilo": other}, by=asker, patient=first.patient)

    operation = work_off(operation)

    assert operation.record
    assert operation.record.patient == first.patient
    link = Link.objects.get(record=operation.record, undone_at=None)
    assert (link.made_by, link.reason) == (asker, arriving.REGISTERED)


# --- changing -------------------------------------------------------------------------------


@EACH
def test_changed_details_are_in_system_and_index_and_nothing_else_is(
    sandbox: Sandbox, asker: User, system: str
) -> None:
    record = _created(asker, system)
    before = held(system, record.remote_id, by=asker)

    operation = work_off(change(record, by=asker, phone="+44 7700 900999", birth_date=date(1987, 3, 10)))

    assert operation.state == State.DONE, (operation.why, operation.problem)
    after = held(system, record.remote_id, by=asker)
    now = details_of(after)
    assert (now.phone, now.birth_date) == ("+44 7700 900999", date(1987, 3, 10))
    assert now.given_name == details_of(before).given_name
    record.refresh_from_db()
    assert details_of(whole_of(record)).phone == "+44 7700 900999"


@EACH
def test_change_that_is_there_already_is_done_without_sending(
    sandbox: Sandbox, asker: User, system: str
) -> None:
    record = _created(asker, system)

    operation = work_off(change(record, by=asker, phone=ZOE.phone))

    assert operation.state == State.DONE
    assert not operation.attempts.filter(sent=True).exists()


@EACH
def test_what_somebody_else_changed_meanwhile_is_not_overwritten(
    sandbox: Sandbox, asker: User, system: str
) -> None:
    record = _created(asker, system)
    stale = SourceRecord.objects.get(pk=record.pk)
    work_off(change(record, by=asker, phone="+44 7700 900001"))

    operation = work_off(change(stale, by=asker, phone="+44 7700 900002"))

    assert (operation.state, operation.why) == (State.HELD, Why.MOVED)
    assert operation.details == {"fields": ["phone"]}
    assert details_of(held(system, record.remote_id, by=asker)).phone == "+44 7700 900001"


@EACH
def test_changes_asked_for_one_after_the_other_end_with_the_last(
    sandbox: Sandbox, asker: User, system: str
) -> None:
    """The second form showed what the index held, while the first was still on its way."""
    record = _created(asker, system)
    for number in ("+44 7700 900001", "+44 7700 900002", "+44 7700 900003"):
        change(record, by=asker, phone=number)

    work_off()

    assert set(Operation.objects.values_list("state", flat=True)) == {State.DONE}
    assert details_of(held(system, record.remote_id, by=asker)).phone == "+44 7700 900003"


def test_part_that_a_system_does_not_take_is_refused_loudly(sandbox: Sandbox, asker: User) -> None:
    record = _created(asker, "jhe")

    operation = work_off(change(record, by=asker, email="another@example.org"))

    assert (operation.state, operation.why) == (State.REFUSED, Why.UNSUPPORTED)


def test_custom_fields_that_do_not_take_are_not_called_done(sandbox: Sandbox, asker: User) -> None:
    sandbox.switches["jump"].set(custom_fields="always")
    record = _created(asker, "jump")
    wish = Change(
        changes=Changes(custom_fields=(("insurance_provider", "Bupa"),)), shown=shown_of(whole_of(record))
    )
    assert work_off(recording.ask(wish, record=record, by=asker)).state == State.DONE
    record = SourceRecord.objects.get(pk=record.pk)
    gone = Change(
        changes=Changes(custom_fields=(("insurance_provider", None),)), shown=shown_of(whole_of(record))
    )
    assert work_off(recording.ask(gone, record=record, by=asker)).state == State.DONE
    sandbox.switches["jump"].set(custom_fields_written="dropped")

    operation = work_off(recording.ask(wish, record=record, by=asker))

    assert (operation.state, operation.why) == (State.HELD, Why.NOT_TAKEN)
    assert operation.details == {"fields": ["custom_fields.insurance_provider"]}


def test_custom_field_that_somebody_else_changed_meanwhile_is_not_overwritten(
    sandbox: Sandbox, asker: User
) -> None:
    sandbox.switches["jump"].set(custom_fields="always")
    record = _created(asker, "jump")
    shown = shown_of(whole_of(record))
    wish = Change(changes=Changes(custom_fields=(("insurance_provider", " Bupa "),)), shown=shown)
    with sandbox.stores["jump"].writing() as state:
        state["patients"][record.remote_id]["custom_fields"] = {"insurance_provider": "Vitality"}

    operation = work_off(recording.ask(wish, record=record, by=asker))

    assert (operation.state, operation.why) == (State.HELD, Why.MOVED)
    assert operation.details == {"fields": ["custom_fields.insurance_provider"]}
    assert named(sandbox, "jump")[0]["custom_fields"] == {"insurance_provider": "Vitality"}
    settling.try_now(operation, by=asker, reason="She changed over")
    assert work_off(operation).state == State.DONE
    assert named(sandbox, "jump")[0]["custom_fields"] == {"insurance_provider": "Bupa"}


def test_changes_of_one_custom_field_one_after_the_other_are_both_done(sandbox: Sandbox, asker: User) -> None:
    sandbox.switches["jump"].set(custom_fields="always")
    record = _created(asker, "jump")
    shown = shown_of(whole_of(record))
    for value in ("Bupa", "Vitality"):
        changes = Changes(custom_fields=(("insurance_provider", value),))
        recording.ask(Change(changes=changes, shown=shown), record=record, by=asker)

    work_off()

    assert set(Operation.objects.values_list("state", flat=True)) == {State.DONE}
    assert named(sandbox, "jump")[0]["custom_fields"] == {"insurance_provider": "Vitality"}


def test_value_that_could_not_be_read_is_cleared_all_the_same(sandbox: Sandbox, asker: User) -> None:
    record = _created(asker, "impilo")
    with sandbox.stores["impilo"].writing() as state:
        state["patients"][record.remote_id]["phoneNumber"] = ["020 7946 0001"]
    record = known("impilo", record.remote_id, by=asker)

    operation = work_off(change(record, by=asker, phone=""))

    assert operation.state == State.DONE, operation.problem
    assert not named(sandbox, "impilo")[0].get("phoneNumber")


@OPEN_TO_ALL
def test_record_that_has_gone_is_refused(sandbox: Sandbox, asker: User, system: str) -> None:
    record = _created(asker, system)
    with sandbox.stores[system].writing() as state:
        state["patients"].pop(record.remote_id)

    operation = work_off(change(record, by=asker, phone="+44 7700 900001"))

    assert (operation.state, operation.why) == (State.REFUSED, Why.GONE)


def test_merged_record_is_never_written_to(sandbox: Sandbox, asker: User) -> None:
    record = _created(asker, "jump")
    with sandbox.stores["jump"].writing() as state:
        state["patients"][record.remote_id]["status"] = "merged"

    operation = work_off(change(record, by=asker, phone="+44 7700 900001"))

    assert (operation.state, operation.why) == (State.HELD, Why.MERGED)


# --- archiving, marking ---------------------------------------------------------------------


@OPEN_TO_ALL
def test_record_is_put_away_once(sandbox: Sandbox, asker: User, system: str) -> None:
    record = _created(asker, system)

    first = recording.ask(Archive(reason="Moved away"), record=record, by=asker)
    second = recording.ask(Archive(reason="Moved away"), record=record, by=asker)
    work_off()

    assert [work_off(each).state for each in (first, second)] == [State.DONE, State.DONE]
    assert held(system, record.remote_id, by=asker).status is RecordStatus.ARCHIVED
    assert Operation.objects.get(pk=second.pk).attempts.filter(sent=True).count() == 0


@pytest.mark.parametrize(("system", "setting"), [("jump", "WRITES_OWN_ID"), ("impilo", "MARKS_RECORDS")])
def test_mark_is_written_by_setting_only_and_never_over_another(
    sandbox: Sandbox, asker: User, settings: Settings, system: str, setting: str
) -> None:
    if system == "jump":
        sandbox.switches["jump"].set(custom_fields="always")
    patient = next(
        key
        for key, row in sandbox.stores[system].snapshot()["patients"].items()
        if not row.get("externalIdentifier") and not (row.get("custom_fields") or {}).get("external_id")
        and row.get("status", "active") == "active" and not row.get("archived")
    )  # fmt: skip
    record = known(system, patient, by=asker)

    refused = work_off(recording.ask(Mark(), record=record, by=asker))
    support.change(settings, system, **{setting: True})
    done = work_off(recording.ask(Mark(), record=record, by=asker))
    another = work_off(recording.ask(Mark(), record=record, by=asker))

    assert (refused.state, refused.why) == (State.REFUSED, Why.UNSUPPORTED)
    assert done.state == State.DONE
    assert (another.state, another.why) == (State.HELD, Why.CONFLICT)
    values = [each.value for each in held(system, patient, by=asker).identifiers]
    assert values == [done.own_id]


def test_time_that_passes_does_nothing_to_what_is_done(sandbox: Sandbox, asker: User) -> None:
    _created(asker, "impilo", sex=Sex.FEMALE)
    pass_time(days=3)

    assert work_off().attempts.count() == 1


def test_open_writes_follow_a_person_whom_the_rule_links(sandbox: Sandbox, asker: User) -> None:
    """Else two lanes would write to one record."""
    first = _created(asker, "jump", nhs_number="9990000018")
    stays = _created(asker, "impilo", given_name="Ada", email="", phone="")
    waiting = change(stays, by=asker, phone="+44 7700 900001")
    with sandbox.stores["impilo"].writing() as state:
        row = state["patients"][stays.remote_id]
        row["firstName"], row["email"], row["phoneNumber"] = ZOE.given_name, ZOE.email, ZOE.phone
    before = stays.patient

    stays = known("impilo", stays.remote_id, by=asker)

    assert stays.patient == first.patient != before
    assert Operation.objects.get(pk=waiting.pk).patient == first.patient
    assert not Claim.objects.filter(patient=before).exists()


def test_registration_that_goes_on_follows_the_record_that_is_parted_again(
    sandbox: Sandbox, asker: User
) -> None:
    """Else what is created last would be linked with whom the first was parted from."""
    there = _created(asker, "impilo").patient
    Claim.objects.all().delete()
    new = new_record()
    asked = register({"jump": new, "jhe": replace(new, organization_id=LIFESPAN)}, by=asker)
    address = asked[0].patient
    sending.send_next("jump", "a")
    first, second = (Operation.objects.get(pk=each.pk) for each in asked)
    assert first.record
    assert first.record.patient == second.patient == there

    linking.unlink_record(record=first.record, reason="Her niece", by=asker)

    first, second = (Operation.objects.get(pk=each.pk) for each in asked)
    assert first.record
    niece = first.record.patient
    assert second.patient == niece != there
    assert set(Claim.objects.values_list("patient", flat=True)) == {niece.pk}
    address.refresh_from_db()
    assert niece in (address, address.merged_into)
    second = work_off(second)
    assert second.record
    assert second.record.patient == Operation.objects.get(pk=first.pk).patient != there


def test_registration_goes_back_with_the_link_that_brought_it(sandbox: Sandbox, asker: User) -> None:
    there = _created(asker, "impilo", given_name="Ada", email="", phone="").patient
    record = _created(asker, "jump")
    Claim.objects.all().delete()
    organization = replace(new_record(), organization_id=LIFESPAN)
    (open_one,) = register({"jhe": organization}, by=asker, patient=record.patient)
    linking.link_people(keep=there, other=record.patient, reason="Her other name", by=asker)
    assert Operation.objects.get(pk=open_one.pk).patient == there

    with transaction.atomic():
        linking.undo(Link.objects.get(record=record, undone_at=None), by=asker, reason="It was not")

    record.refresh_from_db()
    assert Operation.objects.get(pk=open_one.pk).patient == record.patient != there


def test_registration_stays_with_whom_it_was_asked_for_when_a_record_leaves(
    sandbox: Sandbox, asker: User
) -> None:
    """Whether the rule takes the record back or somebody parts it."""
    stays = _created(asker, "impilo")
    patient = stays.patient
    work_off(register({"jump": new_record()}, by=asker, patient=patient)[0])
    leaves = SourceRecord.objects.get(system="jump", patient=patient, operations__isnull=False)
    organization = replace(new_record(), organization_id=LIFESPAN)
    (open_one,) = register({"jhe": organization}, by=asker, patient=patient)

    linking.unlink_record(record=leaves, reason="Somebody else's", by=asker)

    leaves.refresh_from_db()
    assert leaves.patient != patient
    assert Operation.objects.get(pk=open_one.pk).patient == patient


def test_namesake_who_was_registered_with_a_reason_stays_another_person(
    sandbox: Sandbox, asker: User
) -> None:
    first = _created(asker, "jump")
    (operation,) = register({"impilo": new_record()}, by=asker, namesake="Another mother")

    operation = work_off(operation)

    assert operation.state == State.DONE
    assert operation.record
    first.refresh_from_db()
    assert operation.record.patient == operation.patient != first.patient
    assert KeptApart.objects.get(lifted_at=None).reason == "Another mother"
    known("impilo", operation.record.remote_id, by=asker)
    assert SourceRecord.objects.get(pk=operation.record.pk).patient != first.patient


@pytest.mark.parametrize("value", ["portal-7", None])
def test_number_of_another_party_is_never_overwritten(
    sandbox: Sandbox, asker: User, value: str | None
) -> None:
    record = _created(asker, "jump")
    with sandbox.stores["jump"].writing() as state:
        state["patients"][record.remote_id]["custom_fields"] = {"emis_guid": "EMIS-1"}
    record = known("jump", record.remote_id, by=asker)
    wish = Change(changes=Changes(custom_fields=(("emis_guid", value),)), shown=shown_of(whole_of(record)))

    operation = work_off(recording.ask(wish, record=record, by=asker))

    assert (operation.state, operation.why) == (State.REFUSED, Why.INVALID)
    (row,) = named(sandbox, "jump")
    assert row["custom_fields"] == {"emis_guid": "EMIS-1"}
