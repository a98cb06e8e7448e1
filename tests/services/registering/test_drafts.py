"""Forms that are not sent yet: nothing typed is lost, and nobody else reads it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from patients.entering.typed import Typed
from patients.models import Draft, Membership, OwnRoles, Patient
from patients.services import linking, summary
from patients.services.lookup import Gone
from patients.services.registering import drafts
from patients.tasks import throw_away_old_drafts
from portal.accounts.models import User
from portal.audit.models import Event

from .anne import held

pytestmark = pytest.mark.django_db
HALF = Typed(given_name="  Zoë", family_name="Quarter", birth_date="31/2/1980", notes="one\ntwo ")


def _columns(draft: Draft) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM patients_draft WHERE id = %s", [draft.pk])
        return repr(cursor.fetchall())


def test_form_is_kept_as_typed_and_encrypted(clinic_staff: User) -> None:
    draft = drafts.keep(HALF, by=clinic_staff, also={"systems": ["jump", "jhe"]})

    again = drafts.open_draft(draft.public_id, by=clinic_staff)

    assert drafts.typed_in(again) == HALF
    assert again.also == {"systems": ["jump", "jhe"]}
    assert "Quarter" not in _columns(draft)
    assert "jhe" not in _columns(draft)


def test_kept_again_it_is_the_same_draft(clinic_staff: User) -> None:
    first = drafts.keep(HALF, by=clinic_staff)

    second = drafts.keep(Typed(given_name="Ada"), by=clinic_staff, public_id=first.public_id)

    assert second == first
    assert Draft.objects.count() == 1
    assert drafts.typed_in(drafts.open_draft(first.public_id, by=clinic_staff)) == Typed(given_name="Ada")


def test_nobody_else_opens_or_overwrites_it(clinic_staff: User, admin: User) -> None:
    draft = drafts.keep(HALF, by=clinic_staff)

    with pytest.raises(Gone):
        drafts.open_draft(draft.public_id, by=admin)
    with pytest.raises(Gone):
        drafts.keep(Typed(), by=admin, public_id=draft.public_id)
    assert not drafts.throw_away(draft.public_id, by=admin)

    assert drafts.typed_in(drafts.open_draft(draft.public_id, by=clinic_staff)) == HALF
    assert Event.objects.get(action="draft.opened").outcome == "refused"
    with pytest.raises(Gone):
        drafts.open_draft("nowhere", by=admin)


def test_it_is_handed_over_to_who_could_send_it(clinic_staff: User, admin: User, reader: User) -> None:
    draft = drafts.keep(HALF, by=clinic_staff, patient=held().patient, kind=Draft.Kind.EDIT)
    for nobody in (reader, clinic_staff):
        with pytest.raises(drafts.NotTheirs):
            drafts.hand_over(draft, nobody, by=clinic_staff)

    drafts.hand_over(draft, admin, by=clinic_staff)

    (theirs,) = drafts.of(admin)
    assert (theirs.handed_by, theirs.patient, theirs.kind) == (clinic_staff, draft.patient, "edit")
    assert drafts.typed_in(theirs) == HALF
    assert drafts.of(clinic_staff) == []
    with pytest.raises(Gone):
        drafts.hand_over(draft, admin, by=clinic_staff)
    event = Event.objects.get(action="draft.handed_over")
    assert event.details == {"draft": draft.public_id, "to": admin.pk}


def test_it_is_not_handed_over_past_what_a_colleague_may_see(clinic_staff: User, admin: User) -> None:
    person = held().patient
    record = held("jhe", "7", organizations=("20003",))
    record.patient = person
    record.save()
    Membership.objects.update(patient=person)
    summary.refresh([person])
    draft = drafts.keep(HALF, by=clinic_staff, patient=person)
    _reaches(clinic_staff, "20003")
    _reaches(admin, "20002")

    with pytest.raises(drafts.NotTheirs, match="may not see every record"):
        drafts.hand_over(draft, admin, by=clinic_staff)

    assert drafts.of(clinic_staff) == [draft]
    _reaches(admin, "20003")
    drafts.hand_over(draft, admin, by=clinic_staff)
    assert drafts.of(admin) == [draft]


def _reaches(user: User, *organizations: str) -> None:
    """Let JHE have said a moment ago in which organizations somebody has a role."""
    told = {"organizations": list(organizations), "writable": [], "read_at": timezone.now()}
    OwnRoles.objects.update_or_create(user=user, system="jhe", defaults=told)


def test_person_of_a_form_is_who_they_were_linked_with(clinic_staff: User) -> None:
    one, other = Patient.objects.create(), Patient.objects.create()
    draft = drafts.keep(HALF, by=clinic_staff, patient=other)
    linking.link_people(keep=one, other=other, reason="One person", by=clinic_staff)

    assert drafts.open_draft(draft.public_id, by=clinic_staff).patient == one


def test_latest_comes_first_and_one_that_cannot_be_deciphered_hides_no_other(clinic_staff: User) -> None:
    first, second = (drafts.keep(Typed(given_name=name), by=clinic_staff) for name in ("Ann", "Bea"))
    drafts.keep(Typed(given_name="Ann"), by=clinic_staff, public_id=first.public_id)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE patients_draft SET typed = 'x' WHERE id = %s", [second.pk])

    found = drafts.of(clinic_staff)

    assert found == [first, second]
    assert [drafts.typed_in(each) for each in found] == [Typed(given_name="Ann"), None]


def test_fields_that_forms_have_no_more_are_left_out(clinic_staff: User) -> None:
    draft = drafts.keep(HALF, by=clinic_staff)
    draft.typed = json.loads(json.dumps(draft.typed)) | {"shoe_size": "44"}
    draft.save()

    assert drafts.typed_in(drafts.open_draft(draft.public_id, by=clinic_staff)) == HALF


def test_nobody_keeps_too_many(clinic_staff: User, admin: User) -> None:
    for _ in range(drafts.MOST):
        drafts.keep(Typed(), by=clinic_staff)
    with pytest.raises(drafts.TooMany):
        drafts.keep(Typed(), by=clinic_staff)
    with pytest.raises(drafts.TooMany):
        drafts.hand_over(drafts.keep(Typed(), by=admin), clinic_staff, by=admin)


def test_old_ones_are_thrown_away_and_sent_ones_at_once(clinic_staff: User) -> None:
    old, sent, fresh = (drafts.keep(Typed(), by=clinic_staff) for _ in range(3))
    Draft.objects.filter(pk=old.pk).update(kept_at=old.kept_at - drafts.KEPT_FOR - timedelta(minutes=1))

    assert drafts.throw_away(sent.public_id, by=clinic_staff)
    assert throw_away_old_drafts.call() == 1
    assert drafts.of(clinic_staff) == [fresh]
