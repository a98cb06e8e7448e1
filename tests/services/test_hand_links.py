"""Linking by hand, parting and undoing: what speaks against it, what comes of it, and who wins."""

from __future__ import annotations

from datetime import date

import pytest

from integrations.types import Demographics, RemotePatient, Sex
from patients.models import KeptApart, Patient, SourceRecord
from patients.services import candidates, hand_links, index, linking
from patients.services.hand_links import Parting, Side
from patients.services.seals import Broken, Trouble
from patients.services.visibility import Reach
from portal.accounts.models import User
from portal.audit.models import Event
from tests.support import side_by_side

pytestmark = pytest.mark.django_db(transaction=True)

REACH = Reach(organizations={"jhe": frozenset()})


def read(system: str, number: str, **details: object) -> SourceRecord:
    """A record as a system gives it, taken into the index."""
    known: dict[str, object] = {
        "given_name": "Grace",
        "family_name": "Mbeki",
        "birth_date": date(1975, 4, 18),
        **details,
    }
    demographics = Demographics(**known)  # type: ignore[arg-type]
    index.store([RemotePatient(system=system, id=number, demographics=demographics)])
    return SourceRecord.objects.select_related("patient").get(system=system, remote_id=number)


def side(record: SourceRecord, user: User) -> Side:
    record.refresh_from_db()
    return hand_links.side(record.patient.public_id, by=user, reach=REACH)


def link(one: SourceRecord, other: SourceRecord, user: User, reason: str = "Told at the desk") -> None:
    first, second = side(one, user), side(other, user)
    sealed = hand_links.seal_link(first, second, by=user)
    at = [first.patient.public_id, second.patient.public_id]
    hand_links.link(sealed=sealed, at=at, reason=reason, by=user)


def part(parting: Parting, whole: Side, number: int, user: User, reason: str = "Two sisters") -> None:
    sealed = hand_links.seal_parting(parting, whole, number, by=user)
    hand_links.part(parting, sealed=sealed, at=whole.patient.public_id, number=number, reason=reason, by=user)


@pytest.fixture
def maiden(db: None) -> tuple[SourceRecord, SourceRecord]:
    """Two records that only somebody who knows her would take for one person's."""
    return read("jump", "p-1"), read("impilo", "7", family_name="Dlamini", given_name="Gracie")


def test_two_joined_by_hand_and_undone_are_as_before(
    maiden: tuple[SourceRecord, SourceRecord], clinic_staff: User, admin: User
) -> None:
    one, other = maiden
    before = side(other, admin).patient

    link(one, other, clinic_staff)
    whole = side(one, admin)
    assert [row.remote_id for row in whole.rows] == ["p-1", "7"]
    (made,) = hand_links.links_by_hand(whole.patient)
    assert (made.reason, made.made_by) == ("Told at the desk", clinic_staff)
    part(Parting.UNDO, whole, made.pk, admin)

    assert side(other, admin).patient == before
    assert side(one, admin).rows == (one,)
    assert not KeptApart.objects.exists()
    events = Event.objects.filter(action__startswith="link.").order_by("at")
    assert [(each.action, each.reason) for each in events] == [
        ("link.made", "Told at the desk"),
        ("link.undone", "Two sisters"),
    ]


def test_undoing_gives_back_every_record_that_the_link_brought(clinic_staff: User, admin: User) -> None:
    one = read("jump", "p-1", given_name="Winifred", birth_date=date(1940, 1, 2))
    two, three = read("impilo", "7", email="g@example.org"), read("jhe", "9", email="g@example.org")
    assert two.patient == three.patient
    first = Patient.objects.get(merged_into=two.patient)
    link(one, two, clinic_staff)
    reach = Reach(organizations={"jhe": frozenset()})
    whole = hand_links.side(side(one, admin).patient.public_id, by=admin, reach=reach)

    part(Parting.UNDO, whole, hand_links.links_by_hand(whole.patient)[0].pk, admin)

    two.refresh_from_db()
    three.refresh_from_db()
    assert two.patient == three.patient != side(one, admin).patient
    first.refresh_from_db()
    assert first.merged_into == two.patient  # its old address leads to whom it led before


def test_record_parted_by_hand_is_kept_apart_until_linked_again(
    maiden: tuple[SourceRecord, SourceRecord], clinic_staff: User, admin: User
) -> None:
    one, other = maiden
    link(one, other, clinic_staff)
    part(Parting.UNLINK, side(one, admin), other.pk, admin)

    for each, its_other in ((one, other), (other, one)):
        (apart,) = hand_links.apart_from(side(each, admin).patient)
        assert (apart.decided_by, apart.reason) == (str(admin), "Two sisters")
        assert apart.other == side(its_other, admin).patient
    warnings = hand_links.warnings_between(side(one, admin), side(other, admin))
    assert any("Two sisters" in each for each in warnings)
    link(one, other, admin)
    assert hand_links.apart_from(side(one, admin).patient) == []


