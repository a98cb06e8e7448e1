"""Who ends records, and somebody in each system."""

from __future__ import annotations

import pytest
from django.test import Client

from integrations.sandbox.run import Sandbox
from patients.models import SourceRecord
from portal.accounts.models import User
from tests.conftest import signed_in
from tests.ending import PERSON
from tests.support import connected
from tests.writing import MEMBER, known


@pytest.fixture
def asker(clinic_staff: User, sandbox: Sandbox) -> User:
    """Clinic staff who are a member of one JHE organization."""
    return connected(clinic_staff, MEMBER, sandbox)


@pytest.fixture
def second(admin: User, sandbox: Sandbox) -> User:
    """An admin who is a manager of it, and of another."""
    return connected(admin, "manager_mary@example.com", sandbox)


@pytest.fixture
def staff(asker: User) -> Client:
    """Clinic staff at work."""
    return signed_in(Client(), asker)


@pytest.fixture
def seconds(second: User) -> Client:
    """The second person at work."""
    return signed_in(Client(), second)


@pytest.fixture
def record(sandbox: Sandbox, asker: User) -> SourceRecord:
    """Somebody who is in one organization of JHE alone."""
    return known("jhe", PERSON, by=asker)


@pytest.fixture(params=["jump", "impilo"])
def kept(request: pytest.FixtureRequest, sandbox: Sandbox, asker: User) -> SourceRecord:
    """A record that can be archived, in each system that archives."""
    with sandbox.stores[request.param].reading() as state:
        is_live = {"jump": ("status", "active"), "impilo": ("archived", False)}[request.param]
        number = next(key for key, row in state["patients"].items() if row[is_live[0]] == is_live[1])
    return known(request.param, number, by=asker)
