"""``manage.py register``: the same checks and the same gate as the form, without a word about the patient."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.run import Sandbox
from patients.models import Claim, Flag, KeptApart, Operation, Patient
from portal.accounts.models import User
from portal.audit.models import Event
from portal.management.commands.register import FIELDS
from tests.support import fill_index
from tests.writing import LIFESPAN, ZOE, named, work_off

pytestmark = pytest.mark.slow
ZOE_TYPED = {
    "given_name": "Zoë",
    "family_name": "Quartermaine",
    "birth_date": "9 March 1987",
    "email": "zoe.quartermaine@example.org",
    "phone": "07700 900461",
}
HALLORAN = {
    "given_name": "Viktor",
    "family_name": "Halloran",
    "birth_date": "14 Feb 1982",
    "email": "viktor.halloran@example.com",
}  # in JHE alone, in an organization out of reach
EVERYWHERE = ("--system", "jump", "--system", "jhe", "--organization", LIFESPAN)
JUMP = ("--system", "jump")


@dataclass
class Said:
    """What the command wrote, and the code that it ended with."""

    code: int
    out: str
    err: str

    @property
    def ids(self) -> list[str]:
        """What stands second in each line."""
        return [line.split()[1] for line in self.out.splitlines()]


def run(*words: str, by: User, typed: Any = ZOE_TYPED, tells: bool = False) -> Said:
    """The command, run to its end; it ``tells`` nobody's details."""
    out, err = io.StringIO(), io.StringIO()
    code = 0
    stdin = io.StringIO(typed if isinstance(typed, str) else json.dumps(typed))
    try:
        call_command("register", "--by", str(by.email), *words, stdin=stdin, stdout=out, stderr=err)
    except SystemExit as end:
        code = int(end.code or 0)
    except CommandError as refused:
        code = refused.returncode
        err.write(str(refused))
    said = Said(code, out.getvalue(), err.getvalue())
    told = [word for text in typed.values() for word in str(text).split()] if isinstance(typed, dict) else []
    for word in (*told, *typed, ZOE.family_name, ZOE.given_name, ZOE.email) if not tells else ():
        assert len(word) < 4 or word in FIELDS or word not in said.out + said.err
    return said


def registered(by: User) -> Patient:
    """Zoë, in Jump and in the index."""
    assert run(*JUMP, by=by).code == 0
    patient = work_off().patient
    Claim.objects.all().delete()
    return patient


def test_new_person_is_asked_for_in_every_chosen_system(sandbox: Sandbox, asker: User) -> None:
    said = run(*EVERYWHERE, by=asker)

    assert (said.code, said.err) == (0, "")
    operations = list(Operation.objects.order_by("pk"))
    assert said.ids == [*(each.public_id for each in operations), operations[0].patient.public_id]
    work_off()
    assert [len(named(sandbox, name)) for name in ("jump", "jhe", "impilo")] == [1, 1, 0]
    assert list(Event.objects.filter(action="register.searched").values_list("actor", flat=True)) == [
        str(asker.pk)
    ]


def test_who_is_found_stops_it_until_a_reason_is_given(sandbox: Sandbox, asker: User) -> None:
    patient = registered(asker)

    stopped = run(*JUMP, by=asker)

    assert stopped.code == 2
    assert stopped.out.split() == ["found:", "high", patient.public_id]
    assert "They are held already" in stopped.err
    assert Operation.objects.count() == 1
    again = run("--system", "impilo", "--reason", "Her cousin", by=asker)
    assert again.code == 0
    work_off()
    assert len(named(sandbox, "impilo")) == 1
    assert KeptApart.objects.get(lifted_at=None).reason == "Her cousin"
    assert Flag.objects.get().other == patient


def test_damaged_details_of_somebody_held_stop_it(sandbox: Sandbox, asker: User) -> None:
    patient = registered(asker)

    said = run(*JUMP, by=asker, typed=ZOE_TYPED | {"family_name": "Quatermain", "birth_date": "3 Aug 1978"})

    assert said.code == 2
    assert patient.public_id in said.out
    assert Operation.objects.count() == 1


