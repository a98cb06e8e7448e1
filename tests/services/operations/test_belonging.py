"""Identifiers of a record, and the organizations that it belongs to: JHE's, with its traps."""

from __future__ import annotations

from dataclasses import replace

import pytest

from integrations.abilities import KeepsMembers
from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.run import Sandbox
from integrations.types import Identifier, RemotePatient
from integrations.writes import IdentifierChange
from patients.models import Operation, SourceRecord
from patients.services.connections import open_system
from patients.services.operations import recording, settling, step, wishes
from patients.services.operations.contents import contents_of
from patients.services.operations.whys import Why
from patients.services.operations.wishes import Identify, Join, Leave, Wish
from portal.accounts.models import User
from tests.writing import LIFESPAN, ZOE, named, new_record, pass_time, register, work_off

State = Operation.State
pytestmark = pytest.mark.slow

SCHOOL = "20002"  # its manager is one of LIFESPAN too
ELSEWHERE = "20007"  # the member of LIFESPAN holds no role there
HERS = Identifier(system="https://hospital.example.org/mrn", value=" MRN-001 ")
OTHERS = Identifier(system="https://registry.example.org", value="r/17")
SECOND = Identifier(system="https://registry.example.org", value="r/18")


@pytest.fixture
def record(sandbox: Sandbox, asker: User) -> SourceRecord:
    """Somebody with an identifier of another integration, in one organization."""
    new = replace(new_record(), organization_id=LIFESPAN, identifiers=(OTHERS,))
    operation = work_off(register({"jhe": new}, by=asker)[0])
    assert operation.record, operation.problem
    return operation.record


def _whole(record: SourceRecord, by: User) -> RemotePatient:
    adapter = open_system("jhe", by=by, seconds=30)
    assert isinstance(adapter, KeepsMembers)
    return adapter.whole_record(record.remote_id)


def _put(sandbox: Sandbox, record: SourceRecord, *identifiers: Identifier) -> None:
    """Have the record hold these, as somebody else has written them."""
    with sandbox.stores["jhe"].writing() as state:
        state["patients"][record.remote_id]["identifiers"] = [
            {"id": 990 + number, "system": each.system, "value": each.value}
            for number, each in enumerate(identifiers)
        ]


def _ask(wish: Wish, record: SourceRecord, by: User) -> Operation:
    return work_off(recording.ask(wish, record=record, by=by))


def _identify(record: SourceRecord, by: User, **change: tuple[Identifier, ...]) -> Operation:
    return _ask(Identify(change=IdentifierChange(**change), organization_id=LIFESPAN), record, by)


# --- identifiers ----------------------------------------------------------------------------


def test_identifier_is_added_letter_by_letter_and_others_stay(
    sandbox: Sandbox, asker: User, record: SourceRecord
) -> None:
    operation = _identify(record, asker, add=(HERS,))

    assert operation.state == State.DONE, operation.problem
    (row,) = named(sandbox, "jhe")
    held = {(each["system"], each["value"]) for each in row["identifiers"]}
    assert held == {(HERS.system, HERS.value), (OTHERS.system, OTHERS.value)}
    assert operation.prepared
    operation = _identify(record, asker, remove=(HERS,))
    assert operation.state == State.DONE
    assert [each.value for each in _whole(record, asker).identifiers] == [OTHERS.value]


@pytest.mark.parametrize("kind", [FaultKind.HALF_DONE, FaultKind.RESET])
def test_record_that_a_lost_answer_left_empty_gets_all_of_its_identifiers_back(
    sandbox: Sandbox, asker: User, record: SourceRecord, kind: FaultKind
) -> None:
    """JHE deletes what is there before it writes, and may fail between the two."""
    sandbox.faults["jhe"].add(Fault(kind=kind, method="PATCH", times=1))
    operation = _identify(record, asker, add=(HERS,))
    assert operation.state == State.UNKNOWN
    if kind is FaultKind.HALF_DONE:
        assert not named(sandbox, "jhe")[0]["identifiers"]

    pass_time(seconds=step.LATE + 1)
    operation = work_off(operation)

    assert operation.state == State.DONE, operation.problem
    assert set(_whole(record, asker).identifiers) == {HERS, OTHERS}


def test_set_that_was_written_in_part_is_written_whole(
    sandbox: Sandbox, asker: User, record: SourceRecord
) -> None:
    """A server that dies between two of them leaves the first."""
    _put(sandbox, record, OTHERS, SECOND)
    sandbox.faults["jhe"].add(Fault(kind=FaultKind.HALF_DONE, method="PATCH", times=1))
    operation = _identify(record, asker, add=(HERS,))
    _put(sandbox, record, OTHERS)

    pass_time(seconds=step.LATE + 1)
    operation = work_off(operation)

    assert operation.state == State.DONE, operation.problem
    assert set(_whole(record, asker).identifiers) == {HERS, OTHERS, SECOND}


def test_what_somebody_corrected_after_a_lost_answer_stays_corrected(
    sandbox: Sandbox, asker: User, record: SourceRecord
) -> None:
    sandbox.faults["jhe"].add(Fault(kind=FaultKind.RESET, method="PATCH", times=1, after_effect=True))
    operation = _identify(record, asker, add=(HERS,))
    assert operation.state == State.UNKNOWN
    _put(sandbox, record, SECOND, HERS)

    pass_time(seconds=step.LATE + 1)

    assert work_off(operation).state == State.DONE
    assert set(_whole(record, asker).identifiers) == {SECOND, HERS}


