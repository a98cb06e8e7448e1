"""Taking many people out of a study: those ticked, and those selected in the people list."""

from __future__ import annotations

import pytest
from django.test import Client

from integrations.sandbox.run import Sandbox
from patients.models import Decision, Operation, Participant, SourceRecord, Study
from portal.accounts.models import User
from portal.audit.models import Event
from tests.studying import PAMELA, PETER, enrolled, taking_part
from tests.support import parsed
from tests.writing import known, work_off

from .pages import REASON, of_study, opened, went_on

State = Operation.State


@pytest.fixture
def both(asker: User, study: Study, peter: SourceRecord) -> list[SourceRecord]:
    """Two participants."""
    pamela = known("jhe", PAMELA, by=asker)
    taking_part(study, pamela)
    return [peter, pamela]


def _select(client: Client, records: list[SourceRecord]) -> None:
    keys = [each.patient.public_id for each in records]
    client.post("/people/", {"shown": " ".join(keys), "tick": keys, "keep": "1"})


def test_those_ticked_are_taken_out_with_their_decisions_kept(
    sandbox: Sandbox, desk: Client, study: Study, both: list[SourceRecord]
) -> None:
    url = of_study("study_take_out", study)
    assert url in opened(desk, of_study("study", study)).links()
    page = opened(desk, url)
    assert len(page.named("tick")) == 2
    assert not [each for each in page.named("tick") if "checked" in each.attributes]
    assert "keeps them first" in page.text

    without_reason = desk.post(url, {"tick": [str(both[0].pk)]})
    assert without_reason.status_code == 422
    assert "Give the reason" in parsed(without_reason).text
    nobody = desk.post(url, {"reason": REASON})
    assert "Tick who is to be taken out" in parsed(nobody).text
    assert not Operation.objects.exists()
    then = went_on(desk.post(url, {"reason": REASON, "tick": [str(both[0].pk)]}))
    work_off()

    assert "1 of 1 ended" in opened(desk, then).text
    assert enrolled(sandbox, PETER, study.remote_id) == 0
    assert enrolled(sandbox, PAMELA, study.remote_id) == 1
    assert Decision.objects.filter(record=both[0], study=study, how="before leaving").exists()
    assert Participant.objects.get(study=study, record=both[0]).left_at is not None
    assert Event.objects.get(action="operation.asked").reason == REASON
    assert len(opened(desk, url).named("tick")) == 1


def test_those_selected_are_taken_out_of_one_of_their_studies(
    sandbox: Sandbox, others: Client, study: Study, both: list[SourceRecord], newcomer: SourceRecord
) -> None:
    _select(others, [both[1], newcomer])
    assert "/people/take-out" in opened(others, "/people/").links()
    choice = opened(others, "/people/take-out")
    assert "Take 2 people out" in choice.text
    assert "1 of them takes part" in choice.text
    (url,) = [each for each in choice.links() if each.endswith("?who=selected")]

    ticks = opened(others, url).named("tick")
    assert [(each.attributes["value"], "checked" in each.attributes) for each in ticks] == [
        (str(both[1].pk), True)
    ]
    went_on(others.post(url, {"reason": REASON, "tick": [str(both[1].pk)]}))
    work_off()
    assert enrolled(sandbox, PAMELA, study.remote_id) == 0
    assert enrolled(sandbox, PETER, study.remote_id) == 1
    assert "Nobody who is selected takes part" in opened(others, "/people/take-out").text


def test_viewer_sees_who_takes_part_and_takes_nobody_out(
    onlookers: Client, study: Study, both: list[SourceRecord]
) -> None:
    url = of_study("study_take_out", study)
    page = opened(onlookers, url)
    assert "is viewer" in page.text
    assert not page.named("reason")
    reply = onlookers.post(url, {"reason": REASON, "tick": [str(both[0].pk)]})
    assert reply.status_code == 422
    assert not Operation.objects.exists()


def test_study_of_an_organization_without_a_role_is_not_there(
    desk: Client, study: Study, both: list[SourceRecord]
) -> None:
    url = of_study("study_take_out", study)
    _select(desk, both)
    Study.objects.filter(pk=study.pk).update(organization="20006")
    assert desk.get(url).status_code == 404
    assert study.name not in opened(desk, "/people/take-out").text
