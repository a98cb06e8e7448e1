"""Who may change whom in JHE: asked before every write, since JHE asks for less (README.md §11)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from integrations import errors
from integrations.jhe.adapter import JheAdapter
from integrations.sandbox.faults import Fault, FaultKind
from integrations.types import Caller
from integrations.writes import Changes

from .jhe_bench import ELSEWHERE, LAB, PULSE, VIEWER, adapter, change, people_of, row_of, stranger, writes
from .subjects import Bench
from .subjects_jhe import IssuedToken, caller_of

Write = Callable[[JheAdapter, str, str], Any]
WRITES: dict[str, Write] = {
    "update": lambda jhe, who, where: jhe.update(who, Changes.to(phone="9"), organization_id=where),
    "identifiers": lambda jhe, who, where: jhe.set_identifiers(who, [], organization_id=where),
    "add": lambda jhe, who, where: jhe.add_to_organization(who, where),
    "remove": lambda jhe, who, where: jhe.remove_from_organization(who, where),
    "remove altogether": lambda jhe, who, where: jhe.remove_altogether(who, where),
}
every_write = pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)


@every_write
@pytest.mark.parametrize(("who", "role"), [(VIEWER, "viewer"), (ELSEWHERE, "no JupyterHealth Exchange role")])
def test_without_the_role_nothing_is_sent(either: Bench, write: Write, who: str, role: str) -> None:
    before = people_of(either)
    with pytest.raises(errors.Forbidden) as caught:
        write(adapter(either, who), either.known_id, LAB)
    assert role in caught.value.for_staff
    assert writes(either) == []
    assert people_of(either) == before


@pytest.mark.parametrize("name", ["update", "identifiers"])
def test_record_of_another_organization_is_not_changed_in_the_name_of_ones_own(
    either: Bench, name: str
) -> None:
    """JHE would do it."""
    theirs = stranger(either)
    with pytest.raises(errors.Forbidden) as caught:
        WRITES[name](adapter(either), theirs, LAB)
    assert "does not belong" in caught.value.for_staff
    assert writes(either) == []


@pytest.mark.parametrize("name", WRITES)
def test_superuser_may_where_the_installation_lets_them_read(current: Bench, name: str) -> None:
    organizations = [int(LAB)] if name == "remove altogether" else [int(LAB), int(PULSE)]
    change(current, current.known_id, organizations=organizations)
    WRITES[name](adapter(current, "admin@example.com"), current.known_id, LAB)


@every_write
@pytest.mark.parametrize("wrong", ["abc", "40006/", "-1", "٤"])
def test_id_that_would_be_a_500_is_never_sent(either: Bench, write: Write, wrong: str) -> None:
    with pytest.raises(errors.NotFound):
        write(adapter(either), wrong, LAB)
    with pytest.raises(errors.Forbidden):
        write(adapter(either), either.known_id, wrong)
    assert writes(either) == []


@every_write
def test_record_that_is_gone_is_not_found(either: Bench, write: Write) -> None:
    with pytest.raises(errors.NotFound) as caught:
        write(adapter(either), "99999999", LAB)
    assert not caught.value.outcome_unknown
    assert writes(either) == []


@every_write
def test_api_key_writes_nothing(current: Bench, write: Write) -> None:
    """It acts as whoever made it: changes go out in the name of who asked for them."""
    background = JheAdapter(Caller(background=True))
    assert background.organizations()
    with pytest.raises(errors.Unauthorised):
        write(background, current.known_id, LAB)
    assert writes(current) == []


class Refused(IssuedToken):
    """A token that was refused when it arrived; renewed, it is good."""

    def __init__(self, token: str) -> None:
        super().__init__(token)
        self.given = ["stale"]

    def current(self) -> str:
        return self.given[-1]

    def renewed(self, rejected: str) -> str:
        self.given.append(self.token)
        return self.token


def test_refused_token_is_renewed_once_and_the_change_sent_again(either: Bench) -> None:
    jhe = adapter(either)
    either.faults.add(Fault(kind=FaultKind.STATUS, status=401, method="PATCH", times=1))
    jhe.update(either.known_id, Changes.to(phone="9"), organization_id=LAB)
    assert writes(either) == ["PATCH", "PATCH"]
    assert row_of(either, either.known_id)["telecom_phone"] == "9"


def test_token_that_stays_refused_is_unauthorised_and_nothing_happened(either: Bench) -> None:
    either.faults.add(Fault(kind=FaultKind.STATUS, status=401, method="PATCH"))
    with pytest.raises(errors.Unauthorised) as caught:
        adapter(either).update(either.known_id, Changes.to(phone="9"), organization_id=LAB)
    assert not caught.value.outcome_unknown
    assert writes(either) == ["PATCH", "PATCH"]


def test_stale_token_is_renewed_before_the_look_at_the_role(either: Bench) -> None:
    issued = caller_of(either.sandbox).token
    assert issued is not None
    jhe = JheAdapter(Caller(token=Refused(issued.current())))
    assert jhe.update(either.known_id, Changes.to(phone="9"), organization_id=LAB)