def test_nhs_number_of_somebody_cannot_be_talked_away(sandbox: Sandbox, asker: User) -> None:
    number = {"nhs_number": "943 476 5919"}
    assert run(*JUMP, by=asker, typed=ZOE_TYPED | number).code == 0
    work_off()
    other = number | {"given_name": "Omar", "family_name": "Farouk", "birth_date": "1 Feb 1961"}

    said = run(*JUMP, "--reason", "He is another", by=asker, typed=other)

    assert said.code == 2
    assert "conflict" in said.out
    assert "NHS number" in said.err


def test_somebody_out_of_reach_is_told_of_without_an_id(sandbox: Sandbox, asker: User) -> None:
    said = run(*JUMP, by=asker, typed=HALLORAN)

    assert said.code == 2
    assert said.out.strip() == "found: high  out of your reach, in JupyterHealth Exchange"
    assert not Operation.objects.exists()


def test_system_that_does_not_answer_is_named_and_stops_nobody(sandbox: Sandbox, asker: User) -> None:
    sandbox.faults["impilo"].add(Fault(kind=FaultKind.STATUS, status=503))

    said = run(*JUMP, by=asker)

    assert said.code == 0
    assert "Impilo did not answer" in said.err


@pytest.mark.parametrize(
    ("words", "typed", "told"),
    [
        (JUMP, {"birth_date": "9 March 2999"}, "birth_date: not as it can be"),
        (JUMP, {"family_name": ""}, "Jump EHR: family_name missing"),
        (("--system", "jhe"), {}, "organization_id missing"),
        (("--system", "jhe", "--organization", "20001"), {}, "organization_id is none in which"),
    ],
)
def test_what_the_form_would_not_take_is_refused(
    sandbox: Sandbox, asker: User, words: tuple[str, ...], typed: dict[str, str], told: str
) -> None:
    said = run(*words, by=asker, typed=ZOE_TYPED | typed)

    assert said.code == 3
    assert told in said.err
    assert not Operation.objects.exists()
    assert not Event.objects.filter(action="register.searched").exists()


def test_sentences_are_told_to_who_asks_for_them(sandbox: Sandbox, asker: User) -> None:
    wrong = ZOE_TYPED | {"birth_date": "9 March 2999"}

    assert "is in the future" in run(*JUMP, "-v", "2", by=asker, typed=wrong, tells=True).err


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("not JSON: Quartermaine", "one JSON object"),
        ('["Quartermaine"]', "one JSON object"),
        ({"family_name": 1987}, "one JSON object"),
        ({"Quartermaine": "x"}, "1 unknown fields"),
    ],
)
def test_what_is_no_form_is_refused_and_not_repeated(
    sandbox: Sandbox, asker: User, typed: Any, told: str
) -> None:
    said = run(*JUMP, by=asker, typed=typed)

    assert said.code == 3
    assert told in said.err


def test_role_decides_here_too(sandbox: Sandbox, reader: User, coordinator: User) -> None:
    for user in (reader, coordinator):
        said = run(*JUMP, by=user)
        assert said.code == 3
        assert "may register nobody there" in said.err
    assert not Operation.objects.exists()


def test_mailbox_that_is_somebodys_is_refused(sandbox: Sandbox, asker: User) -> None:
    fill_index(asker, "Mbeki")
    typed = ZOE_TYPED | {"email": "GRACE.mbeki@example.org"}

    said = run("--system", "jhe", "--organization", LIFESPAN, "--reason", "Another", by=asker, typed=typed)

    assert said.code == 3
    assert "e-mail is somebody's there already" in said.err


def test_of_two_at_once_the_second_is_told(sandbox: Sandbox, asker: User) -> None:
    first = run(*JUMP, by=asker)

    second = run("--system", "impilo", by=asker)

    assert second.code == 3
    assert Operation.objects.get().patient.public_id in second.err
    assert first.code == 0
