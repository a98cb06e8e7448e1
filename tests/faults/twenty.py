"""Twenty registrations of one person at once: over HTTP, and from the command line in processes of their
own. One makes the record, nineteen are told who it is. Twins at once are two people."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from .columns import Column
from .driver import Driver
from .intents import Intent
from .kinds import Kind, kinds_for
from .people import Made
from .staff import NoAnswer

MANY = 20
ROOT = Path(__file__).resolve().parents[2]

Answer = dict[str, Any]


def problems(driver: Driver, user_id: int) -> Iterator[str]:
    """What went wrong; nothing where every system holds each person once."""
    for way, ask in (("over HTTP", _over_http), ("from the command line", _from_commands)):
        made = driver.people.one()
        answers = ask(driver, user_id, [made] * MANY)
        yield from (f"{way}: {each}" for each in _wrong(driver, answers, {made.family: 1}))
        one = driver.people.one()
        other = replace(driver.people.one(), family=one.family, born=one.born)
        answers = ask(driver, user_id, [one, _namesake(other)])
        yield from (f"twins {way}: {each}" for each in _wrong(driver, answers, {one.family: 2}))


def _namesake(made: Made) -> Made:
    """Of another given name, as twins are."""
    return replace(made, given="Xiomara", email=f"x.{made.email}")


def _wrong(driver: Driver, answers: Sequence[Answer], people: dict[str, int]) -> Iterator[str]:
    ((family, count),) = people.items()
    told = Counter("operations" if "operations" in each else "taken" for each in answers)
    if told != Counter(operations=count, taken=len(answers) - count):
        yield f"answers were {dict(told)}"
    registered = {_now(each["patient"]) for each in answers if "operations" in each}
    if {_now(each["taken"]) for each in answers if "taken" in each} - registered:
        yield "somebody was told of another person"
    _settle(driver, answers)
    held = Counter(each.system for each in driver.systems.read(()).values() if each.family == family)
    if held != Counter({each.system: count for each in _creating(driver)}):
        yield f"the systems hold {dict(held)}"


def _now(public_id: str) -> int:
    """Who somebody is by now: a person becomes the one to whom the first record of theirs came."""
    from patients.models import Patient

    patient = Patient.objects.get(public_id=public_id)
    return int(patient.merged_into_id or patient.pk)


def _creating(driver: Driver) -> list[Kind]:
    return [each for each in kinds_for(driver.systems.groups) if each.creates]


def _settle(driver: Driver, answers: Sequence[Answer]) -> None:
    operations = [each for answer in answers for each in answer.get("operations", {}).items()]
    driver.settle(
        Intent(
            number=0,
            kind="",
            fault="",
            system=system,
            person="",
            effects=(),
            answered=True,
            operation=public_id,
        )
        for system, (public_id, _) in operations
    )


def _bodies(driver: Driver, people: Sequence[Made]) -> list[dict[str, Any]]:
    column = Column(name="twenty")
    asks = [driver.creation(column, _creating(driver), made) for made in people]
    return [{**ask, "number": f"twenty-{intents[0].number}"} for ask, intents in asks]


def _over_http(driver: Driver, user_id: int, people: Sequence[Made]) -> list[Answer]:
    barrier = threading.Barrier(len(people))

    def ask(body: dict[str, Any]) -> Answer:
        staff = driver.staff()
        staff.greet()  # the connection stands before the start
        barrier.wait()
        while True:
            with suppress(NoAnswer):
                return staff.register(body["number"], body["records"])

    with ThreadPoolExecutor(len(people)) as pool:
        return list(pool.map(ask, _bodies(driver, people)))


def _from_commands(driver: Driver, user_id: int, people: Sequence[Made]) -> list[Answer]:
    """Each in a process of its own, which waits for the start when it is ready."""
    command = [sys.executable, "-m", "tests.faults.one", str(user_id)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    processes = [subprocess.Popen(command, cwd=ROOT, text=True, **pipes) for _ in people]  # type: ignore[call-overload]
    for process in processes:
        process.stdout.readline()
    for process, body in zip(processes, _bodies(driver, people), strict=True):
        process.stdin.write(json.dumps(body) + "\n")
        process.stdin.flush()
    return [json.loads(process.communicate()[0]) for process in processes]
