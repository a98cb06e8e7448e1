"""Inviting people to their studies' apps, in both of JHE's ways (README.md §16)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from integrations import errors
from integrations.jhe.adapter import JheAdapter
from integrations.jhe.guards import OUTSIDE, ROLE
from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.patient_app import PatientApp, TurnedAway
from integrations.studies import (
    NO_SUCH_APP,
    USED_ALREADY,
    InvitationState,
    InvitationWay,
    IssuedInvitation,
    LinkParts,
)
from integrations.types import Caller

from .jhe_bench import (
    ELSEWHERE,
    HEART,
    LAB,
    PAMELA,
    PETER,
    PULSE,
    VIEWER,
    adapter,
    asked,
    change,
    mailed,
    stranger,
    writes,
)
from .subjects import Bench
from .subjects_jhe import CURRENT

CAREX, COMMON_HEALTH = "1", "2"
State = InvitationState


def invite(bench: Bench, who: str = PAMELA, *, mail: bool = False, **more: Any) -> IssuedInvitation:
    """An invitation to the lab's app, or where there are no apps, by link."""
    app = CAREX if bench.subject is CURRENT else ""
    jhe: JheAdapter = more.get("by") or adapter(bench)
    return jhe.invite(who, more.get("app", app), LAB, send_email=mail)


def made(bench: Bench) -> int:
    """How many requests arrived that make an invitation."""
    link = asked(bench, "/invitation_link$")
    return link + len(bench.faults.requests(method="POST", path="/invitation$"))


def states(bench: Bench, who: str = PAMELA) -> list[InvitationState]:
    """How a person's invitations stand, the latest first."""
    return [each.state for each in adapter(bench).invitations_of(who)]


def app_of(bench: Bench, link: str) -> PatientApp:
    """The patient's app, once it has followed the link."""
    app = PatientApp(bench.sandbox.url("jhe"))
    app.follow(link)
    return app


# --- Making -------------------------------------------------------------------------------


def test_link_signs_the_patients_app_in_which_then_decides_and_sends(either: Bench) -> None:
    app = app_of(either, invite(either, PETER).link)
    assert str(app.patient_id) == PETER
    for study, system, code in app.pending():
        app.decide(study, system, code, agreed=True)
    assert app.pending() == []
    assert adapter(either).decisions(PETER, LAB).by_study.keys() >= {HEART}


def test_invitation_is_not_mailed_unless_asked_for(either: Bench) -> None:
    invite(either)
    assert mailed(either) == []
    issued = invite(either, mail=True)
    (message,) = mailed(either)
    assert message["to"] == "ll_patient_pamela@example.com"
    assert message["link"] == issued.link


def test_invitation_of_today_has_a_number_and_a_state(current: Bench) -> None:
    assert adapter(current).invitation_way() is InvitationWay.APP
    assert adapter(current).tells_states()
    invitation = invite(current).invitation
    assert (invitation.patient_id, invitation.app_id) == (PAMELA, CAREX)
    assert invitation.state is State.ISSUED
    assert invitation.changed_at is not None
    assert adapter(current).invitations_of(PAMELA) == (invitation,)


def test_link_of_2025_10_leaves_nothing_to_be_read(older: Bench) -> None:
    assert adapter(older).invitation_way() is InvitationWay.LINK
    assert not adapter(older).tells_states()
    invitation = invite(older).invitation
    assert (invitation.id, invitation.state) == ("", State.NOT_KNOWN)
    reads: list[Callable[[JheAdapter], Any]] = [
        lambda jhe: jhe.every_invitation(),
        lambda jhe: jhe.invitations_of(PAMELA),
        lambda jhe: jhe.cancel_invitation("1", PAMELA, LAB),
    ]
    for read in reads:
        with pytest.raises(errors.Unsupported):
            read(adapter(older))
    assert asked(older, "/invitation$") <= 1  # the probe's


def test_newer_link_ends_the_one_before(either: Bench) -> None:
    first, second = invite(either), invite(either)
    with pytest.raises(TurnedAway):
        app_of(either, first.link)
    assert str(app_of(either, second.link).patient_id) == PAMELA
    if either.subject is CURRENT:
        assert set(states(either)) == {State.REDEEMED, State.REPLACED}


def test_parts_of_a_link_are_told_with_the_code_masked(either: Bench) -> None:
    link = invite(either).link
    host = either.sandbox.url("jhe").removeprefix("http://")
    app = "carex.example.org" if either.subject is CURRENT else "org.example.sandbox.phr"
    assert JheAdapter.link_parts(link) == LinkParts(app=app, host=host, code="…" + link[-4:])


def test_older_generation_names_no_app(older: Bench) -> None:
    with pytest.raises(errors.Invalid) as caught:
        invite(older, app=CAREX)
    assert caught.value.field_errors.keys() == {"app_id"}
    assert made(older) == 0


# --- What is refused before it leaves -----------------------------------------------------


@pytest.mark.parametrize("who", [VIEWER, ELSEWHERE])
def test_without_the_role_nothing_is_made(either: Bench, who: str) -> None:
    """JHE gives anybody who is signed in a link that signs in as the patient."""
    with pytest.raises(errors.Forbidden) as caught:
        invite(either, by=adapter(either, who), mail=True)
    assert caught.value.reason == ROLE
    assert made(either) == 0
    assert mailed(either) == []


def test_record_of_another_organization_gets_none(either: Bench) -> None:
    with pytest.raises(errors.Forbidden) as caught:
        invite(either, stranger(either))
    assert caught.value.reason == OUTSIDE
    assert made(either) == 0


