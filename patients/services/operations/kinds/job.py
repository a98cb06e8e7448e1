"""One try of an operation, as the kinds see it: what is wanted, of which record, by which adapter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Protocol, TypeVar, cast, runtime_checkable

from integrations.abilities import System
from integrations.errors import Unsupported
from integrations.types import RemotePatient
from patients.models import Operation, SourceRecord
from patients.services.operations.whys import Why
from patients.services.operations.wishes import Wish

A = TypeVar("A")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """``may_have_left``: an earlier try left, and what came of it is not known yet. ``now`` is the
    moment by the queue's clock. ``is_stopped``: its bulk was paused or cancelled, so that nothing more is
    to leave than what ends a thing half done."""

    operation: Operation
    wish: Wish = field(repr=False)
    adapter: System
    now: datetime
    is_stopped: bool = False

    @property
    def may_have_left(self) -> bool:
        """Whether an earlier try may have taken effect."""
        return self.operation.left_at is not None

    @property
    def is_late(self) -> bool:
        """Whether that earlier try may take effect still."""
        late_until = self.operation.late_until
        return late_until is not None and self.now < late_until

    @property
    def record(self) -> SourceRecord:
        """The record, of what is not a creation."""
        record: SourceRecord | None = self.operation.record
        assert record is not None  # noqa: S101 (only a creation has none)
        return record

    @property
    def record_id(self) -> str:
        """The record's number in its system; empty before it is created."""
        record = self.operation.record
        return record.remote_id if record is not None else ""

    def able(self, ability: type[A]) -> A:
        """The adapter as something that has an ability. Raises ``Unsupported``."""
        if not isinstance(self.adapter, ability):
            raise Unsupported(
                system=self.adapter.name, operation=self.operation.kind, label=self.adapter.label
            )
        return self.adapter


class Record(Enum):
    """What there is to be said of the record where it does not come with the answer."""

    GONE = "gone"  # as was wanted
    AS_BEFORE = "as before"  # the write was about something that hangs on it


After = RemotePatient | Record


@dataclass(frozen=True, slots=True)
class Done:
    """It has happened; ``record`` as it is now. Not ``sure`` where our own request may still do it again:
    then it has to be over first. ``details``: what staff are to know of it (never values)."""

    record: After = field(repr=False)
    sure: bool = True
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ready:
    """It has not happened, and nothing stands against it. ``prepared`` is what exactly is sent, where it
    has to be kept (JSON). ``again``: the same request may be sent while an earlier one is under way, since
    the system knows its key; ``fresh_key``: that key is spent. ``mends``: an earlier try has left something
    half done, which this one makes good. ``in_vain`` is why a person is asked after many tries like this."""

    prepared: Any = field(default=None, repr=False)
    again: bool = False
    fresh_key: bool = False
    mends: bool = False
    in_vain: Why = Why.IN_VAIN

    @property
    def leaves_open(self) -> bool:
        """Whether the earlier try is as open as before where this one does nothing."""
        return self.again or self.mends


@dataclass(frozen=True, slots=True)
class Hold:
    """A person has to decide. ``details`` name records and fields, never values; ``record`` is the one
    that it is about, as it is now."""

    why: Why
    details: Mapping[str, Any] = field(default_factory=dict)
    record: RemotePatient | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Refuse:
    """It cannot be done."""

    why: Why


Look = Done | Ready | Hold | Refuse


class Work(Protocol):
    """What one kind of write does. Both methods may raise :mod:`integrations.errors` errors."""

    def __init__(self, job: Job) -> None: ...

    def look(self) -> Look:
        """Whether it has happened already, and whether it may be sent."""
        ...

    def send(self, ready: Ready) -> tuple[After, tuple[str, ...]]:
        """Send it: one request that changes something. The record as it is then, and the names of what did
        not take."""
        ...


@runtime_checkable
class AlsoKeeps(Protocol):
    """Work that leaves something in the portal beside the record."""

    def keep(self) -> None:
        """Keep it: called once it is done, in the transaction that says so."""
        ...


def as_(wish: Wish, kind: type[A]) -> A:
    """A wish as what its kind says that it is."""
    assert isinstance(wish, kind)  # noqa: S101 (the kind stands in the same row)
    return cast(A, wish)
