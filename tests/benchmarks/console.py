"""The portal beside the console of a real JHE: the same people, the same browser, the same run.

Sets up as many people as wanted in one organization of that JHE, and a study there with a hundred of them
(through its API, as a manager; both stay), reads them into a portal of its own with an index on SQLite, a
worker beside it, and works both in Chromium, in turns, medians of ``BENCH_ROUNDS`` rounds:

* ``table``: from asking for the page until rows of people stand in it;
* ``person``: from clicking until the last live part is there (the portal's answer from JHE; the console's
  last reply and its opened panel);
* ``study``: from asking for the list of a study's participants until rows stand in it;
* ``consents``: from clicking in that list until what a participant decided is there;
* ``enrol``: one more person, from the first click where they are shown until the outcome: the portal, which
  looks first whether they take part, goes on once JHE's reply to the write has named them and the study; the
  console shows the study's list after that reply;
* ``invite``: that person, from the first click after this until a link stands on the page.

The first three also with an empty cache (``cold``). Of each: ``_ms``; ``_requests``, ``_bytes`` and
``_script_bytes`` over the wire, as the browser counts them; ``_steps``, what a person has to press. One JSON
line a measure, and a last one: in what the portal is ahead, and in what behind.

    make bench-console JHE_URL=… JHE_CLIENT_ID=… JHE_CLIENT_SECRET=… JHE_USER=… JHE_PASSWORD=… \\
        JHE_API_KEY=… [JHE_ORGANIZATION=…] [BENCH_PEOPLE=2000]
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.verification.subject import NEEDED, from_environment

from .console_hands import Measured, chromium_running
from .console_setup import Ground, set_up, worker
from .console_sides import Console, Portal, Side, Somebody
from .support import web_server

ROUNDS = 5
COLD, WARM = "cold", "warm"
JUDGED = {"ms": "time", "requests": "requests", "bytes": "bytes", "steps": "steps"}

#: (Lap, cache, side) → what was measured in each round.
Found = dict[tuple[str, str, str], list[Measured]]


def main() -> None:
    """Set both up, measure in turns, print."""
    missing = [name for name in (*NEEDED, "JHE_API_KEY") if not os.environ.get(name)]
    if missing:
        raise SystemExit(f"bench-console needs {', '.join(missing)}")
    rounds = int(os.environ.get("BENCH_ROUNDS", ROUNDS))
    subject = from_environment()
    with tempfile.TemporaryDirectory() as folder:
        ground = set_up(subject, Path(folder), fresh=2 * rounds)
        with web_server({}) as address, worker(), chromium_running() as browser:
            sides: list[Side] = [
                Portal(browser, address, cookie=ground.cookie, board=ground.board),
                Console(browser, subject, ground.people, ground.study),
            ]
            found = _measure(sides, ground, rounds)
    _print(found, ground.count)


def _measure(sides: list[Side], ground: Ground, rounds: int) -> Found:
    found: Found = {}
    fresh = iter(ground.fresh)
    for _ in range(rounds):
        for side in sides:
            for lap, cache, measured in _laps(side, ground.decided, next(fresh)):
                found.setdefault((lap, cache, side.name), []).append(measured)
            side.hands.leaves()
    return found


def _laps(side: Side, decided: Somebody, fresh: Somebody) -> Iterator[tuple[str, str, Measured]]:
    """One round of one side."""
    for cache in (COLD, WARM):
        if cache == COLD:
            side.hands.empty_cache()
        yield "table", cache, side.table()
        yield "person", cache, side.person()
    for cache in (COLD, WARM):
        if cache == COLD:
            side.hands.empty_cache()
        yield "study", cache, side.study()
        yield "consents", cache, side.consents(decided)
    yield "enrol", WARM, side.enrol(fresh)
    yield "invite", WARM, side.invite(fresh)


def _print(found: Found, people: int) -> None:
    ahead: dict[str, list[str]] = {}
    behind: dict[str, list[str]] = {}
    for lap, cache in dict.fromkeys((lap, cache) for lap, cache, _ in found):
        portal, console = (_medians(found[lap, cache, name]) for name in (Portal.name, Console.name))
        for name in portal:
            values = {Portal.name: round(portal[name]), Console.name: round(console[name])}
            _say(
                {"benchmark": "console", "measure": f"{lap}_{name}", "cache": cache, "people": people}
                | values
            )
        ahead[f"{lap} {cache}"] = [word for name, word in JUDGED.items() if portal[name] < console[name]]
        behind[f"{lap} {cache}"] = [word for name, word in JUDGED.items() if portal[name] > console[name]]
    _say(
        {
            "benchmark": "console",
            "ahead": ahead,
            "behind": {lap: all_ for lap, all_ in behind.items() if all_},
        }
    )


def _medians(rounds: list[Measured]) -> dict[str, float]:
    values = [each.values() for each in rounds]
    return {name: statistics.median(each[name] for each in values) for name in values[0]}


def _say(line: Mapping[str, object]) -> None:
    print(json.dumps(line), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
    sys.exit(0)
