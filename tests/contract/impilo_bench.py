"""What the tests of writing to Impilo share: a person to be created, looks into the sandbox, lost replies."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from integrations import errors
from integrations.sandbox.faults import Fault, FaultKind
from integrations.types import Address, RemotePatient, Sex
from integrations.writes import Changes, Details, NewRecord, left_to_do

from .subjects import Bench

OWN_ID = "portal-0e6a1f0c-6f0e-4c8e-9d5e-3f4b1a2c7d88"
HOME = Address(
    lines=("4 Lantern Row", "Flat 9"),
    town="Leeds",
    county="West Yorkshire",
    postcode="LS6 1AA",
    country="United Kingdom",
)
NOVA = Details(
    given_name="Nova",
    family_name="Abercorn-Lisle",
    birth_date=date(1991, 2, 3),
    sex=Sex.FEMALE,
    email="Nova.AL@example.org",
    phone="07700 900456",
    address=HOME,
)
NEW = NewRecord(details=NOVA, own_id=OWN_ID)
KEY = "not used"
ONE_REQUEST = 1
WIRE_HOME = {
    "lineOne": "12 Quay Street",
    "lineTwo": "Top floor",
    "lineThree": None,
    "city": "Bristol",
    "state": "Bristol",
    "zipCode": "BS3 1AA",
    "country": "United Kingdom",
    "note": "Ring twice",
    "lineFour": "Behind the mill",
}


def switch(bench: Bench, **positions: Any) -> None:
    bench.sandbox.switches["impilo"].set(**positions)


def stored(bench: Bench, patient_id: str = "") -> dict[str, Any]:
    """What the sandbox itself holds of one record."""
    row: dict[str, Any] = bench.sandbox.stores["impilo"].snapshot()["patients"][patient_id or bench.known_id]
    return row


def plant(bench: Bench, patient_id: str = "", **fields: Any) -> None:
    """Let a record hold something from the beginning."""
    with bench.sandbox.stores["impilo"].writing() as state:
        state["patients"][patient_id or bench.known_id].update(fields)


def people(bench: Bench) -> int:
    return len(bench.sandbox.stores["impilo"].snapshot()["patients"])


def sent(bench: Bench) -> list[str]:
    """The methods of all requests, in order."""
    return [each.method for each in bench.faults.requests()]


def update(bench: Bench, patient_id: str = "", **values: Any) -> RemotePatient:
    """An edit that is done afterwards, in the eyes of whoever verifies it."""
    changes = Changes.to(**values)
    record = bench.adapter().update(patient_id or bench.known_id, changes)
    assert left_to_do(record, changes, bench.adapter().as_held) == replace(changes, parts=frozenset())
    assert record == bench.adapter().get(patient_id or bench.known_id)
    return record


def create_fails(bench: Bench, new: NewRecord = NEW, *, seconds: float = 20) -> errors.IntegrationError:
    with pytest.raises(errors.IntegrationError) as caught:
        bench.adapter(seconds=seconds).create(new, key=KEY)
    texts = f"{caught.value} {caught.value.args} {caught.value.for_staff} {caught.value.next_step}"
    assert not [each for each in (NOVA.given_name, NOVA.family_name, OWN_ID, "1991", "@") if each in texts]
    return caught.value


def found_again(bench: Bench, new: NewRecord = NEW) -> list[str]:
    return [record.id for record in bench.adapter().created(new)]


LOST: dict[str, tuple[Fault, type[errors.IntegrationError], bool]] = {
    # fault, our error, whether the record is there
    "reset before": (Fault(kind=FaultKind.RESET), errors.Unavailable, False),
    "reset after": (Fault(kind=FaultKind.RESET, after_effect=True), errors.Unavailable, True),
    "broken off": (Fault(kind=FaultKind.BROKEN_OFF), errors.Unavailable, True),
    "truncated": (Fault(kind=FaultKind.TRUNCATED), errors.ProtocolError, True),
    "malformed": (Fault(kind=FaultKind.MALFORMED), errors.ProtocolError, True),
    "half done": (Fault(kind=FaultKind.HALF_DONE), errors.Unavailable, True),
    "500 after": (Fault(kind=FaultKind.STATUS, status=500, after_effect=True), errors.Unavailable, True),
    "502 before": (Fault(kind=FaultKind.STATUS, status=502, html=True), errors.Unavailable, False),
    "503 before": (Fault(kind=FaultKind.STATUS, status=503), errors.Unavailable, False),
    "200 html": (Fault(kind=FaultKind.STATUS, status=200, html=True), errors.ProtocolError, False),
    "404 html": (Fault(kind=FaultKind.STATUS, status=404, html=True), errors.ProtocolError, False),
    "redirect": (Fault(kind=FaultKind.REDIRECT), errors.ProtocolError, False),
    "hang before": (Fault(kind=FaultKind.HANG), errors.Unavailable, False),
    "hang after": (Fault(kind=FaultKind.HANG, after_effect=True), errors.Unavailable, True),
}
