"""Faults on demand: what can go wrong between us and a system, switched on by a test or a trainer.

A :class:`FaultBoard` belongs to one server. It holds the faults that are set, says which one
meets a request, and keeps a list of the requests seen (method and path, never the query string,
which can hold names).
"""

from __future__ import annotations

import itertools
import json
import random
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from email.utils import formatdate
from enum import StrEnum
from typing import Any

REMEMBERED_REQUESTS = 20_000


class FaultKind(StrEnum):
    """What happens to a request that meets the fault."""

    DELAY = "delay"  # answered after `seconds`
    HANG = "hang"  # not answered until the fault is cleared
    RESET = "reset"  # the connection is reset, no answer
    DRIP = "drip"  # the body arrives over `seconds`
    STATUS = "status"  # another status, with a JSON or an HTML body
    REDIRECT = "redirect"  # to `location`
    BROKEN_OFF = "broken_off"  # the connection ends in the middle of the body
    TRUNCATED = "truncated"  # half of the JSON, properly sent
    MALFORMED = "malformed"  # text that is no JSON, called JSON
    WRONG_TYPES = "wrong_types"  # JSON of another shape, see `variant`
    OVERSIZED = "oversized"  # the right answer, padded to `size` bytes
    HALF_DONE = "half_done"  # the first half of a write, and 500; all of it where the app knows no halves


class Variant(StrEnum):
    """How ``WRONG_TYPES`` bends the answer."""

    SCALARS = "scalars"  # texts become numbers, numbers lists, booleans texts
    CONTAINERS = "containers"  # objects become lists and lists objects
    NULLS = "nulls"  # every value inside the outermost object becomes null


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault and the requests that it meets.

    ``method`` empty means any; ``path`` is a regular expression searched in the path (without
    query), empty means any; ``times`` ``None`` means until cleared. ``after_effect``: the
    request is carried out first and only its answer suffers (for reset, hang, status and
    redirect; the kinds that spoil an answer always carry the request out). ``share``: how many of the
    requests met it strikes, 0 to 1, by chance. ``retry_after`` is sent as it is; ``+5`` as the moment in
    five seconds, by the system's own clock.
    """

    kind: FaultKind
    method: str = ""
    path: str = ""
    times: int | None = None
    after_effect: bool = False
    seconds: float = 5.0
    status: int = 503
    html: bool = False
    retry_after: str = ""
    location: str = "http://elsewhere.example.org/"
    variant: Variant = Variant.SCALARS
    size: int = 32 * 1024 * 1024
    chunked: bool = False
    share: float = 1.0

    def meets(self, method: str, path: str) -> bool:
        """Whether a request is one of those that this fault is for."""
        return self.method.upper() in ("", method) and re.search(self.path, path) is not None


def fault_from(values: Mapping[str, Any]) -> Fault:
    """A fault from JSON. Raises ``ValueError`` with a sentence about what is wrong."""
    known = {each.name for each in fields(Fault)}
    if unknown := sorted(set(values) - known):
        raise ValueError(f"Unknown field: {', '.join(unknown)}.")
    try:
        prepared = dict(values, kind=FaultKind(values.get("kind", "")))
        if "variant" in prepared:
            prepared["variant"] = Variant(prepared["variant"])
        for name, kind in (("seconds", float), ("status", int), ("size", int), ("share", float)):
            if name in prepared:
                prepared[name] = kind(prepared[name])
        if prepared.get("times") is not None:
            prepared["times"] = int(prepared["times"])
        re.compile(str(prepared.get("path", "")))
        if not 0 <= prepared.get("share", 1.0) <= 1:
            raise ValueError("share has to be 0 to 1")
    except (ValueError, TypeError, re.error) as error:
        raise ValueError(f"Not a fault: {error}.") from error
    return Fault(**prepared)


@dataclass(slots=True, kw_only=True)
class ActiveFault:
    """A fault that is set: its number on the board, how often it struck, what it still holds."""

    id: int
    fault: Fault
    hits: int = 0
    released: threading.Event = field(default_factory=threading.Event, repr=False)

    @property
    def spent(self) -> bool:
        """Whether the fault has struck as often as it was to."""
        return self.fault.times is not None and self.hits >= self.fault.times

    def as_json(self) -> dict[str, Any]:
        """For the control server."""
        return {"id": self.id, "hits": self.hits, "spent": self.spent, **asdict(self.fault)}


@dataclass(slots=True, kw_only=True)
class SeenRequest:
    """A request that arrived. ``status`` is 0 while, or because, it was not answered."""

    method: str
    path: str
    at: float
    status: int = 0


@dataclass(slots=True, kw_only=True)
class Reply:
    """An answer on its way out. ``promised`` is the length announced, where it is not the real one."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    promised: int | None = None
    chunked: bool = False
    drip_seconds: float = 0.0


ErrorBody = Callable[[int], Any]


def plain_error(status: int) -> Any:
    """The body of a made-up error where a system has no form of its own."""
    return {"detail": f"The sandbox was told to answer {status}."}


