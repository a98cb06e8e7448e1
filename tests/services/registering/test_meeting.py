"""Whom somebody new may be: near and far, relatives, twins, out of reach; and what that means."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from patients.models import KeptApart, SourceRecord
from patients.services.registering.gate import Look, Verdict
from patients.services.registering.meeting import meet
from patients.services.registering.passing import Nearness
from portal.accounts.models import User

from .anne import ALONE, ANNE, NHS, OTHER_NHS, PLACE, REACH, held

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("there", "wanted"),
    [
        pytest.param({}, Nearness.HIGH, id="all of it"),
        pytest.param({**ALONE, "nhs_number": NHS}, Nearness.HIGH, id="NHS number and names"),
        pytest.param({**ALONE, "nhs_number": NHS, "family_name": "Nowak"}, Nearness.HIGH, id="married"),
        pytest.param(ALONE, Nearness.HIGH, id="names and birth date alone"),
        pytest.param(
            {**ALONE, "nhs_number": NHS, "given_name": "Omar", "birth_date": date(1951, 9, 30)},
            Nearness.CONFLICT,
            id="the number of somebody else",
        ),
        pytest.param(
            {**ALONE, "email": ANNE.email, "given_name": "Ann", "birth_date": None},
            Nearness.MEDIUM,
            id="mailbox and a like name",
        ),
        pytest.param(
            {**ALONE, "given_name": "Ann", "birth_date": date(1984, 2, 18)}, Nearness.LOW, id="like and near"
        ),
        pytest.param(
            {"given_name": "Piotr", "birth_date": date(1982, 7, 1), "nhs_number": OTHER_NHS},
            Nearness.FAMILY,
            id="husband with mailbox, phone and address",
        ),
        pytest.param(
            {**ALONE, "given_name": "Zofia", "address": PLACE}, Nearness.FAMILY, id="twin at the same address"
        ),
        pytest.param(
            {**ALONE, "given_name": "Ruth", "family_name": "Mwangi", "birth_date": date(1990, 1, 9)},
            None,
            id="somebody else altogether",
        ),
    ],
)
def test_how_near_somebody_is(clinic_staff: User, there: dict[str, Any], wanted: Nearness | None) -> None:
    held(**there)

    meeting = meet(ANNE, by=clinic_staff, reach=REACH)

    assert meeting.nearest == wanted
    assert [each.nearness for each in meeting.met] == ([wanted] if wanted else [])


def test_evidence_is_told_field_by_field(clinic_staff: User) -> None:
    held(**ALONE)

    (met,) = meet(ANNE, by=clinic_staff, reach=REACH).met

    assert {str(each.field) for each in met.evidence} == {"given_name", "family_name", "birth_date"}
    assert met.side.name == "KOWALSKA, Anne, born 17-Feb-1984"


def test_somebody_out_of_reach_is_told_of_without_details_and_stops_all_the_same(clinic_staff: User) -> None:
    held("jhe", "7", organizations=("20007",))

    meeting = meet(ANNE, by=clinic_staff, reach=REACH)

    assert not meeting.met
    (unseen,) = meeting.unseen
    assert (unseen.nearness, unseen.systems) == (Nearness.HIGH, ("jhe",))
    assert "Kowalska" not in repr(meeting)
    assert Look(details=ANNE, meeting=meeting).verdict is Verdict.SAME


def test_relatives_out_of_reach_are_nobodys_business(clinic_staff: User) -> None:
    held("jhe", "7", organizations=("20007",), given_name="Piotr", birth_date=date(1982, 7, 1), nhs_number="")

    meeting = meet(ANNE, by=clinic_staff, reach=REACH)

    assert not meeting.met
    assert not meeting.unseen
    assert Look(details=ANNE, meeting=meeting).verdict is Verdict.CLEAR


def test_why_somebody_was_kept_apart_is_told_only_where_both_are_in_reach(
    clinic_staff: User, admin: User
) -> None:
    here = held()
    for number, place in (("7", "20007"), ("8", "20003")):
        there = held("jhe", number, organizations=(place,), given_name=f"Omar{number}", **ALONE)
        KeptApart.objects.create(first=here, second=there, reason=f"Reason {number}", decided_by=admin)

    met = next(each for each in meet(ANNE, by=clinic_staff, reach=REACH).met if here in each.side.rows)

    assert sorted(each.reason for each in met.apart) == ["", "Reason 8"]
    assert {each.decided_by for each in met.apart} == {str(admin)}


def test_test_records_and_those_that_have_gone_are_nobody(clinic_staff: User) -> None:
    record = held()
    SourceRecord.objects.filter(pk=record.pk).update(is_test=True)

    assert meet(ANNE, by=clinic_staff, reach=REACH).nearest is None


def test_one_person_of_several_records_is_met_once_by_the_nearest(clinic_staff: User) -> None:
    held("jump", "1")
    held("impilo", "2", email="", mobile_phone="")

    meeting = meet(ANNE, by=clinic_staff, reach=REACH)

    (met,) = meeting.met
    assert met.nearness is Nearness.HIGH
    assert len(met.side.rows) == 2
    assert len(meeting.doubts) == 1


def test_stand_in_birth_date_makes_nobody_near_by_itself(clinic_staff: User) -> None:
    unknown = replace(ANNE, birth_date=date(1900, 1, 1), nhs_number="")
    held(**ALONE | {"birth_date": unknown.birth_date})

    assert meet(unknown, by=clinic_staff, reach=REACH).nearest is Nearness.MEDIUM
