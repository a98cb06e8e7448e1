"""The consent forms that studies use, as a manager has entered them: systems keep none."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from .studies import Study


class ConsentForm(models.Model):
    """One version of a study's consent form, with the information sheet that goes with it and the languages
    that both are in (codes). The latest row is the one in use; earlier ones stay as they were."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="consent_forms")
    version = models.CharField(max_length=40)
    sheet_version = models.CharField(max_length=40)
    languages = models.JSONField(default=list)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["study", "-id"], name="patients_consent_form_latest"),
        ]

    def __str__(self) -> str:
        return f"consent form {self.pk}"
