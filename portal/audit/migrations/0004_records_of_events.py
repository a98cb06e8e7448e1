"""What the events that stand are about."""

from django.db import migrations

TOGETHER = 1000


def fill(apps, schema_editor):
    Event, EventRecord = apps.get_model("audit", "Event"), apps.get_model("audit", "EventRecord")
    rows = []
    for event in Event.objects.iterator(chunk_size=TOGETHER):
        named = [str(each).split(":", 1) for each in event.details.get("records") or [] if ":" in str(each)]
        own = [[event.system, event.record_id]] if event.record_id else []
        for system, record_id in dict.fromkeys(map(tuple, own + named)):
            rows.append(EventRecord(event=event, system=system[:32], record_id=record_id[:191], at=event.at))
        if len(rows) >= TOGETHER:
            EventRecord.objects.bulk_create(rows)
            rows.clear()
    EventRecord.objects.bulk_create(rows)


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_found_again")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
