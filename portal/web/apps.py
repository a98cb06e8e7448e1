"""What every page shares: middleware, logs, requests, encryption."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Holds no models."""

    name = "portal.web"
