"""Households: who lives together, what they are called, when they were born, what they share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from random import Random

from integrations.types import Sex

from .identity import landline_number, mail_address, mailbox, mobile_number, nhs_numbers
from .naming import Naming
from .origins import origins
from .person import Person
from .rates import FamilyRates
from .surnames import childs_surname, feminine_or_own, partners_surname
from .weighted import Weighted

_LEAST_PARENT_AGE = 17
_LATEST_MOTHER_AGE = 46
_ADULT = 18
_DAYS_A_YEAR = 365.25
_HEADS: Weighted[tuple[int, int]] = Weighted(
    {(18, 26): 0.09, (26, 36): 0.17, (36, 48): 0.19, (48, 62): 0.23, (62, 76): 0.20, (76, 96): 0.12}
)
_PARENTS: Weighted[tuple[int, int]] = Weighted(
    {(19, 28): 0.18, (28, 38): 0.40, (38, 50): 0.34, (50, 60): 0.08}
)


@dataclass(frozen=True, slots=True)
class _Roots:
    """From where somebody's names come."""

    origin: str
    naming: Naming


class Families:
    """Makes one household after another; the same seed makes the same ones."""

    def __init__(self, *, seed: int, today: date, rates: FamilyRates, mix: Weighted[str], homes: int) -> None:
        self._chance = Random(seed)
        self._today = today
        self._rates = rates
        self._mix = mix
        self._homes = homes
        self._kinds = Weighted(rates.homes)
        self._children = Weighted(enumerate(rates.children, 1))
        self._communities = {origin: Weighted(parts) for origin, parts in origins().items()}
        self._nhs_numbers = nhs_numbers(seed)
        self._people = 0

    def __iter__(self) -> Iterator[list[Person]]:
        """Households without end."""
        number = 0
        while True:
            yield self._household(number)
            number += 1

    def _household(self, number: int) -> list[Person]:
        make = {
            "alone": self._alone,
            "couple": self._couple,
            "couple_with_children": self._couple_with_children,
            "one_parent": self._one_parent,
            "three_generations": self._three_generations,
            "shared": self._shared,
        }[self._kinds.draw(self._chance)]
        members = make(number)
        self._share_contacts(number, members)
        return members

    # Who lives together

    def _alone(self, household: int) -> list[Person]:
        return [self._adult(household, self._roots(), self._sex(), _HEADS.draw(self._chance))]

    def _shared(self, household: int) -> list[Person]:
        return [
            self._adult(household, self._roots(), self._sex(), (18, 40))
            for _ in range(self._chance.randint(2, 5))
        ]

    def _couple(self, household: int) -> list[Person]:
        return self._partners(household, _HEADS.draw(self._chance))

    def _couple_with_children(self, household: int) -> list[Person]:
        partners = self._partners(household, _PARENTS.draw(self._chance))
        return partners + self._offspring(household, partners)

    def _one_parent(self, household: int) -> list[Person]:
        sex = Sex.MALE if self._chance.random() < 0.12 else Sex.FEMALE
        parent = self._adult(household, self._roots(), sex, _PARENTS.draw(self._chance))
        return [parent, *self._offspring(household, [parent])]

    def _three_generations(self, household: int) -> list[Person]:
        family = self._couple_with_children(household)
        parent = family[0]
        roots = _Roots(parent.origin, parent.naming)
        oldest = self._age(parent) + 36
        elder = self._adult(household, roots, self._sex(), (self._age(parent) + 20, oldest))
        elder.surname = childs_surname(elder, parent.earlier_surname or parent.surname, self._chance)
        return [*family, elder]

    def _partners(self, household: int, ages: tuple[int, int]) -> list[Person]:
        roots = self._roots()
        first = self._adult(household, roots, Sex.MALE, ages)
        other = self._roots() if self._chance.random() < self._rates.other_origin else roots
        second = self._adult(household, other, Sex.FEMALE, ages)
        if self._chance.random() < self._rates.same_sex:
            same = self._sex()
            first = self._adult(household, roots, same, ages)
            second = self._adult(household, other, same, ages)
        partners_surname(first, second, self._chance)
        return [first, second]

    def _offspring(self, household: int, parents: list[Person]) -> list[Person]:
        """Children old enough to be theirs and young enough to live at home, twins among them."""
        wanted = self._children.draw(self._chance)
        younger = min(self._age(parent) for parent in parents)
        mothers = [self._age(parent) for parent in parents if parent.sex is Sex.FEMALE]
        youngest = max(0, *(age - _LATEST_MOTHER_AGE for age in mothers)) if mothers else 0
        oldest = min(younger - _LEAST_PARENT_AGE - 1, 24)
        children: list[Person] = []
        for _ in range(wanted):
            if oldest < youngest:
                break
            born = self._birth_date((youngest, oldest + 1))
            if any(abs((born - child.birth_date).days) < 300 for child in children):
                continue
            children.append(self._child(household, parents, children, born))
            if self._chance.random() < self._rates.twin_birth:
                children.append(self._twin(household, parents, children))
        return children

    # Who they are

    def _roots(self) -> _Roots:
        origin = self._mix.draw(self._chance)
        return _Roots(origin, self._communities[origin].draw(self._chance))

    def _sex(self) -> Sex:
        return Sex.MALE if self._chance.random() < 0.49 else Sex.FEMALE

    def _age(self, person: Person) -> int:
        return int((self._today - person.birth_date).days / _DAYS_A_YEAR)

    def _birth_date(self, ages: tuple[int, int]) -> date:
        """Somebody at least ``ages[0]`` and not yet ``ages[1]`` years old."""
        youngest = int(ages[0] * _DAYS_A_YEAR) + 1
        spread = max(int(ages[1] * _DAYS_A_YEAR) - youngest, 1)
        return date.fromordinal(self._today.toordinal() - youngest - int(self._chance.random() * spread))

    def _adult(self, household: int, roots: _Roots, sex: Sex, ages: tuple[int, int]) -> Person:
        naming = roots.naming
        surname = naming.family(sex, self._chance)
        born = self._birth_date(ages)
        if self._chance.random() < naming.year_only and born.year < self._today.year - _ADULT - 1:
            born = date(born.year, 1, 1)
        person = self._named(household, roots, sex, born, naming.given(sex, self._chance), surname)
        person.surname = feminine_or_own(person, surname, self._chance)
        if self._chance.random() < naming.single_name:
            person.surname, person.given, person.middle = person.given, "", ""
        return person

    def _named(self, household: int, roots: _Roots, sex: Sex, born: date, given: str, surname: str) -> Person:
        chance, naming = self._chance, roots.naming
        middle = naming.given(sex, chance) if chance.random() < naming.middle else ""
        known_as = ""
        if naming.compound_first and sex is Sex.MALE and chance.random() < naming.compound_share:
            given, middle = naming.compound_first, given
            known_as = middle
        elif naming.english and chance.random() < naming.english_name:
            known_as = naming.english[sex is Sex.FEMALE].draw(chance)
        if not middle:
            middle = naming.marked(sex)
        number = self._people
        self._people += 1
        return Person(
            number=number,
            household=household,
            origin=roots.origin,
            naming=naming,
            sex=sex,
            birth_date=born,
            given=given,
            middle="" if middle == given else middle,
            surname=surname,
            known_as="" if known_as == given else known_as,
            home=household,
            earlier_home=int(chance.random() * self._homes),
            nhs_number=next(self._nhs_numbers, ""),
        )

    def _child(self, household: int, parents: list[Person], siblings: list[Person], born: date) -> Person:
        sex = self._sex()
        elder = parents[0]
        roots = _Roots(elder.origin, elder.naming)
        given = self._free_given(roots.naming, sex, siblings)
        share = self._rates.namesake_daughter if sex is Sex.FEMALE else self._rates.namesake_son
        taken = {sibling.given for sibling in siblings}
        for parent in parents:
            if parent.sex is sex and self._chance.random() < share and parent.given not in taken | {""}:
                given = parent.given
        child = self._named(household, roots, sex, born, given, elder.surname)
        child.surname = childs_surname(child, elder.surname, self._chance, father=elder.given)
        if siblings and self._chance.random() < 0.95 and not child.naming.marker[0]:
            child.surname = child.naming.form_for(sex, siblings[0].surname)
        child.earlier_home = elder.earlier_home
        return child

    def _twin(self, household: int, parents: list[Person], siblings: list[Person]) -> Person:
        """Born the same day, with the same surname; some are given names that sound alike."""
        other = siblings[-1]
        roots = _Roots(other.origin, other.naming)
        sex = other.sex if self._chance.random() < 0.67 else self._sex()
        given = self._free_given(roots.naming, sex, siblings)
        if self._chance.random() < self._rates.alike_twins:
            for _ in range(200):
                alike = self._free_given(roots.naming, sex, siblings)
                if alike[0] == other.given[:1] and (
                    alike[-1] == other.given[-1] or alike[1:2] == other.given[1:2]
                ):
                    given = alike
                    break
        twin = self._named(household, roots, sex, other.birth_date, given, other.surname)
        twin.surname = roots.naming.form_for(sex, other.surname)
        twin.earlier_home = other.earlier_home
        return twin

    def _free_given(self, naming: Naming, sex: Sex, siblings: list[Person]) -> str:
        taken = {sibling.given for sibling in siblings}
        while (given := naming.given(sex, self._chance)) in taken:
            pass
        return given

    # What they share

    def _share_contacts(self, household: int, members: list[Person]) -> None:
        chance, rates = self._chance, self._rates
        landline = landline_number(chance) if chance.random() < rates.landline else ""
        taken: set[str] = set()
        for member in members:
            local = mailbox(
                member.given, member.earlier_surname or member.surname, member.birth_date.year, chance
            )
            while local in taken:
                local = f"{local}{chance.choice('abcdefghjkmnpqrstuvwxyz')}"
            taken.add(local)
            member.own_email = mail_address(local, household)
            member.email, member.landline = member.own_email, landline
            age = self._age(member)
            host = (
                members[0]
                if age >= rates.child_own_mailbox_age or len(members) < 2
                else self._parent(members)
            )
            if age < rates.child_own_mailbox_age or (member is members[-1] and self._shares_mailbox(members)):
                member.email = host.email or member.own_email
            young = age < rates.child_own_phone_age
            member.mobile = self._parent(members).mobile if young else mobile_number(chance)

    def _shares_mailbox(self, members: list[Person]) -> bool:
        return len(members) == 2 and self._chance.random() < self._rates.couple_mailbox

    def _parent(self, members: list[Person]) -> Person:
        """Who answers for a child: the mother more often than the father."""
        second = len(members) > 1 and self._age(members[1]) >= _ADULT
        return members[1] if second and self._chance.random() < 0.6 else members[0]
