"""Sign-in, roles and who may open which page."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Sign-in, roles and who may open which page."""

    name = "portal.accounts"
