"""Clinic staff at an index that was filled three days ago, and their browser."""

from __future__ import annotations

import pytest
from django.test import Client

from integrations.sandbox.run import Sandbox
from portal.accounts.models import User
from portal.accounts.roles import Role
from tests.conftest import make_user, signed_in
from tests.support import connected, fill_index

from .opening import grow_old

MEGAN = "member_megan@example.com"


@pytest.fixture
def staff(sandbox: Sandbox) -> User:
    """Clinic staff with a role in one JHE organization; the index was filled three days ago."""
    user = connected(make_user("staff@example.org", Role.CLINIC_STAFF, name="Sam Staff"), MEGAN, sandbox)
    fill_index(user, "Mbeki", "Wardle")
    grow_old()
    for board in sandbox.faults.values():
        board.forget_requests()
    return user


@pytest.fixture
def client(staff: User) -> Client:
    """Their browser."""
    return signed_in(Client(), staff)
