"""A person's JHE token: refreshed once, whoever asks; a dead refresher does not block; no plain text."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from integrations.deadlines import Deadline
from integrations.errors import Unauthorised, Unavailable
from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.run import Sandbox
from patients.models import TokenLease
from patients.services.connections import OwnToken
from portal.accounts.models import PersonToken, User
from tests.support import Desk, connected, side_by_side

MEGAN = "member_megan@example.com"
THREADS = 8


@pytest.fixture
def user(sandbox: Sandbox, reader: User) -> User:
    """A reader whose JHE token has just expired."""
    connected(reader, MEGAN, sandbox)
    PersonToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    return reader


def own_token(user: User, seconds: float = 20.0) -> OwnToken:
    """As an adapter gets it."""
    return OwnToken(user, "jhe", Deadline.after(seconds))


def refreshes(sandbox: Sandbox) -> int:
    """How often JHE's token endpoint was asked."""
    return len(sandbox.faults["jhe"].requests("POST", "/o/token/"))


def test_expired_token_is_refreshed_once_by_eight_threads(user: User, sandbox: Sandbox) -> None:
    old = PersonToken.objects.get()

    tokens = side_by_side([own_token(user).current] * THREADS)

    new = PersonToken.objects.get()
    assert set(tokens) == {new.access}
    assert new.access != old.access
    assert new.refresh != old.refresh
    assert new.version == old.version + 1
    assert new.expires_at is not None
    assert new.expires_at > timezone.now()
    assert refreshes(sandbox) == 1
    assert not TokenLease.objects.exists()


def test_refused_token_is_renewed_once_by_eight_threads(user: User, sandbox: Sandbox) -> None:
    rejected = PersonToken.objects.get().access

    tokens = side_by_side([partial(own_token(user).renewed, rejected)] * THREADS)

    assert set(tokens) == {PersonToken.objects.get().access} - {rejected}
    assert refreshes(sandbox) == 1


def test_look_up_refreshes_by_itself(user: User, sandbox: Sandbox) -> None:
    assert Desk(user).look_up("grace mbeki").panels["jhe"] == "found"
    assert refreshes(sandbox) == 1


def test_token_that_jhe_ended_early_is_renewed(user: User, sandbox: Sandbox) -> None:
    PersonToken.objects.update(expires_at=None)
    with sandbox.stores["jhe"].writing() as state:
        state["access_tokens"].clear()

    assert Desk(user).look_up("grace mbeki").panels["jhe"] == "found"
    assert refreshes(sandbox) == 1


def test_refresher_that_died_loses_its_lease(user: User, sandbox: Sandbox) -> None:
    token = PersonToken.objects.get()
    TokenLease.objects.create(token=token, until=timezone.now() - timedelta(seconds=1))

    assert own_token(user).current() != token.access
    assert refreshes(sandbox) == 1


def test_lease_taken_and_given_back_while_another_asks_for_it_is_asked_for_again(
    user: User, sandbox: Sandbox
) -> None:
    others = [TokenLease(token=PersonToken.objects.get(), until=timezone.now() + timedelta(minutes=1))]

    def meddle(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith("INSERT") and "tokenlease" in sql and others:
            others.pop().save(force_insert=True)  # goes again with the savepoint of the INSERT it fails
        return execute(sql, *rest)

    with connection.execute_wrapper(meddle):
        own_token(user).current()

    assert not others
    assert refreshes(sandbox) == 1


def test_lease_that_is_held_is_waited_for_and_no_longer_than_the_deadline(
    user: User, sandbox: Sandbox
) -> None:
    TokenLease.objects.create(token=PersonToken.objects.get(), until=timezone.now() + timedelta(minutes=1))

    with pytest.raises(Unavailable):
        own_token(user, seconds=0.1).current()
    assert refreshes(sandbox) == 0


def test_what_another_process_refreshed_is_taken(user: User, sandbox: Sandbox) -> None:
    token = PersonToken.objects.get()
    lease = TokenLease.objects.create(token=token, until=timezone.now() + timedelta(minutes=1))

    def refresh_elsewhere() -> str:
        token.access, token.version, token.expires_at = "of another process", token.version + 1, None
        token.save()
        lease.delete()
        return str(token.access)

    tokens = side_by_side([own_token(user).current, refresh_elsewhere])

    assert set(tokens) == {"of another process"}
    assert refreshes(sandbox) == 0


def test_spent_refresh_token_asks_to_sign_in_again_and_is_not_tried_twice(
    user: User, sandbox: Sandbox
) -> None:
    with sandbox.stores["jhe"].writing() as state:
        state["refresh_tokens"].clear()

    for _ in range(3):
        with pytest.raises(Unauthorised) as caught:
            own_token(user).current()

        assert "ended" in caught.value.for_staff
        assert "from your account page" in caught.value.next_step
        assert not TokenLease.objects.exists()
    assert refreshes(sandbox) == 1


def test_refresh_that_failed_for_now_is_tried_again(user: User, sandbox: Sandbox) -> None:
    fault = sandbox.faults["jhe"].add(Fault(kind=FaultKind.STATUS, status=503, path="/o/token/"))
    with pytest.raises(Unavailable):
        own_token(user).current()
    sandbox.faults["jhe"].remove(fault.id)

    assert own_token(user).current() == PersonToken.objects.get().access
    assert not TokenLease.objects.exists()


def test_person_who_never_signed_in_is_told(sandbox: Sandbox, reader: User) -> None:
    with pytest.raises(Unauthorised) as caught:
        own_token(reader).current()
    assert "only to those who hold a role there" in caught.value.for_staff
    assert "sign in to it from your account page" in caught.value.next_step


def test_tokens_are_encrypted_at_rest(user: User) -> None:
    token = PersonToken.objects.get()

    with connection.cursor() as cursor:
        cursor.execute("SELECT access, refresh FROM accounts_persontoken")
        (access, refresh) = cursor.fetchone()
    assert token.access not in access
    assert token.refresh not in refresh
