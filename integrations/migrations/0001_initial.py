"""Pace and quota of each system."""

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies: list[tuple[str, str]] = []

    operations = [
        migrations.CreateModel(
            name="Allowance",
            fields=[
                ("system", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("next_at", models.FloatField(default=0.0)),
                ("quota_limit", models.PositiveIntegerField(null=True)),
                ("quota_remaining", models.PositiveIntegerField(null=True)),
                ("quota_resets_at", models.DateTimeField(null=True)),
                ("quota_read_at", models.DateTimeField(null=True)),
            ],
        ),
    ]
