"""What is known of a change around JHE's studies when something goes wrong on the way, and what is said.

For each: whether the error says that the change may have taken effect, and whether it did. A fault is
set for the change alone, so that the looks before it and after it go through.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote

import pytest

from integrations import errors
from integrations.jhe import dialect as dialects
from integrations.jhe.adapter import JheAdapter
from integrations.sandbox.faults import ActiveFault, Fault, FaultKind
from integrations.studies import InvitationState, IssuedInvitation

from .jhe_bench import (
    BLOOD_PRESSURE,
    HEART,
    LAB,
    NOT_THERE,
    PAMELA,
    PETER,
    PRESSURE,
    adapter,
    are_enrolled,
    asked,
    change,
    decided,
    mailed,
)
from .subjects import Bench
from .subjects_jhe import CURRENT

HTML_500 = Fault(kind=FaultKind.STATUS, status=500, html=True)
RESET = Fault(kind=FaultKind.RESET)
HANG = Fault(kind=FaultKind.HANG)
NEWCOMER = "40003"


def after(fault: Fault) -> Fault:
    """The same, once the change was made."""
    return replace(fault, after_effect=True)


@dataclass(frozen=True)
class Write:
    """One kind of change: which request it is, the call, and how to see that it happened."""

    method: str
    path: str
    call: Callable[[JheAdapter], Any]
    happened: Callable[[Bench], bool]


def _codes(bench: Bench) -> set[str]:
    """What the server remembers of invitations: hashes of tokens, or codes."""
    state = bench.sandbox.stores["jhe"].snapshot()
    if bench.subject is CURRENT:
        return {row["token_hash"] for row in state["invitations"].values()}
    return set(state["codes"])


WRITES = {
    "enrol": Write(
        "POST",
        "/studies/30001/patients$",
        lambda jhe: jhe.enrol(NEWCOMER, HEART, LAB),
        lambda bench: NEWCOMER in are_enrolled(bench, HEART),
    ),
    "unenrol": Write(
        "DELETE",
        "/studies/30001/patients$",
        lambda jhe: jhe.unenrol(PAMELA, HEART, LAB),
        lambda bench: PAMELA not in are_enrolled(bench, HEART),
    ),
    "first decision": Write(
        "POST",
        "/consents$",
        lambda jhe: jhe.decide(PETER, PRESSURE, BLOOD_PRESSURE, True, LAB),
        lambda bench: decided(bench, PETER, PRESSURE) == {BLOOD_PRESSURE[1]: True},
    ),
    "invite": Write(
        "",
        "/invitation$|/invitation_link$",
        lambda jhe: _invite(jhe),
        lambda bench: bool(_codes(bench)),
    ),
}
CHANGED_DECISION = Write(
    "PATCH",
    "/consents$",
    lambda jhe: jhe.decide(PAMELA, HEART, BLOOD_PRESSURE, False, LAB),
    lambda bench: decided(bench, PAMELA, HEART)[BLOOD_PRESSURE[1]] is False,
)


def _invite(jhe: JheAdapter, *, mail: bool = False) -> IssuedInvitation:
    return jhe.invite(PAMELA, "1" if jhe.tells_states() else "", LAB, send_email=mail)


@pytest.fixture(params=WRITES)
def write(request: pytest.FixtureRequest, either: Bench) -> Write:
    """Each kind of change, its looks' fixtures in place."""
    change(either, NEWCOMER, organizations=[int(LAB)])
    adapter(either).tells_states()  # so that the dialect is known
    return WRITES[request.param]


def set_fault(bench: Bench, write: Write, fault: Fault) -> ActiveFault:
    """Let the change alone meet a fault."""
    active: ActiveFault = bench.faults.add(replace(fault, method=write.method, path=write.path))
    return active


def fails(bench: Bench, write: Write, fault: Fault) -> errors.IntegrationError:
    """The error of one change that meets a fault, which is lifted afterwards."""
    active = set_fault(bench, write, fault)
    with pytest.raises(errors.IntegrationError) as caught:
        write.call(adapter(bench))
    bench.faults.remove(active.id)
    return caught.value


def sent(bench: Bench, write: Write) -> int:
    """How many times the change arrived."""
    return len(bench.faults.requests(method=write.method, path=write.path))


@pytest.mark.parametrize(
    ("fault", "effect"),
    [
        (RESET, False),
        (after(RESET), True),
        (after(HANG), True),
        (HTML_500, False),
        (replace(HTML_500, status=503), False),
        (after(replace(HTML_500, status=504)), True),
        (Fault(kind=FaultKind.HALF_DONE), True),
    ],
    ids=str,
)
def test_lost_or_failed_answer_leaves_the_outcome_unknown(
    either: Bench, write: Write, fault: Fault, effect: bool
) -> None:
    caught = fails(either, write, fault)
    assert isinstance(caught, errors.Unavailable)
    assert caught.outcome_unknown
    assert sent(either, write) == 1  # never sent again from here
    assert write.happened(either) is effect


def test_same_call_once_more_ends_right(either: Bench, write: Write) -> None:
    for fault in (RESET, after(RESET)):
        fails(either, write, replace(fault, times=1))
        write.call(adapter(either))
        assert write.happened(either)
        if write is not WRITES["invite"]:
            write.call(adapter(either))
            return


