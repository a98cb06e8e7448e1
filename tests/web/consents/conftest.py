"""Who reads and records consents, in both generations of JHE."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from integrations.sandbox.run import Sandbox
from patients.models import SourceRecord
from portal.accounts.models import User
from tests import support
from tests.conftest import signed_in
from tests.studying import OLDER, PETER
from tests.support import connected
from tests.writing import known


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
def member(coordinator: User, sandbox: Sandbox) -> User:
    """A coordinator who is a member of the organization."""
    return connected(coordinator, "member_megan@example.com", sandbox)


@pytest.fixture
def manager(clinic_staff: User, sandbox: Sandbox) -> User:
    """Clinic staff who are a manager of it, and of another."""
    return connected(clinic_staff, "manager_mary@example.com", sandbox)


@pytest.fixture
def viewer(admin: User, sandbox: Sandbox) -> User:
    """An admin who only looks on there."""
    return connected(admin, "viewer_victor@example.com", sandbox)


@pytest.fixture
def desk(member: User) -> Client:
    """The member at work."""
    return signed_in(Client(), member)


@pytest.fixture
def peter(member: User) -> SourceRecord:
    """Somebody who takes part in two studies, and has decided there."""
    return known("jhe", PETER, by=member)
