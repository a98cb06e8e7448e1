"""People of a study at their desks, in both generations of JHE."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from integrations.sandbox.run import Sandbox
from patients.models import Participant, SourceRecord, Study
from patients.services.studies import places
from portal.accounts.models import User
from tests import support
from tests.conftest import signed_in
from tests.ending import belong
from tests.studying import BP_AND_HR, OLDER, PETER, reach, study_read, taking_part
from tests.support import connected
from tests.writing import known

PERRY = "40003"  # of an organization of which MEGAN is no member, until a test says so


@pytest.fixture(scope="session")
def running_older() -> Iterator[Sandbox]:
    """A sandbox whose JHE is of the older generation."""
    with Sandbox(dialect=OLDER) as running:
        yield running


@pytest.fixture
def older(running_older: Sandbox, transactional_db: None, settings: Settings) -> Iterator[Sandbox]:
    """The portal's systems, with the older JHE."""
    running_older.reset()
    support.point_at(settings, running_older)
    yield running_older
    for board in running_older.faults.values():
        board.clear()
    support.settle()


@pytest.fixture
def asker(coordinator: User, sandbox: Sandbox) -> User:
    """A coordinator who is a member of the organization."""
    return connected(coordinator, "member_megan@example.com", sandbox)


@pytest.fixture
def other(admin: User, sandbox: Sandbox) -> User:
    """An admin who is a manager there, and of the organization above."""
    return connected(admin, "manager_mary@example.com", sandbox)


@pytest.fixture
def onlooker(clinic_staff: User, sandbox: Sandbox) -> User:
    """Clinic staff who only look on there."""
    return connected(clinic_staff, "viewer_victor@example.com", sandbox)


@pytest.fixture
def desk(asker: User) -> Client:
    """The coordinator at work."""
    return signed_in(Client(), asker)


@pytest.fixture
def others(other: User) -> Client:
    """The admin at work."""
    return signed_in(Client(), other)


@pytest.fixture
def onlookers(onlooker: User) -> Client:
    """Who only looks on, at work."""
    return signed_in(Client(), onlooker)


@pytest.fixture
def study(sandbox: Sandbox, asker: User) -> Study:
    """A study of the organization, with its plan."""
    found = study_read(BP_AND_HR, by=asker)
    places.own_places(reach(asker))  # so that the organization has its row
    return found


@pytest.fixture
def peter(sandbox: Sandbox, asker: User, study: Study) -> SourceRecord:
    """Somebody who takes part in it."""
    record = known("jhe", PETER, by=asker)
    taking_part(study, record)
    return record


@pytest.fixture
def takes_part(study: Study, peter: SourceRecord) -> Participant:
    """That they do."""
    return Participant.objects.get(study=study, record=peter)


@pytest.fixture
def newcomer(sandbox: Sandbox, asker: User, study: Study) -> SourceRecord:
    """Somebody of the organization who does not take part."""
    with sandbox.stores["jhe"].writing() as state:
        state["enrolments"] = [each for each in state["enrolments"] if str(each["patient_id"]) != PERRY]
    belong(sandbox, int(study.organization), person=PERRY)
    return known("jhe", PERRY, by=asker)
