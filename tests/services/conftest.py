"""People who ask, each signed in at the sandbox's JHE where they hold a role there."""

from __future__ import annotations

import pytest

from integrations.sandbox.run import Sandbox
from portal.accounts.models import User
from tests.support import connected
from tests.writing import MEMBER


@pytest.fixture
def asker(clinic_staff: User, sandbox: Sandbox) -> User:
    """Clinic staff who are a member of one JHE organization."""
    return connected(clinic_staff, MEMBER, sandbox)


@pytest.fixture
def boss(admin: User, sandbox: Sandbox) -> User:
    """An admin who is a manager of the same organization."""
    return connected(admin, "manager_mary@example.com", sandbox)
