"""Making accounts and giving roles by command, and the rules of an account."""

from __future__ import annotations

import io
import re

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client

from portal.accounts.models import User
from portal.accounts.roles import Role, give_role, has_role, role_of
from portal.audit.models import Event
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db


def run(*words: str) -> str:
    """What the command says."""
    out = io.StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


def test_account_is_made_with_a_password_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))

    said = run("create_account", "Ada@Example.org", "admin", "--name", "Ada Admin", "--password")

    user = User.objects.get()
    assert (user.email, str(user), user.role) == ("ada@example.org", "Ada Admin", Role.ADMIN)
    assert user.check_password(PASSWORD)
    assert PASSWORD not in said
    actions = set(Event.objects.values_list("action", flat=True))
    assert actions == {"account.created", "account.role_given", "account.password_set"}


def test_account_is_made_with_a_link_that_works_once(client: Client) -> None:
    said = run("create_account", "ada@example.org", "admin", "--address", "https://portal.example.org")
    (link,) = re.findall(r"https://portal\.example\.org(/\S+)", said)

    form = client.get(link)["Location"]
    client.post(form, {"password1": PASSWORD, "password2": PASSWORD})

    assert User.objects.get().check_password(PASSWORD)
    assert "Location" not in Client().get(link)


def test_weak_password_makes_no_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))

    with pytest.raises(CommandError, match="too short"):
        run("create_account", "ada@example.org", "admin", "--password")

    assert not User.objects.exists()


@pytest.mark.parametrize("email", ["no address", "READER@example.org"])
def test_wrong_or_taken_address_makes_no_account(reader: User, email: str) -> None:
    with pytest.raises(CommandError):
        run("create_account", email, "admin")

    assert User.objects.get() == reader


def test_role_is_given_by_number_and_taken_away_again(nobody: User) -> None:
    assert run("give_role", str(nobody.pk), "coordinator") == "Nora Nobody: coordinator.\n"
    assert role_of(User.objects.get()) is Role.COORDINATOR

    run("give_role", "NOBODY@example.org", "none")
    assert role_of(User.objects.get()) is None


def test_new_role_replaces_the_old_one(reader: User, admin: User) -> None:
    give_role(user=reader, role=Role.CLINIC_STAFF, by=admin)

    assert role_of(reader) is Role.CLINIC_STAFF
    assert [group.name for group in reader.groups.all()] == ["clinic staff"]
    assert has_role(reader, Role.ADMIN, Role.CLINIC_STAFF)
    assert not has_role(reader, Role.READER)
    event = Event.objects.get(action="account.role_given")
    assert (event.actor, event.details) == (
        str(admin.pk), {"account": str(reader.pk), "role": "clinic staff"},
    )  # fmt: skip


def test_address_is_unique_in_any_case(reader: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create_user("Reader@EXAMPLE.org")


def test_accounts_may_have_no_address() -> None:
    first, second = User.objects.create_user(None), User.objects.create_user("")

    assert first.email is second.email is None
    assert str(first) == f"Account {first.pk}"
