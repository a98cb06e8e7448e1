"""The way to an organization, as the list of all of them tells it (``integrations/jhe/README.md``, §3)."""

from __future__ import annotations

from integrations.jhe import reach

from .jhe_bench import LAB, adapter
from .subjects import Bench

WAY = ("ROOT", "Planetary Research Institute", "Saturn School of Data Science")


def way_to(bench: Bench, organization: str = LAB) -> tuple[str, ...]:
    """The names above one of the reader's organizations, as asked at this moment."""
    reach.forget()
    return next(each.above for each in adapter(bench).organizations() if each.id == organization)


def part_of(bench: Bench, organization: str, other: int | None) -> None:
    """Move an organization in the sandbox."""
    with bench.sandbox.stores["jhe"].writing() as state:
        state["organizations"][organization]["part_of"] = other


def test_organization_names_those_above_it_where_one_has_no_role_too(either: Bench) -> None:
    assert way_to(either) == WAY


def test_way_that_goes_in_circles_ends(either: Bench) -> None:
    part_of(either, "20001", int(LAB))
    assert way_to(either) == WAY[1:]


def test_organization_at_the_top_has_nothing_above_it(either: Bench) -> None:
    part_of(either, LAB, None)
    assert way_to(either) == ()


def test_record_holds_nothing_of_the_readers_way(current: Bench) -> None:
    rows = adapter(current).page().records
    assert rows
    assert {one.above for each in rows for one in each.organizations} == {()}
