"""The append-only trail of every look and every change."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """The append-only trail of every look and every change."""

    name = "portal.audit"