def test_records_parted_one_after_the_other_do_not_meet_again(clinic_staff: User, admin: User) -> None:
    one = read("jump", "p-1", given_name="Winifred", birth_date=date(1940, 1, 2))
    two, three = read("impilo", "7", email="g@example.org"), read("jhe", "9", email="g@example.org")
    link(one, two, clinic_staff)

    part(Parting.UNLINK, side(one, admin), two.pk, admin)
    part(Parting.UNLINK, side(one, admin), three.pk, admin)

    two.refresh_from_db()
    three.refresh_from_db()
    assert len({side(one, admin).patient.pk, two.patient_id, three.patient_id}) == 3


def test_what_speaks_against_is_said(clinic_staff: User) -> None:
    one = read("jump", "p-1", sex=Sex.FEMALE, nhs_number="9434765919")
    other = read(
        "impilo", "7", sex=Sex.MALE, nhs_number="9000000009", given_name="Tom", birth_date=date(1990, 1, 2)
    )

    warnings = hand_links.warnings_between(side(one, clinic_staff), side(other, clinic_staff))

    assert {"The recorded sex differs.", "The given names differ.", "The birth dates differ."} <= set(
        warnings
    )


def test_what_speaks_against_out_of_reach_is_said_without_values(clinic_staff: User) -> None:
    one = read("jump", "p-1", email="g@example.org")
    hidden = read("jhe", "9", email="g@example.org", sex=Sex.FEMALE)
    assert one.patient == hidden.patient
    other = read("impilo", "7", sex=Sex.MALE, given_name="Gracie", family_name="Mbekis")

    warnings = hand_links.warnings_between(side(one, clinic_staff), side(other, clinic_staff))

    assert warnings == (hand_links.HIDDEN,)


def test_test_record_is_not_linked(clinic_staff: User) -> None:
    one, other = read("jump", "p-1"), read("impilo", "7", family_name="Dlamini")
    SourceRecord.objects.filter(pk=other.pk).update(marked_test=True, is_test=True)
    other.patient.is_listed = False
    other.patient.save()

    with pytest.raises(linking.Refused):
        link(one, other, clinic_staff)


def test_of_two_who_decide_at_once_exactly_one_wins(
    maiden: tuple[SourceRecord, SourceRecord], clinic_staff: User, admin: User
) -> None:
    one, other = (side(each, admin) for each in maiden)
    at = [one.patient.public_id, other.patient.public_id]

    def send(user: User, sealed: str) -> str:
        try:
            hand_links.link(sealed=sealed, at=at, reason="Told", by=user)
        except Broken as refused:
            return str(refused.trouble)
        return "linked"

    forms = [(user, hand_links.seal_link(one, other, by=user)) for user in (clinic_staff, admin)]
    answers = side_by_side([lambda form=form: send(*form) for form in forms])  # type: ignore[misc]

    assert sorted(answers) == ["linked", str(Trouble.STALE)]
    assert Event.objects.filter(action="link.made").count() == 1


def test_linking_and_a_change_of_a_record_at_once_leave_no_stale_link(
    maiden: tuple[SourceRecord, SourceRecord], admin: User
) -> None:
    one, other = (side(each, admin) for each in maiden)
    version = one.patient.version
    sealed = hand_links.seal_link(one, other, by=admin)
    at = [one.patient.public_id, other.patient.public_id]

    def send() -> str:
        try:
            hand_links.link(sealed=sealed, at=at, reason="Told", by=admin)
        except Broken:
            return "refused"
        return "linked"

    def change() -> str:
        read("jump", "p-1", email="grace@example.org")
        return "changed"

    answer, _ = side_by_side([send, change])

    one.patient.refresh_from_db()
    assert one.patient.version == version + (2 if answer == "linked" else 1)


def test_candidates_are_ranked_and_within_reach(clinic_staff: User) -> None:
    one = read("jump", "p-1", email="g@example.org")
    likely = read("impilo", "7", given_name="Gracie", family_name="Mbekki", email="g@example.org", sex=None)
    less = read("impilo", "8", birth_date=date(1975, 4, 19), given_name="Grace")
    read("jhe", "9", given_name="Grace", family_name="Mbeke")  # out of reach

    found = candidates.candidates_for(side(one, clinic_staff), by=clinic_staff, reach=REACH)

    assert [each.side.patient.pk for each in found] == [likely.patient_id, less.patient_id]
    assert "email" in {each.field for each in found[0].evidence}
