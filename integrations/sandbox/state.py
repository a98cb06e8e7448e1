"""What one sandbox server remembers: a JSON-able dictionary behind a lock, kept in a file.

The file is written by a rename, so that it is whole at every moment, and at most twice a
second, so that thousands of writes do not each cost a dump of everything. A process that is
killed can lose the last half second; one that ends in order (``close``) loses nothing.
"""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

State = dict[str, Any]
Seed = Callable[[], State]

SAVE_EVERY = 0.5  # seconds


class Store:
    """The state of one system, shared by the threads of its server.

    ``seed`` makes the first state; it is not called where ``path`` already holds one. Keys have
    to be text, as in JSON: the seed is passed through JSON once, so that a program which
    relies on other keys fails at once and not after a restart.
    """

    def __init__(self, seed: Seed, path: Path | None = None) -> None:
        self.resets = 0
        self._seed = seed
        self._path = path
        self._lock = threading.RLock()
        self._saving = threading.Lock()
        self._timer: threading.Timer | None = None
        if path is not None and path.exists():
            self._data: State = json.loads(path.read_text(encoding="utf-8"))
        else:
            self._data = _through_json(seed())
            self.flush()

    @contextmanager
    def reading(self) -> Iterator[State]:
        """The live state, locked; look, but do not change."""
        with self._lock:
            yield self._data

    @contextmanager
    def writing(self) -> Iterator[State]:
        """The live state, locked, to be changed in place; saved soon after."""
        with self._lock:
            try:
                yield self._data
            finally:
                self._save_soon()

    def snapshot(self) -> State:
        """A deep copy of everything: what tests compare, and what the control server shows."""
        with self._lock:
            return copy.deepcopy(self._data)

    def reset(self) -> None:
        """Back to the seed; ``resets`` counts, for whoever keeps something beside the state."""
        with self.writing() as data:
            self.resets += 1
            data.clear()
            data.update(_through_json(self._seed()))

    def flush(self) -> None:
        """Write the state to its file now. Does nothing for a store without a file."""
        if self._path is None:
            return
        with self._saving:
            with self._lock:
                self._timer = None
                text = json.dumps(self._data, ensure_ascii=False)
            self._path.parent.mkdir(parents=True, exist_ok=True)
            draft = self._path.with_suffix(".new")
            draft.write_text(text, encoding="utf-8")
            draft.replace(self._path)

    def close(self) -> None:
        """Write what is not yet written, and wait for what is being written; the store stays usable."""
        with self._lock:
            timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
        self.flush()

    def _save_soon(self) -> None:
        if self._path is None or self._timer is not None:
            return
        self._timer = threading.Timer(SAVE_EVERY, self.flush)
        self._timer.daemon = True
        self._timer.start()


def _through_json(state: State) -> State:
    passed: State = json.loads(json.dumps(state, ensure_ascii=False))
    return passed
