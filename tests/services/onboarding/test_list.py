"""``manage.py onboard``: everybody once, by the same gate as the form; run again it goes on where it was."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext

from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.run import Sandbox
from integrations.writes import NewRecord
from patients.models import Bulk, Draft, Invitation, Operation, Participant, Study
from patients.services.onboarding import driving, lists
from patients.services.onboarding.driving import Drive, Order
from patients.services.operations.wishes import Kind
from patients.services.studies.inviting import Offer
from portal.accounts.models import User
from portal.management.onboarding import passengers_of
from tests.studying import BP_AND_HR, CAREX, enrolled, full
from tests.support import connected
from tests.writing import LIFESPAN, ZOE, named, pass_time, register, work_off

from .lists import ALMA, BRAM, CLEO, HEADER, THREE, Said, file_of, in_study, onboard

pytestmark = pytest.mark.slow


def joined(sandbox: Sandbox) -> list[str]:
    """Which of the three take part, each as often as they do."""
    return sorted(each for each in in_study(sandbox) if each in ALL_THREE)


ALL_THREE = ["alma.quillfeather@example.org", "bram.underhillock@example.org", "cleo.zephyrine@example.org"]


def test_list_is_registered_enrolled_and_invited(sandbox: Sandbox, asker: User, study: Study) -> None:
    said = onboard("--invite", "email", by=asker, data=file_of(*THREE))

    assert (said.code, said.outcomes) == (0, ["through"] * 3), said.out + said.err
    assert [each["reached"] for each in said.rows] == ["invited"] * 3
    assert joined(sandbox) == ALL_THREE
    rows = Participant.objects.filter(study=study, number__startswith="LL-").order_by("number")
    assert [each.number for each in rows] == ["LL-001", "LL-002", "LL-003"]
    assert {each.channel for each in Invitation.objects.all()} == {Invitation.Channel.EMAIL}
    with sandbox.stores["jhe"].reading() as state:
        assert sorted(each["to"] for each in state["mails"]) == ALL_THREE


def test_not_everybody_is_counted_after_each_write(
    sandbox: Sandbox, asker: User, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driving, "COUNTED_EVERY", 3600.0)
    with CaptureQueriesContext(connection) as asked:
        onboard("--invite", "email", by=asker, data=file_of(*THREE))

    counted = [
        each for each in asked.captured_queries if "COUNT(" in each["sql"] and "asked_for" in each["sql"]
    ]
    assert Operation.objects.filter(state=Operation.State.DONE).count() == 9
    assert len(counted) == 3  # once in each phase


def test_same_file_again_asks_for_nothing(sandbox: Sandbox, asker: User, study: Study) -> None:
    data = file_of(*THREE)
    onboard("--invite", "email", by=asker, data=data)
    before = Operation.objects.count()

    again = onboard("--invite", "email", by=asker, data=data)

    assert (again.code, again.outcomes) == (0, ["through"] * 3)
    assert Operation.objects.count() == before
    assert joined(sandbox) == ALL_THREE


class Killed(BaseException):
    """The process ends as by SIGKILL: nothing after that point runs."""


@pytest.mark.parametrize("point", [1, 2, 3, 5, 7, 9, 11])
def test_killed_at_any_point_it_goes_on(sandbox: Sandbox, asker: User, study: Study, point: int) -> None:
    told: list[str] = []

    def tell(what: str, done: int, total: int) -> None:
        told.append(what)
        if len(told) == point:
            raise Killed

    order = Order(study=study, by=asker, offer=Offer(app=CAREX, channel=Invitation.Channel.LETTER), wait=0)
    data = file_of(*THREE)
    with pytest.raises(Killed):
        Drive(order, tell).run(list(passengers_of(order, lists.read(data)).values()))
    assert len(told) == point

    said = onboard("--invite", "letter", by=asker, data=data)

    assert (said.code, said.outcomes) == (0, ["through"] * 3), said.out + said.err
    assert joined(sandbox) == ALL_THREE
    assert Operation.objects.filter(kind=Kind.CREATE).count() == 3
    assert Invitation.objects.count() == 3


def test_database_that_is_full_leaves_nobody_half_done(sandbox: Sandbox, asker: User, study: Study) -> None:
    with full("patients_operation"), pytest.raises(DatabaseError):
        onboard(by=asker, data=file_of(*THREE))

    said = onboard(by=asker, data=file_of(*THREE))

    assert said.outcomes == ["through"] * 3
    assert Operation.objects.filter(kind=Kind.CREATE).count() == 3
    assert joined(sandbox) == ALL_THREE


def test_lost_replies_make_nobody_twice(sandbox: Sandbox, asker: User, study: Study) -> None:
    fault = Fault(kind=FaultKind.RESET, method="POST", after_effect=True, times=3)
    sandbox.faults["jhe"].add(fault)

    first = onboard("--invite", "email", by=asker, data=file_of(*THREE))
    for _ in range(6):
        pass_time(seconds=700)
        said = onboard("--invite", "email", by=asker, data=file_of(*THREE))

    assert first.code in (0, 4)
    assert (said.code, said.outcomes) == (0, ["through"] * 3), said.out + said.err
    assert joined(sandbox) == ALL_THREE
    with sandbox.stores["jhe"].reading() as state:
        live = [each for each in state["invitations"].values() if each["status"] == "issued"]
    assert len(live) == 3


def test_dry_run_asks_for_nothing_and_says_what_would_happen(
    sandbox: Sandbox, asker: User, study: Study
) -> None:
    onboard(by=asker, data=file_of(ALMA))
    before = Operation.objects.count(), Draft.objects.count()

    said = onboard("--dry-run", "--invite", "email", by=asker, data=file_of(ALMA, BRAM))

    assert [each["why"] for each in said.rows] == [
        "would be invited",
        "would be registered, would be enrolled, would be invited",
    ]
    assert (said.code, said.outcomes) == (0, ["would be done"] * 2)
    assert (Operation.objects.count(), Draft.objects.count()) == before
    assert not named(sandbox, "jhe", "Underhillock")


def test_who_is_in_another_organization_is_added_and_then_enrolled(
    sandbox: Sandbox, admin: User, study: Study
) -> None:
    boss = connected(admin, "manager_mary@example.com", sandbox)
    new = NewRecord(details=ZOE, organization_id="20002")
    operation = work_off(register({"jhe": new}, by=boss)[0])
    assert operation.record is not None, operation.problem

    said = onboard(by=boss, data=file_of(f"Zoë,{ZOE.family_name},1987-03-09,{ZOE.email},,"))

    assert (said.code, said.outcomes) == (0, ["through"]), said.out + said.err
    assert enrolled(sandbox, operation.record.remote_id, BP_AND_HR) == 1
    assert len(named(sandbox, "jhe")) == 1
    with sandbox.stores["jhe"].reading() as state:
        places = state["patients"][operation.record.remote_id]["organizations"]
    assert sorted(map(str, places)) == ["20002", LIFESPAN]


# --- who needs a person ---------------------------------------------------------------------


def test_who_is_held_already_is_found_and_not_made_again(sandbox: Sandbox, asker: User, study: Study) -> None:
    operation = work_off(register_in_jhe(asker))
    line = f"Zoe,{ZOE.family_name},1987-03-09,{ZOE.email},,"

    said = onboard(by=asker, data=file_of(line))

    assert said.outcomes == ["through"], said.out
    assert Operation.objects.filter(kind=Kind.CREATE).count() == 1
    assert said.rows[0]["address"].endswith(operation.patient.public_id)


def register_in_jhe(asker: User) -> Operation:
    """Zoë, of the study's organization."""
    return register({"jhe": NewRecord(details=ZOE, organization_id=LIFESPAN)}, by=asker)[0]


