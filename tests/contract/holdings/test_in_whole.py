"""What an organization holds of a person, in whole: piece by piece, with an honest end."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from integrations.holdings import Exported
from tests.contract.jhe_bench import LAB, adapter, asked
from tests.contract.subjects import Bench
from tests.contract.subjects_jhe import CURRENT

from .bench import BOTH, FAULTS, LOST, OBSERVATIONS, PERSON, PRESSURE, Part, leave, observe, state

MANY = 1_203  # three pages


def _pieces(bench: Bench) -> Callable[[Part], list[Exported]]:
    pieces = list(adapter(bench).export(PERSON, LAB))
    assert json.loads(json.dumps([piece.as_json() for piece in pieces]))
    assert pieces[-1].part is Part.END
    return lambda part: [piece for piece in pieces if piece.part is part]


def test_export_holds_everything_as_the_server_gives_it(either: Bench) -> None:
    observe(either, MANY)
    of = _pieces(either)
    (patient,) = of(Part.PATIENT)
    assert (patient.data["id"], patient.data["telecomEmail"]) == (int(PERSON), "ll_patient_peter@example.com")
    assert sorted(piece.study_id for piece in of(Part.ENROLMENTS)) == [BOTH, PRESSURE]
    assert {piece.study_id for piece in of(Part.CONSENTS)} == {BOTH, PRESSURE, ""}
    assert sorted(int(piece.data["id"]) for piece in of(Part.OBSERVATIONS)) == [*range(70001, 70001 + MANY)]
    (end,) = of(Part.END)
    assert end.data["unread"] == []
    assert end.data["pieces"]["observations"] == MANY


def test_export_reads_a_page_when_it_comes_to_it(either: Bench) -> None:
    observe(either, MANY)
    pieces = adapter(either).export(PERSON, LAB)
    assert asked(either, OBSERVATIONS) == 0
    while next(pieces).part is not Part.OBSERVATIONS:
        pass
    pages = asked(either, OBSERVATIONS)
    for _ in range(498):
        next(pieces)
    assert asked(either, OBSERVATIONS) == pages
    for _ in range(3):
        next(pieces)
    assert asked(either, OBSERVATIONS) == pages + 1


def test_export_of_somebody_in_no_study_has_their_observations(either: Bench) -> None:
    """The older generation's FHIR hides them; its list does not."""
    leave(either, BOTH)
    leave(either, PRESSURE)
    of = _pieces(either)
    assert len(of(Part.OBSERVATIONS)) == (2 if either.subject is CURRENT else 4)
    assert of(Part.ENROLMENTS) == []


def _after_the_first_page(bench: Bench) -> Iterator[Exported]:
    """An export that has begun with the observations and is to ask for the second page."""
    pieces = adapter(bench).export(PERSON, LAB)
    while next(pieces).part is not Part.OBSERVATIONS:
        pass
    return pieces


@pytest.mark.parametrize("fault", FAULTS)
def test_export_that_fails_midway_says_so_and_ends(either: Bench, fault: str) -> None:
    observe(either, MANY)
    pieces = _after_the_first_page(either)
    either.faults.add(replace(FAULTS[fault], path=OBSERVATIONS))
    *read, failed, end = pieces
    assert len(read) == 499
    assert failed.part is Part.OBSERVATIONS
    assert failed.fault is not None
    assert failed.as_json() == {"part": "observations", "unread": failed.fault.for_staff}
    assert end.data["unread"] == ["observations"]
    assert end.data["pieces"]["observations"] == 500


@pytest.mark.parametrize("path", LOST, ids=["studies", "consents", "people", "observations"])
@pytest.mark.parametrize("fault", FAULTS)
def test_export_goes_on_after_a_part_that_fails(either: Bench, path: str, fault: str) -> None:
    either.faults.add(replace(FAULTS[fault], path=path))
    of = _pieces(either)
    lost = LOST[path] - {Part.STUDY_OBSERVATIONS}
    (end,) = of(Part.END)
    assert set(end.data["unread"]) == {part.value for part in lost}
    for part in {Part.CONSENTS, Part.OBSERVATIONS} - lost:
        assert of(part)
        assert not [piece for piece in of(part) if piece.fault]


def _removed(rows: dict[str, Any], read: list[int]) -> None:
    """One that was read: another takes its place on the page that was read."""
    del rows[str(read[0])]


def _changed(rows: dict[str, Any], read: list[int]) -> None:
    """One to come goes to the beginning, or one that was read to the end."""
    older = read[0] > read[-1]
    moved = min(rows, key=int) if older else str(read[0])
    rows[moved]["last_updated"] = "2026-04-01T00:00:00.000000Z"


@pytest.mark.parametrize("happens", [_removed, _changed])
def test_observation_that_slips_past_the_page_numbers_is_said(
    either: Bench, happens: Callable[[dict[str, Any], list[int]], None]
) -> None:
    observe(either, MANY)
    pieces = adapter(either).export(PERSON, LAB)
    read: list[int] = []
    while len(read) < 500:
        if (piece := next(pieces)).part is Part.OBSERVATIONS:
            read.append(int(piece.data["id"]))
    with state(either) as data:
        mine = {key: row for key, row in data["observations"].items() if row["patient_id"] == int(PERSON)}
        happens(mine, read)
        for key in [key for key in data["observations"] if key[0] == "7" and key not in mine]:
            del data["observations"][key]
    *_rest, failed, end = pieces
    assert failed.fault is not None
    assert failed.fault.reason == "changed while being read"
    assert end.data["unread"] == ["observations"]


def test_observation_that_arrives_meanwhile_comes_no_second_time(older: Bench) -> None:
    """The newest come first there, and push the others on to the next page."""
    observe(older, MANY)
    pieces = _after_the_first_page(older)
    with state(older) as data:
        like = data["observations"]["70001"]
        data["observations"]["79999"] = {**like, "id": 79999, "last_updated": "2026-04-01T00:00:00.000000Z"}
    numbers = [piece.data["id"] for piece in pieces if piece.part is Part.OBSERVATIONS and not piece.fault]
    assert len(numbers) == len(set(numbers)) == MANY - 1
