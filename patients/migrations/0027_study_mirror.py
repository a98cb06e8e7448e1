"""How far passes over invitations and over what people sent are, and one row for each invitation that a system numbers: of those kept twice, the one that was asked for here
stays, with the state that was told last."""

from django.db import migrations, models
from django.db.models import Count


def keep_one(apps, schema_editor):
    invitations = apps.get_model("patients", "Invitation").objects
    numbered = invitations.exclude(remote_id="").defer("link")
    doubled = numbered.values("participant", "remote_id").annotate(rows=Count("pk")).filter(rows__gt=1)
    for each in list(doubled.order_by("participant", "remote_id")):
        rows = list(numbered.filter(participant=each["participant"], remote_id=each["remote_id"]))
        latest = max(rows, key=lambda row: (row.state_at.timestamp() if row.state_at else 0, row.pk))
        first, *others = sorted(rows, key=lambda row: (row.operation_id is None, row.pk))
        for row in others:
            if row.operation_id is None:
                invitations.filter(pk=row.pk).delete()
            else:  # the write that it stands for stays told of
                invitations.filter(pk=row.pk).update(remote_id="")
        invitations.filter(pk=first.pk).update(state=latest.state, state_at=latest.state_at)


class Migration(migrations.Migration):
    dependencies = [("patients", "0026_made_up_people")]

    operations = [
        migrations.AddField(
            model_name="studyreading",
            name="data_pass",
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name="studyreading",
            name="invitations_pass",
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name="studyreading",
            name="with_people",
            field=models.BooleanField(default=True),
        ),
        migrations.RunPython(keep_one, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("remote_id", ""), _negated=True),
                fields=("participant", "remote_id"),
                name="patients_invitation_once",
            ),
        ),
    ]