def test_another_mailbox_than_the_system_holds_is_decided_on_a_page(
    sandbox: Sandbox, asker: User, study: Study
) -> None:
    """An invitation by e-mail would go to whoever has the mailbox that the system holds."""
    work_off(register_in_jhe(asker))
    line = f"Zoë,{ZOE.family_name},1987-03-09,quite.another@example.org,,"

    said = onboard("--invite", "email", by=asker, data=file_of(line))

    assert (said.code, said.outcomes) == (2, ["to be decided"])
    assert "another e-mail" in said.rows[0]["why"]
    assert said.rows[0]["address"] == f"/register/{Draft.objects.get().public_id}/check"
    assert not Invitation.objects.exists()


def test_mailbox_of_somebody_else_is_decided_on_a_page(sandbox: Sandbox, asker: User, study: Study) -> None:
    work_off(register_in_jhe(asker))
    line = f"Bram,Underhillock,1966-11-23,{ZOE.email},,"

    said = onboard(by=asker, data=file_of(line))

    assert (said.code, said.outcomes) == (2, ["to be decided"])
    assert "each mailbox for one person" in said.rows[0]["why"]
    assert not named(sandbox, "jhe", "Underhillock")


def test_doubt_keeps_one_form_whatever_often_it_runs(sandbox: Sandbox, asker: User, study: Study) -> None:
    work_off(register_in_jhe(asker))
    data = file_of(ALMA, f"Zoë,{ZOE.family_name},1987-03-19,zoe.elsewhere@example.org,,")

    said = [onboard(by=asker, data=data) for _ in range(2)][-1]

    assert (said.code, said.outcomes) == (2, ["through", "to be decided"])
    assert Draft.objects.filter(sent_as=None).count() == 1
    assert "Decide on its page." in said.rows[1]["next step"]


def test_what_two_people_of_the_file_cannot_share_makes_neither(
    sandbox: Sandbox, asker: User, study: Study
) -> None:
    """Nobody knows of which of them it is."""
    header = "given_name,family_name,birth_date,email,nhs_number"
    data = file_of(
        "Alma,Quillfeather,1971-04-02,alma.quillfeather@example.org,943 476 5919",
        "Bram,Underhillock,1966-11-23,bram.underhillock@example.org,943 476 5919",
        header=header,
    )

    said = onboard(by=asker, data=data)

    assert (said.code, said.outcomes) == (2, ["wrong", "wrong"])
    assert [each["why"] for each in said.rows] == [
        "nhs_number: the same as in line 3.", "nhs_number: the same as in line 2.",
    ]  # fmt: skip
    assert not Operation.objects.exists()


