"""Events in the order of their lists, and by the records that they are about."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

from portal.audit import triggers


def lift(apps, schema_editor):
    triggers.remove(schema_editor.connection)


def protect(apps, schema_editor):
    triggers.install(schema_editor.connection)


def protect_records(apps, schema_editor):
    triggers.install(schema_editor.connection, "audit_eventrecord")


def lift_records(apps, schema_editor):
    triggers.remove(schema_editor.connection, "audit_eventrecord")


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_append_only")]

    operations = [
        # SQLite builds an altered table anew, without its triggers.
        migrations.RunPython(lift, protect),
        migrations.RemoveIndex(model_name="event", name="audit_event_record"),
        migrations.AlterField("event", "at", models.DateTimeField(default=django.utils.timezone.now)),
        migrations.AlterField("event", "actor", models.CharField(blank=True, max_length=64)),
        migrations.AlterField("event", "action", models.CharField(max_length=64)),
        migrations.AddIndex("event", models.Index(fields=["at", "id"], name="audit_event_in_time")),
        migrations.AddIndex("event", models.Index(fields=["actor", "at", "id"], name="audit_event_of_actor")),
        migrations.AddIndex(
            "event", models.Index(fields=["action", "at", "id"], name="audit_event_of_action")
        ),
        migrations.AddIndex(
            "event", models.Index(fields=["outcome", "at", "id"], name="audit_event_of_outcome")
        ),
        migrations.RunPython(protect, lift),
        migrations.CreateModel(
            name="EventRecord",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "event_id",
                        "system",
                        "record_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("system", models.CharField(max_length=32)),
                ("record_id", models.CharField(max_length=191)),
                ("at", models.DateTimeField()),
                (
                    "event",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="audit.event",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["system", "record_id", "at"], name="audit_eventrecord_in_time")
                ],
            },
        ),
        migrations.RunPython(protect_records, lift_records),
    ]
