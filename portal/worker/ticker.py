"""Periodic work: which of ``settings.PERIODIC_TASKS`` is due, once for all workers together."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from .models import Due


def tick() -> list[str]:
    """Enqueue what is due; returns the names. A task that is new here is due at once."""
    return [name for name, seconds in settings.PERIODIC_TASKS.items() if _enqueued(name, seconds)]


def wake(name: str) -> None:
    """Make one periodic task due now; a worker enqueues it at its next tick."""
    Due.objects.filter(task=name).update(due_at=timezone.now())


def _enqueued(name: str, seconds: int) -> bool:
    """Enqueue one task if it is due and nobody else was quicker."""
    now = timezone.now()
    with transaction.atomic():
        due, is_new = Due.objects.get_or_create(
            task=name, defaults={"due_at": now + timedelta(seconds=seconds)}
        )
        ours = is_new or (
            due.due_at <= now
            and Due.objects.filter(task=name, due_at=due.due_at).update(
                due_at=now + timedelta(seconds=seconds)
            )
        )
        if ours:
            import_string(name).enqueue()
    return bool(ours)