@pytest.mark.parametrize("change", [{"add": (HERS,)}, {"remove": (HERS,)}])
def test_set_that_somebody_changed_after_it_was_lost_in_part_is_held(
    sandbox: Sandbox, asker: User, record: SourceRecord, change: dict[str, tuple[Identifier, ...]]
) -> None:
    if "remove" in change:
        _put(sandbox, record, OTHERS, HERS)
    sandbox.faults["jhe"].add(Fault(kind=FaultKind.HALF_DONE, method="PATCH", times=1))
    operation = _identify(record, asker, **change)
    _put(sandbox, record, SECOND)

    pass_time(seconds=step.LATE + 1)
    operation = work_off(operation)

    assert (operation.state, operation.why) == (State.HELD, Why.MOVED)
    assert set(_whole(record, asker).identifiers) == {SECOND}
    rows = contents_of(operation, wishes.kept(operation.kind, operation.wanted)).rows
    assert ("Held now", f"{SECOND.value} (given by {SECOND.system})") in [
        (each.label, each.wanted) for each in rows
    ]
    settling.try_now(operation, by=asker, reason="The registry gave a new one")
    assert work_off(operation).state == State.DONE
    assert set(_whole(record, asker).identifiers) == {SECOND, *change.get("add", ())}


def test_removing_from_a_record_that_was_emptied_keeps_the_others(
    sandbox: Sandbox, asker: User, record: SourceRecord
) -> None:
    _identify(record, asker, add=(HERS,))
    sandbox.faults["jhe"].add(Fault(kind=FaultKind.HALF_DONE, method="PATCH", times=1))
    operation = _identify(record, asker, remove=(HERS,))
    assert not named(sandbox, "jhe")[0]["identifiers"]

    pass_time(seconds=step.LATE + 1)

    assert work_off(operation).state == State.DONE
    assert set(_whole(record, asker).identifiers) == {OTHERS}


def test_identifier_of_somebody_else_is_held_and_nothing_is_lost(
    sandbox: Sandbox, asker: User, record: SourceRecord
) -> None:
    other = replace(
        new_record(given_name="Mia", email="mia@example.org"), organization_id=LIFESPAN, identifiers=(HERS,)
    )
    work_off(register({"jhe": other}, by=asker)[0])

    operation = _identify(record, asker, add=(HERS,))

    assert (operation.state, operation.why) == (State.HELD, Why.CONFLICT)
    assert set(_whole(record, asker).identifiers) == {OTHERS}


# --- organizations --------------------------------------------------------------------------


def test_record_is_added_to_an_organization_and_removed_again(
    sandbox: Sandbox, boss: User, asker: User, record: SourceRecord
) -> None:
    added = _ask(Join(organization_id=SCHOOL), record, boss)
    again = _ask(Join(organization_id=SCHOOL), record, boss)
    gone = _ask(Leave(organization_id=SCHOOL), record, boss)

    assert [added.state, again.state, gone.state] == [State.DONE] * 3
    assert not again.attempts.filter(sent=True).exists()
    assert [each.id for each in _whole(record, boss).organizations] == [LIFESPAN]


def test_last_organization_is_never_left_since_the_record_would_go_with_it(
    sandbox: Sandbox, asker: User, record: SourceRecord
) -> None:
    operation = _ask(Leave(organization_id=LIFESPAN), record, asker)

    assert (operation.state, operation.why) == (State.REFUSED, Why.LAST_ORGANIZATION)
    assert len(named(sandbox, "jhe")) == 1
    assert not operation.attempts.filter(sent=True).exists()


def test_adding_where_one_holds_no_role_is_held_though_jhe_would_allow_it(
    sandbox: Sandbox, asker: User, record: SourceRecord
) -> None:
    operation = _ask(Join(organization_id=ELSEWHERE), record, asker)

    assert (operation.state, operation.why) == (State.HELD, Why.NO_RIGHT)
    assert [each.id for each in _whole(record, asker).organizations] == [LIFESPAN]


def test_record_that_is_gone_has_not_left(sandbox: Sandbox, asker: User, record: SourceRecord) -> None:
    with sandbox.stores["jhe"].writing() as state:
        for key in [key for key, row in state["patients"].items() if str(row["id"]) == record.remote_id]:
            del state["patients"][key]

    operation = _ask(Leave(organization_id=LIFESPAN), record, asker)

    assert (operation.state, operation.why) == (State.REFUSED, Why.GONE)
    assert ZOE.family_name


@pytest.mark.parametrize("organization", [SCHOOL, LIFESPAN])
def test_record_whose_organizations_cannot_all_be_read_is_looked_at_again(
    sandbox: Sandbox, boss: User, record: SourceRecord, organization: str
) -> None:
    """Neither that it has left, nor that the other one is its last, is said of half a list."""
    _ask(Join(organization_id=SCHOOL), record, boss)
    with sandbox.stores["jhe"].writing() as state:
        state["organizations"][SCHOOL]["id"] = "unreadable"
    operation = _ask(Leave(organization_id=organization), record, boss)
    assert operation.state == State.WAITING, (operation.state, operation.why)
    attempt = operation.attempts.get()
    assert (attempt.sent, attempt.reason) == (False, "unreadable organizations")
