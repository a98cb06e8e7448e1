"""What came of asking for many people of a study at once: one person's, for a day."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone

from portal.web.crypto import EncryptedJSONField

from .ids import opaque_id
from .operations import Bulk
from .studies import Study

KEPT_FOR = timedelta(days=1)


def end_of_keeping() -> datetime:
    """When what is kept now is thrown away."""
    return timezone.now() + KEPT_FOR


class AskedForMany(models.Model):
    """Who asked for what (``services.studies.outcomes``), the bulk that was made, if any, and for whom
    nothing was asked (``refused``, encrypted). Nobody else can open it."""

    id = models.CharField(primary_key=True, max_length=22, default=opaque_id)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    what = models.CharField(max_length=32)
    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="+")
    bulk = models.ForeignKey(Bulk, null=True, on_delete=models.CASCADE, related_name="+")
    count = models.PositiveIntegerField()
    refused = EncryptedJSONField()
    offer = models.JSONField(default=dict)
    ends_at = models.DateTimeField(default=end_of_keeping, db_index=True)

    def __str__(self) -> str:
        return self.id
