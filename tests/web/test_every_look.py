"""Every page about a person, over all addresses: one event for each view, also when it cannot be written.

The pages come from the URL configuration and from the links between them. A new page about a person is
held without being named here; one that shows a person and records nothing fails.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from django.urls import get_resolver
from django.utils import timezone

from integrations.sandbox.run import Sandbox
from patients.entering.typed import Typed
from patients.models import (
    Bulk,
    Invitation,
    Link,
    Operation,
    Participant,
    Patient,
    Place,
    Removal,
    SourceRecord,
    Study,
)
from patients.services import linking, viewing, visibility
from patients.services.event_words import KINDS, LOOKS
from patients.services.onboarding import testing
from patients.services.operations import bulks, recording
from patients.services.operations.bulks import Part
from patients.services.operations.whys import Why
from patients.services.operations.wishes import Archive
from patients.services.registering import drafts
from patients.services.studies import places
from portal import audit
from portal.accounts import access
from portal.accounts.models import User
from portal.audit.models import Event
from tests.conftest import make_user
from tests.study_reading import own_place
from tests.studying import BP, BP_AND_HR, CAREX, study_read, taking_part
from tests.support import PART, Desk, connected, settle
from tests.writing import work_off

from .crawler import Crawler
from .test_access import addresses
from .test_crawler import signed_in_lately
from .test_trail import MEGAN, database_refuses_events

pytestmark = pytest.mark.slow

STRIP = 'aria-label="This page is about"'
NAME = "mbeki"
#: Pages that name many people, or somebody who is no person of the index yet, and are about none of them: the
#: events that each view leaves; none where one search event was written before the list was made.
LISTS: dict[str, list[str]] = {
    "patients:found": [],
    "patients:answer": [],
    "patients:search": ["people.desk_opened"],
    "patients:people": ["people.listed"],
    "patients:people_print": ["people.print_opened"],
    "patients:audit_found": ["audit.viewed"],
    "patients:review": ["review.viewed"],
    "patients:operations": ["operations.listed"],
    "patients:bulk": ["bulk.viewed"],
    "patients:register_draft": ["draft.opened"],
    "patients:register_check": ["draft.opened"],
    "patients:register_found": ["register.searched"],
    "patients:hand_over": ["draft.opened"],
    "patients:throw_away": ["draft.opened"],
    "patients:ask_again": ["study.ask_again_listed"],
    "patients:study": ["study.listed"],
    "patients:study_add": ["study.people_listed"],
    "patients:study_invite": ["study.people_listed"],
    "patients:study_take_out": ["study.people_listed"],
    "patients:study_asked": ["study.outcome_viewed"],
}
#: Asked for whole, a page also leaves what its part leaves.
WHOLE = {"patients:register_check": ["draft.opened", "register.searched"]}

#: Addresses that lead to a person's page, and record nothing themselves.
WAYS = {"patients:person"}


@dataclass
class Watch:
    """What the walk met: names of pages that answered, addresses of pages that show the person, and names of
    parts that belong to a recorded view without showing who it is about."""

    reached: set[str] = field(default_factory=set)
    about: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    amiss: list[str] = field(default_factory=list)
    parts: set[str] = field(default_factory=set)

    def __call__(self, response: Any) -> None:
        """Look at one answer."""
        name = response.resolver_match.view_name
        if name in WAYS and response.status_code == 302:
            self.reached.add(name)
            if looks_of(response):
                self.amiss.append(f"{name}: a look on the way to the page that records it")
        if response.status_code != 200:
            return
        self.reached.add(name)
        text = response.content.decode(errors="replace")
        looks = looks_of(response)
        if STRIP in text:
            self.about[name].add(address_of(response))
            if len(looks) != 1 or not looks[0].records:
                self.amiss.append(f"{name}: a view with {len(looks)} events")
        elif view_of(response):
            self.parts.add(name)
        elif looks:
            self.amiss.append(f"{name}: a look at a person that shows nobody")
        elif NAME in text.lower():
            self.check_list(name, response)

    def check_list(self, name: str, response: Any) -> None:
        """Hold that a page that names people without being about one is a list, and is recorded."""
        actions = [each.action for each in audit.events_of_request(response["X-Request-Id"])]
        if name not in LISTS:
            self.amiss.append(f"{name}: names a person without a strip and is no list")
        elif actions not in (LISTS[name], WHOLE.get(name, LISTS[name])):
            self.amiss.append(f"{name}: a list that leaves {actions}")


def looks_of(response: Any) -> list[Event]:
    """The events that say that a person was looked at: those of the request, and that of the view which it
    belongs to. One of the two is one too many."""
    events = audit.events_of_request(response["X-Request-Id"])
    own = [each for each in events if each.action in KINDS[LOOKS] and each.outcome == "done"]
    return own + view_of(response)


def view_of(response: Any) -> list[Event]:
    """The recorded view that a request belongs to, by the seal in its address."""
    seal = parse_qs(response.request["QUERY_STRING"]).get("view", [""])[0]
    public_id = response.resolver_match.kwargs.get("public_id", "")
    view = viewing.unsealed(seal, public_id=public_id, by=response.wsgi_request.user)
    return list(Event.objects.filter(pk=view.event, subject_key=public_id, outcome="done")) if view else []


def address_of(response: Any) -> str:
    """Where a response was asked for."""
    request = response.request
    return f"{request['PATH_INFO']}?{request['QUERY_STRING']}".rstrip("?")


@pytest.fixture
def desk(sandbox: Sandbox, admin: User) -> Desk:
    """An admin, to whom every page is open, as a member of an organization in JHE."""
    desk = Desk(connected(admin, MEGAN, sandbox))
    desk.client = signed_in_lately(admin)
    return desk


def seeds(desk: Desk) -> dict[str, list[str]]:
    """Addresses that no link leads to, each about one person who is in all three systems."""
    found = desk.look_up(f"grace {NAME}")
    desk.open(found.addresses[0])
    settle()
    record = SourceRecord.objects.get(system="jump", family=NAME, given="grace")
    person = record.patient
    public_id = person.public_id
    unsaid = record.patient.records.exclude(system="jump").earliest("pk")
    by_hand, other = linked_by_hand(desk.user), somebody_else(desk)
    SourceRecord.objects.update(whole_at=None)  # so that the person's page has systems to wait for
    asked = [{"person": public_id}, {"actor": str(desk.user.pk)}]
    inquiries = [desk.client.post("/audit", each)["Location"] for each in asked]
    return {
        "patients:found": [found.url],
        "patients:person": found.addresses,
        "patients:answer": [f"{found.url}/systems/jump"],
        "patients:patient": [f"/people/{public_id}"],
        "patients:patient_print": [f"/people/{public_id}/print"],
        "patients:park": [f"/people/{public_id}/park"],
        "patients:mark_test": [f"/people/{public_id}/records/{unsaid.pk}/test"],
        "patients:link": [f"/people/{public_id}/link"],
        "patients:link_with": [f"/people/{public_id}/link/{other}"],
        "patients:archive": [f"/people/{public_id}/records/{record.pk}/archive"],
        "patients:take_back": [f"/people/{public_id}/records/{record.pk}/take-back"],
        "patients:removal": [f"/removals/{deletion_of(record.patient, desk.user)}"],
        "patients:unlink": [f"/people/{public_id}/records/{record.pk}/unlink"],
        "patients:undo_link": [f"/people/{public_id}/links/{by_hand}/undo"],
        "patients:audit_found": inquiries,
        "patients:audit_sheet": [f"{inquiries[0]}/sheet"],
        "patients:audit_export": [f"{inquiries[0]}/export"],
        "patients:sync": ["/connections/jump/sync"],
        **consents_of(person),
        **studies_of(person.records.get(system="jhe"), desk.user),
        **forms_about(desk.user),
        **writes_about(record, desk.user),
        **invitations_of(record.patient, desk),
    }


def studies_of(record: SourceRecord, user: User) -> dict[str, list[str]]:
    """Addresses of a study in which somebody takes part."""
    now = timezone.now()
    study = Study.objects.create(
        system="jhe", remote_id="30001", organization="20003", name="A study", read_at=now
    )
    participant = Participant.objects.create(study=study, record=record, seen_at=now)
    place = own_place(user).place.pk
    board = f"/organizations/{place}/studies/{study.public_id}"
    return {
        "patients:studies": ["/studies/?choose=1"],
        "patients:study_list": [f"/organizations/{place}/studies/"],
        "patients:study_list_reading": [f"/organizations/{place}/studies/reading"],
        "patients:study": [f"{board}/"],
        "patients:study_reading": [f"{board}/reading"],
        "patients:study_export": [f"{board}/export"],
        "patients:participant_number": [f"{board}/participants/{participant.pk}/number"],
        "patients:number_in_row": [f"{board}/participants/{participant.pk}/number/row"],
    }


def forms_about(user: User) -> dict[str, list[str]]:
    """Addresses of a form that is not sent yet: somebody like the person is to be registered."""
    typed = Typed(given_name="Grace", family_name=NAME.capitalize(), birth_date="18 4 1975")
    draft = drafts.keep(typed, by=user, also={"systems": ["jump"]})
    about = f"/register/{draft.public_id}"
    return {
        "patients:register_draft": [about],
        "patients:register_check": [f"{about}/check", f"{about}/check?all=1"],
        "patients:register_found": [f"{about}/found"],
        "patients:hand_over": [f"/unsent/{draft.public_id}/hand-over"],
        "patients:throw_away": [f"/unsent/{draft.public_id}/throw-away"],
    }


def writes_about(record: SourceRecord, user: User) -> dict[str, list[str]]:
    """Addresses of writes about a person: one of many that waits, one that is held."""
    many = bulks.ask([Part(Archive(reason="Moved away"), record)], system="jump", label="Moved", by=user)
    waiting = many.bulk.operations.get()
    held = recording.ask(Archive(reason="Moved away"), record=record, by=user)
    Operation.objects.filter(pk=held.pk).update(
        state=Operation.State.HELD, why=Why.MOVED, acts_for=make_user("colleague@example.org")
    )  # fmt: skip
    about, bulk = f"/writes/{held.public_id}", f"/writes/bulks/{many.bulk.public_id}"
    return {
        "patients:operation": [about, f"/writes/{waiting.public_id}"],
        "patients:operation_course": [f"{about}/course"],
        "patients:operation_overrule": [f"{about}/overrule"],
        "patients:operation_take_over": [f"{about}/take-over"],
        "patients:operation_give_up": [f"{about}/give-up"],
        "patients:operation_by_hand": [f"{about}/by-hand"],
        "patients:bulk": [bulk],
        "patients:bulk_progress": [f"{bulk}/progress"],
        "patients:bulk_cancel": [f"{bulk}/cancel"],
    }


def consents_of(person: Patient) -> dict[str, list[str]]:
    """Addresses of a study in which the person takes part, and has not decided."""
    record = person.records.get(system="jhe")
    membership = record.memberships.get(organization="20003")
    asked = [{"system": "https://w3id.org/openmhealth", "code": "omh:heart-rate:2.0", "text": "Heart Rate"}]
    now = timezone.now()
    study = Study.objects.create(
        system="jhe", remote_id="39999", organization=membership.organization, name="Study of hearts",
        plan={"scopes": asked}, read_at=now,
    )  # fmt: skip
    Participant.objects.create(study=study, record=record, seen_at=now, checked_at=now)
    place = Place.objects.get(system="jhe", organization=membership.organization)
    about = f"/people/{person.public_id}/records/{record.pk}/studies/{study.public_id}"
    return {
        "patients:consents": [f"/people/{person.public_id}/consents"],
        "patients:decide": [f"{about}/decide"],
        "patients:consent_record": [f"{about}/consent-record"],
        "patients:ask_again": [f"/organizations/{place.pk}/studies/{study.public_id}/ask-again"],
    }


def invitations_of(person: Patient, desk: Desk) -> dict[str, list[str]]:
    """Addresses of a study in which the person takes part and to which they are invited, and of another."""
    record = person.records.get(system="jhe")
    study, other = (study_read(number, by=desk.user) for number in (BP_AND_HR, BP))
    invitation = Invitation.objects.create(
        participant=taking_part(study, record), app=CAREX, channel="letter", asked_by=desk.user,
        asked_at=timezone.now(), state="issued", link="https://carex.example.org/invitation/jhe_a1",
        link_until=timezone.now() + timedelta(hours=1),
    )  # fmt: skip
    (own,) = places.own_places(visibility.reach_of(desk.user))
    of_person = f"/people/{person.public_id}/records/{record.pk}"
    of_study, of_other = (
        f"/organizations/{own.place.pk}/studies/{each.public_id}" for each in (study, other)
    )
    asked = desk.client.post(f"{of_study}/add", {"enrol": "1", "tick": [str(record.pk)]})["Location"]
    invited = f"/invitations/{invitation.public_id}"
    many = Bulk.objects.latest("pk")
    return {
        "patients:enrol": [f"{of_person}/enrol"],
        "patients:unenrol": [f"{of_person}/studies/{study.public_id}/unenrol"],
        "patients:invite": [f"{of_person}/studies/{each.public_id}/invite" for each in (study, other)],
        "patients:enrolment": [f"{of_person}/studies/{study.public_id}/enrolment"],
        "patients:study_add": [f"{of_other}/add"],
        "patients:study_elsewhere": [f"{of_study}/elsewhere"],
        "patients:study_invite": [f"{of_study}/invite?who=waiting"],
        "patients:study_take_out": [f"{of_study}/take-out"],
        "patients:study_asked": [asked],
        "patients:wordings": [f"/organizations/{own.place.pk}/wordings/"],
        "patients:wording": [f"/organizations/{own.place.pk}/wordings/letter/en"],
        "patients:letters": [f"/writes/bulks/{many.public_id}/letters"],
        "patients:invitation": [invited],
        "patients:invitation_standing": [f"{invited}/standing"],
        "patients:invitation_in_person": [f"{invited}/in-person"],
        "patients:invitation_letter": [f"{invited}/letter"],
        "patients:invitation_trouble": [f"{invited}/trouble"],
        "patients:invitation_cancel": [f"{invited}/cancel"],
        **onboarding_of(person, study, desk.user),
    }


def onboarding_of(person: Patient, study: Study, user: User) -> dict[str, list[str]]:
    """Addresses of a person's onboarding, and of somebody who was made up."""
    made_up = testing.make(study, by=user, reach=visibility.reach_of(user))
    made = work_off(Operation.objects.get(patient=made_up))
    begin = f"/onboarding/{study.public_id}/"
    return {
        "patients:onboarding_begin": [begin],
        "patients:onboarding": [f"{begin}{person.public_id}"],
        "patients:onboarding_standing": [f"{begin}{person.public_id}/standing"],
        "patients:onboarding_remove": [f"{begin}{made.patient.public_id}/remove"],
    }


