"""What a patient's app does with an invitation, at the sandbox's JHE: sign in, decide, send."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.sandbox import jhe
from integrations.sandbox.patient_app import PatientApp, TurnedAway

from .support import START, World, failed

OMH = "https://w3id.org/openmhealth"
PULSE = {"heart_rate": {"unit": "beats/min", "value": 71}}


def invite(world: World, client: int = 1, patient: int = 40002, **more: Any) -> str:
    """A new invitation's link."""
    if world.dialect == jhe.OLDER:
        reply = world.get(f"/api/v1/patients/{patient}/invitation_link", **more)
    else:
        body = {"patientId": patient, "client_id": client} | more
        reply = world.call("POST", "/api/v1/invitation", "manager_mary", json=body)
    return str(reply.json()["invitationLink"])


def signed_in(world: World, link: str) -> PatientApp:
    """The app, once it has followed a link."""
    app = PatientApp(world.url)
    app.follow(link)
    return app


def turned_away(world: World, link: str) -> int:
    """The status with which an app is turned away."""
    with pytest.raises(TurnedAway) as caught:
        signed_in(world, link)
    return caught.value.status


def statuses(world: World) -> list[str]:
    """How the invitations stand, oldest first."""
    rows = world.get("/api/v1/invitation").json()["results"]
    return [row["status"] for row in sorted(rows, key=lambda row: int(row["id"]))]


def test_app_signs_in_as_the_invited_patient(world: World) -> None:
    assert signed_in(world, invite(world)).patient_id == 40002


def test_invitation_of_today_lives_a_week(current: World) -> None:
    link = invite(current)
    current.passes(days=7, seconds=-1)
    signed_in(current, link)
    other = invite(current)
    current.passes(days=7)
    assert turned_away(current, other) == 410
    assert turned_away(current, other) == 410
    assert statuses(current) == ["redeemed", "expired"]


def test_redeemed_invitation_works_for_twelve_hours_more(current: World) -> None:
    link = invite(current)
    signed_in(current, link)
    current.passes(hours=12)
    signed_in(current, link)
    current.passes(hours=12, seconds=1)
    assert turned_away(current, link) == 409


def test_another_apps_invitation_is_not_replaced(current: World) -> None:
    first, second = invite(current, 1), invite(current, 3)
    signed_in(current, first)
    signed_in(current, second)
    assert statuses(current) == ["redeemed", "redeemed"]


def test_code_of_2025_10_lives_two_weeks_and_works_once(older: World) -> None:
    link = invite(older)
    older.passes(days=14, seconds=-1)
    signed_in(older, link)
    assert turned_away(older, link) == 400
    other = invite(older)
    older.passes(days=14)
    assert turned_away(older, other) == 400


def test_token_needs_no_sign_in_and_nothing_else_may_be_posted_there(current: World) -> None:
    assert current.call("POST", "/api/v1/invitation/" + "A" * 32).status_code == 404
    assert current.call("POST", "/api/v1/invitation/101").status_code == 401
    assert current.call("POST", "/api/v1/invitation/101", "manager_mary").status_code == 405


def test_status_that_is_none_is_refused(current: World) -> None:
    invite(current)
    key = current.get("/api/v1/invitation").json()["results"][0]["id"]
    path = f"/api/v1/invitation/{key}"
    reply = current.call("PATCH", path, "manager_mary", json={"status": "paused"})
    assert (reply.status_code, list(reply.json())) == (400, ["status"])
    assert statuses(current) == ["issued"]


def test_mails_stand_in_the_state(world: World) -> None:
    assert world.store.snapshot()["mails"] == []
    asked = {"send_email": "true"} if world.dialect == jhe.OLDER else {"sendEmail": True}
    link = invite(world, **asked)
    (mail,) = world.store.snapshot()["mails"]
    assert mail == {"to": "ll_patient_pamela@example.com", "subject": "JHE Invitation", "link": link}


def test_app_decides_for_its_own_patient_once(world: World) -> None:
    app = signed_in(world, invite(world, patient=40001))
    pending = app.pending()
    assert pending
    for study, system, code in pending:
        app.decide(study, system, code, agreed=False)
    assert app.pending() == []
    with pytest.raises(TurnedAway) as caught:
        app.decide(*pending[0], agreed=True)
    assert caught.value.status == 500


def test_app_sends_what_its_patient_agreed_to(world: World) -> None:
    app = signed_in(world, invite(world))
    number = app.send(OMH, "omh:heart-rate:2.0", PULSE, at=START)
    rows = world.store.snapshot()["observations"]
    assert rows[str(number)]["patient_id"] == 40002
    assert rows[str(number)]["omh_data"]["body"]["heart_rate"] == PULSE["heart_rate"]
    for code, status in (("omh:body-temperature:4.0", 403), ("omh:nothing:1.0", 400)):
        with pytest.raises(TurnedAway) as caught:
            app.send(OMH, code, PULSE, at=START)
        assert caught.value.status == status
    assert len(world.store.snapshot()["observations"]) == len(rows)


def test_what_was_sent_is_seen_by_staff(current: World) -> None:
    number = signed_in(current, invite(current)).send(OMH, "omh:heart-rate:2.0", PULSE, at=START)
    query = {"patient": "40002", "patient._has:Group:member:_id": "30001", "_sort": "-_lastUpdated"}
    reply = current.call("GET", "/FHIR/R5/Observation", "manager_mary", params=query)
    resource = reply.json()["entry"][0]["resource"]
    assert resource["id"] == str(number)
    assert resource["meta"]["lastUpdated"] == "2026-09-01T12:00:00.000000Z"


@pytest.mark.parametrize("who", ["ll_patient_peter", "viewer_victor", "manager_mark", "admin"])
def test_nobody_is_asked_for_a_role_in_studies_and_invitations(current: World, who: str) -> None:
    body = {"patientIds": [40002]}
    path = "/api/v1/studies/30001/patients"
    assert current.call("DELETE", path, who, json=body).status_code == 204
    assert current.call("POST", path, who, json=body).status_code == 201
    invitation = {"patientId": 40002, "client_id": 1}
    assert current.call("POST", "/api/v1/invitation", who, json=invitation).status_code == 201


def test_batch_stands_as_far_as_it_came(world: World) -> None:
    reply = world.call(
        "POST", "/api/v1/studies/30001/patients", "manager_mary", json={"patientIds": [40006, 40005, 40007]}
    )
    assert failed(reply)
    rows = world.store.snapshot()["enrolments"]
    assert {row["patient_id"] for row in rows if row["study_id"] == 30001} == {40001, 40002, 40006}


def test_state_of_an_earlier_release_is_numbered_on(current: World) -> None:
    with current.store.writing() as data:
        data["last_ids"].pop("invitations", None)
        del data["mails"]
    invite(current, sendEmail=True)
    assert len(current.store.snapshot()["mails"]) == 1
