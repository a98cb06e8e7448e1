"""Needs and alerts: whether there are some, none, or whether that cannot be told, never looks alike."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from integrations.types import Accessibility, Administrative, Demographics, RemotePatient
from patients.services.alerts import Alerts, alerts_of
from patients.services.answers import KeptRecord
from patients.services.rows import source_of

NOTHING = Administrative()


def alerts(
    *,
    needs: tuple[str, ...] = (),
    days: int = 0,
    problem: str = "",
    asking: bool = False,
    unread: tuple[str, ...] = (),
    complete: bool = True,
    administrative: Administrative = NOTHING,
) -> Alerts:
    """The alerts of one record of Jump, read so many days ago."""
    record = RemotePatient(
        system="jump",
        id="7",
        demographics=Demographics(given_name="Ann"),
        accessibility=Accessibility(needs=needs),
        administrative=administrative,
        unread=unread,
        complete=complete,
    )
    kept = KeptRecord(number=1, read_at=timezone.now() - timedelta(days=days), record=record, problem=problem)
    return alerts_of([kept], [source_of(kept, asking=asking)])


def said(found: Alerts) -> list[tuple[str, str]]:
    return [(each.kind, each.sentence) for each in found.silences]


def test_nothing_recorded_is_said_of_a_record_that_was_just_read_whole() -> None:
    found = alerts()
    assert said(found) == [("none", "No needs or alerts recorded in Jump EHR.")]
    assert found.is_certain


@pytest.mark.parametrize(
    ("record", "kind", "words"),
    [
        (
            {"days": 3, "problem": "Not answering."},
            "unread",
            "could not be read now: none were recorded as of 3 days",
        ),
        (
            {"days": 3, "problem": "x", "needs": ("Ramp",)},
            "unread",
            "what is shown of it is as of 3 days ago",
        ),
        ({"days": 3, "asking": True}, "asking", "being asked: none were recorded as of 3 days ago"),
        ({"days": 3, "asking": True, "complete": False}, "asking", "never read whole"),
        ({"complete": False}, "unread", "whether it holds needs or alerts is not known"),
        (
            {"unread": ("accessibility_needs",)},
            "unread",
            "under accessibility needs that cannot be read here",
        ),
        ({"unread": ("is_deceased",), "needs": ("Ramp",)}, "unread", "under deceased that cannot be read"),
    ],
)
def test_nothing_is_never_said_of_what_could_not_be_read(
    record: dict[str, object], kind: str, words: str
) -> None:
    found = alerts(**record)  # type: ignore[arg-type]
    ((how, sentence),) = said(found)
    assert how == kind
    assert words in sentence
    assert "No needs or alerts" not in sentence
    assert not found.is_certain


def test_field_that_is_no_alert_and_could_not_be_read_hides_nothing() -> None:
    assert alerts(unread=("email",)).is_certain


@pytest.mark.parametrize(
    ("administrative", "label", "line"),
    [
        (Administrative(is_deceased=True), "Deceased", "Yes, date not recorded"),
        (Administrative(requires_review=True, review_reason="Twin"), "Needs review", "Twin"),
        (Administrative(requires_review=True), "Needs review", "No reason given"),
        (Administrative(review_reason="Twin"), "Needs review", "Twin"),
    ],
)
def test_what_the_office_notes_is_an_alert_too(administrative: Administrative, label: str, line: str) -> None:
    found = alerts(administrative=administrative)
    assert [(row.label, row.values[0].lines) for row in found.rows] == [(label, (line,))]
    assert said(found) == []
