"""How a person becomes source records: each system's own fields, and the errors of real life."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from random import Random

from integrations.types import (
    Address,
    Administrative,
    Demographics,
    Organization,
    Phone,
    PhoneKind,
    RecordStatus,
    Registration,
    RemotePatient,
    Sex,
)

from .homes import address_of
from .identity import mail_address, mobile_number
from .namings import Names, names_for
from .person import Copy, Known, Person
from .rates import RecordRates
from .slips import neighbouring_key
from .weighted import Weighted
from .wrong_dates import day_and_month_swapped, one_digit_wrong, two_parts_wrong

_HISTORIES = 5_000  # made once and drawn from: making a moment costs more than all names
_PLACEHOLDER = date(1900, 1, 1)
_ORGANIZATIONS = tuple(
    (Organization(id=str(20_001 + at), name=name),)
    for at, name in enumerate(("Heart Study Unit", "Diabetes Clinic", "Riverside Research", "Sleep Centre"))
)
_STATUSES = Weighted({RecordStatus.ACTIVE: 0.93, RecordStatus.INACTIVE: 0.05, RecordStatus.ARCHIVED: 0.02})
_REGISTRATIONS = Weighted({Registration.STANDARD: 0.98, Registration.TEMPORARY: 0.02})
_SPACINGS: Weighted[Callable[[str], str]] = Weighted(
    [
        (lambda number: number, 0.4),
        (lambda number: f"{number[:5]} {number[5:]}", 0.3),
        (lambda number: f"+44{number[1:]}", 0.15),
        (lambda number: f"+44 {number[1:5]} {number[5:]}", 0.1),
        (lambda number: f"{number[:5]} {number[5:8]} {number[8:]}", 0.05),
    ]
)


@dataclass(slots=True)
class _Contacts:
    """The contact details that one record holds."""

    email: str
    mobile: str
    landline: str
    address: Address | None


class Recorder:
    """Writes people down in the three systems."""

    def __init__(self, *, seed: int, today: date, rates: RecordRates) -> None:
        self._chance = Random(seed)
        self._rates = rates
        self._systems = Weighted(rates.systems)
        now = datetime(today.year, today.month, today.day, 12, tzinfo=UTC)
        self._histories = [self._made_history(now) for _ in range(_HISTORIES)]
        self._impilo_histories = [
            (replace(notes, enrolled=self._chance.random() < 0.4), changed)
            for notes, changed in self._histories
        ]
        self._wrong_dates: tuple[tuple[float, Callable[[date, Random], date | None]], ...] = (
            (rates.day_month, lambda born, _: day_and_month_swapped(born)),
            (rates.one_digit, one_digit_wrong),
            (rates.other_date, two_parts_wrong),
            (rates.placeholder_date, _placeholder),
        )
        self._written = 0

    def known(self, person: Person) -> Known:
        """The person with all records of them."""
        copies = [self._copy(person, system) for system in self._systems.draw(self._chance)]
        if self._chance.random() < self._rates.twice:
            copies.append(self._copy(person, self._chance.choice(copies).record.system, again=True))
        return Known(person, copies)

    def _copy(self, person: Person, system: str, *, again: bool = False) -> Copy:
        self._written += 1
        names = names_for(person, self._rates, self._chance)
        contacts = self._contacts(person, system, again=again)
        record = _WRITERS[system](self, person, names, contacts)
        return Copy(record, names.meant_given, names.meant_surname)

    # What every system may hold

    def _birth_date(self, person: Person) -> date:
        chance = self._chance
        roll = chance.random()
        for rate, wrong in self._wrong_dates:
            if roll < rate:
                return wrong(person.birth_date, chance) or person.birth_date
            roll -= rate
        return person.birth_date

    def _contacts(self, person: Person, system: str, *, again: bool) -> _Contacts:
        chance, rates = self._chance, self._rates
        return _Contacts(
            email=self._jhe_email(person, again) if system == "jhe" else self._email(person),
            mobile=self._phone(person.mobile),
            landline=person.landline,
            address=None if system == "jhe" or chance.random() < rates.no_address else self._address(person),
        )

    def _jhe_email(self, person: Person, again: bool) -> str:
        """JHE lets no two people have one address: whoever shares a mailbox gives one of their own."""
        return self._earlier_email(person) if again else person.own_email

    def _earlier_email(self, person: Person) -> str:
        local = person.own_email.partition("@")[0]
        return mail_address(local, person.household + 1_217, ending="org")

    def _email(self, person: Person) -> str:
        chance, rates = self._chance, self._rates
        if chance.random() < rates.no_email:
            return ""
        address = self._earlier_email(person) if chance.random() < rates.other_email else person.email
        if chance.random() < rates.email_slip:
            local, _, host = address.partition("@")
            return f"{neighbouring_key(local, chance) or local}@{host}"
        return address

    def _phone(self, number: str) -> str:
        chance, rates = self._chance, self._rates
        if chance.random() < rates.no_phone:
            return ""
        if chance.random() < rates.other_phone:
            number = mobile_number(chance)
        elif chance.random() < rates.phone_slip:
            at = chance.randrange(2, len(number))
            number = f"{number[:at]}{chance.choice('0123456789'.replace(number[at], ''))}{number[at + 1 :]}"
        return _SPACINGS.draw(chance)(number)

    def _address(self, person: Person) -> Address:
        chance, rates = self._chance, self._rates
        number = person.earlier_home if chance.random() < rates.earlier_home else person.home
        address = address_of(number, chance.random() < rates.shortened_street)
        if chance.random() < rates.postcode_slip:
            outward, _, inward = address.postcode.partition(" ")
            postcode = f"{outward} {inward[0]}{inward[2]}{inward[1]}"
            return Address(lines=address.lines, town=address.town, postcode=postcode, country=address.country)
        return address

    def _sex(self, person: Person) -> Sex | None:
        roll = self._chance.random()
        if roll < self._rates.no_sex:
            return Sex.UNKNOWN
        if roll < self._rates.no_sex + self._rates.wrong_sex:
            return Sex.MALE if person.sex is Sex.FEMALE else Sex.FEMALE
        return person.sex

    def _nhs_number(self, person: Person) -> str:
        chance, rates = self._chance, self._rates
        roll = chance.random()
        number = person.nhs_number
        if not number or roll < rates.no_nhs_number:
            return ""
        if roll < rates.no_nhs_number + rates.wrong_nhs_number:
            at = chance.randrange(3, 9)
            return f"{number[:at]}{number[at + 1]}{number[at]}{number[at + 2 :]}"
        return number

    def _made_history(self, now: datetime) -> tuple[Administrative, datetime]:
        """When a record was made, within ten years, and when it was last changed."""
        age = timedelta(seconds=int(self._chance.random() * 315_000_000))
        return Administrative(created_at=now - age), now - age * self._chance.random()

    def _history(self, system: str) -> tuple[Administrative, datetime]:
        histories = self._impilo_histories if system == "impilo" else self._histories
        return histories[int(self._chance.random() * _HISTORIES)]

    # The three systems

    def jump(self, person: Person, names: Names, contacts: _Contacts) -> RemotePatient:
        """Everything, and the only NHS number."""
        made, changed = self._history("jump")
        phones = []
        if contacts.mobile:
            phones.append(Phone(kind=PhoneKind.MOBILE, number=contacts.mobile))
        if contacts.landline:
            phones.append(Phone(kind=PhoneKind.HOME, number=contacts.landline))
        bits = self._chance.getrandbits(128)
        text = f"{bits:032x}"
        return RemotePatient(
            system="jump",
            id=f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}",
            demographics=Demographics(
                given_name=names.given,
                family_name=names.surname,
                middle_name=names.middle,
                preferred_name=names.preferred,
                birth_date=self._birth_date(person),
                sex=self._sex(person),
                nhs_number=self._nhs_number(person),
                email=contacts.email,
                phones=tuple(phones),
                address=contacts.address,
            ),
            administrative=made,
            status=_STATUSES.draw(self._chance),
            registration=_REGISTRATIONS.draw(self._chance),
            updated_at=changed,
        )

    def jhe(self, person: Person, names: Names, contacts: _Contacts) -> RemotePatient:
        """Family and given name, birth date, an e-mail address of one's own, one phone."""
        phone = contacts.mobile or contacts.landline
        return RemotePatient(
            system="jhe",
            id=str(40_000 + self._written),
            demographics=Demographics(
                given_name=names.given,
                family_name=names.surname,
                birth_date=self._birth_date(person),
                email=contacts.email,
                phones=(Phone(number=phone),) if phone else (),
            ),
            organizations=_ORGANIZATIONS[self._written % len(_ORGANIZATIONS)],
            updated_at=self._history("jhe")[1],
        )

    def impilo(self, person: Person, names: Names, contacts: _Contacts) -> RemotePatient:
        """Names (it insists on two), birth date, sex, address, e-mail, one phone."""
        phone = contacts.mobile or contacts.landline
        made, changed = self._history("impilo")
        return RemotePatient(
            system="impilo",
            id=str(100_000 + self._written),
            demographics=Demographics(
                given_name=names.given or names.surname,
                family_name=names.surname or names.given,
                birth_date=self._birth_date(person),
                sex=self._sex(person),
                email=contacts.email,
                phones=(Phone(number=phone),) if phone else (),
                address=contacts.address,
            ),
            administrative=made,
            status=_STATUSES.draw(self._chance),
            updated_at=changed,
        )


def _placeholder(born: date, chance: Random) -> date:
    return _PLACEHOLDER if chance.random() < 0.6 else date(born.year, 1, 1)


_WRITERS: dict[str, Callable[[Recorder, Person, Names, _Contacts], RemotePatient]] = {
    "jump": Recorder.jump,
    "jhe": Recorder.jhe,
    "impilo": Recorder.impilo,
}
