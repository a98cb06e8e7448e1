"""Reading everybody step by step: stopped and resumed anywhere, while data changes, with faults between."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from integrations import errors
from integrations.pages import LONGEST_CURSOR, RecordPage, StaleCursor, walk
from integrations.sandbox.faults import Fault, FaultKind
from integrations.types import RemotePatient

from .subjects import FAMILY, GIVEN, ON_DATABASE, Bench

pytestmark = ON_DATABASE

SIZE = 7


def pages(bench: Bench, since: datetime | None = None, cursor: str = "") -> Iterator[RecordPage]:
    """The pages from a cursor on, each by an adapter of its own: nothing is remembered between."""
    while True:
        page = bench.adapter().page(cursor, since, size=SIZE)
        yield page
        if page.is_last:
            return
        cursor = page.next_cursor


def ids(found: Iterator[RecordPage] | list[RecordPage]) -> set[str]:
    return {record.id for page in found for record in page.records}


def rows(bench: Bench) -> dict[str, Any]:
    """The rows of the subject's system, to be changed in place."""
    with bench.sandbox.stores[bench.subject.system].writing() as state:
        patients: dict[str, Any] = state["patients"]
        return patients


def test_pages_hold_everybody_whom_iterating_brings(bench: Bench) -> None:
    whole = {record.id for record in bench.adapter().iterate()}
    found = list(pages(bench))
    assert ids(found) == whole
    assert len(found) > len(whole) // SIZE
    assert not any(page.faults for page in found)


def test_reading_goes_on_at_every_cursor(bench: Bench) -> None:
    """A process that dies after any page, and another that takes its cursor, miss nobody."""
    whole = list(pages(bench))
    read: set[str] = set()
    for number, page in enumerate(whole[:-1]):
        read |= ids([page])
        rest = list(pages(bench, cursor=page.next_cursor))
        assert len(rest) == len(whole) - number - 1
        assert read | ids(rest) == ids(whole)


def test_cursors_are_short_and_name_nobody(bench: Bench) -> None:
    for page in pages(bench):
        assert len(page.next_cursor) <= LONGEST_CURSOR
        for record in page.records:
            who = record.demographics
            for value in (who.family_name, who.given_name, who.email, who.nhs_number):
                assert len(value) < 4 or value not in page.next_cursor
    assert GIVEN not in page.next_cursor
    assert FAMILY not in page.next_cursor


def test_fault_in_the_middle_is_overcome_from_the_last_cursor(bench: Bench) -> None:
    reading = pages(bench)
    first = next(reading)
    bench.faults.add(Fault(kind=FaultKind.STATUS, status=503))
    with pytest.raises(errors.Unavailable):
        next(reading)
    bench.faults.clear()
    rest = pages(bench, cursor=first.next_cursor)
    assert ids([first, *rest]) == ids(pages(bench))


def test_page_can_be_read_again(bench: Bench) -> None:
    """A process that dies between reading a page and keeping it reads it once more."""
    first = next(pages(bench))
    again = [bench.adapter().page(first.next_cursor, size=SIZE) for _ in range(2)]
    assert again[0].records == again[1].records
    assert again[0].next_cursor == again[1].next_cursor


@pytest.mark.parametrize("cursor", ["x", "[]", "{}", '{"page":1}', "1" * 300, "\x00"])
def test_cursor_of_somebody_else_is_stale(bench: Bench, cursor: str) -> None:
    with pytest.raises(StaleCursor):
        bench.adapter().page(cursor)
    assert not bench.faults.requests(path="/patients?$|/Patient$")


def test_cursors_values_are_checked(bench: Bench) -> None:
    cursor = next(pages(bench)).next_cursor
    for name, value in _parts(cursor).items():
        broken = {**_parts(cursor), name: -5 if isinstance(value, str) else "x"}
        with pytest.raises(StaleCursor):
            bench.adapter().page(json.dumps(broken))


def _parts(cursor: str) -> dict[str, Any]:
    parts: dict[str, Any] = json.loads(cursor)
    return parts


def test_cursor_is_good_in_another_process(jump: Bench) -> None:
    """Nothing of it depends on this process, such as the seed of hashes."""
    cursor = next(pages(jump)).next_cursor
    program = (
        "import django; django.setup()\n"
        "from integrations.jump.sweep import _read\n"
        f"print(_read({cursor!r}, 0).last)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={"DJANGO_SETTINGS_MODULE": "tests.settings", "PATH": "", "PYTHONHASHSEED": "7"},
    )
    assert done.stdout.strip() == _parts(cursor)["last"]


# --- while data changes -----------------------------------------------------------------------


