"""What came of asking for many, out of the session; and of how many a bulk is to be until all are asked for."""

from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import patients.models.asked
import patients.models.ids
import portal.web.crypto


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("patients", "0028_organizations_of_operations"),
    ]

    operations = [
        migrations.AddField(model_name="bulk", name="to_ask", field=models.PositiveIntegerField(default=0)),
        migrations.CreateModel(
            name="AskedForMany",
            fields=[
                (
                    "id",
                    models.CharField(
                        default=patients.models.ids.opaque_id,
                        max_length=22,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("what", models.CharField(max_length=32)),
                ("count", models.PositiveIntegerField()),
                ("refused", portal.web.crypto.EncryptedJSONField()),
                ("offer", models.JSONField(default=dict)),
                (
                    "ends_at",
                    models.DateTimeField(db_index=True, default=patients.models.asked.end_of_keeping),
                ),
                (
                    "bulk",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="patients.bulk",
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="patients.study"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
    ]
