"""Somebody's record is in two clinics: who holds a role in one reads nothing of the other's studies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from patients.models import Bulk, Operation, SourceRecord, Study
from patients.services import index, visibility
from patients.services.onboarding import course
from patients.services.operations import bulks, recording
from patients.services.operations.study_wishes import Decide, Enrol
from patients.services.operations.whys import Why
from patients.services.operations.wishes import Wish
from patients.services.studies.authority import Authority, Decider, Manner
from portal.accounts.models import User
from tests.conftest import signed_in
from tests.support import Node, parsed
from tests.web.people_list.listing import record as remote
from tests.web.studies.boards import PRESSURE, holds, study, takes_part
from tests.writing import change

from .asking import asked_new, page_of, stand

OURS, THEIRS = "7", "8"
State = Operation.State
SAID = (
    "This JupyterHealth Exchange record does not belong to the study's organization. It belongs to Clinic 8."
)
SECRETS = ("Clinic 8", "Sleep in Shelters", "Mother Superior")


@dataclass(frozen=True)
class Shared:
    """Anna's record, which is in both clinics, and a study of the other one."""

    record: SourceRecord
    study: Study
    asker: User

    def ask(self, wish: Wish) -> Operation:
        """Ask for a write there, which ends with what the system says to who asked."""
        return stand(
            recording.ask(wish, record=self.record, by=self.asker),
            State.REFUSED, Why.NOT_IN_ORGANIZATION, problem=SAID, next_step="Ask a manager of Clinic 8.",
        )  # fmt: skip

    def decide(self) -> Operation:
        """A decision of a representative's."""
        authority = Authority(
            decider=Decider.REPRESENTATIVE, manner=Manner.PAPER, form_version="3", form_language="en",
            sheet_version="2", signed_on=date(2026, 1, 15), taken_by="Nurse Nightingale",
            representative="Mother Superior", relation="guardian",
        )  # fmt: skip
        return self.ask(
            Decide(
                study_id=self.study.remote_id, organization_id=THEIRS, scope_system=PRESSURE.system,
                scope_code=PRESSURE.code, agreed=False, authority=authority,
            )
        )  # fmt: skip

    def enrol(self) -> Operation:
        return self.ask(Enrol(study_id=self.study.remote_id, organization_id=THEIRS))


@pytest.fixture
def shared(transactional_db: None, coordinator: User) -> Shared:
    asker = holds(coordinator, THEIRS)
    index.store([remote(1, "Abbott", system="jhe", organizations=[OURS, THEIRS], created=None)])
    theirs = study(2, organization=THEIRS, name="Sleep in Shelters")
    held = SourceRecord.objects.get(system="jhe")
    takes_part(theirs, held)
    return Shared(record=held, study=theirs, asker=asker)


@pytest.fixture
def boss(admin: User, shared: Shared) -> Client:
    """An admin who holds a role in our clinic alone."""
    return signed_in(Client(), holds(admin, OURS))


def seen(client: Client, name: str, *args: Any) -> Node:
    response = client.get(reverse(f"patients:{name}", args=args))
    assert response.status_code == 200
    return parsed(response)


def says_nothing(page: Node) -> None:
    found = [each for each in SECRETS if each in page.text]
    assert not found


def test_story_says_kind_and_state_alone(boss: Client, shared: Shared) -> None:
    for operation in (shared.decide(), shared.enrol()):
        page = page_of(boss, operation)

        says_nothing(page)
        assert "ABBOTT" not in page.text
        assert "Refused" in page.text
        assert "does not belong to the organization that runs the study" in page.text


def test_who_asked_reads_it_all(client: Client, shared: Shared) -> None:
    page = page_of(signed_in(client, shared.asker), shared.decide())

    assert not [each for each in (*SECRETS, "ABBOTT") if each not in page.text]


def test_who_holds_a_role_there_reads_it_too(client: Client, admin: User, shared: Shared) -> None:
    operation = shared.decide()

    page = page_of(signed_in(client, holds(admin, OURS, THEIRS)), operation)

    assert not [each for each in (*SECRETS, "ABBOTT") if each not in page.text]


