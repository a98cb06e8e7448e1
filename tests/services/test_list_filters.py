"""Every combination of filters against the records themselves: bits must never say anything else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import count
from random import Random

import pytest

from integrations.sandbox.people.person import nhs
from integrations.types import (
    Administrative,
    Demographics,
    Organization,
    RecordStatus,
    Registration,
    RemotePatient,
)
from patients.models import ListEntry, Membership, Place, SourceRecord
from patients.services import index, people_list
from patients.services.people_list import Filters, Order, Sort
from patients.services.visibility import Reach
from portal.accounts.models import User
from portal.accounts.roles import Role

# More organizations than there are bits: some share one.
ORGANIZATIONS = [str(number) for number in range(1, 161)]
OWN = frozenset({"1", "7", "62", "63", "64", "75"})
REACH = Reach(organizations={"jhe": OWN})
SYSTEMS = ("jump", "jhe", "impilo")
PEOPLE, ROUNDS = 70, 120
NAMES = ("Abbott", "Abel", "Baker", "Bakewell", "Carter")


def crowd(chance: Random) -> None:
    """People with up to four records, several in one system or organization, some test records."""
    numbers = count(1)
    for person in range(PEOPLE):
        known = Demographics(
            family_name=chance.choice(NAMES),
            given_name=f"Ann{'abcdefghij'[person % 10]}{'klmnopq'[person // 10]}",
            birth_date=date(1940, 1, 2) + timedelta(days=person * 397),
            nhs_number=nhs(person),  # joins records of one system too
        )
        index.store(
            [
                _record(chance, chance.choice(SYSTEMS), next(numbers), known)
                for _ in range(chance.choice((1, 1, 1, 2, 2, 3, 4)))
            ]
        )


def _record(chance: Random, system: str, number: int, known: Demographics) -> RemotePatient:
    places = chance.sample(ORGANIZATIONS, chance.choice((0, 1, 3, 9))) if system == "jhe" else []
    own = chance.sample(sorted(OWN), 1) if system == "jhe" and chance.random() < 0.4 else []
    return RemotePatient(
        system=system,
        id=str(number),
        demographics=known,
        status=chance.choice((RecordStatus.ACTIVE, *RecordStatus)),
        registration=chance.choice((Registration.STANDARD, *Registration)),
        administrative=Administrative(
            requires_review=chance.random() < 0.2,
            created_at=datetime(chance.randint(2020, 2025), chance.randint(1, 12), 5, tzinfo=UTC),
        ),
        organizations=tuple(Organization(id=each) for each in dict.fromkeys([*places, *own])),
    )


def some_filters(chance: Random) -> Filters:
    """A few filters at once, of every kind."""
    organizations = list(Place.objects.exclude(organization="").values_list("pk", flat=True))
    years = sorted(chance.choices(range(2019, 2027), k=2))

    def often(share: float) -> bool:
        return chance.random() < share

    return Filters(
        name=chance.choice(("ab", "Bak", "carter a", "q")) if often(0.2) else "",
        statuses=tuple(chance.sample(list(RecordStatus), chance.randint(1, 3))) if often(0.4) else (),
        registrations=tuple(chance.sample(people_list.REGISTRATIONS, 1)) if often(0.3) else (),
        created_from=date(years[0], 3, 1) if often(0.2) else None,
        created_to=date(years[1], 8, 5) if often(0.2) else None,
        system=chance.choice(SYSTEMS) if often(0.3) else "",
        organization=chance.choice(organizations) if often(0.3) else 0,
        review=often(0.2),
        alone=often(0.3),
        tests=often(0.15),
    )


class Records:
    """The crowd's current records, for asking each of them."""

    def __init__(self) -> None:
        self.entries = list(ListEntry.objects.all())
        self.places: dict[int, set[str]] = defaultdict(set)
        for record, organization in Membership.objects.values_list("record", "organization"):
            self.places[record].add(organization)
        self.rows: dict[int, list[SourceRecord]] = defaultdict(list)
        for row in SourceRecord.objects.filter(vanished_at=None).defer("held"):
            self.rows[row.patient_id].append(row)
        self.own_places = {each.pk: each for each in Place.objects.filter(organization__in=OWN)}

    def left_by(self, filters: Filters, role: Role) -> set[int]:
        """Whom the filters leave of those whom somebody of this role sees."""
        return {each.patient_id for each in self.entries if self._is_left(each, filters, role)}

    def _is_left(self, entry: ListEntry, filters: Filters, role: Role) -> bool:
        rows = self.rows[entry.patient_id]
        takes_part = any(self.places[row.pk] & OWN for row in rows if filters.tests or not row.is_test)
        if role is Role.COORDINATOR and not takes_part:
            return False
        seen = [row for row in rows if row.system != "jhe" or self.places[row.pk] & OWN]
        return (
            self._as_asked([row for row in seen if row.is_test is filters.tests], filters)
            and _is_created(entry.created, filters)
            and entry.sort_name.startswith(filters.name.lower())
        )

    def _as_asked(self, seen: Sequence[SourceRecord], filters: Filters) -> bool:
        if filters.alone and not filters.tests and len({row.system for row in seen}) != 1:
            return False
        place = self.own_places.get(filters.organization)
        if filters.organization and place is None:
            return False
        system = place.system if place else filters.system
        return any(
            (not system or row.system == system)
            and (place is None or place.organization in self.places[row.pk])
            and (not filters.statuses or row.status in filters.statuses)
            and (not filters.registrations or row.registration in filters.registrations)
            and (not filters.review or row.needs_review)
            for row in seen
        )


def _is_created(day: int, filters: Filters) -> bool:
    if not (filters.created_from or filters.created_to):
        return True
    least = int(f"{filters.created_from:%Y%m%d}") if filters.created_from else 1
    most = int(f"{filters.created_to:%Y%m%d}") if filters.created_to else 99_999_999
    return least <= day <= most


def compare(user: User, role: Role) -> None:
    """Hold many filters, in each order, against the records."""
    chance = Random(20261121)  # noqa: S311 (no secret)
    crowd(chance)
    records = Records()
    sight = people_list.sight_of(user, REACH)
    sizes = set()
    for _ in range(ROUNDS):
        filters = some_filters(chance)
        found = people_list.find(sight, filters)
        expected = records.left_by(filters, role)
        order = Order(by=chance.choice(list(Sort)), down=chance.random() < 0.5)
        assert set(found.narrow.values_list("patient_id", flat=True)) == expected, filters
        walked = list(found.in_order.order_by(*order.columns).values_list("patient_id", flat=True))
        assert set(walked) == expected, filters
        assert people_list.ids_in_order(found, order, most=len(records.entries)) == walked
        sizes.add(len(expected))
    assert len(sizes) > 10  # filters do tell this crowd apart


@pytest.mark.slow
def test_any_filters_leave_whom_the_records_say(clinic_staff: User) -> None:
    compare(clinic_staff, Role.CLINIC_STAFF)


@pytest.mark.slow
def test_any_filters_leave_coordinators_their_participants_alone(coordinator: User) -> None:
    compare(coordinator, Role.COORDINATOR)
