"""Staff who edit, with a role in a JHE organization, and somebody whom all three systems hold."""

from __future__ import annotations

import pytest
from django.test import Client

from integrations.sandbox.run import Sandbox
from patients.models import Patient
from portal.accounts.models import User
from tests.conftest import signed_in
from tests.editing import person
from tests.support import connected
from tests.writing import MEMBER

from .desk import Desk


@pytest.fixture
def clerk(clinic_staff: User, sandbox: Sandbox) -> User:
    """Clinic staff who are a member of one JHE organization."""
    return connected(clinic_staff, MEMBER, sandbox)


@pytest.fixture
def grace(clerk: User) -> Patient:
    """Somebody whom all three systems hold."""
    return person("grace", "Mbeki", by=clerk)


@pytest.fixture
def desk(clerk: User, grace: Patient, sandbox: Sandbox) -> Desk:
    """Clinic staff at work on her."""
    return Desk(signed_in(Client(), clerk), sandbox, grace)
