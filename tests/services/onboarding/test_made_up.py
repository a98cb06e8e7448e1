"""Somebody made up: marked from their first moment on, counted nowhere, gone with one word."""

from __future__ import annotations

import pytest
from django.db import IntegrityError

from integrations.sandbox.run import Sandbox
from patients.models import Operation, Participant, Patient, Removal, SourceRecord, Study
from patients.services import hand_links
from patients.services.onboarding import course, testing
from patients.services.onboarding.course import How, Step
from patients.services.operations import recording
from patients.services.operations.whys import Why
from patients.services.registering.awaited import asked_in
from patients.services.studies import board, enrolling, inviting, listing, places
from patients.services.studies.allowed import Refused
from patients.services.studies.board import Filters
from portal.accounts.models import User
from portal.audit.models import Event
from tests.studying import offer, reach, until_it_ends
from tests.writing import LIFESPAN, known, named, work_off

from .lists import onboard

pytestmark = pytest.mark.slow


@pytest.fixture
def made(sandbox: Sandbox, asker: User, study: Study) -> SourceRecord:
    """Somebody made up, who takes part and is invited."""
    places.own_places(reach(asker))
    patient = testing.make(study, by=asker, reach=reach(asker))
    operation = work_off(Operation.objects.get(patient=patient))
    assert operation.record is not None, operation.problem
    record = operation.record
    until_it_ends(enrolling.enrol(study, record, by=asker, reach=reach(asker)))
    until_it_ends(inviting.invite(study, record, offer(sandbox), by=asker, reach=reach(asker)))
    record.refresh_from_db()
    return record


def test_they_are_marked_before_anybody_can_count_them(
    sandbox: Sandbox, asker: User, study: Study, made: SourceRecord
) -> None:
    assert made.marked_test
    assert made.is_test
    assert made.email.endswith(".example")
    participant = Participant.objects.get(study=study, record=made)
    assert participant.is_test
    assert board.counts_of(study, reach(asker)).total == 0
    assert not board.find(study, reach(asker), Filters()).exists()
    (own,) = places.own_places(reach(asker))
    assert [each.people for each in listing.studies_of(own, reach(asker)) if each.study == study] in (
        [0],
        [None],
    )
    assert not Patient.objects.get(pk=made.patient_id).is_listed
    assert Event.objects.filter(action="record.marked_test", actor=str(asker.pk)).count() == 1


def test_they_go_through_every_step(sandbox: Sandbox, asker: User, study: Study, made: SourceRecord) -> None:
    far = course.course_of(study, made.patient, reach=reach(asker))

    assert [each.how for each in far.stages] == [How.DONE] * 4 + [How.WAITS]
    assert far.stage(Step.CONNECT).how is How.WAITS


def test_they_are_gone_with_one_word(sandbox: Sandbox, asker: User, study: Study, made: SourceRecord) -> None:
    operation = _removed(made, study, by=asker)

    assert until_it_ends(operation).state == Operation.State.DONE, operation.problem
    assert not named(sandbox, "jhe", made.family.title())
    made.refresh_from_db()
    assert made.vanished_at is not None
    assert not Participant.objects.filter(record=made, left_at=None).exists()
    removal = Removal.objects.get()
    assert removal.is_of_made_up
    assert removal.asked_by == removal.decided_by == asker


def test_of_a_test_record_that_was_not_made_up_it_takes_two(
    sandbox: Sandbox, asker: User, study: Study, made: SourceRecord
) -> None:
    """Somebody may have marked a person's record by mistake, or written a person into one made up."""
    SourceRecord.objects.filter(pk=made.pk).update(email="somebody@example.org")
    made.refresh_from_db()
    with pytest.raises(Refused, match="gone"):
        _removed(made, study, by=asker)
    SourceRecord.objects.filter(pk=made.pk).update(email="test@crosswalk.example", marked_test=False)
    made.refresh_from_db()
    with pytest.raises(Refused, match="gone"):
        _removed(made, study, by=asker)

    assert not Removal.objects.exists()


@pytest.mark.parametrize("is_read", [True, False], ids=["read since", "not read since"])
def test_person_who_was_written_over_somebody_made_up_is_not_deleted(
    sandbox: Sandbox, asker: User, study: Study, made: SourceRecord, is_read: bool
) -> None:
    """JHE never changes the mailbox: names and birth date say that it is a person by now."""
    with sandbox.stores["jhe"].writing() as state:
        (row,) = [each for each in state["patients"].values() if str(each["id"]) == made.remote_id]
        row["name_given"] = "Rosa"
    if is_read:
        made = known("jhe", made.remote_id, by=asker)
        with pytest.raises(Refused, match="gone"):
            _removed(made, study, by=asker)
        return

    operation = until_it_ends(_removed(made, study, by=asker))

    assert (operation.state, operation.why) == (Operation.State.REFUSED, Why.UNCONFIRMED)
    assert named(sandbox, "jhe", str(row["name_family"]))


def test_who_only_looks_on_can_neither_make_nor_remove(
    sandbox: Sandbox, viewer: User, study: Study, made: SourceRecord
) -> None:
    with pytest.raises(Refused, match="role"):
        testing.make(study, by=viewer, reach=reach(viewer))
    with pytest.raises(Refused, match="role"):
        _removed(made, study, by=viewer)


def test_a_refused_one_is_not_asked_for_anew_as_a_person(sandbox: Sandbox, asker: User, study: Study) -> None:
    patient = testing.make(study, by=asker, reach=reach(asker))

    assert asked_in(Operation.objects.get(patient=patient), by=asker) is None


def test_command_makes_one_and_takes_them_through(sandbox: Sandbox, asker: User, study: Study) -> None:
    said = onboard("--test-patient", "--invite", "letter", by=asker)

    assert (said.code, said.outcomes) == (0, ["through"]), said.err
    assert Participant.objects.get(study=study, record__marked_test=True).is_test


def test_removal_of_anybody_else_takes_two_still(
    sandbox: Sandbox, asker: User, study: Study, made: SourceRecord
) -> None:
    """The database itself holds it."""
    with pytest.raises(IntegrityError):
        Removal.objects.create(
            record=made, organization=LIFESPAN, counted={}, reason="No", asked_by=asker, decided_by=asker,
            asked_at="2026-01-01T00:00Z", decided_at="2026-01-01T00:00Z", state=Removal.State.CONFIRMED,
            operation=recording.ask_confirmed(
                Removal(record=made, organization=LIFESPAN, asked_by=asker, decided_by=asker, reason="No")
            ),
        )  # fmt: skip


def _removed(record: SourceRecord, study: Study, *, by: User) -> Operation:
    whole = hand_links.side(record.patient.public_id, by=by, reach=reach(by))
    going = testing.going(record, study, whole, by=by)
    return testing.remove(
        record, study, sealed=going.seal, numbers=going.numbers, at=record.patient.public_id, by=by,
        reach=reach(by),
    )  # fmt: skip
