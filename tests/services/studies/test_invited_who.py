"""Who is invited, and who is not: what stands against it is said before anything is recorded."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.sandbox.run import Sandbox
from patients.models import Invitation, Operation, SourceRecord, Study
from patients.services.studies import inviting
from patients.services.studies.allowed import Because, Fix, Refused
from patients.services.studies.inviting import Channel
from portal.accounts.models import User
from tests.studying import PAMELA, disagree, linked, offer, reach, refuse_emails
from tests.writing import known, work_off

State = Operation.State
pytestmark = pytest.mark.slow


def _invite(sandbox: Sandbox, study: Study, record: SourceRecord, by: User, **values: Any) -> Operation:
    return inviting.invite(study, record, offer(sandbox, **values), by=by, reach=reach(by))


def _row(operation: Operation) -> Invitation:
    return Invitation.objects.select_related("participant").get(operation=operation)


def test_who_takes_no_part_is_enrolled_first(
    sandbox: Sandbox, asker: User, study: Study, newcomer: SourceRecord
) -> None:
    with pytest.raises(Refused) as caught:
        _invite(sandbox, study, newcomer, asker)
    assert (caught.value.refusal.because, caught.value.refusal.fix) == (Because.NOT_ENROLLED, Fix.ENROL)


def test_app_of_another_study_is_refused(
    sandbox: Sandbox, asker: User, study: Study, peter: SourceRecord
) -> None:
    with pytest.raises(Refused) as caught:
        _invite(sandbox, study, peter, asker, app="2")
    assert caught.value.refusal.because is Because.NO_APP


@pytest.mark.parametrize(
    ("changed", "because"),
    [({"is_deceased": True}, Because.DECEASED), ({"status": "archived"}, Because.ARCHIVED)],
)
def test_who_has_died_or_is_archived_in_a_linked_record_is_not_invited(
    sandbox: Sandbox,
    asker: User,
    study: Study,
    peter: SourceRecord,
    changed: dict[str, Any],
    because: Because,
) -> None:
    linked(peter, **changed)
    with pytest.raises(Refused) as caught:
        _invite(sandbox, study, peter, asker)
    assert caught.value.refusal.because is because


def test_who_is_in_use_in_another_system_is_invited_though_one_record_is_archived(
    sandbox: Sandbox, asker: User, study: Study, peter: SourceRecord
) -> None:
    linked(peter, status="archived")
    linked(peter, system="impilo", status="active")
    assert work_off(_invite(sandbox, study, peter, asker)).state == State.DONE


@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.OWN_EMAIL])
def test_who_gave_no_permission_for_e_mails_gets_none_without_a_reason(
    sandbox: Sandbox, asker: User, study: Study, peter: SourceRecord, channel: Channel
) -> None:
    refuse_emails(linked(peter))
    with pytest.raises(Refused) as caught:
        _invite(sandbox, study, peter, asker, channel=channel)
    assert caught.value.refusal.because is Because.NO_PERMISSION
    operation = _invite(sandbox, study, peter, asker, channel=channel, reason="Asked for it on the phone")
    assert _row(operation).reason == "Asked for it on the phone"
    assert work_off(operation).state == State.DONE


def test_records_that_disagree_on_consent_stop_what_is_mailed_by_itself_and_nothing_else(
    sandbox: Sandbox, asker: User, study: Study, peter: SourceRecord
) -> None:
    disagree(study, peter, known("jhe", PAMELA, by=asker))
    with pytest.raises(Refused) as caught:
        _invite(sandbox, study, peter, asker, channel=Channel.EMAIL, reason="Asked for it on the phone")
    assert (caught.value.refusal.because, caught.value.refusal.fix) == (Because.DISAGREEMENT, Fix.SETTLE)
    assert work_off(_invite(sandbox, study, peter, asker)).state == State.DONE
