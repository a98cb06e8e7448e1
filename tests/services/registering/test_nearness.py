"""Who stops a registration, and who is shown as family: one's own damaged record, relatives, strangers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from integrations.types import Address, Sex
from integrations.writes import Details
from patients.models import SourceRecord
from patients.services.registering.meeting import meet
from patients.services.registering.passing import Nearness
from portal.accounts.models import User

from .anne import ALONE, ANNE, NHS, OTHER_NHS, PLACE, REACH, held

pytestmark = pytest.mark.django_db

LOW, MEDIUM, FAMILY = Nearness.LOW, Nearness.MEDIUM, Nearness.FAMILY
NEW = replace(ANNE, nhs_number="", sex=Sex.FEMALE)
SHARED_PHONE = {**ALONE, "mobile_phone": ANNE.mobile_phone}
FAR, TOUCHING, CHILD = date(1979, 11, 3), date(1979, 11, 17), date(2016, 11, 3)


def nearest(user: User, new: Details, **there: Any) -> Nearness | None:
    """How near somebody is of whom one record is held: Anne's, but for these details."""
    held(**there)
    return meet(new, by=user, reach=REACH).nearest


@pytest.mark.parametrize(
    "there",
    [
        pytest.param({"given_name": "Annie"}, id="short for it"),
        pytest.param({"given_name": "Amne"}, id="slip"),
        pytest.param({"given_name": "Anne", "family_name": "Kowalsla"}, id="slip in the family name"),
        pytest.param({"given_name": "A", "birth_date": TOUCHING}, id="initial"),
        pytest.param({"given_name": "Maria Anne", "birth_date": TOUCHING}, id="part of a double name"),
        pytest.param({"given_name": "Kowalska", "family_name": "Amne"}, id="turned, with a slip"),
    ],
)
@pytest.mark.parametrize("shared", ["email", "mobile_phone", "address"])
def test_who_shares_a_contact_and_a_given_name_is_a_doubt_whatever_the_birth_date(
    clinic_staff: User, there: dict[str, Any], shared: str
) -> None:
    there = {**ALONE, shared: getattr(ANNE, shared), "birth_date": FAR} | there

    assert nearest(clinic_staff, NEW, **there) in {LOW, MEDIUM}


@pytest.mark.parametrize(
    "there",
    [
        pytest.param({"given_name": "Zofia", "birth_date": FAR}, id="sister"),
        pytest.param({"given_name": "Zofia", "birth_date": TOUCHING}, id="sister of the same day"),
        pytest.param({"given_name": "Agnes", "birth_date": FAR}, id="sister of a name that is not very like"),
        pytest.param({"birth_date": CHILD}, id="daughter of the same name"),
        pytest.param({"birth_date": date(1951, 6, 3), "address": PLACE, "mobile_phone": ""}, id="mother"),
        pytest.param({"nhs_number": OTHER_NHS, "given_name": "Amne", "birth_date": FAR}, id="another number"),
        pytest.param({"sex": Sex.MALE, "given_name": "Arne", "birth_date": FAR}, id="brother of a like name"),
    ],
)
def test_relatives_are_family_and_stop_nobody(clinic_staff: User, there: dict[str, Any]) -> None:
    new = replace(NEW, nhs_number=NHS if there.get("nhs_number") else "")

    assert nearest(clinic_staff, new, **SHARED_PHONE | there) is FAMILY


def test_child_who_has_the_parents_mailbox_and_phone_is_family(clinic_staff: User) -> None:
    child = replace(NEW, birth_date=CHILD)

    assert nearest(clinic_staff, child, nhs_number="") is FAMILY


def test_grown_up_who_has_ones_phone_is_a_doubt_however_far_the_birth_date(clinic_staff: User) -> None:
    assert nearest(clinic_staff, NEW, **SHARED_PHONE | {"birth_date": date(1934, 3, 27)}) is LOW


@pytest.mark.parametrize(
    ("there", "wanted"),
    [
        pytest.param({"given_name": "Agnieszka", "address": PLACE}, FAMILY, id="at the same address"),
        pytest.param({"given_name": "Amne", "address": PLACE}, LOW, id="named but for a slip"),
        pytest.param({"given_name": "Zofia", "mobile_phone": ANNE.mobile_phone}, LOW, id="grown up"),
    ],
)
def test_twins_are_family_but_for_a_name_or_a_phone_that_says_otherwise(
    clinic_staff: User, there: dict[str, Any], wanted: Nearness
) -> None:
    assert nearest(clinic_staff, NEW, **ALONE | there) is wanted


