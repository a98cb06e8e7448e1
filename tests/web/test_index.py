"""The index: records taken in, changed, gone and back; linked by the rule, parted and linked by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from django.utils import timezone

from integrations.types import (
    Address,
    Administrative,
    Demographics,
    Organization,
    Phone,
    Registration,
    RemotePatient,
)
from patients.models import Key, Link, Membership, Patient, RecordChange, SourceRecord
from patients.services import index, linking
from patients.services.held import form_of, whole_of
from portal.accounts.models import User
from portal.audit.models import Event

pytestmark = pytest.mark.django_db

GRACE = Demographics(
    given_name="Grace",
    family_name="Mbeki",
    birth_date=date(1975, 4, 18),
    email="grace@example.org",
    phones=(Phone(number="07700 900000"),),
    address=Address(lines=("1 Platt Lane",), postcode="M14 1AA"),
)


def record(system: str, remote_id: str, *, complete: bool = True, **changed: object) -> RemotePatient:
    details = replace(GRACE, **changed)  # type: ignore[arg-type]
    return RemotePatient(system=system, id=remote_id, demographics=details, complete=complete)


def row(system: str, remote_id: str) -> SourceRecord:
    found: SourceRecord = SourceRecord.objects.select_related("patient").get(
        system=system, remote_id=remote_id
    )
    return found


def same_person(*keys: tuple[str, str]) -> bool:
    return len({row(*key).patient_id for key in keys}) == 1


@pytest.fixture
def admin() -> User:
    return User.objects.create_user("admin@example.org")


# --- taking in ------------------------------------------------------------------------------


def test_record_is_one_person_and_found_under_its_keys() -> None:
    stored = index.store([record("jump", "p1")])
    assert (stored.read, stored.new) == (1, 1)
    assert row("jump", "p1").patient.is_listed
    assert Key.objects.filter(record_id=row("jump", "p1").pk).count() > 20


def test_reading_the_same_again_changes_nothing() -> None:
    index.store([record("jump", "p1")])
    before = set(Key.objects.values_list("key", "record_id"))
    stored = index.store([record("jump", "p1")])
    assert (stored.new, stored.changed) == (0, 0)
    assert not RecordChange.objects.exists()
    assert set(Key.objects.values_list("key", "record_id")) == before


def test_change_is_kept_with_what_was_before_and_found_by_the_new_keys_alone() -> None:
    index.store([record("jump", "p1")])
    index.store([record("jump", "p1", family_name="Adeyemi")])
    (change,) = RecordChange.objects.all()
    assert change.changes["family_name"] == ["Mbeki", "Adeyemi"]
    wanted = index.keys_of(form_of(whole_of(row("jump", "p1"))), ["p1"])
    assert set(Key.objects.values_list("key", flat=True)) == wanted


def test_short_row_erases_nothing_that_only_whole_records_hold() -> None:
    index.store([record("jump", "p1")])
    index.store([record("jump", "p1", complete=False, phones=(), address=None, email="new@example.org")])
    held = whole_of(row("jump", "p1")).demographics
    assert (held.email, held.phones, held.address) == ("new@example.org", GRACE.phones, GRACE.address)


def test_older_reading_changes_nothing() -> None:
    now = timezone.now()
    index.store([record("jump", "p1", email="now@example.org")], read_at=now)
    index.store([record("jump", "p1", email="then@example.org")], read_at=now - timedelta(minutes=1))
    assert row("jump", "p1").email == "now@example.org"


def test_record_that_is_gone_is_marked_and_can_come_back() -> None:
    index.store([record("jump", "p1")])
    assert index.mark_vanished([row("jump", "p1")], at=timezone.now()) == 1
    assert row("jump", "p1").vanished_at is not None
    assert index.store([record("jump", "p1")]).returned == 1
    assert row("jump", "p1").vanished_at is None


def test_memberships_follow_the_record() -> None:
    member = replace(record("jhe", "1"), organizations=(Organization(id="20003"), Organization(id="20007")))
    index.store([member])
    index.store([replace(member, organizations=(Organization(id="20003"),))])
    assert list(Membership.objects.values_list("organization", flat=True)) == ["20003"]


# --- linked by the rule ---------------------------------------------------------------------


@pytest.mark.parametrize("at_once", [True, False])
def test_records_of_one_person_are_linked_whichever_comes_first(at_once: bool) -> None:
    records = [record("jump", "p1"), record("jhe", "40001"), record("impilo", "7")]
    for batch in [records] if at_once else [[each] for each in reversed(records)]:
        index.store(batch)
    assert same_person(("jump", "p1"), ("jhe", "40001"), ("impilo", "7"))
    assert Patient.objects.filter(is_listed=True).count() == 1
    link = Link.objects.filter(undone_at=None).first()
    assert link is not None
    assert link.rule == "names, birth date and a third field"
    assert link.weights_version == "fixed-1"
    assert link.evidence["levels"]["birth_date"] == "exact"
    assert Event.objects.filter(action="link.made").count() == Link.objects.count()


def test_test_record_is_nobodys() -> None:
    dummy = replace(record("impilo", "7"), registration=Registration.DUMMY)
    index.store([record("jump", "p1"), dummy])
    assert not same_person(("jump", "p1"), ("impilo", "7"))
    assert not row("impilo", "7").patient.is_listed


def test_twins_are_not_linked() -> None:
    index.store([record("jump", "p1"), record("impilo", "7", given_name="Gloria")])
    assert not same_person(("jump", "p1"), ("impilo", "7"))


def test_link_that_would_chain_unlike_people_is_stopped() -> None:
    first = record("jump", "p1", nhs_number="9991662995")
    other = record("impilo", "7", nhs_number="9990053642")
    stored = index.store([first, record("jhe", "40001"), other])
    assert stored.tally.stopped >= 1
    assert not same_person(("jump", "p1"), ("impilo", "7"))


def test_link_by_the_rule_is_undone_when_the_records_no_longer_agree() -> None:
    index.store([record("jump", "p1"), record("impilo", "7")])
    before = row("impilo", "7").patient_id
    index.store([record("impilo", "7", birth_date=date(1940, 1, 9), given_name="Gloria")])
    assert not same_person(("jump", "p1"), ("impilo", "7"))
    assert before in {row("jump", "p1").patient_id, row("impilo", "7").patient_id}
    assert Link.objects.get().undone_reason == "The records no longer agree."


# --- by hand --------------------------------------------------------------------------------


def test_people_linked_by_hand_are_one_and_can_be_parted_again(admin: User) -> None:
    index.store([record("jump", "p1"), record("impilo", "7", given_name="Bongani", birth_date=None)])
    keep, other = row("jump", "p1").patient, row("impilo", "7").patient
    linking.link_people(keep=keep, other=other, reason="She told us so.", by=admin)
    other.refresh_from_db()
    assert same_person(("jump", "p1"), ("impilo", "7"))
    assert other.merged_into == keep

    linking.unlink_record(record=row("impilo", "7"), reason="A slip.", by=admin)
    assert row("impilo", "7").patient == other
    assert Patient.objects.get(pk=other.pk).merged_into is None
    assert {each.action for each in Event.objects.all()} == {"link.made", "link.undone"}


def test_what_was_parted_by_hand_is_not_linked_by_the_rule(admin: User) -> None:
    index.store([record("jump", "p1"), record("impilo", "7")])
    linking.unlink_record(record=row("impilo", "7"), reason="Her mother.", by=admin)
    index.store([record("impilo", "7", email="other@example.org"), record("jump", "p1", title="Dr")])
    assert not same_person(("jump", "p1"), ("impilo", "7"))

    linking.link_people(
        keep=row("jump", "p1").patient, other=row("impilo", "7").patient, reason="It is her.", by=admin
    )
    assert same_person(("jump", "p1"), ("impilo", "7"))


def test_the_only_record_of_somebody_is_not_parted(admin: User) -> None:
    index.store([record("jump", "p1")])
    with pytest.raises(linking.Refused):
        linking.unlink_record(record=row("jump", "p1"), reason="?", by=admin)


def test_person_is_as_old_in_the_list_as_the_first_record() -> None:
    def made(on: datetime) -> Administrative:
        return Administrative(created_at=on)

    first = timezone.make_aware(datetime(2023, 9, 4, 12))  # noqa: DTZ001 (made aware here)
    records = [
        replace(record("jump", "p1"), administrative=made(first + timedelta(days=40))),
        replace(record("jhe", "40001"), administrative=made(first)),
    ]
    index.store(records)
    patient = Patient.objects.get(is_listed=True)
    assert patient.version > 1