def test_persons_pages_do_not_list_it(boss: Client, shared: Shared) -> None:
    shared.decide()
    shared.enrol()
    public_id = shared.record.patient.public_id

    for name in ("patient", "consents"):
        page = seen(boss, name, public_id)
        says_nothing(page)
        assert "Write a decision" not in page.text
        assert "Enrol in a study in" not in page.text


def test_change_of_the_record_is_listed_without_the_systems_sentence(boss: Client, shared: Shared) -> None:
    operation = change(shared.record, by=shared.asker, organization=THEIRS, phone="+44 7700 900111")
    stand(operation, State.HELD, Why.NO_RIGHT, problem="Your role at Clinic 8 is viewer.", next_step="Ask.")

    page = seen(boss, "patient", shared.record.patient.public_id)

    says_nothing(page)
    assert "Change details in" in page.text
    assert "The person who asked may not do this" in page.text


def test_list_and_command_say_kind_and_state_alone(
    boss: Client, admin: User, shared: Shared, capsys: pytest.CaptureFixture[str]
) -> None:
    shared.enrol()
    page = seen(boss, "operations")
    call_command("operations", "list", "--by", admin.email)
    narrowed = boss.get(reverse("patients:operations"), {"person": shared.record.patient.public_id})

    says_nothing(page)
    assert "Enrol in a study" in page.text
    assert "ABBOTT" not in page.text
    assert "Enrol in a study" in capsys.readouterr().out
    assert not parsed(narrowed).of_class("portal-writes")


def test_bulk_says_what_and_how_many_alone(boss: Client, client: Client, shared: Shared) -> None:
    wish = Enrol(study_id=shared.study.remote_id, organization_id=THEIRS)
    part = bulks.Part(wish, record=shared.record)
    bulk = bulks.ask([part], system="jhe", label="Enrol in Sleep in Shelters", by=shared.asker).bulk
    (operation,) = Operation.objects.filter(bulk=bulk)
    desk = signed_in(client, shared.asker)

    for page in (seen(boss, "bulks"), seen(boss, "bulk", bulk.public_id), page_of(boss, operation)):
        says_nothing(page)
        assert "ABBOTT" not in page.text
        assert "Enrolments in studies in" in page.text
    says_nothing(seen(boss, "bulk_cancel", bulk.public_id))
    assert "0 of 1 ended" in seen(boss, "bulk", bulk.public_id).text
    assert "Enrol in Sleep in Shelters" in seen(desk, "bulk", bulk.public_id).text


def test_onboarding_does_not_repeat_what_the_other_clinic_was_told(admin: User, shared: Shared) -> None:
    ours = study(3, organization=OURS)
    operation = asked_new("jhe", by=shared.asker, organization=THEIRS)
    stand(operation, State.HELD, Why.NO_RIGHT, problem="Your role at Clinic 8 is viewer.", next_step="Ask.")

    reach = visibility.reach_of(holds(admin, OURS))
    told = course.course_of(ours, operation.patient, reach=reach).stage(course.Step.REGISTER)

    assert told.how is course.How.STUCK
    assert told.sentence
    assert "Clinic 8" not in told.sentence


def test_writes_that_are_there_already_get_their_organization(shared: Shared) -> None:
    wish = Enrol(study_id=shared.study.remote_id, organization_id=THEIRS)
    asked = bulks.ask([bulks.Part(wish, record=shared.record)], system="jhe", label="A", by=shared.asker)
    new = asked_new("jhe", by=shared.asker, organization=OURS)
    Operation.objects.update(organization="")
    Bulk.objects.update(organization="")

    migration = import_module("patients.migrations.0028_organizations_of_operations")
    with connection.schema_editor() as editor:
        migration.fill(apps, editor)

    assert Bulk.objects.get(pk=asked.bulk.pk).organization == THEIRS
    assert [each.organization for each in Operation.objects.order_by("pk")] == [THEIRS, OURS]
    assert new.organization == OURS


@pytest.mark.parametrize("name", ["patient", "patient_print"])
def test_other_clinic_is_not_named_where_the_record_belongs(boss: Client, shared: Shared, name: str) -> None:
    page = seen(boss, name, shared.record.patient.public_id)

    says_nothing(page)
    assert "Clinic 7" in page.text
    assert "In another organization" in page.text
