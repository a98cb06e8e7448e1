"""Encrypt everything at rest with the first of ``ENCRYPTION_KEYS``."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, models, transaction

from portal import audit
from portal.audit import triggers
from portal.web import crypto

#: Where allauth keeps what its adapter encrypted (``accounts.adapters.MfaAdapter``).
AUTHENTICATOR_SECRETS = ("secret", "seed")
BATCH = 300  # values a transaction


class Command(BaseCommand):
    """Put the new key in front, restart, run this, and only then take the old key out.

    Sessions are left: those of an old key end when it goes.
    """

    help = "Encrypt everything at rest with the first of ENCRYPTION_KEYS."

    def handle(self, **options: Any) -> None:
        """Merge the journal, then rotate fields and second steps; says how many values changed."""
        audit.merge_journal()
        try:
            count = sum(rotate_field(model, field) for model, field in encrypted_fields())
            with transaction.atomic():
                count += rotate_authenticators()
                audit.write("keys.rotated", details={"values": count})
        except crypto.Undecryptable:
            raise CommandError(
                "A value was encrypted with a key that is not in ENCRYPTION_KEYS. "
                "Put that key back and run this again: what was rotated so far can be read with either key."
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
    """Rotate one column as it stands in the table, without decrypting into Python objects.

    The portal may go on meanwhile: a value that was written since it was read here is left as it is,
    since whoever wrote it had the new key.
    """
    name = connection.ops.quote_name
    columns = (field.column, model._meta.pk.column)
    table, (column, key) = name(model._meta.db_table), (name(str(text)) for text in columns)
    # Names of ours alone stand in these.
    some = f"SELECT {key}, {column} FROM {table} WHERE {column} <> ''"  # noqa: S608
    change = f"UPDATE {table} SET {column} = %s WHERE {key} = %s AND {column} = %s"  # noqa: S608
    count = 0
    further = ""
    after: list[int | str] = []
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"{some}{further} ORDER BY {key} LIMIT {BATCH}", after)
            rows = cursor.fetchall()
            with triggers.lifted(connection, model._meta.db_table) if rows else nullcontext():
                cursor.executemany(change, [(crypto.rotate(value), pk, value) for pk, value in rows])
        count += len(rows)
        if len(rows) < BATCH:
            return count
        further, after = f" AND {key} > %s", [rows[-1][0]]


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
