"""Two people who may write in one organization of the sandbox's JHE, and somebody in it alone."""

from __future__ import annotations

import pytest

from integrations.sandbox.run import Sandbox
from patients.models import SourceRecord
from portal.accounts.models import User
from tests.ending import PERSON
from tests.support import connected
from tests.writing import MEMBER, known


@pytest.fixture
def asker(clinic_staff: User, sandbox: Sandbox) -> User:
    """Clinic staff who are a member of the organization."""
    return connected(clinic_staff, MEMBER, sandbox)


@pytest.fixture
def second(admin: User, sandbox: Sandbox) -> User:
    """An admin who is a manager of it."""
    return connected(admin, "manager_mary@example.com", sandbox)


@pytest.fixture
def record(sandbox: Sandbox, asker: User) -> SourceRecord:
    """Somebody who is in this organization alone, in two studies of it, with observations."""
    return known("jhe", PERSON, by=asker)