def deletion_of(person: Patient, user: User) -> str:
    """The public id of a deletion that waits for a second person."""
    record = person.records.get(system="jhe")
    organization = record.memberships.get(organization="20003").organization
    return Removal.objects.create(
        record=record, organization=organization, counted={}, reason="Asked for it",
        asked_by=make_user("first@example.org"), asked_at=timezone.now(),
    ).public_id  # fmt: skip


def linked_by_hand(user: User) -> int:
    """The number of a link by hand of the person in all three systems, whose record was away for a moment."""
    record = SourceRecord.objects.get(system="impilo", family=NAME, given="grace")
    person = record.patient
    linking.unlink_record(record=record, reason="For a moment", by=user)
    record.refresh_from_db()
    linking.link_people(keep=person, other=record.patient, reason="The same after all", by=user)
    return Link.objects.get(record=record, undone_at=None).pk


def somebody_else(desk: Desk) -> str:
    """The public id of another person of the index."""
    desk.open(desk.look_up("anika joshi").addresses[0])
    settle()
    return SourceRecord.objects.filter(family="joshi")[0].patient.public_id


def walked(desk: Desk) -> Watch:
    """Every address of the URL configuration, and whatever links lead to."""
    watch = Watch()
    Crawler(client=desk.client, known=seeds(desk), watch=watch).crawl()
    settle()
    return watch


