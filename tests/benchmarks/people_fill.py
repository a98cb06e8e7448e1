"""People for the list, filled in bulk: rows as syncing and linking leave them, made from few templates.

A population of some thousands is written down again and again with other surnames, birth dates and
days of creation. What is held encrypted stays the template's: a page decrypts as much as ever, and
a million records take no million encryptions.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from .index_fill import Rows, insert

TEMPLATES = 20_000  # records
ORGANIZATIONS = 24
OWN = ("1", "2", "3")  # where the benchmark's people hold roles
IN_OWN = 0.3
TEST_RATE, ARCHIVED_RATE, REVIEW_RATE, TEMPORARY_RATE = 0.002, 0.04, 0.01, 0.02


def fill(records: int) -> tuple[int, int]:
    """Fill the empty index of this process's database; returns how many people and records it holds."""
    from patients.services.facets import layout_for

    chance = Random(20)
    layout = layout_for(
        [("jump", ""), ("jhe", ""), ("impilo", ""), *(("jhe", str(n + 1)) for n in range(ORGANIZATIONS))]
    )
    templates = _templates()
    people = rows = 0
    while rows < records:
        batch = _Batch(people, rows, layout)
        surnames = [some[0]["family"] for some in templates]
        chance.shuffle(surnames)
        for some, surname in zip(templates, surnames, strict=True):
            batch.add(some, surname, chance)
        batch.write()
        people, rows = batch.people, batch.records
    _finish()
    return people, rows


def _templates() -> list[list[dict[str, Any]]]:
    """Each person's records as columns, made as the index makes them."""
    from patients.services import held
    from portal.web import crypto

    from .population import Population

    templates = []
    for known in Population(records=TEMPLATES, seed=11).people():
        templates.append(
            [
                {
                    "system": copy.record.system,
                    **held.columns_of(copy.record, held.form_of(copy.record)),
                    "held": crypto.encrypt(json.dumps(held.to_hold(copy.record))),
                }
                for copy in known.copies
            ]
        )
    return templates


class _Batch:
    """One round of all templates, numbered on from the last."""

    def __init__(self, people: int, records: int, layout: Any) -> None:
        self.people, self.records, self.layout = people, records, layout
        self._patients: Rows = []
        self._entries: Rows = []
        self._rows: Rows = []
        self._columns: Sequence[str] = ()
        self._memberships: Rows = []
        self._now = datetime.now(UTC)

    def add(self, templates: Iterable[dict[str, Any]], surname: str, chance: Random) -> None:
        """One more person."""
        from patients.models import Patient, SourceRecord
        from patients.services.summary import entry_of

        self.people += 1
        born = chance.randrange(1930, 2024) * 10000 + chance.randrange(1, 13) * 100 + chance.randrange(1, 29)
        is_test = chance.random() < TEST_RATE
        records, belong = [], {}
        for template in templates:
            self.records += 1
            row = self._row(template, surname, born, chance) | {"is_test": is_test}
            self._columns = list(row)
            self._rows.append(tuple(row.values()))
            records.append(SourceRecord(**{name: value for name, value in row.items() if name != "held"}))
            if row["system"] == "jhe" and not is_test:
                belong[self.records] = [("jhe", each) for each in _organizations(chance)]
        self._memberships += [(pk, self.people, *pair) for pk, pairs in belong.items() for pair in pairs]
        person = Patient(pk=self.people)
        is_open = any(each.system != "jhe" for each in records)
        self._patients.append((self.people, person.public_id, 1, is_open, not is_test, self._now))
        entry = entry_of(person, records, belong, self.layout)
        self._entries.append(
            (self.people, entry.sort_name, entry.birth, entry.created, entry.facets, entry.places)
        )

    def _row(self, template: dict[str, Any], surname: str, born: int, chance: Random) -> dict[str, Any]:
        created = self._now - timedelta(days=chance.randrange(4000))
        return {
            **template,
            "id": self.records,
            "patient_id": self.people,
            "remote_id": str(self.records),
            "family": surname,
            "birth": born,
            "status": "archived" if chance.random() < ARCHIVED_RATE else "active",
            "registration": "temporary" if chance.random() < TEMPORARY_RATE else "standard",
            "needs_review": chance.random() < REVIEW_RATE,
            "created_at": None if template["system"] == "jhe" else created,
            "marked_test": False,
            "read_at": self._now,
            "whole_at": self._now,
            "version": 1,
            "keys_version": 1,
        }

    def write(self) -> None:
        """All of it."""
        insert(
            "patients_patient",
            ("id", "public_id", "version", "everybodys", "is_listed", "added_at"),
            self._patients,
        )
        insert("patients_sourcerecord", self._columns, self._rows)
        insert(
            "patients_listentry",
            ("patient_id", "sort_name", "birth", "created", "facets", "places"),
            self._entries,
        )
        insert(
            "patients_membership", ("record_id", "patient_id", "system", "organization"), self._memberships
        )


def _organizations(chance: Random) -> Iterator[str]:
    if chance.random() < IN_OWN:
        yield chance.choice(OWN)
    else:
        yield str(chance.randrange(len(OWN) + 1, ORGANIZATIONS + 1))


def _finish() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("VACUUM (ANALYZE)")
        else:
            cursor.execute("ANALYZE")
