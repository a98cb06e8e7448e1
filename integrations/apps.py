"""The outside world: adapters, their shared session, the sandbox."""

from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    """The outside world: adapters, their shared session, the sandbox."""

    name = "integrations"
