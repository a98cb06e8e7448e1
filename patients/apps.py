"""The domain: people, their records and what staff do with them."""

from django.apps import AppConfig


class PatientsConfig(AppConfig):
    """The domain: people, their records and what staff do with them."""

    name = "patients"
