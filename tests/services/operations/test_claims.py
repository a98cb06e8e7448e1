"""Of two registrations of one person at once the second is told of the first; twins pass."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from integrations.errors import Forbidden
from patients.models import Claim, Operation, Patient
from patients.services.operations import claims, clock, settling
from portal.accounts.models import User
from portal.audit.models import Event
from tests.support import side_by_side
from tests.writing import ZOE, new_record, pass_time, register

NHS = "9990000018"


def _register(by: User, system: str = "jump", **values: Any) -> Operation:
    return register({system: new_record(**values)}, by=by)[0]


def _told(by: User, **values: Any) -> Patient | Operation:
    """The operation, or the person as whom somebody is being registered already."""
    try:
        return _register(by, **values)
    except claims.Taken as taken:
        return taken.patient


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_are_one_and_the_others_are_told_who_it_is(clinic_staff: User) -> None:
    outcomes = side_by_side([partial(_told, clinic_staff)] * 20)

    (asked,) = [each for each in outcomes if isinstance(each, Operation)]
    assert [each for each in outcomes if each != asked] == [asked.patient] * 19
    assert Operation.objects.count() == 1
    assert Patient.objects.count() == 1
    assert Event.objects.filter(action="operation.asked").count() == 1


@pytest.mark.django_db(transaction=True)
def test_twins_at_once_are_two(clinic_staff: User) -> None:
    works = [partial(_told, clinic_staff, given_name=name) for name in ("Zoë", "Ada")]

    outcomes = side_by_side(works)

    assert all(isinstance(each, Operation) for each in outcomes)
    assert Patient.objects.count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("first", "second", "is_told"),
    [
        ({}, {"given_name": "ZOE"}, True),
        ({}, {"family_name": "quarter-maine"}, True),
        ({}, {"email": "another@example.org", "phone": ""}, True),
        ({}, {"birth_date": ZOE.birth_date.replace(day=10)}, False),  # type: ignore[union-attr]
        ({"nhs_number": NHS}, {"nhs_number": "999 000 0018", "given_name": "Mia"}, True),
        ({"nhs_number": NHS}, {"nhs_number": "", "given_name": "Mia"}, False),
        ({"nhs_number": "1234567890"}, {"nhs_number": "1234567890", "given_name": "Mia"}, False),
        ({"birth_date": None}, {"birth_date": None}, False),
        ({"given_name": ""}, {"given_name": ""}, False),
        (
            {"birth_date": ZOE.birth_date.replace(1900, 1, 1)},  # type: ignore[union-attr]
            {"birth_date": ZOE.birth_date.replace(1900, 1, 1)},  # type: ignore[union-attr]
            False,
        ),
    ],
)
def test_who_is_taken_for_the_same(
    clinic_staff: User, first: dict[str, Any], second: dict[str, Any], is_told: bool
) -> None:
    asked = _register(clinic_staff, **first)

    told = _told(clinic_staff, **second)

    assert (told == asked.patient) == is_told


@pytest.mark.django_db
def test_one_person_in_three_systems_is_one_registration(clinic_staff: User) -> None:
    records = {name: new_record() for name in ("jump", "jhe", "impilo")}

    operations = register(records, by=clinic_staff)

    assert len({each.patient for each in operations}) == 1
    assert len({each.key for each in operations} | {each.own_id for each in operations}) == 6
    with pytest.raises(claims.Taken) as told:
        _register(clinic_staff, "impilo")
    assert told.value.operation == operations[-1]


@pytest.mark.django_db
def test_namesake_is_registered_with_a_reason_and_never_with_the_same_number(clinic_staff: User) -> None:
    _register(clinic_staff, nhs_number=NHS)
    namesake = partial(register, by=clinic_staff, namesake="Another mother")

    with pytest.raises(claims.Taken):
        namesake({"jump": new_record(nhs_number=NHS)})
    (operation,) = namesake({"jump": new_record(nhs_number="")})

    asked = Event.objects.get(action="operation.asked", details__operation=operation.public_id)
    assert asked.reason == "Another mother"


@pytest.mark.django_db
def test_claims_go_with_what_was_given_up_and_stay_a_while_after_what_was_done(
    clinic_staff: User, admin: User
) -> None:
    given_up = _register(clinic_staff)
    settling.give_up(given_up, reason="Typed twice", by=admin)
    assert not Claim.objects.exists()

    done = _register(clinic_staff)
    Operation.objects.filter(pk=done.pk).update(state=Operation.State.DONE)
    claims.let_go(done.patient)
    pass_time(hours=23)
    assert claims.throw_away_old() == 0
    assert _told(clinic_staff) == done.patient
    pass_time(hours=2)
    assert isinstance(_told(clinic_staff), Operation)


@pytest.mark.django_db
def test_claim_stays_while_another_registration_of_the_person_is_open(
    clinic_staff: User, admin: User
) -> None:
    jump, impilo = register({"jump": new_record(), "impilo": new_record()}, by=clinic_staff)

    settling.give_up(jump, reason="Not needed there", by=admin)

    assert Claim.objects.get().until is None
    settling.give_up(impilo, reason="Neither here", by=admin)
    assert not Claim.objects.exists()


@pytest.mark.django_db
def test_claim_tells_of_whom_the_person_has_become(clinic_staff: User) -> None:
    asked = _register(clinic_staff)
    became = Patient.objects.create()
    Patient.objects.filter(pk=asked.patient.pk).update(merged_into=became)

    assert _told(clinic_staff) == became


@pytest.mark.django_db
def test_claim_holds_nothing_that_can_be_read(clinic_staff: User) -> None:
    _register(clinic_staff, nhs_number=NHS)

    for claim in Claim.objects.all():
        assert len(claim.key) == 64
        assert NHS not in claim.key
    assert clock.now()


@pytest.mark.django_db
@pytest.mark.parametrize("system", ["jump", "jhe", "impilo"])
def test_whose_role_does_not_reach_is_refused_and_nothing_is_recorded(
    reader: User, coordinator: User, system: str
) -> None:
    with pytest.raises(Forbidden):
        _register(reader, system)
    if system == "jhe":
        assert _register(coordinator, system)
    else:
        with pytest.raises(Forbidden):
            _register(coordinator, system)
        assert not Operation.objects.exists()


@pytest.mark.django_db
def test_same_details_with_other_own_ids_are_another_operation(clinic_staff: User) -> None:
    (first,) = register({"impilo": replace(new_record(), own_id="portal-1")}, by=clinic_staff)

    assert first.own_id == "portal-1"
