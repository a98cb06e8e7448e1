"""Three people of the index, and who links and parts them."""

from __future__ import annotations

import pytest
from django.test import Client

from integrations.sandbox.run import Sandbox
from portal.accounts.models import User
from tests.conftest import signed_in

from .linking import DLAMINI, GRACE, TOM, People, read


@pytest.fixture
def people(sandbox: Sandbox) -> People:
    """The index with three people in it."""
    grace = read("jump", "p-1", GRACE, email="grace@example.org").patient
    return People(grace, read("impilo", "7", DLAMINI).patient, read("impilo", "8", TOM).patient)


@pytest.fixture
def staff(people: People, clinic_staff: User) -> Client:
    """Clinic staff at work."""
    return signed_in(Client(), clinic_staff)


@pytest.fixture
def admins(people: People, admin: User) -> Client:
    """An admin at work."""
    return signed_in(Client(), admin)
