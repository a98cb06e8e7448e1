"""The demo's accounts: made once, connected to JHE, left alone afterwards."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import authenticate
from pytest_django.fixtures import Settings

from integrations.abilities import ActsForPerson
from integrations.sandbox.run import Sandbox
from integrations.sandbox.state import Store
from patients.services.connections import open_system
from portal.accounts.models import PersonToken, User
from portal.accounts.roles import Role, give_role
from portal.demo.accounts import PASSWORD, SAMPLES, make_samples
from tests.support import point_at

pytestmark = pytest.mark.django_db


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    """JHE's state, with its server running as the portal's JHE."""
    with Sandbox() as sandbox:
        point_at(settings, sandbox)
        yield sandbox.stores["jhe"]


def account_in_jhe(email: str) -> tuple[str, str]:
    """Whom JHE takes somebody for who goes there through the portal."""
    adapter = open_system("jhe", by=User.objects.get(email=email))
    assert isinstance(adapter, ActsForPerson)
    return adapter.account()


def test_every_role_has_one_account_with_the_published_password(store: Store) -> None:
    make_samples(store)
    assert sorted(user.role or "" for user in User.objects.all()) == sorted(Role)
    for sample in SAMPLES:
        assert authenticate(email=sample.email, password=PASSWORD) is not None


def test_connected_account_reaches_jhe(store: Store) -> None:
    make_samples(store)
    assert account_in_jhe("coordinator@clinic.example") == ("10002", "practitioner")


def test_second_start_changes_nothing(store: Store) -> None:
    make_samples(store)
    staff = User.objects.get(email="staff@clinic.example")
    give_role(user=staff, role=Role.READER, by=None)
    before = list(PersonToken.objects.order_by("pk").values())
    make_samples(store)
    assert User.objects.get(pk=staff.pk).role == Role.READER
    assert list(PersonToken.objects.order_by("pk").values()) == before


def test_token_that_jhe_does_not_know_any_more_is_replaced(store: Store) -> None:
    make_samples(store)
    store.reset()
    make_samples(store)
    assert account_in_jhe("coordinator@clinic.example") == ("10002", "practitioner")


def test_account_that_was_disconnected_stays_so(store: Store) -> None:
    make_samples(store)
    SocialAccount.objects.all().delete()
    PersonToken.objects.all().delete()
    make_samples(store)
    assert not PersonToken.objects.exists()