@pytest.mark.parametrize("fault", [HTML_500, after(HTML_500), RESET, after(RESET)], ids=str)
def test_changed_decision_of_which_nobody_knows(current: Bench, fault: Fault) -> None:
    """No second way is tried: a 500 of today can be of a moment."""
    caught = fails(current, CHANGED_DECISION, fault)
    assert caught.outcome_unknown
    assert CHANGED_DECISION.happened(current) is fault.after_effect
    assert sent(current, CHANGED_DECISION) == 1
    assert not current.faults.requests(method="DELETE")
    CHANGED_DECISION.call(adapter(current))
    assert CHANGED_DECISION.happened(current)


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
    caught = fails(either, write, NOT_THERE)
    assert isinstance(caught, errors.ProtocolError)
    assert caught.reason == dialects.UNKNOWN_PATH
    assert not caught.outcome_unknown
    assert not write.happened(either)


def test_look_that_fails_sends_nothing(either: Bench, write: Write) -> None:
    either.faults.add(replace(HTML_500, method="GET", path="/organizations$"))
    with pytest.raises(errors.Unavailable) as caught:
        write.call(adapter(either))
    assert not caught.value.outcome_unknown
    assert not write.happened(either)


@pytest.mark.parametrize("mail", [False, True])
def test_link_that_was_lost_is_never_asked_for_again_by_itself(either: Bench, mail: bool) -> None:
    """The second would end the first, which may be in somebody's mailbox."""
    path = WRITES["invite"].path
    either.faults.add(replace(after(RESET), path=path, times=1))
    adapter(either).tells_states()
    either.faults.forget_requests()
    with pytest.raises(errors.Unavailable):
        _invite(adapter(either), mail=mail)
    assert asked(either, path) == 1
    assert len(mailed(either)) == mail


def test_500_can_leave_an_invitation_that_nobody_was_mailed(current: Bench) -> None:
    """JHE mails last: an invitation in the list does not prove the mail."""
    current.faults.add(Fault(kind=FaultKind.HALF_DONE, method="POST", path="/invitation$"))
    with pytest.raises(errors.Unavailable) as caught:
        _invite(adapter(current), mail=True)
    assert caught.value.outcome_unknown
    (invitation,) = adapter(current).invitations_of(PAMELA)
    assert invitation.state is InvitationState.ISSUED
    assert mailed(current) == []


# --- What is said and written down --------------------------------------------------------


class Everything(logging.Handler):
    """Keeps every line of every logger, as a formatter would write it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.getMessage()} {record.args} {record.__dict__.get('event')}")


@pytest.fixture
def written() -> Iterator[Everything]:
    """All logging at DEBUG, the libraries' too."""
    handler, root = Everything(), logging.getLogger()
    levels = {name: logging.getLogger(name).level for name in ("", "urllib3", "urllib3.connectionpool")}
    root.addHandler(handler)
    for name in levels:
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield handler
    root.removeHandler(handler)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def secrets_of(link: str) -> set[str]:
    """Link and code, as they are and unquoted."""
    code = max(re.findall(r"[A-Za-z0-9]{30,}", unquote(link)), key=len)
    return {link, unquote(link), code}


@pytest.mark.parametrize("mail", [False, True])
def test_link_stands_in_the_value_alone(
    either: Bench, written: Everything, capfd: pytest.CaptureFixture[str], mail: bool
) -> None:
    jhe = adapter(either)
    issued = _invite(jhe, mail=mail)
    adapter(either).link_parts(issued.link)
    said = [repr(issued), repr(issued.invitation), repr(jhe.link_parts(issued.link)), repr(jhe)]
    printed = capfd.readouterr()
    assert any("invite" in line for line in written.lines)
    for secret in secrets_of(issued.link):
        assert not [line for line in [*said, *written.lines, printed.out, printed.err] if secret in line]


@pytest.mark.parametrize("kind", [FaultKind.WRONG_TYPES, FaultKind.TRUNCATED, FaultKind.BROKEN_OFF])
def test_link_in_an_answer_that_cannot_be_read_stands_nowhere(
    either: Bench, written: Everything, capfd: pytest.CaptureFixture[str], kind: FaultKind
) -> None:
    caught = fails(either, WRITES["invite"], Fault(kind=kind))
    said = f"{caught} {caught!r} {caught.for_staff} {caught.next_step} {caught.__context__} {vars(caught)}"
    printed = capfd.readouterr()
    codes = {"cloud_sharing", "carex.example.org", *_codes(either)}
    for secret in codes:
        assert not [line for line in [said, *written.lines, printed.out, printed.err] if secret in line]


def test_nothing_of_the_person_stands_in_an_error(either: Bench, write: Write) -> None:
    for fault in (Fault(kind=FaultKind.STATUS, status=400), after(RESET)):
        caught = fails(either, write, fault)
        said = f"{caught} {caught!r} {caught.for_staff} {caught.next_step} {caught.__context__}".casefold()
        for word in ("pamela", "peter", "percy", PAMELA, PETER, NEWCOMER, "blood", HEART):
            assert word not in said