def test_number_of_another_participant_is_told(sandbox: Sandbox, asker: User, study: Study) -> None:
    onboard(by=asker, data=file_of(ALMA))

    said = onboard(by=asker, data=file_of(BRAM.replace("LL-002", "ll 001")))

    assert (said.code, said.outcomes) == (2, ["to be decided"])
    assert "Somebody else in the study has this number." in said.rows[0]["why"]


def test_wrong_line_is_told_by_field_and_stops_nobody_else(
    sandbox: Sandbox, asker: User, study: Study
) -> None:
    said = onboard(
        by=asker, data=file_of(ALMA, "Bram,Underhillock,1966-13-45,bram.underhillock@example.org,,")
    )

    assert (said.code, said.outcomes) == (2, ["through", "wrong"])
    assert said.rows[1]["line"] == "3"
    assert "birth_date" in said.rows[1]["why"]


def test_who_stands_there_twice_is_one(sandbox: Sandbox, asker: User, study: Study) -> None:
    said = onboard(by=asker, data=file_of(ALMA, ALMA))

    assert said.outcomes == ["through", "through"]
    assert joined(sandbox) == ALL_THREE[:1]


# --- what is refused as a whole -------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"\xff\xfe\x00", "not UTF-8"),
        (file_of(ALMA, header="given_name,family_name,birth_date,phone,email,colour"), "Column 6"),
        (file_of("Alma,1971", header="given_name,birth_date"), "does not name: family_name, email"),
        (file_of("Alma,Quillfeather"), "Line 2 has 2 cells"),
        (file_of('Alma,"Quillfeather,1971-04-02,a@example.org,,'), "quotation mark"),
        (file_of(), "nobody in the file"),
    ],
)
def test_what_is_no_list_is_refused_and_not_repeated(
    sandbox: Sandbox, asker: User, study: Study, data: bytes, told: str
) -> None:
    said = onboard(by=asker, data=data)

    assert said.code == 3
    assert told in said.err
    assert not Operation.objects.exists()


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("separator", [",", ";"])
def test_files_of_spreadsheets_are_read(
    sandbox: Sandbox, asker: User, study: Study, mark: str, separator: str
) -> None:
    lines = [each.replace(",", separator) for each in (HEADER, ALMA)]

    said = onboard("--dry-run", by=asker, data=file_of(lines[1], header=lines[0], mark=mark))

    assert said.outcomes == ["would be done"], said.err


def test_who_only_looks_on_is_told_the_role_that_it_takes(
    sandbox: Sandbox, viewer: User, study: Study
) -> None:
    said = onboard(by=viewer, data=file_of(ALMA))

    assert said.code == 3
    assert "this takes a member or manager there" in said.err
    assert "Ask a manager of" in said.err
    assert not Operation.objects.exists()


def test_study_out_of_reach_is_none(sandbox: Sandbox, asker: User, study: Study) -> None:
    said = onboard(by=asker, data=file_of(ALMA), study="30003")

    assert said.code == 3
    assert "no such study" in said.err


def test_system_that_is_down_leaves_it_on_its_way(sandbox: Sandbox, asker: User, study: Study) -> None:
    sandbox.faults["jhe"].add(
        Fault(kind=FaultKind.STATUS, status=503, method="POST", path="/api/v1/patients")
    )

    said = onboard(by=asker, data=file_of(ALMA))

    assert (said.code, said.outcomes) == (4, ["on its way"]), said.out + said.err
    sandbox.faults["jhe"].clear()
    pass_time(seconds=700)
    assert onboard(by=asker, data=file_of(ALMA)).outcomes == ["through"]


def test_what_came_of_it_is_written_to_a_file(
    sandbox: Sandbox, asker: User, study: Study, tmp_path: Path
) -> None:
    path = tmp_path / "came.csv"
    (tmp_path / "people.csv").write_bytes(file_of(ALMA))
    said: Said = onboard("--output", str(path), str(tmp_path / "people.csv"), by=asker)

    assert (said.code, said.out) == (0, "")
    assert '"through"' in path.read_text(encoding="utf-8-sig")
    assert io.StringIO(said.err).readline().startswith("1 of 1")


def test_letters_are_made_with_where_they_are_printed(sandbox: Sandbox, asker: User, study: Study) -> None:
    said = onboard("--invite", "letter", by=asker, data=file_of(ALMA, CLEO))

    invitations = Invitation.objects.all()
    assert said.code == 0
    assert [each.channel for each in invitations] == [Invitation.Channel.LETTER] * 2
    bulk = Bulk.objects.get(kind=Kind.INVITE)
    assert f"/writes/bulks/{bulk.public_id}/letters" in said.err
