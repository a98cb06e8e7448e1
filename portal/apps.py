"""The portal as an application: its commands, its tags and its system checks."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """Holds no models; registers the checks."""

    name = "portal"

    def ready(self) -> None:
        """Register the system checks."""
        from . import checks  # noqa: F401  importing registers them
