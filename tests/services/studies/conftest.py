"""Studies of one organization in both generations of JHE, and people who act there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from pytest_django.fixtures import Settings

from integrations.sandbox.run import Sandbox
from patients.models import SourceRecord, Study
from portal.accounts.models import User
from tests import support
from tests.studying import BP_AND_HR, OLDER, PETER, study_read, taking_part
from tests.support import connected
from tests.writing import LIFESPAN, known, new_record, register, work_off


@pytest.fixture(scope="session")
def running_older() -> Iterator[Sandbox]:
    """A sandbox whose JHE is of the older generation."""
    with Sandbox(dialect=OLDER) as running:
        yield running


@pytest.fixture(params=["current", OLDER])
def sandbox(
    request: pytest.FixtureRequest,
    running_sandbox: Sandbox,
    running_older: Sandbox,
    transactional_db: None,
    settings: Settings,
) -> Iterator[Sandbox]:
    """The portal's systems, JHE in each of its generations."""
    running = running_older if request.param == OLDER else running_sandbox
    running.reset()
    support.point_at(settings, running)
    yield running
    for board in running.faults.values():
        board.clear()
    support.settle()


@pytest.fixture
def asker(coordinator: User, sandbox: Sandbox) -> User:
    """A coordinator who is a member of the organization."""
    return connected(coordinator, "member_megan@example.com", sandbox)


@pytest.fixture
def viewer(admin: User, sandbox: Sandbox) -> User:
    """An admin who only looks on there."""
    return connected(admin, "viewer_victor@example.com", sandbox)


@pytest.fixture
def study(sandbox: Sandbox, asker: User) -> Study:
    """A study of it, with its plan."""
    return study_read(BP_AND_HR, by=asker)


@pytest.fixture
def peter(sandbox: Sandbox, asker: User, study: Study) -> SourceRecord:
    """Somebody who takes part in it, and has decided there."""
    record = known("jhe", PETER, by=asker)
    taking_part(study, record)
    return record


@pytest.fixture
def newcomer(sandbox: Sandbox, asker: User) -> SourceRecord:
    """Somebody of the organization who takes part in nothing."""
    new = replace(new_record(), organization_id=LIFESPAN)
    operation = work_off(register({"jhe": new}, by=asker)[0])
    assert operation.record is not None, operation.problem
    return operation.record


@pytest.fixture
def boss(admin: User, sandbox: Sandbox) -> User:
    """An admin who is a manager of this organization and of the one above."""
    return connected(admin, "manager_mary@example.com", sandbox)
