"""Encryption at rest, and changing its keys."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django.fixtures import Settings

from portal.accounts.models import PersonToken, User
from portal.accounts.sessions import SessionStore
from portal.audit.models import Event
from portal.management.commands import rotate_keys
from portal.web import crypto

OLD, NEW = (Fernet.generate_key().decode() for _ in range(2))


@pytest.fixture
def token(reader: User) -> PersonToken:
    """Encrypted with the old key."""
    return PersonToken.objects.create(user=reader, system="jhe", subject="10002", access="access-token")


def stored(column: str) -> str:
    """What stands in the table."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM accounts_persontoken")  # noqa: S608  a name of ours
        return str(cursor.fetchone()[0])


def test_field_is_plain_in_python_and_encrypted_in_the_table(token: PersonToken) -> None:
    token.refresh_from_db()

    assert token.access == "access-token"
    assert "access-token" not in stored("access")
    assert crypto.decrypt(stored("access")) == "access-token"


def test_empty_text_stays_empty(token: PersonToken) -> None:
    assert token.refresh == stored("refresh") == ""


def test_equal_texts_are_stored_differently() -> None:
    assert crypto.encrypt("Trelawney") != crypto.encrypt("Trelawney")


def test_encrypted_field_cannot_be_searched(token: PersonToken) -> None:
    with pytest.raises(FieldError):
        PersonToken.objects.filter(access="access-token").exists()


@pytest.mark.parametrize("value", [None, [], {"name": "Zoë", "n": 1}, "text", [1, None, True]])
def test_json_field_gives_back_what_it_took(value: object) -> None:
    field = crypto.EncryptedJSONField()

    assert field.from_db_value(field.get_prep_value(value)) == value


def test_changed_text_is_not_decrypted() -> None:
    token = crypto.encrypt("Trelawney")

    with pytest.raises(crypto.Undecryptable):
        crypto.decrypt(token[:-4] + "AAA=")


def test_production_without_keys_encrypts_nothing(settings: Settings) -> None:
    settings.PRODUCTION, settings.ENCRYPTION_KEYS = True, []

    with pytest.raises(ImproperlyConfigured):
        crypto.encrypt("Trelawney")


def test_hash_depends_on_text_purpose_and_secret(settings: Settings) -> None:
    first = crypto.keyed_hash("9434765919", purpose="a")

    assert first == crypto.keyed_hash("9434765919", purpose="a")
    assert first != crypto.keyed_hash("9434765919", purpose="b")
    settings.SECRET_KEY = "other"
    assert first != crypto.keyed_hash("9434765919", purpose="a")


def test_session_of_a_lost_key_is_empty(db: None, settings: Settings) -> None:
    store = SessionStore()
    store["name"] = "Trelawney"
    store.save()
    settings.ENCRYPTION_KEYS = [NEW]

    assert dict(SessionStore(store.session_key).load()) == {}


@pytest.mark.django_db
def test_keys_are_rotated_and_the_old_one_can_go(settings: Settings, request: pytest.FixtureRequest) -> None:
    settings.ENCRYPTION_KEYS = [OLD]
    token: PersonToken = request.getfixturevalue("token")
    before = stored("access")
    settings.ENCRYPTION_KEYS = [NEW, OLD]

    call_command("rotate_keys", verbosity=0)

    settings.ENCRYPTION_KEYS = [NEW]
    token.refresh_from_db()
    assert token.access == "access-token"
    assert stored("access") != before
    secret = Authenticator.objects.get(user=token.user, type="totp").data["secret"]
    assert len(crypto.decrypt(secret)) == 32
    assert Event.objects.get(action="keys.rotated").details == {"values": 2}


@pytest.mark.django_db
def test_value_written_while_keys_are_rotated_is_kept(
    settings: Settings, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ENCRYPTION_KEYS = [OLD]
    token: PersonToken = request.getfixturevalue("token")
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    rotate = crypto.rotate

    def as_somebody_signs_in(value: str) -> str:
        PersonToken.objects.filter(pk=token.pk).update(access="newer")
        return rotate(value)

    monkeypatch.setattr(crypto, "rotate", as_somebody_signs_in)
    call_command("rotate_keys", verbosity=0)

    token.refresh_from_db()
    assert token.access == "newer"


def test_more_values_than_a_transaction_takes_are_all_rotated(
    settings: Settings, token: PersonToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotate_keys, "BATCH", 2)
    users = User.objects.bulk_create(User(email=f"u{n}@example.org") for n in range(5))
    PersonToken.objects.bulk_create(
        PersonToken(user=each, system="jhe", subject=str(each.pk), access="a") for each in users
    )
    settings.ENCRYPTION_KEYS = [NEW, *settings.ENCRYPTION_KEYS]
    call_command("rotate_keys", verbosity=0)
    settings.ENCRYPTION_KEYS = [NEW]
    assert {each.access for each in PersonToken.objects.filter(user__in=users)} == {"a"}


def test_rotating_without_the_old_key_changes_nothing(token: PersonToken, settings: Settings) -> None:
    before = stored("access")
    settings.ENCRYPTION_KEYS = [NEW]

    with pytest.raises(CommandError, match="Put that key back"):
        call_command("rotate_keys")

    assert stored("access") == before
