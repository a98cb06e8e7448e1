"""The gate: nobody is created unsearched, or past whom the search has found."""

from __future__ import annotations

from dataclasses import replace

import pytest

from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.run import Sandbox
from integrations.types import Sex
from patients.models import Claim, Flag, KeptApart, Operation, SourceRecord
from patients.services.operations import recording
from patients.services.operations.claims import Taken
from patients.services.registering import gate
from patients.services.registering.gate import Verdict
from patients.services.registering.passing import Nearness
from portal.accounts.models import User
from portal.audit.models import Event
from tests.writing import ZOE, new_record, register, work_off

pytestmark = pytest.mark.slow
NHS = "9434765919"
ZOE_HERE = replace(ZOE, nhs_number=NHS)


def _in_jump(sandbox: Sandbox, **values: str) -> None:
    """Zoë as Jump alone knows her: the index does not."""
    row = {
        "first_name": ZOE.given_name, "last_name": ZOE.family_name, "date_of_birth": "1987-03-09",
        "nhs_number": NHS, "email": ZOE.email, "phone": ZOE.phone,
    }  # fmt: skip
    with sandbox.stores["jump"].writing() as state:
        example = next(iter(state["patients"].values()))
        state["patients"]["pat_zoe"] = {**example, **row, **values, "id": "pat_zoe"}


def _registered(by: User, details: object = ZOE_HERE) -> SourceRecord:
    operation = work_off(register({"jump": new_record(details)}, by=by)[0])  # type: ignore[arg-type]
    Claim.objects.all().delete()
    assert operation.record, operation.problem
    return operation.record


def test_systems_are_searched_too_and_what_they_find_is_met(sandbox: Sandbox, asker: User) -> None:
    _in_jump(sandbox)

    look = gate.look(ZOE_HERE, by=asker)

    assert look.verdict is Verdict.SAME
    (met,) = look.meeting.met
    assert met.side.name == "QUARTERMAINE, Zoë, born 09-Mar-1987"
    assert not look.silent
    event = Event.objects.get(action="register.searched")
    assert event.details == {"verdict": "same", "people": 1, "silent": []}


def test_system_that_does_not_answer_is_told_and_stops_nobody(sandbox: Sandbox, asker: User) -> None:
    sandbox.faults["impilo"].add(Fault(kind=FaultKind.STATUS, status=503))

    look = gate.look(ZOE_HERE, by=asker)

    assert [each.system for each in look.silent] == ["impilo"]
    assert look.silent[0].sentence
    assert look.verdict is Verdict.CLEAR


def test_nobody_found_is_let_through_without_a_word(sandbox: Sandbox, asker: User) -> None:
    look = gate.look(ZOE_HERE, by=asker)

    passed = gate.let_through(gate.seal(look, by=asker), ZOE_HERE, by=asker)

    assert (passed.reason, passed.doubts) == ("", ())
    (operation,) = recording.register({"jump": new_record(ZOE_HERE)}, passed=passed, by=asker)
    assert work_off(operation).state == Operation.State.DONE
    assert not Flag.objects.exists()


def test_somebody_held_already_is_not_created_and_a_namesake_only_with_a_reason(
    sandbox: Sandbox, asker: User
) -> None:
    record = _registered(asker, ZOE)
    look = gate.look(ZOE, by=asker)
    sealed = gate.seal(look, by=asker)
    with pytest.raises(gate.Stopped, match="held already"):
        gate.let_through(sealed, ZOE, by=asker, reason="  ")

    passed = gate.let_through(sealed, ZOE, by=asker, reason="Her cousin")

    assert passed.is_namesake
    assert [each.nearness for each in passed.doubts] == [Nearness.HIGH]
    (operation,) = recording.register({"impilo": new_record()}, passed=passed, by=asker)
    flag = Flag.objects.get()
    assert (flag.patient, flag.other, flag.kind) == (operation.patient, record.patient, "duplicate")
    assert (flag.nearness, flag.reason, flag.raised_by) == ("high", "Her cousin", asker)
    operation = work_off(operation)
    assert operation.record is not None
    assert operation.record.patient != record.patient
    assert KeptApart.objects.get(lifted_at=None).reason == "Her cousin"


def test_of_two_who_register_one_namesake_at_once_the_second_is_told(sandbox: Sandbox, asker: User) -> None:
    _registered(asker, ZOE)
    sealed = gate.seal(gate.look(ZOE, by=asker), by=asker)
    first, second = (gate.let_through(sealed, ZOE, by=asker, reason="Her cousin") for _ in range(2))
    recording.register({"impilo": new_record()}, passed=first, by=asker)

    with pytest.raises(Taken):
        recording.register({"impilo": new_record()}, passed=second, by=asker)


def test_nhs_number_of_somebody_is_never_created_a_second_time_but_care_goes_on(
    sandbox: Sandbox, asker: User
) -> None:
    record = _registered(asker)
    other = replace(ZOE_HERE, given_name="Omar", family_name="Farouk", email="", phone="")
    look = gate.look(other, by=asker)
    assert look.verdict is Verdict.CONFLICT
    sealed = gate.seal(look, by=asker)
    with pytest.raises(gate.Stopped, match="NHS number"):
        gate.let_through(sealed, other, by=asker, reason="He is here")

    passed = gate.let_through(sealed, other, by=asker, reason="He bleeds", urgent=True)

    assert (passed.details.nhs_number, passed.contested) == ("", NHS)
    with pytest.raises(ValueError, match="somebody else"):
        recording.register({"jump": new_record(other)}, passed=passed, by=asker)
    new = new_record(passed.details)
    (operation,) = recording.register({"jump": new}, passed=passed, by=asker)
    flag = Flag.objects.get()
    assert (flag.kind, flag.other, flag.contested) == ("conflict", record.patient, NHS)
    assert work_off(operation).state == Operation.State.DONE


@pytest.mark.parametrize(
    "changed",
    [{"phone": "+44 7700 900999"}, {"sex": Sex.FEMALE}, {"consent_sms": True}, {"notes": "Not said before"}],
    ids=lambda each: next(iter(each)),
)
def test_page_holds_for_no_other_details_than_it_has_read_back(
    sandbox: Sandbox, asker: User, changed: dict[str, object]
) -> None:
    sealed = gate.seal(gate.look(ZOE_HERE, by=asker), by=asker, beside="in jump")

    with pytest.raises(gate.LookAgain):
        gate.let_through(sealed, replace(ZOE_HERE, **changed), by=asker, beside="in jump")  # type: ignore[arg-type]
    with pytest.raises(gate.LookAgain):
        gate.let_through(sealed, ZOE_HERE, by=asker, beside="in jump and impilo")
    assert gate.let_through(sealed, ZOE_HERE, by=asker, beside="in jump").details == ZOE_HERE


def test_page_that_showed_somebody_else_or_less_has_to_look_again(
    sandbox: Sandbox, asker: User, boss: User
) -> None:
    sealed = gate.seal(gate.look(ZOE_HERE, by=asker), by=asker)
    changed = replace(ZOE_HERE, given_name="Zara")
    for seal, details, by in ((sealed, changed, asker), (sealed, ZOE_HERE, boss), ("x", ZOE_HERE, asker)):
        with pytest.raises(gate.LookAgain):
            gate.let_through(seal, details, by=by, reason="Never mind")
    _registered(asker)

    with pytest.raises(gate.LookAgain) as again:
        gate.let_through(sealed, ZOE_HERE, by=asker, reason="Never mind")

    assert again.value.look.verdict is Verdict.SAME
    assert Operation.objects.count() == 1
