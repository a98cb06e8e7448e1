"""Long lists are read in parts: what came since, as far back as something changed, going on where it was."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from integrations.jhe import studies
from integrations.sandbox.jhe import invitations as sandbox_invitations
from integrations.sandbox.run import Sandbox
from patients.models import StudyReading
from patients.services.studies import (
    arrivals,
    news_of_invitations,
    offers,
    reading,
    readings,
)
from portal.accounts.models import User
from tests.study_reading import (
    BP_AND_HR,
    HEART_RATE,
    PRESSURE,
    asked,
    enrol,
    invite,
    is_current,
    kept_of,
    observe,
    participant,
    read_place,
    read_study,
    set_state,
    someone_else,
)
from tests.studying import reach
from tests.writing import known

pytestmark = pytest.mark.slow


def test_pass_over_what_was_sent_goes_on_where_it_was_broken_off(
    sandbox: Sandbox, asker: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However little a step has time for; and nobody waits for it who waits for decisions."""
    study = read_study(asker)
    for _ in range(6):
        observe(sandbox, "40001", PRESSURE)
        observe(sandbox, "40002", HEART_RATE)
    study.participants.update(data_at=None)
    monkeypatch.setattr(arrivals, "TOGETHER", 1)
    monkeypatch.setattr(arrivals, "SECONDS", 0.0)
    monkeypatch.setattr(studies, "FHIR_PAGE", 2)
    monkeypatch.setattr(studies, "REST_PAGE", 2)
    StudyReading.objects.update(fresh_at=None, data_whole_at=None, phase=readings.Phase.DATA, is_open=True)
    StudyReading.objects.exclude(study=study).update(is_open=False)

    assert reading.take_turn("jhe", "dies after it", seconds=0)
    row = StudyReading.objects.get(study=study)
    assert (row.phase, row.data_whole_at) == (readings.Phase.SHOWN, None)
    first = row.data_pass
    assert study.participants.exclude(data_at=None).exists()
    assert reading.take_turn("jhe", "another", seconds=0)
    assert reading.take_turn("jhe", "another", seconds=0)
    row.refresh_from_db()
    assert first is not None
    assert row.data_pass is not None
    assert row.data_pass["resume"] != first["resume"]
    assert row.fresh_at is not None

    reading.read_all()
    row.refresh_from_db()
    assert (row.is_open, row.data_pass) == (False, None)
    assert row.data_whole_at is not None
    study.refresh_from_db()
    latest = {participant(study, each).data_at for each in ("40001", "40002")}
    assert study.data_until == max(each for each in latest if each)
    assert None not in latest


def test_invitations_are_read_as_far_back_as_something_changed(
    sandbox: Sandbox, asker: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not is_current(sandbox):
        pytest.skip("no invitations are listed there")
    monkeypatch.setattr(sandbox_invitations, "FIXED_PAGE", 2)
    monkeypatch.setattr(news_of_invitations, "OVERLAP", timedelta())
    older, newer = invite(sandbox, "40001", 1, "reissued", "issued")
    invite(sandbox, "40002", 2, *["issued"] * 6)  # no app of this study
    study = read_study(asker)
    assert len(kept_of(study)) == 2

    sandbox.faults["jhe"].forget_requests()
    set_state(sandbox, older, "cancelled")  # which says nothing of the newer one
    read_study(asker)
    assert [each.state for each in kept_of(study)] == ["cancelled", "issued"]
    assert participant(study, "40001").invitation_state == "issued"
    assert asked(sandbox, "/invitation$") == 2  # of four pages

    set_state(sandbox, newer, "redeemed")
    read_study(asker)
    assert participant(study, "40001").invitation_state == "redeemed"
    person = someone_else(sandbox)
    invite(sandbox, person, 1, "issued")
    invite(sandbox, "40002", 2, *["issued"] * 3)
    read_study(asker)
    enrol(sandbox, BP_AND_HR, person)  # who was invited before
    read_study(asker)
    assert participant(study, person).invitation_state == "issued"


def test_page_that_offers_studies_has_their_plans_read_and_nobody(sandbox: Sandbox, asker: User) -> None:
    record = known("jhe", "40001", by=asker)
    offers.offers_for(record, by=asker, reach=reach(asker))
    reading.read_all()
    assert [each.study.name for each in offers.offers_for(record, by=asker, reach=reach(asker))]
    assert not StudyReading.objects.exclude(study=None).exists()

    StudyReading.objects.update(fresh_at=timezone.now() - timedelta(minutes=5))
    offers.offers_for(record, by=asker, reach=reach(asker))
    assert not StudyReading.objects.filter(is_open=True).exists()
    first, _ = read_place(asker)  # whoever opens the list is told how many take part
    assert first.people_at is not None


def test_only_what_came_since_is_asked_for(sandbox: Sandbox, asker: User) -> None:
    quiet = someone_else(sandbox)
    enrol(sandbox, BP_AND_HR, quiet)
    study = read_study(asker)
    sent = study.data_until
    with sandbox.stores["jhe"].writing() as state:  # what is as old as what was seen is not looked at again
        for row in state["observations"].values():
            row["patient_id"] = int(quiet)
    observe(sandbox, "40001", HEART_RATE)
    study = read_study(asker)

    assert sent is not None
    assert study.data_until is not None
    assert study.data_until > sent
    assert participant(study, "40001").data_at == study.data_until
    assert participant(study, quiet).data_at is None

    StudyReading.objects.update(data_whole_at=timezone.now() - timedelta(days=2))
    read_study(asker)
    assert participant(study, quiet).data_at is not None  # once a day everything is
