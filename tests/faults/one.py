"""One registration by a command in a process of its own: ``python -m tests.faults.one <account>``."""

from __future__ import annotations

import json
import sys
from typing import Any


def main() -> None:
    """One registration: says that it is ready, reads what to ask, asks, prints the answer."""
    import django

    django.setup()
    print("ready", flush=True)  # noqa: T201
    body = json.loads(sys.stdin.readline())
    print(json.dumps(_answered(body)))  # noqa: T201


def _answered(body: dict[str, Any]) -> dict[str, Any]:
    from django.db import DatabaseError

    from patients.services.operations.claims import Taken

    from .door import asked

    while True:
        try:
            return dict(asked(body, int(sys.argv[1])))
        except Taken as taken:
            return {"taken": taken.patient.public_id}
        except DatabaseError:
            continue  # nineteen others write


if __name__ == "__main__":
    main()
