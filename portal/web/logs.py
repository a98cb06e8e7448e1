"""Logs without patient data: only keys on a list pass, and no text that we did not write.

Our own lines are structlog events: a fixed sentence and keys. Lines of Django and other
libraries carry paths, values or exception texts in their message, so of those only the
logger's name, the place in the code and the exception's type are kept. Of an exception come
its type and the frames in our own files; never its text, never a local variable.
"""

from __future__ import annotations

import logging
import sys
import traceback
from pathlib import Path
from types import TracebackType
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

#: What may be in a line. Values are numbers, yes or no, and short words of ours.
ALLOWED_KEYS = frozenset(
    {
        "attempt",
        "count",
        "error",
        "event",
        "frames",
        "kind",
        "level",
        "logger",
        "method",
        "milliseconds",
        "operation",
        "outcome",
        "place",
        "reason",
        "remote_request_id",
        "request_id",
        "retry_after",
        "status",
        "system",
        "task",
        "timestamp",
        "user",
        "version",
        "view",
    }
)
LONGEST_VALUE = 200
OUR_PACKAGES = ("portal", "integrations", "patients")
ROOT = Path(__file__).resolve().parent.parent.parent

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]


def drop_unknown_keys(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Keep allowed keys with plain, short values."""
    return {key: _plain(value) for key, value in event.items() if key in ALLOWED_KEYS}


def name_exception(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Put an exception's type and our frames in place of its text and locals."""
    found = _exc_info(event.pop("exc_info", None))
    if found is not None:
        event["error"] = found[0].__name__
        event["frames"] = _our_frames(found[2])
    return event


def foreign_line(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """A library's line: where it was written, without its message."""
    record: logging.LogRecord = event["_record"]
    ours = record.name.partition(".")[0] in OUR_PACKAGES
    event["event"] = str(record.msg) if ours else "library"
    event["place"] = f"{record.module}.{record.funcName}:{record.lineno}"
    if record.exc_info:
        event["exc_info"] = record.exc_info
    return event


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value if isinstance(value, bool | int | float | None) else str(value)[:LONGEST_VALUE]


def _exc_info(value: Any) -> ExcInfo | None:
    if value is True:
        value = sys.exc_info()
    if isinstance(value, BaseException):
        return type(value), value, value.__traceback__
    return value if isinstance(value, tuple) and value[0] is not None else None


def _our_frames(trace: TracebackType | None) -> list[str]:
    """``patients/services/lookup.py:41 keep`` for each frame in a file of ours, outermost first."""
    frames = []
    for frame in traceback.extract_tb(trace):
        path = Path(frame.filename)
        if path.is_relative_to(ROOT) and path.relative_to(ROOT).parts[0] in OUR_PACKAGES:
            frames.append(f"{path.relative_to(ROOT)}:{frame.lineno} {frame.name}")
    return frames


def configure_structlog() -> None:
    """Send structlog's lines through the standard library's handlers, request id included."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


_SHARED: list[structlog.typing.Processor] = [
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def logging_settings(*, level: str, as_json: bool) -> dict[str, Any]:
    """Django's ``LOGGING``: one handler to standard error, one line an event.

    ``django.server`` and 4xx lines of ``django.request`` repeat our access log and are left out.
    ``gunicorn.error`` names the requested address in its errors, so it goes the same way.
    """
    render = (
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.processors.KeyValueRenderer(
            key_order=["timestamp", "level", "event"], drop_missing=True
        )
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "portal": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": [structlog.contextvars.merge_contextvars, *_SHARED, foreign_line],
                "processors": [name_exception, drop_unknown_keys, render],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "portal"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": level, "propagate": True},
            "django.request": {"level": "ERROR"},
            "django.security": {"handlers": [], "level": "WARNING", "propagate": True},
            "django.server": {"handlers": [], "level": "ERROR", "propagate": True},
            "gunicorn.error": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
            "urllib3": {"level": "ERROR"},
        },
    }
