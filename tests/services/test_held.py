"""What counts as a change of a record: every field of every group, each under a name of its own."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest

from integrations.types import Accessibility, Administrative, ContactPreferences, Demographics, RemotePatient
from patients.models import RecordChange, SourceRecord
from patients.services import index
from patients.services.held import changes_between, whole_of

PERSON = Demographics(given_name="Ann", family_name="Lee")
BEFORE = RemotePatient(system="jump", id="7", demographics=PERSON)


def test_text_in_each_field_of_each_group_is_a_change_of_its_own() -> None:
    groups: dict[str, Any] = {
        "demographics": PERSON,
        "contact": ContactPreferences(),
        "accessibility": Accessibility(),
        "administrative": Administrative(),
    }
    texts: list[tuple[str, str, Any]] = [
        (group, each.name, value)
        for group, kind in groups.items()
        for each in fields(kind)
        for value in (["x"] if each.type == "str" else [("x",)] if each.type == "tuple[str, ...]" else [])
    ]

    named: list[str] = []
    for group, name, value in texts:
        changed: dict[str, Any] = {group: replace(groups[group], **{name: value})}
        after = replace(BEFORE, **changed)
        named += changes_between(BEFORE, after)

    assert len(texts) > 15
    assert len(named) == len(set(named)) == len(texts)


@pytest.mark.django_db
def test_note_on_accessibility_that_is_added_is_held_and_in_the_history() -> None:
    index.store([BEFORE])
    after = replace(BEFORE, accessibility=Accessibility(notes=("Hard of hearing",)))
    index.store([after])

    row = SourceRecord.objects.get()
    assert whole_of(row).accessibility.notes == ("Hard of hearing",)
    assert RecordChange.objects.get().changes == {"accessibility_notes": [[], ["Hard of hearing"]]}
