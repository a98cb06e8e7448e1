"""The domain: people, their records and what staff do with them."""

from django.apps import AppConfig


class PatientsConfig(AppConfig):
    """The domain: people, their records and what staff do with them."""

    name = "patients"

    def ready(self) -> None:
        """Register the system checks and connect the receivers."""
        from . import checks, signals  # noqa: F401  each registers as it is imported
