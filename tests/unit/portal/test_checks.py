"""What stops the portal from starting, and that a good installation is clean."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.conf import settings as portal_settings
from pytest_django.fixtures import Settings

from portal import checks
from portal.accounts import access

GOOD = {
    "ENVIRONMENT": "production",
    "SECRET_KEY": "a-long-text-of-many-different-characters-0123456789-!%&",
    "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
    "ALLOWED_HOSTS": "portal.example.org",
    "DATABASE_URL": "postgres://portal:secret@db.example.org/portal",
    "EMAIL_URL": "smtp+tls://portal:secret@mail.example.org:587",
    "JUMP_URL": "https://jump.example.org/api/v1",
    "JUMP_API_KEY": "pk_live_0123456789",
}


def run_check(tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """``manage.py check --deploy`` with nothing but this environment."""
    return subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy"],
        cwd=portal_settings.BASE_DIR,
        env={"PATH": os.environ["PATH"], "VAR_DIR": str(tmp_path), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_production_is_clean(tmp_path: Path) -> None:
    done = run_check(tmp_path, **GOOD)

    assert (done.returncode, "no issues" in done.stdout) == (0, True), done.stderr


@pytest.mark.slow
def test_production_without_anything_says_everything_at_once(tmp_path: Path) -> None:
    done = run_check(tmp_path, ENVIRONMENT="production", DEBUG="true", SECOND_FACTOR_ROLES="")

    assert done.returncode != 0
    for number in ("E001", "E002", "E003", "E004"):
        assert f"portal.{number}" in done.stderr


BACKENDS = "django.core.mail.backends"
INSIDE = Path(portal_settings.BASE_DIR) / "var"


@pytest.fixture
def suited(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of which ``check --deploy`` has nothing to warn."""
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", "django.db.backends.postgresql")
    settings.PRODUCTION = True
    settings.EMAIL_BACKEND = f"{BACKENDS}.smtp.EmailBackend"
    settings.VAR_DIR = Path("/nowhere")
    return settings


def warnings() -> list[str | None]:
    """The ids of what ``check --deploy`` warns of."""
    return [problem.id for problem in checks.check_deployment(None)]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("PRODUCTION", True, []),
        ("EMAIL_BACKEND", f"{BACKENDS}.filebased.EmailBackend", ["portal.W002"]),
        ("EMAIL_BACKEND", f"{BACKENDS}.console.EmailBackend", ["portal.W002"]),
        ("VAR_DIR", INSIDE, ["portal.W003"]),
    ],
)
def test_what_does_not_suit_production_is_warned_of(
    suited: Settings, name: str, value: Any, expected: list[str]
) -> None:
    setattr(suited, name, value)

    assert warnings() == expected


def test_sqlite_is_warned_of_in_production_alone(suited: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(suited.DATABASES["default"], "ENGINE", "django.db.backends.sqlite3")

    assert warnings() == ["portal.W001"]
    suited.PRODUCTION = False
    assert warnings() == []


def test_folder_is_judged_by_where_it_leads(suited: Settings, tmp_path: Path) -> None:
    (tmp_path / "var").symlink_to(INSIDE)
    suited.VAR_DIR = tmp_path / "var"

    assert warnings() == ["portal.W003"]


@pytest.mark.slow
def test_warnings_stop_no_start(tmp_path: Path) -> None:
    as_it_comes = {name: GOOD[name] for name in GOOD.keys() - {"DATABASE_URL", "EMAIL_URL"}}
    done = run_check(tmp_path, **as_it_comes | {"VAR_DIR": str(INSIDE)})

    assert done.returncode == 0
    for number in ("W001", "W002", "W003"):
        assert f"portal.{number}" in done.stderr


def numbers(settings: Settings, **changes: Any) -> list[str | None]:
    """The ids of what is found wrong with one system's entry."""
    settings.SYSTEMS = {"jump": {"URL": "", "API_KEY": "", **changes}}
    return [problem.id for problem in checks.check_systems(None)]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"URL": "https://jump.example.org", "API_KEY": "pk_test_1"}, []),
        ({"URL": "http://127.0.0.1:9000", "API_KEY": "pk_test_1"}, []),
        ({"URL": "http://localhost:9000", "CLIENT_ID": "portal"}, []),
        ({"URL": "https://jump.example.org"}, ["portal.E010"]),
        ({"API_KEY": "pk_test_1"}, ["portal.E011"]),
        ({"URL": "http://jump.example.org", "API_KEY": "pk_test_1"}, ["portal.E012"]),
        ({"URL": "http://127.0.0.1.example.org", "API_KEY": "pk_test_1"}, ["portal.E012"]),
        ({"URL": "https://jump.example.org", "API_KEY": "pk_live_1"}, ["portal.E013"]),
    ],
)
def test_system_is_set_up_wholly_and_safely(
    settings: Settings, changes: dict[str, Any], expected: list[str]
) -> None:
    assert numbers(settings, **changes) == expected


def test_live_key_is_for_production(settings: Settings) -> None:
    settings.PRODUCTION = True

    assert numbers(settings, URL="https://jump.example.org", API_KEY="pk_live_1") == []


def test_unusable_encryption_key_is_found(settings: Settings) -> None:
    settings.PRODUCTION, settings.ENCRYPTION_KEYS = True, ["short"]

    assert "portal.E005" in [problem.id for problem in checks.check_production(None)]


def test_url_without_a_rule_and_rule_without_a_url_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    assert checks.check_access_table(None) == []
    monkeypatch.delitem(access.TABLE, "mfa_index")
    monkeypatch.setitem(access.TABLE, "gone", access.Rule(access.EVERY_ROLE))

    assert [(problem.id, "mfa_index" in problem.msg) for problem in checks.check_access_table(None)] == [
        ("portal.E020", True),
        ("portal.E021", False),
    ]


@pytest.mark.parametrize(
    ("hours", "days", "expected"),
    [
        ("07:00-20:00", ["mon", "sun"], []),
        ("20:00-07:00", [], []),
        ("7-20", ["mon"], ["WORKING_HOURS cannot be read."]),
        ("07:00-24:00", ["mon"], ["WORKING_HOURS cannot be read."]),
        ("07:00-20:00", ["Monday"], ["WORKING_DAYS cannot be read."]),
    ],
)
def test_working_time_can_be_read(
    settings: Settings, hours: str, days: list[str], expected: list[str]
) -> None:
    settings.WORKING_HOURS, settings.WORKING_DAYS = hours, days

    assert [each.msg for each in checks.check_working_time(None)] == expected
