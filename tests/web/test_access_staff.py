"""Staff and their accounts, where an admin gives roles; the way around the pages."""

from __future__ import annotations

import pytest
from django.test import Client

from portal.accounts.models import PersonToken, User
from portal.accounts.roles import Role, role_of
from portal.audit.models import Event
from tests.conftest import signed_in
from tests.support import parsed


@pytest.fixture
def admins_client(client: Client, admin: User) -> Client:
    """An admin at work."""
    return signed_in(client, admin)


def test_accounts_without_a_role_come_first(admins_client: Client, reader: User, nobody: User) -> None:
    PersonToken.objects.create(user=nobody, system="jhe", subject="10002", access="access-token")

    page = admins_client.get("/staff").content.decode()

    assert page.index("nobody@example.org") < page.index("reader@example.org")
    assert "10002" in page
    assert "access-token" not in page


def test_admin_gives_and_takes_a_role(admins_client: Client, admin: User, nobody: User) -> None:
    admins_client.post(f"/staff/{nobody.pk}/role", {"role": "coordinator"})
    assert role_of(User.objects.get(pk=nobody.pk)) is Role.COORDINATOR

    response = admins_client.post(f"/staff/{nobody.pk}/role", {"role": ""})

    assert (response.status_code, response["Location"]) == (303, "/staff")
    assert role_of(User.objects.get(pk=nobody.pk)) is None
    events = Event.objects.filter(action="account.role_given", actor=str(admin.pk)).order_by("at")
    assert [event.details["role"] for event in events] == ["coordinator", "none"]


def test_unknown_role_changes_nothing(admins_client: Client, reader: User) -> None:
    admins_client.post(f"/staff/{reader.pk}/role", {"role": "owner"})

    assert role_of(User.objects.get(pk=reader.pk)) is Role.READER


def test_nobody_changes_their_own_role(admins_client: Client, admin: User) -> None:
    admins_client.post(f"/staff/{admin.pk}/role", {"role": "reader"})

    assert role_of(User.objects.get(pk=admin.pk)) is Role.ADMIN


def test_unknown_account_is_not_found(admins_client: Client) -> None:
    assert admins_client.post("/staff/999999/role", {"role": "reader"}).status_code == 404


@pytest.mark.parametrize(
    ("address", "label", "current"),
    [
        ("/", "Look up", "page"),
        ("/people/", "People", "page"),
        ("/people/export", "People", "true"),
        ("/audit/reviews", "Who looked", "true"),
        ("/staff", "Staff", "page"),
    ],
)
def test_navigation_marks_where_one_is_on_pages_below_too(
    admins_client: Client, address: str, label: str, current: str
) -> None:
    page = parsed(admins_client.get(address))
    marked = [each for each in page.of_class("portal-nav__link") if "aria-current" in each.attributes]

    assert [(each.text, each.attributes["aria-current"]) for each in marked] == [(label, current)]


def test_staff_and_patients_have_addresses_that_cannot_be_mixed_up(admins_client: Client) -> None:
    assert admins_client.post("/people/1/role", {"role": "reader"}).status_code == 404
    assert "Staff and their accounts" in parsed(admins_client.get("/staff")).text
