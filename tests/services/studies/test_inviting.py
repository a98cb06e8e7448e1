"""Invitations: one live one for each person and app, no link lost, doubled, or anywhere in clear."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection
from django.utils import timezone
from pytest_django.fixtures import Settings

from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.run import Sandbox
from integrations.studies import InvitationState
from patients.models import Invitation, Operation, Participant, SourceRecord, Study
from patients.services.operations import bulks, queue, settling, step
from patients.services.operations.standing import standing_of
from patients.services.operations.story import open_story
from patients.services.operations.whys import Why
from patients.services.studies import invitations, inviting
from patients.services.studies.allowed import Because, Fix, Refused
from patients.services.studies.inviting import Channel
from patients.tasks import drop_invitation_links
from portal.accounts.models import User
from portal.audit.models import Event
from tests import support
from tests.studying import (
    OLDER,
    PAMELA,
    PETER,
    die_after_sending,
    invited,
    mailed,
    offer,
    reach,
    taking_part,
    until_it_ends,
)
from tests.waiting import until
from tests.writing import known, pass_time, work_off

State = Operation.State
pytestmark = pytest.mark.slow
INVITE = r"/(invitation|invitation_link)$"
ONCE = next(each for each in Invitation._meta.constraints if each.name == "patients_invitation_once")

UNKNOWN = [
    pytest.param(FaultKind.DELAY, {}, id="late effect"),
    pytest.param(FaultKind.RESET, {}, id="reset before"),
    pytest.param(FaultKind.RESET, {"after_effect": True}, id="reset after"),
    pytest.param(FaultKind.STATUS, {"status": 500, "html": True}, id="500 before"),
    pytest.param(FaultKind.STATUS, {"status": 502, "html": True, "after_effect": True}, id="502 after"),
    pytest.param(FaultKind.HALF_DONE, {}, id="half done"),
    pytest.param(FaultKind.TRUNCATED, {}, id="truncated"),
]


@pytest.fixture
def doubled(transactional_db: None) -> Iterator[None]:
    """A database from before an invitation was kept once."""
    with connection.schema_editor() as editor:
        editor.remove_constraint(Invitation, ONCE)
    yield
    Invitation.objects.all().delete()
    with connection.schema_editor() as editor:
        editor.add_constraint(Invitation, ONCE)


def test_invitations_that_were_kept_twice_become_one(
    doubled: None, sandbox: Sandbox, asker: User, study: Study, peter: SourceRecord
) -> None:
    own = _row(work_off(_invite(sandbox, study, peter, asker)))
    earlier = {"participant": own.participant, "app": own.app}
    Invitation.objects.filter(pk=own.pk).update(remote_id="901", state_at=timezone.now() - timedelta(days=1))
    for number, state in (("901", "redeemed"), ("902", "issued"), ("902", "expired"), ("", ""), ("", "")):
        row = Invitation.objects.create(**earlier, remote_id=number, state=state)
        Invitation.objects.filter(pk=row.pk).update(state_at=timezone.now())
    import_module("patients.migrations.0027_study_mirror").keep_one(apps, None)

    left = Invitation.objects.order_by("remote_id").values_list("remote_id", "state")
    assert list(left) == [("", ""), ("", ""), ("901", "redeemed"), ("902", "expired")]
    assert Invitation.objects.get(remote_id="901") == own


def test_invitation_that_a_reading_was_first_to_see_stays_one_row(
    sandbox: Sandbox, asker: User, study: Study, peter: SourceRecord
) -> None:
    if sandbox.dialect == OLDER:
        pytest.skip("no invitations are listed there")
    operation = _invite(sandbox, study, peter, asker, channel=Channel.EMAIL)
    die_after_sending(operation)
    (number,) = invited(sandbox, PETER)
    participant = Participant.objects.get(study=study, record=peter)
    Invitation.objects.create(participant=participant, app="1", remote_id=number, state="issued")
    with pytest.raises(IntegrityError):
        Invitation.objects.create(participant=participant, app="1", remote_id=number, state="issued")

    pass_time(seconds=step.LATE + 1)
    operation = until_it_ends(operation)
    assert operation.state == State.DONE, (operation.why, operation.problem)
    assert Invitation.objects.get(remote_id=number) == _row(operation)


def _method(sandbox: Sandbox) -> str:
    return "GET" if sandbox.dialect == OLDER else "POST"


def _invite(sandbox: Sandbox, study: Study, record: SourceRecord, by: User, **values: Any) -> Operation:
    return inviting.invite(study, record, offer(sandbox, **values), by=by, reach=reach(by))


def _row(operation: Operation) -> Invitation:
    return Invitation.objects.select_related("participant").get(operation=operation)


def _working(sandbox: Sandbox, patient: str = PETER) -> list[str]:
    return [number for number, status in invited(sandbox, patient).items() if status == "issued"]


# --- inviting -------------------------------------------------------------------------------


def test_participant_is_invited_and_who_asked_sees_the_link_for_an_hour(
    sandbox: Sandbox, asker: User, boss: User, study: Study, peter: SourceRecord
) -> None:
    operation = _invite(sandbox, study, peter, asker)
    assert _row(operation).state == ""
    operation = work_off(operation)

    assert operation.state == State.DONE, (operation.why, operation.problem)
    row = _row(operation)
    known_states = {OLDER: InvitationState.NOT_KNOWN, "current": InvitationState.ISSUED}
    assert row.state == known_states[sandbox.dialect]
    assert [row.remote_id] == (_working(sandbox) or [""])
    assert row.participant.standing == Participant.Standing.INVITED
    assert row.participant.invited_at is not None
    link = invitations.link_of(row, by=asker, reach=reach(asker))
    assert link.startswith("https://")
    event = Event.objects.get(action="invitation.link_shown")
    assert (event.actor, event.record_id) == (str(asker.pk), PETER)
    assert invitations.link_of(row, by=boss, reach=reach(boss)) == ""
    assert row.link_until is not None
    Invitation.objects.update(link_until=timezone.now() - timedelta(seconds=1))
    assert invitations.link_of(row, by=asker, reach=reach(asker)) == ""
    assert drop_invitation_links.func() == 1
    row.refresh_from_db()
    assert row.link is None
    assert row.link_until is None


def test_link_that_the_exchange_mails_is_kept_nowhere(
    sandbox: Sandbox, asker: User, study: Study, peter: SourceRecord
) -> None:
    operation = work_off(_invite(sandbox, study, peter, asker, channel=Channel.EMAIL))

    assert operation.state == State.DONE, (operation.why, operation.problem)
    assert len(mailed(sandbox)) == 1
    assert _row(operation).link is None
    assert invitations.link_of(_row(operation), by=asker, reach=reach(asker)) == ""


@pytest.mark.parametrize("channel", [Channel.IN_PERSON, Channel.EMAIL])
@pytest.mark.parametrize(("kind", "values"), UNKNOWN)
def test_invitation_whose_answer_is_lost_leaves_exactly_one_that_works(
    sandbox: Sandbox, settings: Settings, asker: User, study: Study, peter: SourceRecord,
    kind: FaultKind, values: dict[str, Any], channel: Channel,
) -> None:  # fmt: skip
    """With a mail the one that was mailed, without one that somebody can be shown."""
    support.change(settings, "jhe", TIMEOUT=(0.5, 1.0))
    fault = Fault(kind=kind, method=_method(sandbox), path=INVITE, **{"times": 1, "seconds": 3.0} | values)
    sandbox.faults["jhe"].add(fault)
    operation = work_off(_invite(sandbox, study, peter, asker, channel=channel))
    assert operation.state == State.UNKNOWN, (operation.state, operation.why)
    took_effect = _takes_effect(sandbox, kind, values)
    if took_effect:
        until(lambda: _made(sandbox) > 0, what="the late effect")
    operation = until_it_ends(operation)

    assert operation.state == State.DONE, (operation.why, operation.problem)
    row = _row(operation)
    if sandbox.dialect != OLDER:
        assert _working(sandbox) == [row.remote_id]
        others = Invitation.objects.exclude(pk=row.pk)
        assert set(others.values_list("state", flat=True)) <= {InvitationState.REPLACED}
        if channel is not Channel.EMAIL:  # each that was made is told of
            assert {each.remote_id for each in (*others, row)} == set(invited(sandbox, PETER))
    if channel is not Channel.EMAIL:
        assert invitations.link_of(row, by=asker, reach=reach(asker))
        return
    again = sandbox.dialect == OLDER or not took_effect
    first = took_effect and kind is not FaultKind.HALF_DONE  # which makes the invitation and mails nothing
    assert len(mailed(sandbox)) == again + first
    is_unsure = (
        "did not say whether its e-mail was sent"
        in standing_of(operation, behind=None, in_full=True).sentence
    )
    assert is_unsure is not again


def test_invitation_whose_link_is_lost_every_time_is_held_and_does_not_say_that_nothing_happened(
    sandbox: Sandbox, asker: User, study: Study, peter: SourceRecord
) -> None:
    sandbox.faults["jhe"].add(
        Fault(kind=FaultKind.RESET, method=_method(sandbox), path=INVITE, after_effect=True)
    )
    operation = until_it_ends(_invite(sandbox, study, peter, asker, channel=Channel.IN_PERSON))

    assert (operation.state, operation.why) == (State.HELD, Why.LINK_LOST)
    assert "which holds the link, was lost" in operation.problem
    sandbox.faults["jhe"].clear()
    settling.try_now(operation, by=asker)
    operation = until_it_ends(operation)
    assert operation.state == State.DONE, (operation.why, operation.problem)
    if sandbox.dialect != OLDER:
        assert _working(sandbox) == [_row(operation).remote_id]


def _takes_effect(sandbox: Sandbox, kind: FaultKind, values: dict[str, Any]) -> bool:
    """A GET that nobody waits for any more is not carried out by the sandbox: that is how links are made in
    the older generation."""
    if kind is FaultKind.DELAY:
        return sandbox.dialect != OLDER
    return kind in (FaultKind.HALF_DONE, FaultKind.TRUNCATED) or bool(values.get("after_effect"))


def _made(sandbox: Sandbox) -> int:
    """How many invitations, or codes of links, JHE holds."""
    with sandbox.stores["jhe"].reading() as state:
        return len(state["codes"] if sandbox.dialect == OLDER else state["invitations"])


def test_worker_that_dies_with_the_link_in_its_hands_leaves_one_that_works(
    sandbox: Sandbox, asker: User, study: Study, peter: SourceRecord
) -> None:
    operation = die_after_sending(_invite(sandbox, study, peter, asker))
    pass_time(seconds=queue.LEASE + 1)
    operation = work_off(operation)

    assert operation.state == State.DONE
    assert invitations.link_of(_row(operation), by=asker, reach=reach(asker))
    if sandbox.dialect != OLDER:
        assert _working(sandbox) == [_row(operation).remote_id]
        assert sorted(invited(sandbox, PETER).values()) == ["issued", "reissued"]


def test_new_invitation_replaces_the_one_before_only_where_that_is_wanted(
    sandbox: Sandbox, asker: User, study: Study, peter: SourceRecord
) -> None:
    first = _invite(sandbox, study, peter, asker)
    for fix in (Fix.NONE, Fix.INVITE_AGAIN):  # on its way, then there
        with pytest.raises(Refused) as caught:
            _invite(sandbox, study, peter, asker)
        assert (caught.value.refusal.because, caught.value.refusal.fix) == (Because.INVITED, fix)
        work_off()

    second = work_off(_invite(sandbox, study, peter, asker, again=True))

    assert second.state == State.DONE
    old, new = _row(first), _row(second)
    assert (old.state, old.link) == (InvitationState.REPLACED, None)
    assert invitations.link_of(new, by=asker, reach=reach(asker))
    assert _working(sandbox) == ([] if sandbox.dialect == OLDER else [new.remote_id])


def test_many_are_invited_with_an_outcome_each(
    sandbox: Sandbox, asker: User, study: Study, peter: SourceRecord, newcomer: SourceRecord
) -> None:
    pamela = known("jhe", PAMELA, by=asker)
    taking_part(study, pamela)
    work_off(_invite(sandbox, study, pamela, asker))
    asked = inviting.invite_many(
        study, [peter, newcomer, pamela], offer(sandbox, channel=Channel.EMAIL), by=asker, reach=reach(asker)
    )
    work_off()
    told = [each.refusal.because if each.refusal else None for each in asked.outcomes]
    assert told == [None, Because.NOT_ENROLLED, Because.INVITED]
    assert asked.bulk is not None
    assert bulks.progress(asked.bulk).done == 1


# --- cancelling -----------------------------------------------------------------------------


def test_invitation_is_cancelled_and_leads_nowhere(
    sandbox: Sandbox, asker: User, study: Study, peter: SourceRecord
) -> None:
    row = _row(work_off(_invite(sandbox, study, peter, asker)))
    if sandbox.dialect == OLDER:
        with pytest.raises(Refused) as caught:
            inviting.cancel(row, by=asker, reach=reach(asker))
        assert caught.value.refusal.because is Because.NO_STATES
        return
    for _ in range(2):
        operation = work_off(inviting.cancel(row, by=asker, reach=reach(asker)))
        assert operation.state == State.DONE, (operation.why, operation.problem)
    row.refresh_from_db()
    assert (row.state, row.link) == (InvitationState.CANCELLED, None)
    assert invited(sandbox, PETER)[row.remote_id] == "cancelled"
    assert row.participant.invitations.count() == 1
    participant = Participant.objects.get(record=peter)
    assert participant.invitation_state == InvitationState.CANCELLED
    row = Invitation.objects.get(pk=row.pk)
    with pytest.raises(Refused) as caught:
        inviting.cancel(row, by=asker, reach=reach(asker))
    assert caught.value.refusal.because is Because.OVER


@pytest.mark.parametrize(("kind", "values"), UNKNOWN)
def test_cancelling_whose_answer_is_lost_is_done_once(
    sandbox: Sandbox, settings: Settings, asker: User, study: Study, peter: SourceRecord,
    kind: FaultKind, values: dict[str, Any],
) -> None:  # fmt: skip
    if sandbox.dialect == OLDER:
        return  # nothing can be cancelled there
    row = _row(work_off(_invite(sandbox, study, peter, asker)))
    support.change(settings, "jhe", TIMEOUT=(0.5, 1.0))
    fault = Fault(kind=kind, method="PATCH", path="/invitation", **{"times": 1, "seconds": 3.0} | values)
    sandbox.faults["jhe"].add(fault)
    operation = until_it_ends(inviting.cancel(row, by=asker, reach=reach(asker)))
    assert operation.state == State.DONE, (operation.why, operation.problem)
    assert invited(sandbox, PETER)[row.remote_id] == "cancelled"


def test_invitation_that_the_app_has_used_is_not_cancelled(
    sandbox: Sandbox, asker: User, study: Study, peter: SourceRecord
) -> None:
    if sandbox.dialect == OLDER:
        return
    row = _row(work_off(_invite(sandbox, study, peter, asker)))
    with sandbox.stores["jhe"].writing() as state:
        state["invitations"][row.remote_id]["status"] = "redeemed"
    operation = work_off(inviting.cancel(row, by=asker, reach=reach(asker)))
    assert (operation.state, operation.why) == (State.REFUSED, Why.USED_ALREADY)


def test_invitation_in_a_state_that_is_not_known_is_not_called_over(
    sandbox: Sandbox, asker: User, study: Study, peter: SourceRecord
) -> None:
    if sandbox.dialect == OLDER:
        return
    row = _row(work_off(_invite(sandbox, study, peter, asker)))
    with sandbox.stores["jhe"].writing() as state:
        state["invitations"][row.remote_id]["status"] = "on hold"
    operation = work_off(inviting.cancel(row, by=asker, reach=reach(asker)))
    assert (operation.state, operation.why) == (State.REFUSED, Why.UNSUPPORTED)
    assert "does not know" in operation.problem
    row.refresh_from_db()
    assert row.state == InvitationState.ISSUED
    assert row.link


# --- the link -------------------------------------------------------------------------------


@pytest.mark.parametrize("channel", [Channel.IN_PERSON, Channel.EMAIL])
def test_link_stands_in_no_database_log_or_trail_in_clear(
    sandbox: Sandbox, asker: User, study: Study, peter: SourceRecord, channel: Channel,
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    fault = Fault(kind=FaultKind.RESET, method=_method(sandbox), path=INVITE, times=1, after_effect=True)
    sandbox.faults["jhe"].add(fault)
    operation = until_it_ends(_invite(sandbox, study, peter, asker, channel=channel))
    assert operation.state == State.DONE
    row = _row(operation)
    link = invitations.link_of(row, by=asker, reach=reach(asker)) or mailed(sandbox)[-1]
    code = link.replace("%7C", "|").rpartition("|")[2].rpartition("_")[2]
    assert len(code) >= 30
    story = open_story(operation.public_id, by=asker)
    said = [
        repr(story), repr(row), repr(operation.__dict__), repr(story.contents),
        *(repr(each.__dict__) for each in operation.attempts.all()),
        *(repr(each.__dict__) for each in Event.objects.all()),
        caplog.text, *capfd.readouterr(), _dump(),
    ]  # fmt: skip
    for text in said:
        assert code not in text
        assert link not in text


def _dump() -> str:
    """Every value of every table as it stands in the database."""
    found = io.StringIO()
    tables = connection.introspection.table_names()
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608 (our own names)
            for values in cursor.fetchall():
                found.write(repr(values))
    assert "patients_invitation" in tables
    return found.getvalue()
