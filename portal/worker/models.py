"""Which workers live, and when periodic work is due."""

from __future__ import annotations

from django.db import models


class Beat(models.Model):
    """A sign of life of one worker. Gone, or old: the worker is dead and its tasks are free."""

    worker_id = models.CharField(primary_key=True, max_length=64)
    beat_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.worker_id


class Due(models.Model):
    """When a periodic task is to be enqueued next; whoever moves the time forward enqueues it."""

    task = models.CharField(primary_key=True, max_length=191)
    due_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.task
