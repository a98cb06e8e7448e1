"""What whoever runs or assesses an installation reads is whole: commands, health addresses, tables."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import get_commands
from django.db.models import Model
from django.urls import URLPattern

from portal.urls import health_urls
from portal.web.crypto import EncryptedTextField

OUR_APPS = ("accounts", "audit", "integrations", "patients", "worker")
OPERATING, ARCHITECTURE = (
    (Path(settings.BASE_DIR) / "docs" / name).read_text() for name in ("operating.md", "architecture.md")
)
STORED = ARCHITECTURE.partition("## What is stored")[2].partition("\n## ")[0]


def test_every_command_of_ours_is_named() -> None:
    ours = {name for name, app in get_commands().items() if app in {"portal", "integrations", "patients"}}

    assert {"worker", "rekey"} <= ours
    assert {name for name in ours if f"`{name}" not in OPERATING} == set()


@pytest.mark.parametrize("pattern", health_urls, ids=lambda each: str(each.name))
def test_every_health_address_is_named(pattern: URLPattern) -> None:
    assert f"`/health/{pattern.pattern}`" in OPERATING


@pytest.mark.parametrize(
    "model", [each for name in OUR_APPS for each in apps.get_app_config(name).get_models()]
)
def test_every_table_is_said_to_be_stored(model: type[Model]) -> None:
    table = model._meta.db_table
    row = next((line for line in STORED.splitlines() if f"`{table}" in line), "")
    is_encrypted = any(isinstance(field, EncryptedTextField) for field in model._meta.concrete_fields)

    assert row, table
    assert not is_encrypted or "encrypted" in row.split("|")[3]
