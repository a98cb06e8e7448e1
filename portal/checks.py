"""System checks: a half-configured or unsafe portal is an error at start, with what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured

#: Hosts on this machine, where plain http is no risk.
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
#: What a live key of Jump begins with; a sandbox key begins with ``pk_test_``.
LIVE_KEY = "pk_live_"
#: What Django has for mails that reach nobody's mailbox.
BACKENDS_TO_NOBODY = frozenset(
    f"django.core.mail.backends.{name}.EmailBackend" for name in ("filebased", "console", "locmem", "dummy")
)
WEEK = frozenset({"mon", "tue", "wed", "thu", "fri", "sat", "sun"})
MAKE_A_KEY = 'python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'


@register(Tags.security)
def check_production(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """What must not be missing or switched off in production."""
    if not settings.PRODUCTION:
        return []
    wrong = {
        "portal.E001": (settings.DEBUG, "DEBUG is on in production.", "Set DEBUG=false."),
        "portal.E002": (
            not settings.ENCRYPTION_KEYS,
            "No encryption key is set.",
            f"Set ENCRYPTION_KEYS to a key made by: {MAKE_A_KEY}",
        ),
        "portal.E003": (
            not _has_secret_key(),
            "No secret key is set.",
            "Set SECRET_KEY to a long random text and keep it the same for every process.",
        ),
        "portal.E004": (
            not set(_all_roles()) <= set(settings.SECOND_FACTOR_ROLES),
            "The second step of signing in is switched off for some roles.",
            "Leave SECOND_FACTOR_ROLES unset in production.",
        ),
        "portal.E005": (
            not all(_is_key(key) for key in settings.ENCRYPTION_KEYS),
            "An encryption key cannot be used.",
            f"Every key in ENCRYPTION_KEYS is made by: {MAKE_A_KEY}",
        ),
    }
    return [
        Error(sentence, hint=hint, id=number)
        for number, (is_wrong, sentence, hint) in wrong.items()
        if is_wrong
    ]


@register(Tags.security, deploy=True)
def check_deployment(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """What ``check --deploy`` warns of in production: what works, and is regretted later."""
    if not settings.PRODUCTION:
        return []
    unwise = {
        "portal.W001": (
            settings.DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3",
            "The database is SQLite in production.",
            "Set DATABASE_URL=postgres://user:password@host/name. SQLite lets one process write at a "
            "time, and web server and workers have to be on one machine.",
        ),
        "portal.W002": (
            settings.EMAIL_BACKEND in BACKENDS_TO_NOBODY,
            "Mails are not sent in production: nobody gets a link to set a new password, or a notice "
            "that their account was changed.",
            "Set EMAIL_URL=smtp+tls://user:password@host:587.",
        ),
        "portal.W003": (
            Path(settings.VAR_DIR).resolve().is_relative_to(Path(settings.BASE_DIR).resolve()),
            "VAR_DIR is inside the folder of the release: replacing the release deletes it.",
            "Set VAR_DIR to a folder outside, like /var/lib/crosswalk, and move there what is in the old "
            "one: it may hold events of the audit trail that are not in the database yet.",
        ),
    }
    return [
        Warning(sentence, hint=hint, id=number)
        for number, (is_unwise, sentence, hint) in unwise.items()
        if is_unwise
    ]


@register(Tags.security)
def check_systems(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """Every system is set up wholly or not at all, over TLS, with the right kind of key."""
    return [problem for name, entry in settings.SYSTEMS.items() for problem in _problems(name, entry)]


@register()
def check_access_table(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """Every URL has its line in ``accounts.access``, and every line its URL."""
    from django.urls import get_resolver

    from portal.accounts.access import TABLE, names_of

    names = set(names_of(get_resolver().url_patterns))
    missing = [
        Error(
            f"Nobody has said who may open the URL {name!r}.",
            hint="Add a line to TABLE in portal/accounts/access.py.",
            id="portal.E020",
        )
        for name in sorted(names - TABLE.keys())
    ]
    stale = [
        Error(
            f"portal/accounts/access.py has a line for {name!r}, which is no URL.",
            hint="Take the line out, or mend its name.",
            id="portal.E021",
        )
        for name in sorted(TABLE.keys() - names)
    ]
    return [*missing, *stale]


@register()
def check_working_time(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """Working hours and days can be read."""
    hours = re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d", settings.WORKING_HOURS)
    wrong = {
        "WORKING_HOURS": (not hours, "Give two times of day, like 07:00-20:00."),
        "WORKING_DAYS": (
            not set(settings.WORKING_DAYS) <= WEEK,
            "Give days by three letters, like mon,tue,wed.",
        ),
    }
    return [
        Error(f"{name} cannot be read.", hint=hint, id="portal.E030")
        for name, (is_wrong, hint) in wrong.items()
        if is_wrong
    ]


def _has_secret_key() -> bool:
    try:
        return bool(settings.SECRET_KEY)
    except ImproperlyConfigured:
        return False


def _is_key(text: str) -> bool:
    try:
        Fernet(text)
    except ValueError:
        return False
    return True


def _all_roles() -> list[str]:
    from portal.accounts.roles import Role

    return [role.value for role in Role]


def _problems(name: str, entry: dict[str, Any]) -> Iterator[CheckMessage]:
    prefix = name.upper()
    address, has_key = entry["URL"], bool(entry["API_KEY"] or entry.get("CLIENT_ID"))
    if address and not has_key:
        yield Error(
            f"{prefix}_URL is set and no key is.",
            hint=f"Set {prefix}_API_KEY, or take {prefix}_URL out.",
            id="portal.E010",
        )
    if has_key and not address:
        yield Error(
            f"A key of {name} is set and {prefix}_URL is not.",
            hint=f"Set {prefix}_URL, or take the key out.",
            id="portal.E011",
        )
    if address and not _is_safe(address):
        yield Error(
            f"{prefix}_URL is not an https address.",
            hint="Use https; plain http is allowed to this machine only.",
            id="portal.E012",
        )
    if entry["API_KEY"].startswith(LIVE_KEY) and not settings.PRODUCTION:
        yield Error(
            f"{prefix}_API_KEY is a live key and this is not production.",
            hint="Use a sandbox key here, or set ENVIRONMENT=production on the real server.",
            id="portal.E013",
        )


def _is_safe(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
