"""What is known of a write to JHE when something goes wrong on the way.

For each: whether the error says that the change may have taken effect, and whether it did. A fault is
set for the change alone, so that the looks before it and after it go through.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from integrations import errors
from integrations.jhe import dialect as dialects
from integrations.jhe.adapter import JheAdapter
from integrations.sandbox.faults import Fault, FaultKind, Variant
from integrations.sandbox.run import Sandbox
from integrations.types import Caller, Identifier
from integrations.writes import Changes

from .jhe_bench import (
    LAB,
    NOT_THERE,
    PULSE,
    adapter,
    change,
    create,
    new_record,
    people_of,
    row_of,
    writes,
)
from .subjects import Bench
from .subjects_jhe import CURRENT, caller_of

HTML_500 = Fault(kind=FaultKind.STATUS, status=500, html=True)
RESET = Fault(kind=FaultKind.RESET)
HANG = Fault(kind=FaultKind.HANG)


def after(fault: Fault) -> Fault:
    """The same, once the change was made."""
    return replace(fault, after_effect=True)


@dataclass(frozen=True)
class Write:
    """One kind of write of the known person: its method, the call, and how to see that it happened."""

    method: str
    call: Callable[[JheAdapter, str], Any]
    happened: Callable[[Bench], bool]


def _is_created(bench: Bench) -> bool:
    return bool(adapter(bench).created(new_record()))


def _update(jhe: JheAdapter, known: str) -> Any:
    return jhe.update(known, Changes.to(phone="9"), organization_id=LAB)


def _organizations(bench: Bench) -> set[int]:
    return set(row_of(bench, bench.known_id)["organizations"])


WRITES = {
    "create": Write("POST", lambda jhe, known: create(jhe), _is_created),
    "update": Write("PATCH", _update, lambda bench: row_of(bench, bench.known_id)["telecom_phone"] == "9"),
    "identifiers": Write(
        "PATCH",
        lambda jhe, known: jhe.set_identifiers(known, [], organization_id=LAB),
        lambda bench: (
            not row_of(bench, bench.known_id)["identifiers" if bench.subject is CURRENT else "identifier"]
        ),
    ),
    "add": Write(
        "PATCH",
        lambda jhe, known: jhe.add_to_organization(known, LAB),
        lambda bench: int(LAB) in _organizations(bench),
    ),
    "remove": Write(
        "DELETE",
        lambda jhe, known: jhe.remove_from_organization(known, LAB),
        lambda bench: int(LAB) not in _organizations(bench),
    ),
    "remove altogether": Write(
        "DELETE",
        lambda jhe, known: jhe.remove_altogether(known, LAB),
        lambda bench: bench.known_id not in people_of(bench)["patients"],
    ),
}
PLACES = {"add": (int(PULSE),), "remove altogether": (int(LAB),)}


@pytest.fixture(params=WRITES)
def write(request: pytest.FixtureRequest, either: Bench) -> Write:
    """Each kind of write, with the known person where it makes a difference."""
    places = list(PLACES.get(request.param, (int(LAB), int(PULSE))))
    held = [{"id": 901, "system": "urn:x", "value": "X9"}]
    change(either, either.known_id, organizations=places, identifiers=held, identifier="X9")
    adapter(either).organizations()
    return WRITES[request.param]


def fails(bench: Bench, write: Write, fault: Fault) -> errors.IntegrationError:
    """The error of one write that meets a fault, which is lifted afterwards."""
    active = bench.faults.add(replace(fault, method=write.method, path="/patients"))
    with pytest.raises(errors.IntegrationError) as caught:
        write.call(adapter(bench), bench.known_id)
    bench.faults.remove(active.id)
    return caught.value


@pytest.mark.parametrize(
    ("fault", "kind", "effect"),
    [
        (RESET, errors.Unavailable, False),
        (after(RESET), errors.Unavailable, True),
        (after(HANG), errors.Unavailable, True),
        (HTML_500, errors.Unavailable, False),
        (replace(HTML_500, status=503), errors.Unavailable, False),
        (after(replace(HTML_500, status=504)), errors.Unavailable, True),
    ],
    ids=str,
)
def test_lost_or_failed_answer_leaves_the_outcome_unknown(
    either: Bench, write: Write, fault: Fault, kind: type[errors.IntegrationError], effect: bool
) -> None:
    caught = fails(either, write, fault)
    assert isinstance(caught, kind)
    assert caught.outcome_unknown
    assert writes(either) == [write.method]  # never sent again from here
    assert write.happened(either) is effect


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind=FaultKind.TRUNCATED),
        Fault(kind=FaultKind.MALFORMED),
        Fault(kind=FaultKind.BROKEN_OFF),
        Fault(kind=FaultKind.WRONG_TYPES, variant=Variant.NULLS),
        Fault(kind=FaultKind.WRONG_TYPES, variant=Variant.CONTAINERS),
    ],
    ids=str,
)
def test_answer_that_cannot_be_read_leaves_the_outcome_unknown(
    either: Bench, write: Write, fault: Fault
) -> None:
    if write.method == "DELETE" and (either.subject is CURRENT or fault.kind is FaultKind.WRONG_TYPES):
        pytest.skip("there is nothing in this answer to be read")
    caught = fails(either, write, fault)
    assert caught.outcome_unknown
    assert write.happened(either)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault(kind=FaultKind.STATUS, status=400), errors.Invalid),
        (Fault(kind=FaultKind.STATUS, status=403), errors.Forbidden),
        (Fault(kind=FaultKind.STATUS, status=404), errors.NotFound),
        (Fault(kind=FaultKind.STATUS, status=429, retry_after="7"), errors.RateLimited),
    ],
    ids=str,
)
def test_refusal_is_known_to_have_changed_nothing(
    either: Bench, write: Write, fault: Fault, kind: type[errors.IntegrationError]
) -> None:
    caught = fails(either, write, fault)
    assert isinstance(caught, kind)
    assert not caught.outcome_unknown
    assert not write.happened(either)


def test_address_that_is_gone_changes_nothing_and_is_probed_anew(either: Bench, write: Write) -> None:
    adapter(either).search(either.subject.finding)  # so that the dialect is known
    caught = fails(either, write, NOT_THERE)
    assert isinstance(caught, errors.ProtocolError)
    assert caught.reason == dialects.UNKNOWN_PATH
    assert not caught.outcome_unknown
    either.faults.forget_requests()
    dialects.find(JheAdapter(Caller()).http)
    assert either.faults.requests(path="/health$")
    assert not write.happened(either)


def test_look_that_fails_sends_nothing(either: Bench, write: Write) -> None:
    """Where JHE does not answer, writes wait."""
    either.faults.add(replace(HTML_500, method="GET", path="/organizations$"))
    with pytest.raises(errors.Unavailable) as caught:
        write.call(adapter(either), either.known_id)
    assert not caught.value.outcome_unknown
    assert writes(either) == []


def test_server_that_is_down_got_nothing(either: Bench, write: Write) -> None:
    with Sandbox(dialect=either.subject.dialect, systems=("jhe",)) as down:
        url, caller = down.url("jhe"), caller_of(down)
    jhe = JheAdapter(caller)
    jhe.http.endpoint = replace(jhe.http.endpoint, url=url)
    with pytest.raises(errors.Unavailable) as caught:
        write.call(jhe, either.known_id)
    assert not caught.value.outcome_unknown


# --- Half done ----------------------------------------------------------------------------

HALF_DONE = Fault(kind=FaultKind.HALF_DONE)


def test_half_done_create_is_unknown_and_the_next_try_succeeds(either: Bench) -> None:
    """2025-10 leaves a login behind, which no look-up finds; the next create uses it."""
    active = either.faults.add(replace(HALF_DONE, method="POST"))
    jhe = adapter(either)
    with pytest.raises(errors.Unavailable) as caught:
        create(jhe)
    assert caught.value.outcome_unknown
    either.faults.remove(active.id)
    assert jhe.created(new_record()) == ()
    made = create(jhe)
    assert [each.id for each in jhe.created(new_record())] == [made.id]


def test_half_done_identifiers_are_gone_and_the_whole_set_can_be_written_again(current: Bench) -> None:
    kept = Identifier(system="urn:x", value="X9")
    wanted = [kept, Identifier(system="urn:y", value="Y9")]
    change(current, current.known_id, identifiers=[{"id": 901, "system": "urn:x", "value": "X9"}])
    active = current.faults.add(replace(HALF_DONE, method="PATCH"))
    jhe = adapter(current)
    with pytest.raises(errors.Unavailable) as caught:
        jhe.set_identifiers(current.known_id, wanted, organization_id=LAB)
    assert caught.value.outcome_unknown
    current.faults.remove(active.id)
    assert jhe.whole_record(current.known_id).identifiers == ()
    record = jhe.set_identifiers(current.known_id, wanted, organization_id=LAB)
    assert set(record.identifiers) == set(wanted)


# --- What a failed answer can be about ------------------------------------------------------


def test_500_after_an_addition_that_took_effect_is_read_back_and_done(either: Bench) -> None:
    """2025-10 answers so to whom somebody else has just added."""
    change(either, either.known_id, organizations=[int(PULSE)])
    either.faults.add(replace(after(HTML_500), method="PATCH"))
    record = adapter(either).add_to_organization(either.known_id, LAB)
    assert {each.id for each in record.organizations} == {LAB, PULSE}


def test_addition_whose_reading_back_fails_stays_unknown(either: Bench) -> None:
    change(either, either.known_id, organizations=[int(PULSE)])
    either.faults.add(replace(after(HTML_500), method="PATCH"))

    def fail_after_the_change() -> None:
        if writes(either):
            either.faults.add(replace(HTML_500, method="GET"))

    caller = replace(caller_of(either.sandbox), sending=fail_after_the_change)
    with pytest.raises(errors.Unavailable) as caught:
        JheAdapter(caller).add_to_organization(either.known_id, LAB)
    assert caught.value.outcome_unknown
    assert caught.value.operation == "add to organization"


def test_nothing_of_the_person_stands_in_an_error(either: Bench, write: Write) -> None:
    for fault in (Fault(kind=FaultKind.STATUS, status=400), after(RESET)):
        caught = fails(either, write, fault)
        said = f"{caught} {caught!r} {caught.for_staff} {caught.next_step} {caught.__context__}"
        for word in ("ines", "okafor", "mbeki", either.known_id, "X9"):
            assert word not in said.casefold()
