"""For whom an operation was asked; of those that are there it is who they are for."""

from __future__ import annotations

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F


def fill(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Take the person of each."""
    apps.get_model("patients", "Operation").objects.update(asked_for=F("patient"))


class Migration(migrations.Migration):
    dependencies = [("patients", "0011_operations")]

    operations = [
        migrations.AddField(
            model_name="operation",
            name="asked_for",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="patients.patient",
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
