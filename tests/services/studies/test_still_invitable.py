"""What stands against an invitation by the time it leaves, or is asked for again: the same as at first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.run import Sandbox
from patients.models import Bulk, Invitation, Operation, Participant, SourceRecord, Study
from patients.services.operations import bulks
from patients.services.operations.settling import NotNow
from patients.services.operations.whys import Why
from patients.services.studies import inviting
from patients.services.studies.allowed import Because, Fix, Refusal, Refused
from patients.services.studies.inviting import Channel
from portal.accounts.models import User
from tests.studying import (
    OLDER,
    PAMELA,
    PETER,
    disagree,
    invited,
    linked,
    mailed,
    offer,
    reach,
    refuse_emails,
    until_it_ends,
)
from tests.support import side_by_side
from tests.writing import known, pass_time, work_off

State = Operation.State
pytestmark = pytest.mark.slow


def _invite(sandbox: Sandbox, study: Study, record: SourceRecord, by: User, **values: Any) -> Operation:
    return inviting.invite(study, record, offer(sandbox, **values), by=by, reach=reach(by))


def _bulk(sandbox: Sandbox, study: Study, record: SourceRecord, by: User, **values: Any) -> Bulk:
    asked = inviting.invite_many(study, [record], offer(sandbox, **values), by=by, reach=reach(by))
    assert asked.bulk is not None
    return asked.bulk


def _made(sandbox: Sandbox) -> int:
    with sandbox.stores["jhe"].reading() as state:
        return len(state["codes"] if sandbox.dialect == OLDER else state["invitations"])


# --- by the time it leaves ------------------------------------------------------------------


def _dies(study: Study, record: SourceRecord, by: User) -> None:
    linked(record, is_deceased=True)


def _is_archived(study: Study, record: SourceRecord, by: User) -> None:
    linked(record, status="archived")


def _refuses(study: Study, record: SourceRecord, by: User) -> None:
    refuse_emails(linked(record, system="impilo"))


def _has_no_address(study: Study, record: SourceRecord, by: User) -> None:
    SourceRecord.objects.filter(pk=record.pk).update(email="")


def _disagrees(study: Study, record: SourceRecord, by: User) -> None:
    disagree(study, record, known("jhe", PAMELA, by=by))


def _is_invited(study: Study, record: SourceRecord, by: User) -> None:
    participant = Participant.objects.get(study=study, record=record)
    app = Invitation.objects.get().app
    Invitation.objects.create(participant=participant, app=app, remote_id="77", state="issued")


@pytest.mark.parametrize(
    ("happens", "why"),
    [
        (_dies, Why.DECEASED),
        (_is_archived, Why.ARCHIVED),
        (_refuses, Why.NO_PERMISSION),
        (_has_no_address, Why.NO_EMAIL),
        (_disagrees, Why.DISAGREEMENT),
        (_is_invited, Why.INVITED),
    ],
)
def test_what_has_happened_since_it_was_asked_for_stops_it(
    sandbox: Sandbox, asker: User, study: Study, peter: SourceRecord,
    happens: Callable[[Study, SourceRecord, User], None], why: Why,
) -> None:  # fmt: skip
    bulk = _bulk(sandbox, study, peter, asker, channel=Channel.EMAIL)
    happens(study, peter, asker)

    operation = work_off(bulk.operations.get())

    assert (operation.state, operation.why) == (State.REFUSED, why)
    assert operation.problem
    assert mailed(sandbox) == []
    assert _made(sandbox) == 0


@pytest.mark.parametrize("after_effect", [False, True])
def test_earlier_try_that_may_have_reached_them_is_left_to_a_person(
    sandbox: Sandbox, asker: User, study: Study, peter: SourceRecord, after_effect: bool
) -> None:
    """Where nobody can tell, or where a link was made that nobody has, it is not said to be refused."""
    fault = Fault(
        kind=FaultKind.RESET, method="GET" if sandbox.dialect == OLDER else "POST",
        path=r"/(invitation|invitation_link)$", times=1, after_effect=after_effect,
    )  # fmt: skip
    sandbox.faults["jhe"].add(fault)
    operation = work_off(_invite(sandbox, study, peter, asker))
    assert operation.state == State.UNKNOWN
    _dies(study, peter, asker)

    operation = until_it_ends(operation)

    is_told_of = sandbox.dialect != OLDER and not after_effect
    assert (operation.state, operation.why) == (State.REFUSED if is_told_of else State.HELD, Why.DECEASED)


# --- asked for again ------------------------------------------------------------------------


@pytest.mark.parametrize("again", [False, True])
def test_cancelled_bulk_that_is_asked_for_again_ends_no_invitation_made_meanwhile(
    sandbox: Sandbox, asker: User, study: Study, peter: SourceRecord, again: bool
) -> None:
    """Nobody has chosen that: not for this link."""
    if again:
        work_off(_invite(sandbox, study, peter, asker))
    bulk = _bulk(sandbox, study, peter, asker, channel=Channel.EMAIL, again=again)
    bulks.cancel(bulk, by=asker)
    work_off(_invite(sandbox, study, peter, asker, channel=Channel.QR, again=again))
    live = Invitation.objects.latest("pk")

    asked = bulks.again(bulk, by=asker)
    work_off()

    (refusal,) = asked.outcomes
    assert isinstance(refusal, Refusal)
    assert refusal.because is Because.INVITED
    assert mailed(sandbox) == []
    link = live.link
    live.refresh_from_db()
    assert live.state in ("issued", "not known")
    assert live.link == link


def test_who_has_died_since_a_bulk_was_cancelled_is_not_asked_for_again(
    sandbox: Sandbox, asker: User, study: Study, peter: SourceRecord
) -> None:
    bulk = _bulk(sandbox, study, peter, asker, channel=Channel.EMAIL)
    bulks.cancel(bulk, by=asker)
    _dies(study, peter, asker)

    (refusal,) = bulks.again(bulk, by=asker).outcomes

    assert isinstance(refusal, Refusal)
    assert refusal.because is Because.DECEASED


def test_asking_again_twice_asks_once(
    sandbox: Sandbox, asker: User, study: Study, peter: SourceRecord
) -> None:
    bulk = _bulk(sandbox, study, peter, asker, channel=Channel.EMAIL)
    bulks.cancel(bulk, by=asker)
    bulks.again(bulk, by=asker)
    with pytest.raises(NotNow):
        bulks.again(bulk, by=asker)
    work_off()
    with pytest.raises(NotNow):
        bulks.again(bulk, by=asker)
    assert len(mailed(sandbox)) == 1
    assert bulks.progress(bulk).asked_again == 1


# --- again, in the same moment --------------------------------------------------------------


def test_invitation_anew_is_made_once_however_often_its_button_is_pressed(
    sandbox: Sandbox, asker: User, study: Study, peter: SourceRecord
) -> None:
    work_off(_invite(sandbox, study, peter, asker))

    def press() -> Operation | Refused:
        try:
            return _invite(sandbox, study, peter, asker, channel=Channel.EMAIL, again=True)
        except Refused as refused:
            return refused

    came = [*side_by_side([press] * 2), press()]
    work_off()

    (first,) = [each for each in came if isinstance(each, Operation)]
    assert {each.refusal.because for each in came if isinstance(each, Refused)} == {Because.INVITED}
    assert Operation.objects.get(pk=first.pk).state == State.DONE
    assert len(mailed(sandbox)) == 1
    if sandbox.dialect != OLDER:
        assert sorted(invited(sandbox, PETER).values()) == ["issued", "reissued"]


def test_one_that_waits_for_a_decision_stands_in_nobodys_way(
    sandbox: Sandbox, asker: User, study: Study, peter: SourceRecord
) -> None:
    held = _invite(sandbox, study, peter, asker)
    Operation.objects.filter(pk=held.pk).update(state=State.HELD, why=Why.NO_RIGHT, due_at=None)
    with pytest.raises(Refused) as caught:
        _invite(sandbox, study, peter, asker)
    assert caught.value.refusal.fix is Fix.INVITE_AGAIN
    second = _invite(sandbox, study, peter, asker, again=True)
    Operation.objects.filter(pk=held.pk).update(state=State.WAITING, due_at=second.due_at)
    pass_time(seconds=1)
    work_off()

    held.refresh_from_db()
    second.refresh_from_db()
    assert (held.state, held.why) == (State.REFUSED, Why.INVITED)
    assert second.state == State.DONE
