"""Of which organization a write is, for whoever may read of it; of those that are there by what is wanted."""

from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Count, Min

from portal.web.crypto import Undecryptable


def fill(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Take the organization that each wish names. What cannot be deciphered keeps none: then only who asked
    for it reads of it."""
    rows = apps.get_model("patients", "Operation").objects
    for number in rows.order_by("pk").values_list("pk", flat=True).iterator():
        try:
            wanted = rows.values_list("wanted", flat=True).get(pk=number)
        except Undecryptable:
            continue
        named = (wanted.get("new") or wanted).get("organization_id", "")
        if named:
            rows.filter(pk=number).update(organization=named)
    told = rows.exclude(bulk=None).values("bulk").annotate(many=Count("organization", distinct=True))
    bulks = apps.get_model("patients", "Bulk").objects
    for each in told.filter(many=1).annotate(one=Min("organization")).order_by("bulk").iterator():
        bulks.filter(pk=each["bulk"]).update(organization=each["one"])


class Migration(migrations.Migration):
    dependencies = [("patients", "0027_study_mirror")]

    operations = [
        migrations.AddField(
            model_name="bulk",
            name="organization",
            field=models.CharField(blank=True, default="", max_length=64),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="operation",
            name="organization",
            field=models.CharField(blank=True, default="", max_length=64),
            preserve_default=False,
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
