"""Finds marked personal data in every place where the portal must never put any.

A :class:`Watch` stands over a journey: it keeps every log line (all loggers, from DEBUG up, as the
portal's own formatter writes them, and our own events before anything was dropped from them),
every address that was asked for, redirected to or linked, every header and cookie, and it reads
the whole database and the portal's files. :meth:`Watch.leaks` says where a mark was seen.
"""

from __future__ import annotations

import base64
import binascii
import logging
import re
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus, unquote_plus

import structlog
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection
from django.http import HttpResponseBase
from django.test import Client

from portal.accounts.locking import DRAFT, KEPT
from portal.accounts.sessions import SessionStore
from portal.web.logs import OUR_PACKAGES
from tests.support import parsed

# In the session of a locked screen what was typed waits, encrypted in its row.
WAITING = frozenset({KEPT, DRAFT})

# Answers that show a form again with what was typed, and whom it is about.
FORMS_AGAIN = frozenset({409, 422})

# The index: what records are looked up and compared by lies there plainly, as in any patient list.
MIRROR = frozenset({"patients_identifier", "patients_listentry", "patients_patient", "patients_sourcerecord"})


@dataclass
class Watch:
    """What was seen, by the name of the place."""

    marks: tuple[str, ...]
    seen: list[tuple[str, str]] = field(default_factory=list)

    def note(self, place: str, text: str) -> None:
        """Something that was written somewhere."""
        self.seen.append((place, text))

    def note_response(self, response: HttpResponseBase) -> None:
        """The addresses, headers and cookies of an answer."""
        for name, value in response.headers.items():
            self.note(f"header {name}", value)
        self.note("cookie", response.cookies.output())
        if "html" in response.headers.get("Content-Type", "") and not response.streaming:
            for address in parsed(response).links():
                self.note("link", address)
        if response.status_code >= 400 and response.status_code not in FORMS_AGAIN:
            self.note("error page", getattr(response, "content", b"").decode())

    def leaks(self) -> set[str]:
        """The places in which a mark can be read."""
        places: dict[str, set[str]] = {}
        for place, text in (*self.seen, *_database(), *_sessions(), *_files()):
            places.setdefault(text, set()).add(place)
        spellings = self._spellings()
        return {place for text, some in places.items() if _has_any(text, spellings) for place in some}

    def _spellings(self) -> set[str]:
        whole = {mark.casefold() for mark in self.marks}
        return whole | {quote(mark).casefold() for mark in whole} | {quote_plus(mark) for mark in whole}


def _has_any(text: str, spellings: Iterable[str]) -> bool:
    readable = [text.casefold(), unquote_plus(text).casefold(), *_unwrapped(text)]
    return any(spelling in each for each in readable for spelling in spellings)


@contextmanager
def watching(marks: Iterable[str]) -> Iterator[Watch]:
    """A watch over everything that is logged inside."""
    watch = Watch(tuple(marks))
    root = logging.getLogger()
    names = [name for name, each in root.manager.loggerDict.items() if isinstance(each, logging.Logger)]
    loggers = [root, *map(logging.getLogger, names)]
    before = [(each, each.level, each.propagate, each.disabled) for each in loggers]
    handler = _Handler(watch)
    root.addHandler(handler)
    try:
        for each in loggers:
            each.propagate, each.disabled = True, False
            each.setLevel(logging.DEBUG)
        yield watch
    finally:
        root.removeHandler(handler)
        for each, level, propagate, disabled in before:
            each.propagate, each.disabled = propagate, disabled
            each.setLevel(level)


class WatchedClient(Client):
    """A browser whose every request and answer is noted."""

    def __init__(self, watch: Watch) -> None:
        super().__init__(raise_request_exception=False)
        self._watch = watch

    def request(self, **request: Any) -> Any:
        """Ask, and note what was asked and answered."""
        self._watch.note("address", f"{request.get('PATH_INFO', '/')}?{request.get('QUERY_STRING', '')}")
        response = super().request(**request)
        self._watch.note_response(response)
        return response


# Of some thousand lines one is written in a moment whose digits look like a number of somebody's.
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")


class _Handler(logging.Handler):
    """Keeps lines as the portal writes them, and our own events as they were before."""

    def __init__(self, watch: Watch) -> None:
        super().__init__(logging.DEBUG)
        self._watch = watch
        formatters = [each.formatter for each in logging.getLogger().handlers]
        (own, *_) = [each for each in formatters if isinstance(each, structlog.stdlib.ProcessorFormatter)]
        self.setFormatter(own)

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.partition(".")[0] in OUR_PACKAGES:
            self._watch.note("event", f"{record.msg!r} {record.args!r}")
        self._watch.note("log", _MOMENT.sub("", self.format(record)))


def _database() -> Iterator[tuple[str, str]]:
    """Every value of every table as it lies there, the index apart."""
    with connection.cursor() as cursor:
        for table in sorted({*connection.introspection.table_names(cursor)} - MIRROR):
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 (our own tables' names)
            for row in cursor.fetchall():
                for value in row:
                    yield f"table {table}", str(value)


def _sessions() -> Iterator[tuple[str, str]]:
    for row in Session.objects.all():
        data = SessionStore().decode(row.session_data)
        yield "session", repr({key: value for key, value in data.items() if key not in WAITING})


def _files() -> Iterator[tuple[str, str]]:
    for path in Path(settings.VAR_DIR).rglob("*"):
        yield "file name", path.name
        if path.is_file():
            yield "file", path.read_bytes().decode("latin-1")


def _unwrapped(text: str) -> Iterator[str]:
    """What is readable for anybody behind base64 and zlib, as Django's signer and cache write it."""
    for piece in text.split(":")[:1]:
        packed = piece.startswith(".")
        try:
            raw = base64.b64decode(piece.lstrip(".") + "==", altchars=b"-_" if packed else None)
            yield (zlib.decompress(raw) if packed else raw).decode("latin-1").casefold()
        except (binascii.Error, ValueError, zlib.error):
            continue
