"""Studies, decisions and invitations, read through the adapter and over plain HTTP: both say the same.

Where ``JHE_VERIFY_WRITES`` is yes, somebody made up is enrolled, decides, is invited and leaves again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from integrations import errors
from integrations.holdings import ScopeConsent
from integrations.jhe.adapter import JheAdapter
from integrations.studies import InvitationState, StudyPlan
from integrations.types import RemotePatient

from .made import Made, somebody
from .subject import Subject
from .test_holdings import Plain

BLOOD_PRESSURE = ("https://w3id.org/openmhealth", "omh:blood-pressure:4.0")


@pytest.fixture
def plain(subject: Subject, jhe: JheAdapter) -> Plain:
    """Plain requests to the examined server."""
    return Plain(subject, jhe)


@pytest.fixture
def plans(jhe: JheAdapter) -> list[tuple[str, StudyPlan]]:
    """Every study of the practitioner's, with its organization's id."""
    found = [
        (place.id, jhe.study_plan(study.id, place.id))
        for place in jhe.organizations()
        for study in jhe.studies(place.id)
    ]
    assert found, "the practitioner needs a study"
    return found


# --- Reading ------------------------------------------------------------------------------


def test_plan_is_what_the_server_tells(plans: list[tuple[str, StudyPlan]], plain: Plain) -> None:
    for _place, plan in plans:
        path = f"/api/v1/studies/{plan.study.id}"
        rows = plain.get(f"{path}/scope_requests").json()
        assert [each.code for each in plan.scopes] == [row["scopeCode"]["codingCode"] for row in rows]
        rows = plain.get(f"{path}/data_sources").json()
        assert [each.name for each in plan.data_sources] == [row["dataSource"]["name"] for row in rows]
        apps = [] if plain.older else plain.get(f"{path}/clients").json()
        assert [each.id for each in plan.apps] == [str(row["client"]["id"]) for row in apps]


def test_who_takes_part_is_whom_the_study_lists(
    jhe: JheAdapter,
    plain: Plain,
    plans: list[tuple[str, StudyPlan]],
    people: dict[str, RemotePatient],
) -> None:
    for _place, plan in plans:
        members = plain.members(plan.study.id)
        for person in list(people)[:10]:
            assert jhe.takes_part(person, plan.study.id) == (person in members)


def test_what_a_study_was_sent_is_what_its_people_sent_of_it(
    jhe: JheAdapter, plain: Plain, plans: list[tuple[str, StudyPlan]]
) -> None:
    for place, plan in plans:
        seen = list(jhe.observations_of_study(plan.study.id, place))
        asked = {each.key for each in plan.scopes}
        assert {each.scope for each in seen} <= asked
        if plain.older:
            continue  # its list knows no kinds
        for person in plain.members(plan.study.id):
            mine = [each for each in seen if each.patient_id == person]
            assert len(mine) == len(plain.observations(person, plan.study.id))
        moments = sorted(each.at for each in seen if each.at)
        if moments:
            later = list(jhe.observations_of_study(plan.study.id, place, moments[0]))
            assert len(later) == sum(each > moments[0] for each in moments)


def test_reading_changes_nothing_in_the_console(
    jhe: JheAdapter, plain: Plain, plans: list[tuple[str, StudyPlan]], known: RemotePatient
) -> None:
    before = plain.get("/api/v1/users/profile").json().get("settings")
    own = {each.id for each in jhe.organizations()}
    place = next(each.id for each in known.organizations if each.id in own)
    for at, plan in plans:
        list(jhe.observations_of_study(plan.study.id, at))
        jhe.takes_part(known.id, plan.study.id)
    jhe.decisions(known.id, place)
    if jhe.tells_states():
        jhe.invitations_of(known.id)
    assert plain.get("/api/v1/users/profile").json().get("settings") == before


def test_invitations_are_read_as_the_server_lists_them(jhe: JheAdapter, plain: Plain) -> None:
    if not jhe.tells_states():
        pytest.skip("this generation keeps no invitations")
    rows = plain.get("/api/v1/invitation").json()
    found = list(jhe.every_invitation())
    assert len(found) == rows["count"]
    assert all(each.state is not InvitationState.NOT_KNOWN for each in found)


def test_stranger_and_a_study_elsewhere_are_refused(
    jhe: JheAdapter, stranger: RemotePatient, plans: list[tuple[str, StudyPlan]]
) -> None:
    place, plan = plans[0]
    calls: list[Callable[[], Any]] = [
        lambda: jhe.decisions(stranger.id, place),
        lambda: jhe.takes_part(stranger.id, plan.study.id),
        lambda: jhe.study_plan("2147483647", place),
        lambda: jhe.study_plan(plan.study.id, stranger.organizations[0].id),
    ]
    for call in calls:
        with pytest.raises(errors.Forbidden):
            call()


# --- Somebody made up ---------------------------------------------------------------------


@pytest.fixture
def newcomer(made: Made) -> tuple[RemotePatient, str, str]:
    """Somebody new in an organization with a study that asks for blood pressure: record, place, study."""
    for place in made.organizations:
        for study in made.jhe.studies(place.id):
            if BLOOD_PRESSURE in {each.key for each in made.jhe.study_plan(study.id, place.id).scopes}:
                return made.create(somebody(place.id)), place.id, study.id
    pytest.skip("no study of the practitioner's asks for blood pressure")


def test_somebody_new_takes_part_decides_and_leaves(
    newcomer: tuple[RemotePatient, str, str], made: Made
) -> None:
    (record, place, study), jhe = newcomer, made.jhe
    assert not jhe.takes_part(record.id, study)
    for _again in (1, 2):
        jhe.enrol(record.id, study, place)
        assert jhe.takes_part(record.id, study)
    for agreed in (True, False, False, True):
        decisions = jhe.decide(record.id, study, BLOOD_PRESSURE, agreed, place)
        held = decisions.asked(study, BLOOD_PRESSURE)
        assert isinstance(held, ScopeConsent)
        assert held.agreed is agreed
    for _again in (1, 2):
        jhe.unenrol(record.id, study, place)
        assert not jhe.takes_part(record.id, study)
    assert jhe.decisions(record.id, place).by_study == {}


def test_somebody_new_is_invited(newcomer: tuple[RemotePatient, str, str], made: Made) -> None:
    (record, place, study), jhe = newcomer, made.jhe
    jhe.enrol(record.id, study, place)
    app = ""
    if jhe.tells_states():
        app = next(each.id for each in jhe.study_plan(study, place).apps if each.invites)
    first = jhe.invite(record.id, app, place, send_email=False)
    second = jhe.invite(record.id, app, place, send_email=False)
    assert first.link != second.link
    parts = jhe.link_parts(second.link)
    assert parts.app
    assert parts.host
    assert parts.code
    if jhe.tells_states():
        after = jhe.cancel_invitation(second.invitation.id, record.id, place)
        assert after.state is InvitationState.CANCELLED
        states = {each.id: each.state for each in jhe.invitations_of(record.id)}
        assert states[first.invitation.id] is InvitationState.REPLACED