def kinds(address: str) -> tuple[dict[str, str], ...]:
    """As what an address is asked for: as a page and as a part, or as a part alone."""
    return (PART,) if "/live?" in address else ({}, PART)


def readable() -> set[str]:
    """Every page of the domain that somebody may read."""
    names = {name for name, _ in addresses(get_resolver().url_patterns)}
    return {name for name in names if name.startswith("patients:") and access.who_may(name, "GET")}


def test_every_view_of_a_person_is_one_event_over_all_urls(desk: Desk) -> None:
    watch = walked(desk)

    assert readable() - watch.reached == set(), "not reached: give them an address in seeds()"
    assert watch.amiss == []
    assert {"patients:patient", "patients:patient_print", "patients:audit_sheet"} <= set(watch.about)


def test_every_page_about_a_person_goes_on_through_the_journal_and_loses_nothing(desk: Desk) -> None:
    pages = sorted(address for found in walked(desk).about.values() for address in found)
    before = set(Event.objects.values_list("pk", flat=True))

    with database_refuses_events():
        answers = [
            desk.client.get(address, headers=headers) for address in pages for headers in kinds(address)
        ]
    assert set(Event.objects.values_list("pk", flat=True)) == before
    audit.merge_journal()
    audit.merge_journal()

    for answer in answers:
        assert answer.status_code == 200, address_of(answer)
        (look,) = looks_of(answer)
        assert look.records, address_of(answer)
