"""What would be lost, as pages say it: nothing unread is taken for nothing, and what changed is said."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from integrations.errors import Unavailable
from integrations.holdings import HoldingPart, Holdings, ScopeConsent, StudyHoldings
from integrations.types import Study
from patients.services.ending.counted import changed_since, kept, read_from, to_keep

WHEN = datetime(2026, 8, 21, 9, 0, tzinfo=UTC)
PULSE = ScopeConsent(system="omh", code="pulse", text="Pulse", agreed=True, decided_at=WHEN)
SLEEP = ScopeConsent(system="omh", code="sleep", text="", agreed=None)
HEART = StudyHoldings(
    study=Study(id="1", name="Heart"), enrolled=True, consents=(PULSE, SLEEP), observations=4
)
NIGHT = StudyHoldings(study=Study(id="2", name="Night"), enrolled=False, consents=(), observations=0)
WHOLE = Holdings(
    patient_id="7", organization_id="9", last_organization=True, studies=(HEART, NIGHT), unplaced=(PULSE,),
    observations=6, uncounted=("letters",),
)  # fmt: skip


def test_everything_is_counted_and_kept() -> None:
    read = read_from(WHOLE)
    assert read.is_whole
    counted = read.counted
    assert (counted.last, counted.enrolments, counted.decided, counted.observations) == (True, 1, 1, 6)
    assert [each.text for each in (counted.studies or ())[0].decisions or ()] == ["Pulse", "sleep"]
    assert kept(to_keep(counted)) == counted


def test_what_could_not_be_read_is_named_and_never_zero() -> None:
    down = Unavailable(system="jhe", operation="count", for_staff="It is down.")
    unread = {HoldingPart.OBSERVATIONS: down, HoldingPart.ENROLMENTS: down, HoldingPart.CONSENTS: down}
    studies = (replace(HEART, enrolled=None, consents=None, observations=None), NIGHT)
    read = read_from(replace(WHOLE, studies=studies, unplaced=None, observations=None, unread=unread))
    assert not read.is_whole
    assert [why for _, why in read.unread] == ["It is down."] * 3
    counted = read.counted
    assert (counted.enrolments, counted.decided, counted.observations) == (None, None, None)


def test_studies_that_could_not_be_read_leave_nothing_to_add_up() -> None:
    counted = read_from(replace(WHOLE, studies=None)).counted
    assert (counted.enrolments, counted.decided) == (None, None)


def test_what_has_changed_is_said_with_both_numbers() -> None:
    then = read_from(WHOLE).counted
    new = StudyHoldings(study=Study(id="3", name="Sleep"), enrolled=True, consents=(PULSE,), observations=2)
    now = read_from(
        replace(
            WHOLE,
            last_organization=False,
            studies=(replace(HEART, enrolled=False, consents=(), observations=9), new),
            unplaced=(),
            observations=11,
        )
    ).counted
    assert changed_since(then, now) == (
        "It is not the last one any more.",
        "Observations of the person: 6 when it was asked for, 11 now.",
        "Heart: the person takes part no more.",
        "Heart: decisions: 1 when it was asked for, 0 now.",
        "Heart: observations that it sees: 4 when it was asked for, 9 now.",
        "Sleep: the person takes part since.",
        "Sleep: decisions: 0 when it was asked for, 1 now.",
        "Sleep: observations that it sees: 0 when it was asked for, 2 now.",
        "Night: the organization does not run this study any more.",
        "Decisions outside the studies: 1 when it was asked for, 0 now.",
    )
    assert changed_since(then, then) == ()
