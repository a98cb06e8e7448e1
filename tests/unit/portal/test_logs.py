"""Log lines carry listed keys and no text that somebody else wrote."""

from __future__ import annotations

import io
import json
import logging
import logging.config
from collections.abc import Iterator

import pytest
import structlog
from django.test import Client

from portal.accounts.models import User
from portal.web.logs import logging_settings
from tests.conftest import signed_in

SECRET = "Trelawney 943 476 5919"


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What the portal's handler writes, as in production."""
    written = io.StringIO()
    config = logging_settings(level="INFO", as_json=True)
    config["handlers"]["stderr"]["stream"] = written
    logging.config.dictConfig(config)
    yield written
    logging.config.dictConfig(logging_settings(level="INFO", as_json=False))


def parsed(lines: io.StringIO) -> list[dict[str, object]]:
    """One dictionary a line."""
    return [json.loads(line) for line in lines.getvalue().splitlines()]


def test_unknown_keys_are_dropped(lines: io.StringIO) -> None:
    structlog.get_logger("portal.tests").info("call", system="jump", status=200, name=SECRET)

    (line,) = parsed(lines)
    assert (line["event"], line["system"], line["status"], line["logger"]) == (
        "call", "jump", 200, "portal.tests",
    )  # fmt: skip
    assert "name" not in line
    assert SECRET not in lines.getvalue()


def test_exception_leaves_its_type_and_our_frames(lines: io.StringIO) -> None:
    from portal.web import crypto

    try:
        crypto.decrypt(SECRET)
    except crypto.Undecryptable:
        structlog.get_logger("portal.tests").exception("unreadable")

    (line,) = parsed(lines)
    assert line["error"] == "Undecryptable"
    assert [str(frame).partition(":")[0] for frame in line["frames"]] == ["portal/web/crypto.py"]  # type: ignore[attr-defined]
    assert SECRET not in lines.getvalue()


@pytest.mark.parametrize("name", ["django.request", "allauth", "django_tasks", "urllib3", "anything.else"])
def test_library_line_leaves_no_message(lines: io.StringIO, name: str) -> None:
    try:
        raise ValueError(SECRET)
    except ValueError:
        logging.getLogger(name).exception("Not Found: %s", f"/search/?q={SECRET}")
        logging.getLogger(name).error(f"Not Found: /search/?q={SECRET}")

    first, second = parsed(lines)
    assert (first["event"], first["logger"], first["error"]) == ("library", name, "ValueError")
    assert str(second["place"]).startswith("test_logs.test_library_line")
    assert SECRET not in lines.getvalue()


def test_our_own_standard_line_keeps_its_sentence_without_values(lines: io.StringIO) -> None:
    logging.getLogger("patients.services").warning("held %s", SECRET)

    assert parsed(lines)[0]["event"] == "held %s"


def test_access_line_names_view_and_account_and_no_address(
    lines: io.StringIO, client: Client, reader: User
) -> None:
    response = signed_in(client, reader).get(f"/accounts/2fa/?q={SECRET}")

    (line,) = [each for each in parsed(lines) if each["event"] == "request"]
    assert line["event"] == "request"
    assert (line["view"], line["method"], line["status"]) == ("mfa_index", "GET", 200)
    assert (line["user"], line["request_id"]) == (reader.pk, response["X-Request-Id"])
    assert "/accounts" not in lines.getvalue()
    assert "Trelawney" not in lines.getvalue()


def test_unknown_address_is_not_repeated(lines: io.StringIO, client: Client, db: None) -> None:
    client.get(f"/nowhere/{SECRET}")

    # Another thread of the process may write a line of its own meanwhile.
    (line,) = [each for each in parsed(lines) if each["event"] == "request"]
    assert (line["view"], line["status"]) == ("none", 404)
    assert "Trelawney" not in lines.getvalue()