def test_nobody_is_missed_where_rows_slip_back(jump: Bench) -> None:
    """Fewer rows before the offset: the next page would begin one row too late."""
    everybody = ids(pages(jump))
    reading = pages(jump)
    seen = [next(reading)]
    gone = seen[0].records[0].id
    seen.append(next(reading))
    _take_away(jump, gone)
    # Pages of seven overlap by none; those of the usual size by ten rows.
    assert ids([*seen, *reading]) >= everybody - {gone} - _at_the_seam(jump)
    assert _usual_pages_with_a_loss(jump) == set()


def _take_away(bench: Bench, patient_id: str) -> None:
    with bench.sandbox.stores["jump"].writing() as state:
        del state["patients"][patient_id]


def _at_the_seam(bench: Bench) -> set[str]:
    """The row that one loss can hide on short pages."""
    with bench.sandbox.stores["jump"].reading() as state:
        ordered = sorted(
            state["patients"].values(), key=lambda row: (row["created_at"], row["id"]), reverse=True
        )
    return {str(row["id"]) for row in ordered[2 * SIZE - 1 : 2 * SIZE]}


def _usual_pages_with_a_loss(bench: Bench) -> set[str]:
    """Who is missed with pages of the usual size, when five rows before the seam go."""
    with bench.sandbox.stores["jump"].writing() as state:
        template = next(iter(state["patients"].values()))
        for number in range(250):
            stamp = (datetime(2020, 1, 1, tzinfo=UTC) + timedelta(days=number)).strftime("%Y-%m-%dT%H:%M:%SZ")
            row = {**template, "id": f"made-{number:03}", "created_at": stamp}
            state["patients"][row["id"]] = row
    adapter = bench.adapter()
    first = adapter.page()
    everybody = {record.id for record in adapter.iterate()}
    lost = [record.id for record in first.records[:5]]
    for each in lost:
        _take_away(bench, each)
    rest: set[str] = set()
    cursor = first.next_cursor
    while cursor:
        page = adapter.page(cursor)
        rest |= {record.id for record in page.records}
        cursor = page.next_cursor
    return everybody - set(lost) - rest - {record.id for record in first.records}


def test_who_is_added_meanwhile_is_read(bench: Bench) -> None:
    """A person registered after the first page comes in a later one."""
    reading = pages(bench)
    first = next(reading)
    with bench.sandbox.stores[bench.subject.system].writing() as state:
        template = next(row for row in state["patients"].values() if str(row["id"]) == bench.known_id)
        new = _copy_of(template, bench.subject.system)
        state["patients"][str(new["id"])] = new
    assert str(new["id"]) in ids([first, *reading])


def _copy_of(row: dict[str, Any], system: str) -> dict[str, Any]:
    now = datetime.now(UTC) + timedelta(seconds=5)
    stamps = {
        "jump": {"created_at": now.strftime("%Y-%m-%dT%H:%M:%SZ")},
        "jhe": {"last_updated": now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")},
        "impilo": {},
    }[system]
    number = "made-later" if system == "jump" else 987_654
    return {**row, "id": number, **stamps}


def test_iterating_is_walking_the_pages(bench: Bench) -> None:
    walked: list[RemotePatient] = list(walk(lambda cursor: bench.adapter().page(cursor, size=SIZE)))
    assert {each.id for each in walked} == {each.id for each in bench.adapter().iterate()}
    assert len(walked) == len({(each.id, each.updated_at) for each in walked})


def test_row_that_cannot_be_read_costs_that_row(jump: Bench) -> None:
    _spoil(jump)
    found = list(pages(jump))
    assert sum(len(page.faults) for page in found) == 1
    assert len(ids(found)) > 100
    with pytest.raises(errors.ProtocolError):
        list(jump.adapter().iterate())


def _spoil(bench: Bench) -> None:
    with bench.sandbox.stores["jump"].writing() as state:
        state["patients"][bench.known_id]["id"] = ""


# --- changes ----------------------------------------------------------------------------------


def test_since_leaves_out_what_has_not_changed(current: Bench) -> None:
    moment = datetime.now(UTC) + timedelta(days=1)
    with current.sandbox.stores["jhe"].writing() as state:
        row = state["patients"][current.known_id]
        row["last_updated"] = (moment + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert current.adapter().tells_changes()
    assert ids(pages(current, since=moment)) == {current.known_id}


@pytest.mark.parametrize(("name", "tells"), [("jump", False), ("impilo", False), ("older", False)])
def test_systems_that_cannot_tell_what_changed_say_so(
    request: pytest.FixtureRequest, name: str, tells: bool
) -> None:
    bench: Bench = request.getfixturevalue(name)
    assert bench.adapter().tells_changes() is tells
