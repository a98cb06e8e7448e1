from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

import patients.models.ids
import portal.web.crypto


def make_key_table(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """As Django would make it; in SQLite without a rowid, so that it is kept once and not twice."""
    without = "WITHOUT ROWID" if schema_editor.connection.vendor == "sqlite" else ""
    schema_editor.execute(
        "CREATE TABLE patients_key ("
        "key bigint NOT NULL, record_id bigint NOT NULL, PRIMARY KEY (key, record_id)"
        f") {without}"
    )


def drop_key_table(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Take it away again."""
    schema_editor.execute("DROP TABLE patients_key")


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0002_answers_without_a_counter"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="Key",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "key",
                                "record_id",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("key", models.BigIntegerField()),
                        ("record_id", models.BigIntegerField()),
                    ],
                ),
            ],
            database_operations=[migrations.RunPython(make_key_table, drop_key_table)],
        ),
        migrations.CreateModel(
            name="Patient",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "public_id",
                    models.CharField(default=patients.models.ids.opaque_id, max_length=22, unique=True),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("sort_name", models.CharField(default="", max_length=200)),
                ("birth", models.PositiveIntegerField(default=0)),
                ("systems", models.PositiveSmallIntegerField(default=0)),
                ("everybodys", models.BooleanField(default=False)),
                ("needs_review", models.BooleanField(default=False)),
                ("created_on", models.DateField(null=True)),
                ("is_listed", models.BooleanField(default=False)),
                ("added_at", models.DateTimeField(auto_now_add=True)),
                (
                    "merged_into",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="patients.patient",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SourceRecord",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("system", models.CharField(max_length=32)),
                ("remote_id", models.CharField(max_length=64)),
                ("status", models.CharField(max_length=16)),
                ("registration", models.CharField(max_length=16)),
                ("is_test", models.BooleanField(default=False)),
                ("marked_test", models.BooleanField(default=False)),
                ("is_deceased", models.BooleanField(default=False)),
                ("needs_review", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField(null=True)),
                ("updated_at", models.DateTimeField(null=True)),
                ("read_at", models.DateTimeField()),
                ("whole_at", models.DateTimeField(null=True)),
                ("vanished_at", models.DateTimeField(null=True)),
                ("version", models.PositiveIntegerField(default=1)),
                ("keys_version", models.PositiveSmallIntegerField(default=0)),
                ("held", portal.web.crypto.EncryptedJSONField()),
                ("given", models.CharField(blank=True, max_length=200)),
                ("middle", models.CharField(blank=True, max_length=200)),
                ("preferred", models.CharField(blank=True, max_length=200)),
                ("family", models.CharField(blank=True, max_length=200)),
                ("birth", models.PositiveIntegerField(default=0)),
                ("sex", models.CharField(blank=True, max_length=16)),
                ("nhs", models.CharField(blank=True, max_length=10)),
                ("email", models.CharField(blank=True, max_length=254)),
                ("phones", models.CharField(blank=True, max_length=200)),
                ("postcode", models.CharField(blank=True, max_length=16)),
                ("address", models.CharField(blank=True, max_length=300)),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="records",
                        to="patients.patient",
                    ),
                ),
                (
                    "survivor",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="patients.sourcerecord",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RecordChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("seen_at", models.DateTimeField()),
                ("changes", portal.web.crypto.EncryptedJSONField()),
                (
                    "record",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="changes",
                        to="patients.sourcerecord",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Membership",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("system", models.CharField(max_length=32)),
                ("organization", models.CharField(max_length=64)),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="memberships",
                        to="patients.patient",
                    ),
                ),
                (
                    "record",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="memberships",
                        to="patients.sourcerecord",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Link",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("rule", models.CharField(blank=True, max_length=64)),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("evidence", models.JSONField(default=dict)),
                ("weights_version", models.CharField(max_length=32)),
                ("made_at", models.DateTimeField(auto_now_add=True)),
                ("undone_at", models.DateTimeField(null=True)),
                ("undone_reason", models.CharField(blank=True, max_length=500)),
                (
                    "made_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "undone_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "came_from",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="patients.patient"
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="links",
                        to="patients.patient",
                    ),
                ),
                (
                    "record",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="links",
                        to="patients.sourcerecord",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="KeptApart",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reason", models.CharField(max_length=500)),
                ("decided_at", models.DateTimeField(auto_now_add=True)),
                ("lifted_at", models.DateTimeField(null=True)),
                (
                    "decided_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "first",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="patients.sourcerecord",
                    ),
                ),
                (
                    "second",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="patients.sourcerecord",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Identifier",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("party", models.CharField(blank=True, max_length=191)),
                ("value", models.CharField(max_length=191)),
                (
                    "record",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="identifiers",
                        to="patients.sourcerecord",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="patient",
            index=models.Index(
                fields=["is_listed", "sort_name", "birth", "id"], name="patients_patient_by_name"
            ),
        ),
        migrations.AddIndex(
            model_name="patient",
            index=models.Index(
                fields=["is_listed", "birth", "sort_name", "id"], name="patients_patient_by_birth"
            ),
        ),
        migrations.AddIndex(
            model_name="patient",
            index=models.Index(fields=["is_listed", "created_on", "id"], name="patients_patient_by_creation"),
        ),
        migrations.AddIndex(
            model_name="sourcerecord",
            index=models.Index(fields=["system", "status", "patient"], name="patients_record_by_status"),
        ),
        migrations.AddIndex(
            model_name="sourcerecord",
            index=models.Index(fields=["registration", "patient"], name="patients_record_by_kind"),
        ),
        migrations.AddIndex(
            model_name="sourcerecord",
            index=models.Index(
                condition=models.Q(("needs_review", True)), fields=["patient"], name="patients_record_review"
            ),
        ),
        migrations.AddConstraint(
            model_name="sourcerecord",
            constraint=models.UniqueConstraint(fields=("system", "remote_id"), name="patients_record_once"),
        ),
        migrations.AddIndex(
            model_name="recordchange",
            index=models.Index(fields=["record", "seen_at"], name="patients_change_in_time"),
        ),
        migrations.AddIndex(
            model_name="membership",
            index=models.Index(
                fields=["system", "organization", "patient"], name="patients_membership_place"
            ),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.UniqueConstraint(
                fields=("record", "organization"), name="patients_membership_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="link",
            constraint=models.UniqueConstraint(
                condition=models.Q(("undone_at", None)),
                fields=("record",),
                name="patients_link_one_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="keptapart",
            constraint=models.UniqueConstraint(
                condition=models.Q(("lifted_at", None)),
                fields=("first", "second"),
                name="patients_apart_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="keptapart",
            constraint=models.CheckConstraint(
                condition=models.Q(("first__lt", models.F("second"))), name="patients_apart_ordered"
            ),
        ),
        migrations.AddConstraint(
            model_name="identifier",
            constraint=models.UniqueConstraint(
                fields=("record", "party", "value"), name="patients_identifier_once"
            ),
        ),
    ]
