"""Triggers that refuse to change or remove a decision of the history."""

from django.db import migrations

from portal.audit import triggers

TABLE = "patients_decision"


def protect(apps, schema_editor):
    triggers.install(schema_editor.connection, TABLE)


def lift(apps, schema_editor):
    triggers.remove(schema_editor.connection, TABLE)


class Migration(migrations.Migration):
    dependencies = [("patients", "0021_studies")]

    operations = [migrations.RunPython(protect, lift)]
