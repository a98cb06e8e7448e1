"""Background work."""

from django.apps import AppConfig


class WorkerConfig(AppConfig):
    """Background work."""

    name = "portal.worker"
