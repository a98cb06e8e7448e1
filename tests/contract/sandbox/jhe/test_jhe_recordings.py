"""The sandbox's JHE answers the recorded requests of the real server like the real server.

Each exchange is sent over HTTP and has to come back with the same status, the same media type,
the same challenge and cache headers, and JSON of the same keys and types. Exchanges lead from one
to the next (a list call changes the profile that is read after it), so they run in order, on
one server for each state that they need: ``fresh`` (as seeded), ``created`` (with the people whom
the recording created), ``populated`` (with their enrolments and decisions, too), ``written`` (as
seeded: these exchanges create, change and remove the people themselves) and ``studied`` (with the
people, whom these exchanges enrol, invite and decide for).

Not replayed, because the sandbox does not do it: API key creation, OPTIONS.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from integrations.sandbox import jhe

from .replay import Replayer, Shape, differences, shape_of
from .support import CALLBACK, World, person

DATA = Path(__file__).parents[3] / "data"
FILES = {jhe.CURRENT: "jhe_exchanges_current.json", jhe.OLDER: "jhe_exchanges_2025_10.json"}
STATES = ("fresh", "created", "populated", "written", "studied")

Exchange = dict[str, Any]

# The recording's people from 40006 on, as far as its reading requests meet them.
PEOPLE = [
    person("Jonathan", "Smith", "john.smith@example.com", phone="555-5678", organizations=[20003, 20007]),
    person("Jane", "Doe", "jane.doe@example.com", phone="555-5678"),
    *(person("John", "Smith", f"filler{count}@example.com", phone="555-1234") for count in range(9)),
    person(
        "Iris",
        "Marked",
        "ids@example.com",
        phone="555-1234",
        identifiers=[{"system": "https://clinic.example.org/mrn", "value": "MRN-12345"}],
    ),
    person("Snake", "Case", "snake@example.com"),
    *(person("Jean", "O'Neil", f"other{count}@example.com") for count in range(3)),
    person("Ada", "Race", "race@example.com", birth_date="1991-01-01"),
    *(person("R", "O", f"r{count}@example.com") for count in range(2)),
]


def _exchanges(dialect: str) -> list[Exchange]:
    return cast(list[Exchange], json.loads((DATA / FILES[dialect]).read_text(encoding="utf-8")))


def _populate(world: World, dialect: str) -> None:
    """Bring the state to where the recording was: moved people, enrolments, decisions."""
    with world.store.writing() as data:
        people = data["patients"]
        people["40003"]["organizations"].append(20003)
        people["40004"]["organizations"].append(20001)
        for patient_id in (40006, 40007, 40008):
            jhe.enrol(data, 30001, patient_id)
        enrolment = jhe.enrol(data, 30002, 40006)
        changed = people["40006"]["last_updated"]
        decision = {"scope_code_id": 50002, "consented": False, "consented_time": changed}
        data["consents"].append({"id": 900, "enrolment_id": enrolment["id"], **decision})
        for number, status in ((101, "reissued"), (102, "issued")):
            row = {"patient_id": 40006, "client_id": 1, "token_hash": "x" * 43, "last_updated": changed}
            data["invitations"][str(number)] = {"id": number, "status": status, **row}
        if dialect == jhe.OLDER:
            people["40006"]["identifier"] = "MRN-7"
            people["40017"]["identifier"] = None  # this generation did not take several identifiers


def _gather(world: World) -> None:
    """Bring the state to where the recording began to enrol: one moved, one enrolled beforehand."""
    with world.store.writing() as data:
        data["patients"]["40003"]["organizations"].append(20003)
        data["patients"]["40006"]["identifier"] = "MRN-7"  # which only the older generation shows
        for patient_id in (40022, 40024):
            jhe.enrol(data, 30001, patient_id)
        data["last_ids"]["invitations"] = 100


@pytest.fixture(scope="module", params=[(d, s) for d in FILES for s in STATES], ids="/".join)
def replayed(request: pytest.FixtureRequest) -> Iterator[dict[str, list[str]]]:
    """What differed, by exchange, in one state of one dialect."""
    dialect, state = request.param
    people = PEOPLE if state in ("created", "populated", "studied") else []
    with World(dialect, people) as world:
        if state == "populated":
            _populate(world, dialect)
        if state == "studied":
            _gather(world)
        replayer = Replayer(world, dialect)
        yield {
            exchange["name"]: replayer.differences(exchange)
            for exchange in _exchanges(dialect)
            if exchange["state"] == state
        }


def test_every_recorded_exchange_is_answered_alike(replayed: dict[str, list[str]]) -> None:
    assert {name: found for name, found in replayed.items() if found} == {}
    assert replayed


def test_names_of_exchanges_are_unique_within_a_state() -> None:
    for dialect in FILES:
        names = [(exchange["state"], exchange["name"]) for exchange in _exchanges(dialect)]
        assert len(names) == len(set(names)) > 100


@pytest.mark.parametrize(
    ("recorded", "answered", "expected"),
    [
        ({"a": 1}, {"a": 2}, []),
        ({"a": 1}, {}, ["$.a is missing"]),
        ({}, {"a": 1}, ["$.a is too much"]),
        ({"a": 1}, {"a": "1"}, ["$.a is str, recorded as int"]),
        ({"a": None}, {"a": "x"}, ["$.a is str, recorded as NoneType"]),
        ([{"a": 1}, {"a": None}], [{"a": None}], []),
        ([{"a": {"b": 1}}, {"a": None}], [{"a": None}], []),
        ([{"a": {"b": 1}}], [{"a": None}], ["$[].a is NoneType, recorded as dict", "$[].a.b is missing"]),
        ([1], {}, ["$ is dict, recorded as list", "$[] is missing"]),
        ({"a": [{"b": 1}]}, {"a": [{"b": "x"}]}, ["$.a[].b is str, recorded as int"]),
        ({"a": []}, {"a": [1]}, []),
    ],
)
def test_a_difference_in_keys_or_types_is_found(recorded: Any, answered: Any, expected: list[str]) -> None:
    assert differences(shape_of(recorded), shape_of(answered)) == expected


def test_shapes_join_the_rows_of_a_list() -> None:
    shape: Shape = shape_of([{"a": 1}, {"a": "x", "b": True}])
    assert shape == {"$": {"list"}, "$[]": {"dict"}, "$[].a": {"int", "str"}, "$[].b": {"bool"}}


def test_callback_of_the_recordings_is_the_one_that_worlds_know() -> None:
    used = {
        exchange["request"].get("query", {}).get("redirect_uri")
        for exchange in _exchanges(jhe.CURRENT)
        if "unknown" not in exchange["name"]
    }
    assert used - {None} == {CALLBACK}
