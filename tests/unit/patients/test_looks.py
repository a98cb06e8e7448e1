"""What the portal keeps of how each system is doing."""

from __future__ import annotations

import pytest
from pytest_django.fixtures import Settings

from integrations.sandbox.run import Sandbox
from patients.services import connections
from tests.support import point_at

# Systems are asked from threads, which see the database only without a transaction around the test.
pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def addresses() -> dict[str, str]:
    """Where each system was when it was last looked at."""
    return {look.system: look.health.address for look in connections.last_looks()}


def test_system_that_moved_is_looked_at_anew_once(settings: Settings) -> None:
    with Sandbox() as first:
        point_at(settings, first)
        before = {look.system: look.checked_at for look in connections.last_looks()}
    with Sandbox() as second:
        point_at(settings, second)
        assert addresses() == {name: second.url(name) for name in second.stores}
        moved = {look.system: look.checked_at for look in connections.last_looks()}
        again = {look.system: look.checked_at for look in connections.last_looks()}
    assert all(moved[name] != before[name] for name in before)
    assert again == moved
