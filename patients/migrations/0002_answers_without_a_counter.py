from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0001_kept_lookups"),
    ]

    operations = [
        migrations.RemoveField(
            model_name="lookup",
            name="next_number",
        ),
    ]
