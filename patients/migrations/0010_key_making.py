"""Whether all keys of the index are there, and since when records wait to be linked."""

from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F


def finish(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Keys that are all there were finished when they were made."""
    if not apps.get_model("patients", "SourceRecord").objects.filter(keys_version=0).exists():
        apps.get_model("patients", "KeyMaking").objects.update(finished_at=F("made_at"))


class Migration(migrations.Migration):
    dependencies = [("patients", "0009_installations")]
    operations = [
        migrations.AddField("keymaking", "finished_at", models.DateTimeField(null=True)),
        migrations.AddField("keymaking", "unlinked_since", models.DateTimeField(null=True)),
        migrations.RunPython(finish, migrations.RunPython.noop),
    ]
