"""Clinic staff who ask and admins who decide, each at a browser of their own."""

from __future__ import annotations

import pytest
from django.test import Client

from portal.accounts.models import User
from tests.conftest import signed_in


@pytest.fixture
def staff(transactional_db: None, clinic_staff: User) -> Client:
    """Clinic staff at work."""
    return signed_in(Client(), clinic_staff)


@pytest.fixture
def admins(transactional_db: None, admin: User) -> Client:
    """An admin at work."""
    return signed_in(Client(), admin)