class FaultBoard:
    """The faults set on one server, the latency of all its answers, and the requests it saw.

    ``latency`` is how many seconds every answer takes at least, beside any fault; ``lifted`` is set when
    it is lifted while requests wait. ``stopping`` ends all waiting; the server sets and clears it. ``now``
    is the system's own clock (seconds since 1970), as its ``Date`` tells it.
    """

    def __init__(self, error_body: ErrorBody = plain_error) -> None:
        self.latency = 0.0
        self.lifted = threading.Event()
        self.stopping = threading.Event()
        self.error_body = error_body
        self.now: Callable[[], float] = time.time
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._faults: list[ActiveFault] = []
        self._seen: deque[SeenRequest] = deque(maxlen=REMEMBERED_REQUESTS)
        self.reseed()

    def reseed(self, seed: int = 0) -> None:
        """Start the chances of ``Fault.share`` anew: the same seed strikes the same requests."""
        self._chance = random.Random(seed)

    def add(self, fault: Fault) -> ActiveFault:
        """Set a fault. Where several would strike a request, the one set first does."""
        with self._lock:
            active = ActiveFault(id=next(self._numbers), fault=fault)
            self._faults.append(active)
            return active

    def remove(self, number: int) -> bool:
        """Lift one fault and let go what it holds; false where there is none of that number."""
        with self._lock:
            gone = [each for each in self._faults if each.id == number]
            self._faults = [each for each in self._faults if each.id != number]
        for each in gone:
            each.released.set()
        return bool(gone)

    def clear(self) -> None:
        """Lift all faults and the latency, and let go what they hold."""
        self.latency = 0.0
        lifted, self.lifted = self.lifted, threading.Event()
        lifted.set()
        for each in self.active():
            self.remove(each.id)

    def active(self) -> list[ActiveFault]:
        """The faults that are set, spent ones too (their hits are of interest)."""
        with self._lock:
            return list(self._faults)

    def requests(self, method: str = "", path: str = "") -> list[SeenRequest]:
        """The requests seen, oldest first; ``path`` is a regular expression."""
        with self._lock:
            seen = list(self._seen)
        return [each for each in seen if method in ("", each.method) and re.search(path, each.path)]

    def forget_requests(self) -> None:
        """Start the list of requests anew."""
        with self._lock:
            self._seen.clear()

    def arrived(self, method: str, path: str) -> tuple[SeenRequest, ActiveFault | None]:
        """Note a request; returns its entry, and the fault that strikes it."""
        seen = SeenRequest(method=method, path=path, at=time.monotonic())
        with self._lock:
            self._seen.append(seen)
            for active in self._faults:
                if not active.spent and active.fault.meets(method, path) and self._strikes(active.fault):
                    active.hits += 1
                    return seen, active
        return seen, None

    def _strikes(self, fault: Fault) -> bool:
        return fault.share >= 1 or self._chance.random() < fault.share


def made_up_reply(fault: Fault, error_body: ErrorBody, now: float = 0.0) -> Reply:
    """The answer of a ``STATUS`` or ``REDIRECT`` fault."""
    if fault.kind is FaultKind.REDIRECT:
        status = fault.status if 300 <= fault.status < 400 else 302
        return Reply(status=status, headers=[("Location", fault.location)], body=b"")
    after = fault.retry_after
    if after.startswith("+"):
        after = formatdate(now + float(after), usegmt=True)
    headers = [("Retry-After", after)] if after else []
    if fault.html:
        page = f"<!doctype html><title>{fault.status}</title><h1>Error {fault.status}</h1>\n"
        kind, body = "text/html; charset=utf-8", page.encode()
    else:
        kind, body = "application/json", json.dumps(error_body(fault.status)).encode()
    return Reply(status=fault.status, headers=[*headers, ("Content-Type", kind)], body=body)


def spoil(fault: Fault, reply: Reply) -> Reply:
    """An honest answer after what the fault does to it: usually the same object."""
    match fault.kind:
        case FaultKind.HALF_DONE if reply.status < 500:
            return made_up_reply(replace(fault, status=500, html=True), plain_error)
        case FaultKind.DRIP:
            reply.drip_seconds = fault.seconds
        case FaultKind.BROKEN_OFF:
            reply.promised = len(reply.body)
            reply.body = reply.body[: len(reply.body) // 2]
        case FaultKind.TRUNCATED:
            reply.body = reply.body[: len(reply.body) // 2]
        case FaultKind.MALFORMED:
            reply.body = b"{'data': [undefined, ]}" + reply.body[:40]
        case FaultKind.WRONG_TYPES if _is_json(reply):
            reply.body = json.dumps(_bent(json.loads(reply.body), fault.variant)).encode()
        case FaultKind.OVERSIZED:
            reply.body = reply.body.ljust(fault.size)
            reply.chunked = fault.chunked
        case _:
            pass
    return reply


def _is_json(reply: Reply) -> bool:
    kinds = [value for name, value in reply.headers if name.lower() == "content-type"]
    return bool(reply.body) and any("json" in kind for kind in kinds)


def _bent(value: Any, variant: Variant) -> Any:
    if variant is Variant.NULLS:
        return dict.fromkeys(value) if isinstance(value, dict) else None
    if variant is Variant.CONTAINERS:
        if isinstance(value, dict):
            return [_bent(each, variant) for each in value.values()]
        if isinstance(value, list):
            return {str(place): _bent(each, variant) for place, each in enumerate(value)}
        return value
    if isinstance(value, dict):
        return {key: _bent(each, variant) for key, each in value.items()}
    if isinstance(value, list):
        return [_bent(each, variant) for each in value]
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return len(value)
    return None if value is None else [value]
