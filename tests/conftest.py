"""The fixed cast and what every test shares."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.db import models
from django.db.models.signals import pre_save
from django.test import Client
from pytest_django.fixtures import Settings

from integrations.sandbox.run import Sandbox
from portal.accounts.models import User
from portal.accounts.roles import Role
from tests import support

PASSWORD = "correct horse battery staple"


# Asked of real servers, many times: left to `make test`.
SLOW_FOLDERS = ("contract", "verification")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what talks to the sandbox's servers as slow."""
    for item in items:
        folder = item.path.relative_to(Path(__file__).parent).parts[0]
        if folder in SLOW_FOLDERS or "sandbox" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)


def make_user(email: str, role: Role | None = None, *, name: str = "", second_step: bool = True) -> User:
    """An account with :data:`PASSWORD` and, unless told otherwise, one-time codes as a second step."""
    given, _, family = name.partition(" ")
    user = User.objects.create_user(email, PASSWORD, first_name=given, last_name=family)
    if role is not None:
        user.groups.add(Group.objects.get(name=role.value))
    if second_step:
        TOTP.activate(user, generate_totp_secret())
    return user


def signed_in(client: Client, user: User) -> Client:
    """The client, signed in as somebody who has passed password and second step."""
    client.force_login(user)
    return client


@pytest.fixture(autouse=True)
def _own_var_dir(settings: Settings, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path


def _fits(instance: models.Model, **_others: object) -> None:
    """SQLite takes a text of any length; PostgreSQL refuses one that is longer than its column."""
    for field in instance._meta.concrete_fields:
        value = instance.__dict__.get(field.attname)  # what was not read is not written
        if isinstance(field, models.CharField) and isinstance(value, str) and field.max_length is not None:
            assert len(value) <= field.max_length, f"{field}: {value!r} is longer than its column"


pre_save.connect(_fits)


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Sandbox]:
    """One sandbox for the whole run."""
    with Sandbox() as running:
        yield running


@pytest.fixture
def sandbox(running_sandbox: Sandbox, transactional_db: None, settings: Settings) -> Iterator[Sandbox]:
    """The portal's three systems, as after their seeding. Systems are asked from threads, which
    see the database only without a transaction around the test."""
    running_sandbox.reset()
    support.point_at(settings, running_sandbox)
    yield running_sandbox
    for board in running_sandbox.faults.values():
        board.clear()  # lets go what a fault still holds
    support.settle()


@pytest.fixture
def no_limits_spent(db: None) -> None:
    """Rate limits as at the start of a day: the cache is in the database and outlives nothing here."""
    cache.clear()


@pytest.fixture
def reader(db: None) -> User:
    """May look."""
    return make_user("reader@example.org", Role.READER, name="Rita Reader")


@pytest.fixture
def clinic_staff(db: None) -> User:
    """May look, and link records of one person."""
    return make_user("staff@example.org", Role.CLINIC_STAFF, name="Clive Staff")


@pytest.fixture
def coordinator(db: None) -> User:
    """Looks at, lists and exports participants of their JHE organizations."""
    return make_user("coordinator@example.org", Role.COORDINATOR, name="Cora Coordinator")


@pytest.fixture
def admin(db: None) -> User:
    """Runs the portal."""
    return make_user("admin@example.org", Role.ADMIN, name="Ada Admin")


@pytest.fixture
def nobody(db: None) -> User:
    """Signed in, and nobody has given them a role yet."""
    return make_user("nobody@example.org", name="Nora Nobody")
