"""Which asks the door has recorded, kept in the same transaction as the operations themselves.

An ask whose answer was lost can so be repeated: it is recorded once.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Asked(models.Model):
    """One ask by the driver's own number, and what the door answered."""

    number = models.CharField(max_length=64, unique=True)
    answer = models.JSONField(default=dict)

    objects: ClassVar[models.Manager[Asked]] = models.Manager()

    class Meta:
        app_label = "faults"

    def __str__(self) -> str:
        return self.number
