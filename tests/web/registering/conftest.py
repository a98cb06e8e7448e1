"""Staff at the desk, with a role in a JHE organization."""

from __future__ import annotations

import pytest
from django.test import Client

from integrations.sandbox.run import Sandbox
from portal.accounts.models import User
from tests.conftest import signed_in
from tests.support import connected
from tests.writing import MEMBER

from .desk import Desk


@pytest.fixture
def clerk(clinic_staff: User, sandbox: Sandbox) -> User:
    """Clinic staff who are a member of one JHE organization."""
    return connected(clinic_staff, MEMBER, sandbox)


@pytest.fixture
def desk(clerk: User, sandbox: Sandbox) -> Desk:
    """Clinic staff at work."""
    return Desk(signed_in(Client(), clerk), sandbox)
