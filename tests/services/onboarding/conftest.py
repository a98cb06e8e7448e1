"""Lists of people for a study of the organization of whom asks."""

from __future__ import annotations

import pytest

from integrations.sandbox.run import Sandbox
from patients.models import Study
from portal.accounts.models import User
from tests.studying import BP_AND_HR, study_read
from tests.support import connected


@pytest.fixture
def asker(coordinator: User, sandbox: Sandbox) -> User:
    """A coordinator who is a member of the organization."""
    return connected(coordinator, "member_megan@example.com", sandbox)


@pytest.fixture
def viewer(clinic_staff: User, sandbox: Sandbox) -> User:
    """Clinic staff who only look on there."""
    return connected(clinic_staff, "viewer_victor@example.com", sandbox)


@pytest.fixture
def study(sandbox: Sandbox, asker: User) -> Study:
    """A study of it, with its plan."""
    return study_read(BP_AND_HR, by=asker)
