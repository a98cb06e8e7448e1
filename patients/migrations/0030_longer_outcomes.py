"""What came of a try: room for the longest reason, which PostgreSQL refused."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("patients", "0029_asked_for_many")]

    operations = [
        migrations.AlterField("attempt", "outcome", models.CharField(blank=True, max_length=64)),
    ]
