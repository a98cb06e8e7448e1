"""Encryption at rest: one helper and two model fields over ``settings.ENCRYPTION_KEYS``.

The first key encrypts, every key decrypts, so a new key is put in front, ``manage.py
rotate_keys`` is run, and only then the old one is taken out. Values are Fernet tokens
(AES-128-CBC with HMAC-SHA256): they cannot be searched, compared or ordered by.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

__all__ = [
    "EncryptedJSONField",
    "EncryptedTextField",
    "Undecryptable",
    "decrypt",
    "encrypt",
    "keyed_hash",
    "rotate",
]


class Undecryptable(Exception):
    """The text was not encrypted with any key that is set now, or it was changed since."""


def encrypt(text: str) -> str:
    """``text`` as a Fernet token (URL-safe ASCII). Raises ``ImproperlyConfigured`` without keys."""
    return _fernet().encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """What was encrypted. Raises :class:`Undecryptable`."""
    try:
        return _fernet().decrypt(token.encode()).decode()
    except InvalidToken:
        raise Undecryptable from None


def rotate(token: str) -> str:
    """The same text encrypted with the first key; its time stays. Raises :class:`Undecryptable`."""
    try:
        return _fernet().rotate(token.encode()).decode()
    except InvalidToken:
        raise Undecryptable from None


def keyed_hash(text: str, *, purpose: str) -> str:
    """64 hex digits that name ``text`` without telling it; equal texts of one purpose are equal.

    Keyed by ``SECRET_KEY``, so that short values cannot be guessed back from a copied database.
    """
    key = hashlib.sha256(f"{purpose}:{settings.SECRET_KEY}".encode()).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def _fernet() -> MultiFernet:
    return _fernet_of(tuple(settings.ENCRYPTION_KEYS) or _key_of_the_moment())


@lru_cache(maxsize=4)
def _fernet_of(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def _key_of_the_moment() -> tuple[str, ...]:
    """Outside production a key made from ``SECRET_KEY`` will do, and lives as long as that."""
    if settings.PRODUCTION:
        raise ImproperlyConfigured("Set ENCRYPTION_KEYS.")
    digest = hashlib.sha256(f"encryption:{settings.SECRET_KEY}".encode()).digest()
    return (base64.urlsafe_b64encode(digest).decode(),)


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]
    """Text that is encrypted in the database and plain in Python. An empty text stays empty."""

    def get_prep_value(self, value: Any) -> Any:
        """What is stored: a Fernet token."""
        return encrypt(str(value)) if value not in (None, "") else value

    def from_db_value(self, value: str | None, *_: object) -> str | None:
        """The plain text. Raises :class:`Undecryptable`."""
        return decrypt(value) if value else value

    def get_lookup(self, lookup_name: str) -> Any:
        """Only emptiness can be asked for: the same text encrypts differently every time."""
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None


class EncryptedJSONField(EncryptedTextField):
    """Any value that JSON can hold, encrypted as a whole."""

    _pyi_private_set_type: Any  # what django-stubs takes and gives for this field
    _pyi_private_get_type: Any

    def get_prep_value(self, value: Any) -> Any:
        """What is stored: a Fernet token of the JSON text."""
        return None if value is None else encrypt(json.dumps(value, cls=DjangoJSONEncoder))

    def from_db_value(self, value: str | None, *_: object) -> Any:
        """The value as JSON gives it back. Raises :class:`Undecryptable`."""
        return json.loads(decrypt(value)) if value else None

    def value_to_string(self, obj: models.Model) -> str:
        """The plain JSON text, for Django's serializers."""
        return json.dumps(self.value_from_object(obj), cls=DjangoJSONEncoder)

    def to_python(self, value: Any) -> Any:
        """Values pass as they are; encryption happens at the database's door."""
        return value
