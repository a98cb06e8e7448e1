"""``manage.py operations``: listing, telling and deciding, in whose name, and what it ends with."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass

import pytest
from django.core.management import CommandError, call_command

from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.run import Sandbox
from patients.models import Operation
from patients.services.operations.whys import Why
from portal.accounts.models import User
from portal.audit.models import Event
from tests.writing import ZOE, named, new_record, register, work_off

State = Operation.State
pytestmark = pytest.mark.slow


@dataclass
class Said:
    """What the command wrote, and the code that it ended with."""

    code: int
    out: str
    err: str


def run(*words: str) -> Said:
    """The command, run to its end."""
    out, err = io.StringIO(), io.StringIO()
    code = 0
    try:
        call_command("operations", *words, stdout=out, stderr=err)
    except SystemExit as end:
        code = int(end.code or 0)
    said = Said(code, out.getvalue(), err.getvalue())
    for word in (ZOE.family_name, ZOE.given_name, ZOE.email, "461", "1987"):
        assert word not in said.out + said.err
    return said


@pytest.fixture
def held(asker: User) -> Operation:
    """A registration in Jump that waits for a decision."""
    operation = register({"jump": new_record()}, by=asker)[0]
    Operation.objects.filter(pk=operation.pk).update(state=State.HELD, why=Why.IN_VAIN, due_at=None)
    return Operation.objects.get(pk=operation.pk)


def by(user: User) -> tuple[str, str]:
    """In whose name."""
    return "--by", str(user.email)


def test_list_is_narrowed_and_tells_nobodys_details(held: Operation, asker: User, admin: User) -> None:
    listed = run("list", *by(admin))
    assert listed.code == 0
    assert re.search(rf"{held.public_id}  Held .*Clive Staff: Register in Jump EHR", listed.out)
    assert "held 1" in listed.out
    assert held.public_id in run("list", *by(asker), "--state", "held", "--asked-by", asker.email).out  # type: ignore[arg-type]
    for words in (("--state", "done"), ("--system", "impilo"), ("--kind", "change"), ("--bulk", "x")):
        assert held.public_id not in run("list", *by(admin), *words).out
    person = held.patient.public_id
    assert held.public_id in run("list", *by(admin), "--person", person, "--order", "next", "--most", "1").out
    assert Event.objects.filter(action="operations.listed", actor=str(admin.pk)).count() == 6


def test_one_is_told_with_its_tries(held: Operation, admin: User) -> None:
    run("try-now", held.public_id, *by(admin))
    work_off(held)

    told = run("show", held.public_id, *by(admin)).out

    assert "state: Done. Jump EHR holds it." in told
    assert "asked for by Clive Staff" in told
    assert re.search(r"try [\d :-]+: Done\. \(sent\)", told)


def test_several_are_tried_and_one_that_is_not_there_is_told_off(
    sandbox: Sandbox, held: Operation, asker: User
) -> None:
    said = run("try-now", held.public_id, "AAAAAAAAAAAAAAAAAAAAAA", *by(asker))

    assert said.code == 1
    assert held.public_id in said.out
    assert "AAAAAAAAAAAAAAAAAAAAAA: there is no such write" in said.err
    assert work_off(held).state == State.DONE
    assert len(named(sandbox, "jump")) == 1


def test_others_writes_are_not_there_for_who_is_no_admin(held: Operation, coordinator: User) -> None:
    assert held.public_id not in run("list", *by(coordinator)).out
    for words in (("show",), ("try-now",), ("give-up", "--reason", "x"), ("take-over",)):
        said = run(words[0], held.public_id, *words[1:], *by(coordinator))
        assert (said.code, said.out) == (1, "")
    assert Operation.objects.get().state == State.HELD


def test_one_is_given_up_with_a_reason_only(held: Operation, asker: User) -> None:
    with pytest.raises(CommandError, match="Nothing was changed"):
        run("give-up", held.public_id, *by(asker), "--reason", " ")
    assert Operation.objects.get().state == State.HELD

    assert run("give-up", held.public_id, *by(asker), "--reason", "Typed twice").code == 0

    assert Operation.objects.get().why == Why.GIVEN_UP
    assert Event.objects.get(action="operation.given_up").reason == "Typed twice"
    again = run("give-up", held.public_id, *by(asker), "--reason", "Typed twice")
    assert (again.code, "It has ended already." in again.err) == (1, True)


def test_giving_up_says_where_it_is_not_known_what_came_of_it(held: Operation, asker: User) -> None:
    Operation.objects.update(state=State.UNKNOWN, left_at=held.asked_at)

    said = run("give-up", held.public_id, *by(asker), "--reason", "Cannot tell")

    assert "It is not known whether it took effect" in said.out


def test_one_is_taken_over_by_an_admin_alone(held: Operation, asker: User, admin: User) -> None:
    assert run("take-over", held.public_id, *by(asker)).code == 1

    assert run("take-over", held.public_id, *by(admin)).code == 0

    assert Operation.objects.get().acts_for == admin


def test_one_is_marked_as_done_with_a_record_of_the_same_person_alone(
    sandbox: Sandbox, held: Operation, asker: User, admin: User
) -> None:
    with sandbox.stores["jump"].writing() as state:
        other, like = next(iter(state["patients"].items()))
        made = {
            "id": "pat_by_hand", "first_name": ZOE.given_name, "last_name": ZOE.family_name,
            "date_of_birth": "1987-03-09", "nhs_number": None,
        }  # fmt: skip
        state["patients"]["pat_by_hand"] = {**like, **made}
    words = ("done-by-hand", held.public_id, "--reason", "Entered in Jump itself")
    with pytest.raises(CommandError, match="--record"):
        run(*words, *by(admin))
    assert run(*words, "--record", str(other), *by(admin)).code == 1
    assert run(*words, "--record", "pat_nobody", *by(admin)).code == 1
    assert run(*words, "--record", "pat_by_hand", *by(asker)).code == 1

    said = run(*words, "--record", "pat_by_hand", *by(admin))

    assert (said.code, said.out) == (0, f"{held.public_id}: marked as done.\n")
    operation = Operation.objects.get()
    assert operation.record is not None
    assert (operation.state, operation.record.remote_id) == (State.DONE, "pat_by_hand")


def test_system_that_does_not_answer_ends_it_with_three(
    sandbox: Sandbox, held: Operation, admin: User
) -> None:
    sandbox.faults["jump"].add(Fault(kind=FaultKind.STATUS, status=503))

    said = run("done-by-hand", held.public_id, "--reason", "x", "--record", "p", *by(admin))

    assert said.code == 3
    assert "Jump EHR" in said.err
    assert Operation.objects.get().state == State.HELD