def test_young_twins_who_share_everything_are_family(clinic_staff: User) -> None:
    child = replace(NEW, birth_date=CHILD)

    assert nearest(clinic_staff, child, given_name="Zofia", birth_date=CHILD, nhs_number="") is FAMILY


def test_mailbox_named_after_somebody_says_that_it_is_theirs(clinic_staff: User) -> None:
    young = replace(NEW, given_name="Nusia", birth_date=CHILD, email="anne.kowalska@example.org")

    assert nearest(clinic_staff, young, **ALONE | {"birth_date": CHILD, "address": PLACE}) is LOW


@pytest.mark.parametrize(
    ("born", "wanted"),
    [pytest.param(date(2019, 11, 23), LOW, id="near"), pytest.param(date(2014, 11, 23), FAMILY, id="far")],
)
def test_initial_is_a_doubt_where_every_contact_is_equal_and_the_birth_date_near(
    clinic_staff: User, born: date, wanted: Nearness
) -> None:
    new = replace(NEW, birth_date=date(2020, 1, 28), nhs_number="")

    there = SHARED_PHONE | {"given_name": "A", "birth_date": born, "address": PLACE, "email": NEW.email}
    assert nearest(clinic_staff, replace(new, address=PLACE), **there) is wanted


def test_pet_name_that_no_table_has_is_a_doubt_where_all_else_is_near(clinic_staff: User) -> None:
    there = SHARED_PHONE | {"given_name": "Zofia", "birth_date": date(1984, 2, 18)}

    assert nearest(clinic_staff, replace(NEW, birth_date=date(1984, 2, 17)), **there) is LOW


def test_neighbours_are_nobody(clinic_staff: User) -> None:
    next_door = Address(lines=("16 Cedar Road",), town="Leeds", postcode="LS6 1AA")
    there = ALONE | {"given_name": "Piotr", "family_name": "Mwangi", "birth_date": FAR, "address": next_door}

    assert nearest(clinic_staff, NEW, **there) is None


@pytest.mark.parametrize(("shared", "wanted"), [("mobile_phone", LOW), ("address", FAMILY)])
def test_given_name_says_more_than_another_family_name_but_not_in_one_house(
    clinic_staff: User, shared: str, wanted: Nearness
) -> None:
    """Who has married keeps mailbox and phone; in a home of sixty live several Annes."""
    there = ALONE | {"family_name": "Mwangi", "birth_date": TOUCHING, shared: getattr(ANNE, shared)}

    assert nearest(clinic_staff, NEW, **there) is wanted


def _crowd(names: int) -> None:
    """So many other Anne Kowalskas, of whom only the names are held."""
    for number in range(names):
        held("impilo", f"{number + 10}", **ALONE | {"birth_date": date(1930, 1, 2 + number % 20)})


@pytest.mark.parametrize(("others", "wanted"), [(0, LOW), (40, None)])
def test_near_birth_date_and_names_stop_where_few_have_such(
    clinic_staff: User, others: int, wanted: Nearness | None
) -> None:
    """Two digits of the date differ and nothing else is shared: among many it is no surprise."""
    _crowd(others)
    held("jump", "1", **ALONE | {"birth_date": date(1984, 11, 17)})
    SourceRecord.objects.filter(system="impilo").update(birth=19300102)

    found = {each.patient: each.nearness for each in meet(NEW, by=clinic_staff, reach=REACH).doubts}

    assert found.get(SourceRecord.objects.get(system="jump").patient_id) == wanted


def test_what_any_record_of_somebody_says_counts_for_all(clinic_staff: User) -> None:
    """JHE holds neither sex nor NHS number: another record of the same person does."""
    held("jump", "1", sex=Sex.MALE, given_name="Arne", birth_date=FAR, nhs_number="")
    held("jhe", "2", organizations=("20003",), given_name="Arne", birth_date=FAR, nhs_number="", address=None)
    assert SourceRecord.objects.values("patient").distinct().count() == 1

    assert meet(NEW, by=clinic_staff, reach=REACH).nearest is FAMILY


def test_evidence_is_of_a_record_in_reach(clinic_staff: User) -> None:
    """Who is near by a record that is out of reach is shown by what may be seen."""
    held("jhe", "2", organizations=("20007",), nhs_number="", address=None)
    held("jump", "1", email="", nhs_number="", address=None)
    assert SourceRecord.objects.values("patient").distinct().count() == 1

    (met,) = meet(NEW, by=clinic_staff, reach=REACH).met

    assert {row.system for row in met.side.rows} == {"jump"}
    assert "e-mail" not in " ".join(each.sentence for each in met.evidence)
