"""What tests of editing share: people of the sandbox, what others change there, an edit as it is sent."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from integrations.sandbox.run import Sandbox
from integrations.writes import Changes, Details, details_of
from patients.models import Patient, SourceRecord
from patients.services.connections import open_system
from patients.services.editing.copies import Copies, copies_of
from patients.services.editing.outcomes import Answers, Asked, Saved
from patients.services.editing.pages import Key, Page, page_of
from patients.services.editing.saving import save, seal_of
from patients.services.editing.weighing import Choice, Wanted
from portal.accounts.models import User
from tests.support import fill_index


def person(given: str, family: str, *, by: User) -> Patient:
    """Somebody whom the systems hold, in the index by now."""
    fill_index(by, family)
    records = SourceRecord.objects.filter(given=given.casefold(), family=family.casefold())
    patient: Patient = records.order_by("pk")[0].patient
    return patient


def elsewhere(sandbox: Sandbox, record: SourceRecord, **wire: Any) -> None:
    """Somebody changes a record in its system itself, by the names that the fields have there."""
    with sandbox.stores[record.system].writing() as state:
        (row,) = [row for row in state["patients"].values() if str(row["id"]) == record.remote_id]
        row.update(wire)


def of_system(copies: Copies, system: str) -> SourceRecord:
    """The person's record in one system."""
    return next(each.row for each in copies.every if each.row.system == system)


@dataclass
class Form:
    """A form that somebody has open about a person."""

    by: User
    copies: Copies
    page: Page
    seal: str

    @classmethod
    def opened(cls, patient: Patient, *, by: User) -> Form:
        """Opened just now."""
        copies = copies_of(patient.public_id, by=by)
        return cls(by, copies, page_of(copies, by=by), seal_of(copies, by=by))

    def number(self, system: str) -> int:
        """Our id of the person's record in a system."""
        return of_system(self.copies, system).pk

    def send(
        self, systems: Collection[str] = (), *, choices: Mapping[Key, Choice] | None = None,
        answers: Answers | None = None, **values: Any,
    ) -> Saved | Asked:  # fmt: skip
        """Send these values to the records of these systems; of all that may be written to, if none is named.
        What is asked back is what the form goes on with."""
        open_ones = [each for each in self.copies.open if not systems or each.row.system in systems]
        wanted = [Wanted(number=each.number, changes=Changes.to(**values)) for each in open_ones]
        given = answers or Answers(choices=choices or {})
        result = save(self.page, wanted, given, sealed=self.seal, by=self.by)
        if isinstance(result, Asked):
            self.page, self.seal = result.page, seal_of(result.copies, by=self.by)
        return result


def saved(result: Saved | Asked) -> Saved:
    """What was asked for; nothing was open."""
    assert isinstance(result, Saved), result
    return result


def asked(result: Saved | Asked) -> Asked:
    """What is open."""
    assert isinstance(result, Asked), result
    return result


def held_by(record: SourceRecord, *, by: User) -> Details:
    """What a record holds in its system now."""
    return details_of(open_system(record.system, by=by, seconds=30).get(record.remote_id))
