"""The portal's database as the harness uses it: made anew for each run, and held up on demand."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

HELD_SECONDS = 6.5  # longer than a statement of the portal's waits here (settings.LOCK_SECONDS)
TABLE = "patients_operation"


class Database(Protocol):
    """A database of the harness's own. ``locks`` counts how often it was held up."""

    vendor: str
    url: str
    locks: int

    def hold_up(self, ended: threading.Event) -> None:
        """Hold it for longer than anybody waits, or until ``ended``."""
        ...


class Sqlite:
    """A file in the run's folder."""

    vendor = "sqlite"

    def __init__(self, folder: Path) -> None:
        self._path = folder / "portal.sqlite3"
        self.url = f"sqlite:///{self._path}"
        self.locks = 0

    def hold_up(self, ended: threading.Event) -> None:
        """One more process that writes, and takes its time over it."""
        connection = sqlite3.connect(self._path, timeout=10, isolation_level=None)
        try:
            connection.execute("BEGIN IMMEDIATE")
            self.locks += 1
            ended.wait(HELD_SECONDS)
            connection.execute("ROLLBACK")
        except sqlite3.OperationalError:
            return  # the portal's own writers left no gap for ten seconds: that is being held up, too
        finally:
            connection.close()


class Postgres:
    """A database beside the one that is named, whose name ends in ``_faults``; an older one is dropped."""

    vendor = "postgresql"

    def __init__(self, url: str) -> None:
        parts = urlsplit(url.replace("postgres://", "postgresql://", 1))
        name = f"{parts.path.strip('/')}_faults"
        with psycopg.connect(urlunsplit(parts), autocommit=True) as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        self.url = urlunsplit(parts._replace(path=f"/{name}"))
        self.locks = 0

    def hold_up(self, ended: threading.Event) -> None:
        """Lock the table of operations as changing its columns would."""
        with psycopg.connect(self.url) as connection:
            connection.execute(
                sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(sql.Identifier(TABLE))
            )
            self.locks += 1
            ended.wait(HELD_SECONDS)
            connection.rollback()


def made_anew(url: str, folder: Path) -> Database:
    """The database of one run: SQLite where no address is given."""
    return Postgres(url) if url else Sqlite(folder)
