"""Ports, folder and environment of the demo."""

from __future__ import annotations

import socket
import stat
from pathlib import Path
from typing import ClassVar

import environ
import pytest

from portal.demo.place import HOST, CannotStart, Place, choose_ports


def test_taken_port_is_named_with_what_to_do() -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotStart, match=rf"Port {port} is taken.*make run PORT=8010"):
            choose_ports(port)


def test_port_that_is_none_is_refused_in_a_sentence() -> None:
    with pytest.raises(CannotStart, match="There is no port 65536"):
        choose_ports(65_535)


def test_free_ports_differ() -> None:
    ports = choose_ports(0)
    assert len({ports.web, *ports.sandbox.values()}) == 5


def test_second_demo_in_a_folder_is_refused_and_told_where_the_first_is(tmp_path: Path) -> None:
    place = Place(tmp_path / "demo")
    with place.held():
        place.say_running(choose_ports(0))
        with pytest.raises(CannotStart, match=r"running already at http://127\.0\.0\.1:\d+"), place.held():
            pass
        assert place.running_file.exists()
    assert not place.running_file.exists()
    with place.held():
        pass


def read_back(path: Path) -> dict[str, str]:
    """The settings as the portal reads them."""

    class Reader(environ.Env):  # type: ignore[misc]
        ENVIRON: ClassVar[dict[str, str]] = {}

    Reader.read_env(str(path))
    return Reader.ENVIRON


def test_environment_lets_no_real_key_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUMP_API_KEY", "pk_live_of_a_real_clinic")
    monkeypatch.setenv("DATABASE_URL", "postgres://real")
    place = Place(tmp_path / "it's a folder")
    with place.held():
        environment = place.write_environment(choose_ports(0))
    values = read_back(place.environment_file)
    assert not {"JUMP_API_KEY", "DATABASE_URL"} & environment.keys()
    assert values["JUMP_API_KEY"].startswith("pk_test_")
    assert values["VAR_DIR"] == str(place.folder)


def test_secrets_outlive_a_restart_and_are_their_owners_alone(tmp_path: Path) -> None:
    place = Place(tmp_path)
    with place.held():
        place.write_environment(choose_ports(0))
        first = read_back(place.environment_file)
        place.write_environment(choose_ports(0))
        second = read_back(place.environment_file)
    assert first["ENCRYPTION_KEYS"] == second["ENCRYPTION_KEYS"]
    assert first["SECRET_KEY"] == second["SECRET_KEY"]
    assert stat.S_IMODE(place.environment_file.stat().st_mode) == 0o600
