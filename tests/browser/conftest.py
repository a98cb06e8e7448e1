"""The browser of the journeys, and the portal that they walk through: real servers on loopback."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from playwright.sync_api import Browser, BrowserType, Page
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from integrations.sandbox import jhe
from integrations.sandbox.run import Sandbox
from tests import chromium

from .journey import Journey
from .watch import Watch

STYLES = Path(django_settings.BASE_DIR) / "static" / "build" / "portal.css"
# Playwright keeps an event loop in the main thread, which Django would take for asynchronous code.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


def _unavailable(reason: str) -> None:
    """Skip on somebody's machine; fail where every journey has to be walked."""
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def browser_type_launch_args(
    browser_type_launch_args: dict[str, Any], browser_type: BrowserType
) -> dict[str, Any]:
    """The installed Chromium; else Playwright's own."""
    path = chromium.installed() or browser_type.executable_path
    if not Path(path).exists():
        _unavailable("No Chromium: install it, or say where it is in the environment variable CHROMIUM.")
    return {**browser_type_launch_args, "args": chromium.FLAGS, "executable_path": path}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """A desk in a UK clinic; pictures without half-finished movements."""
    return {
        **browser_context_args,
        "viewport": {"width": 1440, "height": 900},
        "locale": "en-GB",
        "timezone_id": "Europe/London",
        "reduced_motion": "reduce",
    }


@pytest.fixture
def portal(live_server: LiveServer, sandbox: Sandbox, settings: Settings, no_limits_spent: None) -> str:
    """The address of the running portal over the sandbox, registered for signing in at its JHE."""
    if not STYLES.exists():
        _unavailable("The styles are not built: run `make ui`.")
    jhe.add_redirect_uri(sandbox.stores["jhe"], f"{live_server.url}/accounts/oidc/jhe/login/callback/")
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [_jhe_client(sandbox)]}}
    directives = django_settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    form_action = [*directives["form-action"], sandbox.servers["jhe"].url]
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": {**directives, "form-action": form_action}}
    return live_server.url


def _jhe_client(sandbox: Sandbox) -> dict[str, Any]:
    return {
        "provider_id": "jhe",
        "name": "JupyterHealth Exchange",
        "client_id": jhe.CLIENT_ID,
        "secret": jhe.CLIENT_SECRET,
        "settings": {
            "server_url": f"{sandbox.url('jhe')}/o/.well-known/openid-configuration",
            "uid_field": "sub",
            "oauth_pkce_enabled": True,
        },
    }


@pytest.fixture
def journey(page: Page, portal: str, sandbox: Sandbox, settings: Settings) -> Iterator[Journey]:
    """Somebody at a desk. Whatever they did: no complaint of the browser, nothing asked of another
    host, nothing typed in an address, nothing left in the browser's storage."""
    watch = Watch(page, allowed=[portal, sandbox.servers["jhe"].url])
    walked = Journey(page=page, portal=portal, sandbox=sandbox, settings=settings, watch=watch)
    yield walked
    walked.finish()


@pytest.fixture
def unscripted(
    browser: Browser,
    browser_context_args: dict[str, Any],
    portal: str,
    sandbox: Sandbox,
    settings: Settings,
) -> Iterator[Journey]:
    """The same desk with JavaScript turned off."""
    context = browser.new_context(**{**browser_context_args, "java_script_enabled": False})
    page = context.new_page()
    watch = Watch(page, allowed=[portal, sandbox.servers["jhe"].url])
    walked = Journey(page=page, portal=portal, sandbox=sandbox, settings=settings, watch=watch)
    yield walked
    walked.finish()
    context.close()
