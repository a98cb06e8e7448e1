"""Every operation was asked for somebody: after the rows are filled, as PostgreSQL wants it apart."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("patients", "0012_asked_for")]

    operations = [
        migrations.AlterField(
            model_name="operation",
            name="asked_for",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="patients.patient"
            ),
        ),
    ]
