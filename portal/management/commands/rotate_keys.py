"""Encrypt everything at rest with the first of ``ENCRYPTION_KEYS``."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, models, transaction

from portal import audit
from portal.web import crypto

#: Where allauth keeps what its adapter encrypted (``accounts.adapters.MfaAdapter``).
AUTHENTICATOR_SECRETS = ("secret", "seed")


class Command(BaseCommand):
    """Put the new key in front, restart, run this, and only then take the old key out.

    Sessions are left: those of an old key end when it goes.
    """

    help = "Encrypt everything at rest with the first of ENCRYPTION_KEYS."

    def handle(self, **options: Any) -> None:
        """Merge the journal, then rotate fields and second steps; says how many values changed."""
        audit.merge_journal()
        try:
            with transaction.atomic():
                count = sum(rotate_field(model, field) for model, field in encrypted_fields())
                count += rotate_authenticators()
                audit.write("keys.rotated", details={"values": count})
        except crypto.Undecryptable:
            raise CommandError(
                "A value was encrypted with a key that is not in ENCRYPTION_KEYS. "
                "Put that key back; nothing was changed."
            ) from None
        self.stdout.write(f"{count} values are encrypted with the first key now.")


def encrypted_fields() -> list[tuple[type[models.Model], crypto.EncryptedTextField]]:
    """Every encrypted field of every model."""
    return [
        (model, field)
        for model in apps.get_models()
        for field in model._meta.local_concrete_fields
        if isinstance(field, crypto.EncryptedTextField)
    ]


def rotate_field(model: type[models.Model], field: crypto.EncryptedTextField) -> int:
    """Rotate one column as it stands in the table, without decrypting into Python objects."""
    name = connection.ops.quote_name
    columns = (field.column, model._meta.pk.column)
    table, (column, key) = name(model._meta.db_table), (name(str(text)) for text in columns)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {key}, {column} FROM {table} WHERE {column} <> ''")  # noqa: S608  names of ours
        rows = cursor.fetchall()
        cursor.executemany(
            f"UPDATE {table} SET {column} = %s WHERE {key} = %s",  # noqa: S608  names of ours
            [(crypto.rotate(value), pk) for pk, value in rows],
        )
    return len(rows)


def rotate_authenticators() -> int:
    """Rotate the secrets of one-time codes and recovery codes."""
    count = 0
    for authenticator in Authenticator.objects.select_for_update().iterator():
        found = [name for name in AUTHENTICATOR_SECRETS if name in authenticator.data]
        for name in found:
            authenticator.data[name] = crypto.rotate(authenticator.data[name])
        if found:
            authenticator.save(update_fields=["data"])
        count += len(found)
    return count
