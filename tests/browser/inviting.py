"""Ways to enrolling and inviting: for one person, for many, in person, on paper."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import expect

from integrations.sandbox.faults import FaultKind
from patients.models import Invitation, Operation, Place, SourceRecord, Study
from patients.services.studies import inviting, places
from portal.accounts.roles import Role
from tests.conftest import make_user
from tests.ending import belong
from tests.studying import BP, BP_AND_HR, CAREX, PAMELA, PETER, reach, study_read, taking_part
from tests.support import connected
from tests.writing import LIFESPAN, known, work_off

from .journey import Journey

MARY, PERRY = "manager_mary@example.com", "40003"
Channel = Invitation.Channel


# --- given ----------------------------------------------------------------------------------


def given_study(journey: Journey) -> Study:
    """A study of the organization; another one is there, too."""
    assert journey.user is not None
    study_read(BP, by=journey.user)
    found = study_read(BP_AND_HR, by=journey.user)
    places.own_places(reach(journey.user))
    return found


def given_participant(journey: Journey, patient: str = PETER) -> SourceRecord:
    """Somebody who takes part in it."""
    assert journey.user is not None
    study = given_study(journey)
    record = known("jhe", patient, by=journey.user)
    taking_part(study, record)
    return record


def given_newcomer(journey: Journey) -> SourceRecord:
    """Somebody of the organization who does not."""
    assert journey.user is not None
    given_study(journey)
    belong(journey.sandbox, int(LIFESPAN), person=PERRY)
    return known("jhe", PERRY, by=journey.user)


def given_invitation(journey: Journey, channel: Channel = Channel.QR) -> Invitation:
    """An invitation of a participant by whoever is at the desk."""
    assert journey.user is not None
    record = given_participant(journey)
    study = Study.objects.get(remote_id=BP_AND_HR)
    offer = inviting.Offer(app=CAREX, channel=channel)
    operation = inviting.invite(study, record, offer, by=journey.user, reach=reach(journey.user))
    assert work_off(operation).state == Operation.State.DONE
    return Invitation.objects.get(operation=operation)


def person_page(record: SourceRecord) -> str:
    return f"/people/{SourceRecord.objects.get(pk=record.pk).patient.public_id}"


def of_record(record: SourceRecord, step: str) -> str:
    return f"{person_page(record)}/records/{record.pk}/{step}"


def of_study(step: str, number: str = BP_AND_HR) -> str:
    study = Study.objects.get(remote_id=number)
    place = Place.objects.get(system="jhe", organization=study.organization)
    return f"/organizations/{place.pk}/studies/{study.public_id}/{step}"


# --- inviting -------------------------------------------------------------------------------


def invite(journey: Journey) -> None:
    """App and channel."""
    record = given_participant(journey)
    study = Study.objects.get(remote_id=BP_AND_HR)
    journey.when_they_go_to(of_record(record, f"studies/{study.public_id}/invite"))
    expect(journey.page.get_by_role("heading", name="Invite to")).to_be_visible()


def invite_of_viewer(journey: Journey) -> None:
    """... for who may only look."""
    invite(journey)
    expect(journey.page.get_by_text("is viewer")).to_be_visible()


def invite_again(journey: Journey) -> None:
    """Somebody who has an invitation already."""
    row = given_invitation(journey)
    journey.when_they_go_to(f"/invitations/{row.public_id}")
    journey.page.get_by_role("link", name="Invite again").click()
    journey.page.get_by_label("CareX").check()
    journey.page.get_by_label("Copy the link").check()
    journey.page.get_by_role("button", name="Make the invitation").click()
    expect(journey.page.get_by_role("button", name="Invite again: the earlier link ends")).to_be_visible()


def invite_refused(journey: Journey) -> None:
    """Without a channel."""
    invite(journey)
    journey.page.get_by_role("button", name="Make the invitation").click()
    expect(journey.page.get_by_role("alert")).to_be_visible()


def invite_deceased(journey: Journey) -> None:
    """Somebody who has died."""
    record = given_participant(journey)
    SourceRecord.objects.filter(pk=record.pk).update(is_deceased=True)
    study = Study.objects.get(remote_id=BP_AND_HR)
    journey.when_they_go_to(of_record(record, f"studies/{study.public_id}/invite"))
    expect(journey.page.get_by_text("says that they have died")).to_be_visible()


def being_made(journey: Journey) -> None:
    """An invitation on its way."""
    invite(journey)
    journey.page.get_by_label("CareX").check()
    journey.page.get_by_label("Copy the link").check()
    journey.page.get_by_role("button", name="Make the invitation").click()
    expect(journey.page.get_by_text("Being made")).to_be_visible()


def handed_over(journey: Journey, way: str) -> None:
    """An invitation whose link is passed on in one way."""
    row = given_invitation(journey)
    journey.when_they_go_to(f"/invitations/{row.public_id}?way={way}")
    expect(journey.page.get_by_role("heading", name="Pass the link on")).to_be_visible()


def by_qr(journey: Journey) -> None:
    handed_over(journey, "qr")


def by_copy(journey: Journey) -> None:
    handed_over(journey, "copy")
    journey.page.get_by_role("button", name="Copy the link").click()
    journey.page.get_by_text("What the link is made of").click()


def by_mail(journey: Journey) -> None:
    handed_over(journey, "email")


def mailed(journey: Journey) -> None:
    """The Exchange has sent it."""
    row = given_invitation(journey, Channel.EMAIL)
    journey.when_they_go_to(f"/invitations/{row.public_id}")
    expect(journey.page.get_by_text("mails the link itself")).to_be_visible()


def of_colleague(journey: Journey) -> None:
    """An invitation that somebody else has asked for."""
    at_desk = journey.user
    colleague = make_user("colleague@example.org", Role.COORDINATOR, name="Clara Colleague")
    journey.user = connected(colleague, MARY, journey.sandbox)
    row = given_invitation(journey)
    journey.user = at_desk
    journey.when_they_go_to(f"/invitations/{row.public_id}")
    expect(journey.page.get_by_text("shown to nobody but who asked for it")).to_be_visible()


def gone(journey: Journey) -> None:
    """The link is not kept any more."""
    row = given_invitation(journey)
    Invitation.objects.update(link_until=timezone.now() - timedelta(seconds=1))
    journey.when_they_go_to(f"/invitations/{row.public_id}")
    expect(journey.page.get_by_text("not kept any more").first).to_be_visible()


def in_person(journey: Journey) -> None:
    """The QR code full screen."""
    row = given_invitation(journey, Channel.IN_PERSON)
    journey.when_they_go_to(f"/invitations/{row.public_id}/in-person")
    expect(journey.page.get_by_text("Waiting for the telephone")).to_be_visible()


def in_person_unanswered(journey: Journey) -> None:
    """... while the Exchange cannot be asked."""
    in_person(journey)
    journey.given_fault("jhe", FaultKind.STATUS, status=503, path="/invitation/")
    expect(journey.page.get_by_text("cannot be asked at this moment")).to_be_visible(timeout=15_000)


def connected_now(journey: Journey) -> None:
    """... once the app has used it."""
    row = given_invitation(journey, Channel.IN_PERSON)
    with journey.sandbox.stores["jhe"].writing() as state:
        state["invitations"][row.remote_id]["status"] = "redeemed"
    journey.when_they_go_to(f"/invitations/{row.public_id}/in-person")
    expect(journey.page.get_by_role("heading", name="Connected")).to_be_visible(timeout=10_000)


def letter(journey: Journey) -> None:
    """On paper."""
    journey.settings.HELP_DESK = "020 7946 0018, weekdays 9 to 5"
    row = given_invitation(journey, Channel.LETTER)
    journey.when_they_go_to(f"/invitations/{row.public_id}/letter")
    expect(journey.page.get_by_role("heading", name="How to connect")).to_be_visible()


def trouble(journey: Journey) -> None:
    """The link does not work."""
    row = given_invitation(journey)
    journey.when_they_go_to(f"/invitations/{row.public_id}/trouble")
    expect(journey.page.get_by_role("heading", name="The link does not work")).to_be_visible()


def trouble_expired(journey: Journey) -> None:
    """... since it has expired."""
    row = given_invitation(journey)
    with journey.sandbox.stores["jhe"].writing() as state:
        state["invitations"][row.remote_id]["status"] = "expired"
    journey.when_they_go_to(f"/invitations/{row.public_id}/trouble")
    expect(journey.page.get_by_text("The one-time code has expired")).to_be_visible()


def cancelling(journey: Journey) -> None:
    """Before it is cancelled."""
    row = given_invitation(journey)
    journey.when_they_go_to(f"/invitations/{row.public_id}/cancel")
    expect(journey.page.get_by_role("heading", name="Cancel this invitation")).to_be_visible()


def many(journey: Journey) -> None:
    """Participants who are not invited yet."""
    given_participant(journey)
    given_participant(journey, PAMELA)
    journey.when_they_go_to(of_study("invite"))
    expect(journey.page.get_by_role("heading", name="Invite participants")).to_be_visible()


def wordings(journey: Journey) -> None:
    """An organization's own texts."""
    given_study(journey)
    journey.when_they_go_to(of_study("add").partition("studies/")[0] + "wordings/")
    expect(journey.page.get_by_role("heading", name="Letters and e-mails of")).to_be_visible()


def wording(journey: Journey) -> None:
    """A letter being written."""
    wordings(journey)
    journey.page.get_by_label("Letter", exact=True).check()
    journey.page.get_by_label("Language").select_option("en")
    journey.page.get_by_role("button", name="Go on").click()
    expect(journey.page.get_by_role("heading", name="What it looks like")).to_be_visible()


def wording_refused(journey: Journey) -> None:
    """... without the place for the QR code."""
    wording(journey)
    journey.page.get_by_label("Text", exact=True).fill("Dear {name}")
    journey.page.get_by_role("button", name="Keep").click()
    expect(journey.page.get_by_role("alert")).to_be_visible()