def test_app_that_no_study_of_the_person_has_gets_none(current: Bench) -> None:
    """JHE would invite to it all the same."""
    for app in (COMMON_HEALTH, "99", "", "abc"):
        with pytest.raises(errors.Conflict) as caught:
            invite(current, app=app)
        assert caught.value.reason == NO_SUCH_APP
    assert made(current) == 0


def test_app_without_an_address_gets_none(current: Bench) -> None:
    with current.sandbox.stores["jhe"].writing() as state:
        state["clients"][CAREX]["invitation_url"] = ""
    with pytest.raises(errors.Conflict) as caught:
        invite(current)
    assert caught.value.reason == NO_SUCH_APP
    assert "address" in caught.value.for_staff
    assert made(current) == 0


def test_nothing_is_mailed_to_nobody(older: Bench) -> None:
    """2025-10 holds people with a blank e-mail address."""
    with older.sandbox.stores["jhe"].writing() as state:
        login = state["patients"][PAMELA]["user_id"]
        state["users"][str(login)]["email"] = ""
    with pytest.raises(errors.Invalid) as caught:
        invite(older, mail=True)
    assert caught.value.field_errors.keys() == {"email"}
    assert made(older) == 0
    assert invite(older).link


def test_api_key_invites_nobody(current: Bench) -> None:
    with pytest.raises(errors.Unauthorised):
        invite(current, by=JheAdapter(Caller(background=True)))
    assert made(current) == 0


# --- How it stands ------------------------------------------------------------------------


def test_invitation_is_redeemed_once_the_app_is_connected(current: Bench) -> None:
    app_of(current, invite(current).link)
    assert states(current) == [State.REDEEMED]


def test_state_that_nobody_knows_is_not_guessed(current: Bench) -> None:
    invite(current)
    with current.sandbox.stores["jhe"].writing() as state:
        for row in state["invitations"].values():
            row["status"] = "paused"
    assert states(current) == [State.NOT_KNOWN]


def test_everybodys_invitations_are_read_and_ones_own_people_asked_for(current: Bench) -> None:
    change(current, "40003", organizations=[int(PULSE)])
    first = invite(current).invitation
    other = adapter(current, ELSEWHERE).invite("40003", COMMON_HEALTH, PULSE, send_email=False).invitation
    assert {each.id for each in adapter(current).every_invitation()} == {first.id, other.id}
    with pytest.raises(errors.Forbidden):
        adapter(current).invitations_of("40003")


# --- Ending -------------------------------------------------------------------------------


def test_one_invitation_is_told_of_its_own_person_alone(current: Bench) -> None:
    number = invite(current).invitation.id

    assert adapter(current).invitation(number, PAMELA).state is State.ISSUED
    with pytest.raises(errors.Forbidden) as caught:
        adapter(current).invitation(number, PETER)
    assert caught.value.reason == OUTSIDE
    assert not current.faults.requests(method="GET", path="/invitation$")


def test_older_generation_tells_of_no_invitation(older: Bench) -> None:
    with pytest.raises(errors.Unsupported):
        adapter(older).invitation("1", PAMELA)


def test_cancelled_invitation_is_useless(current: Bench) -> None:
    issued = invite(current)
    after = adapter(current).cancel_invitation(issued.invitation.id, PAMELA, LAB)
    assert after.state is State.CANCELLED
    with pytest.raises(TurnedAway) as caught:
        app_of(current, issued.link)
    assert caught.value.status == 403
    adapter(current).cancel_invitation(issued.invitation.id, PAMELA, LAB)
    assert writes(current) == ["POST", "PATCH", "POST"]  # the last one is the app's


def test_used_invitation_is_not_made_to_look_unused(current: Bench) -> None:
    """JHE would take it for cancelled, and the app would stay connected."""
    issued = invite(current)
    app_of(current, issued.link)
    with pytest.raises(errors.Conflict) as caught:
        adapter(current).cancel_invitation(issued.invitation.id, PAMELA, LAB)
    assert caught.value.reason == USED_ALREADY
    assert states(current) == [State.REDEEMED]


def test_replaced_invitation_is_left_as_it_is(current: Bench) -> None:
    first = invite(current).invitation
    invite(current)
    after = adapter(current).cancel_invitation(first.id, PAMELA, LAB)
    assert after.state is State.REPLACED
    assert set(states(current)) == {State.REPLACED, State.ISSUED}


def test_invitation_is_cancelled_for_its_own_person_by_who_may(current: Bench) -> None:
    issued = invite(current).invitation
    for who, person, reason in (
        (VIEWER, PAMELA, ROLE),
        ("member_megan@example.com", PETER, OUTSIDE),
        ("member_megan@example.com", stranger(current), OUTSIDE),
    ):
        with pytest.raises(errors.Forbidden) as caught:
            adapter(current, who).cancel_invitation(issued.id, person, LAB)
        assert caught.value.reason == reason
    with pytest.raises(errors.NotFound):
        adapter(current).cancel_invitation("999", PAMELA, LAB)
    assert states(current) == [State.ISSUED]


def test_another_invitations_reply_is_not_taken_for_done(current: Bench) -> None:
    issued = invite(current).invitation
    for call, method in (
        (lambda: adapter(current).cancel_invitation(issued.id, PAMELA, LAB), "PATCH"),
        (lambda: invite(current), "POST"),
    ):
        active = current.faults.add(Fault(kind=FaultKind.WRONG_TYPES, method=method, path="/invitation"))
        with pytest.raises(errors.ProtocolError) as caught:
            call()
        assert caught.value.outcome_unknown
        current.faults.remove(active.id)
