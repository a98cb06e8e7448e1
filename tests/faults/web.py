"""gunicorn's configuration under faults: each of its processes says when it has come up."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

UP = "FAULTS_UP"  # the folder in which a process that has come up leaves a file named by its number


def post_worker_init(worker: Any) -> None:
    """Called by gunicorn in a process that has loaded the portal."""
    (Path(os.environ[UP]) / str(worker.pid)).touch()
