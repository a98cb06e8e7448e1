"""What is written to a system, in the words of the portal, whichever system it is.

``Details`` is all that can be written of a person; a ``NewRecord`` gives those to begin with, ``Changes``
name those to be set, where an empty value clears. What a system does not take is told by its adapter
(``creates_with``, ``changes``) and refused there (:class:`integrations.errors.Unsupported`), never
dropped. A system may hold a value in a form of its own (an e-mail in lower case): ``Changes`` are
compared with a record in that form (``left_to_do``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date
from enum import StrEnum

from .types import (
    Address,
    Demographics,
    Gender,
    Identifier,
    Phone,
    PhoneKind,
    RecordStatus,
    Registration,
    RemotePatient,
    Sex,
)
from .wire import cleaned


class Part(StrEnum):
    """One detail that can be written; its value is the name of a field of :class:`Details`."""

    GIVEN_NAME = "given_name"
    FAMILY_NAME = "family_name"
    MIDDLE_NAME = "middle_name"
    PREFERRED_NAME = "preferred_name"
    TITLE = "title"
    BIRTH_DATE = "birth_date"
    SEX = "sex"
    GENDER = "gender"
    NHS_NUMBER = "nhs_number"
    EMAIL = "email"
    PHONE = "phone"
    MOBILE_PHONE = "mobile_phone"
    HOME_PHONE = "home_phone"
    ADDRESS = "address"
    PREFERRED_METHOD = "preferred_method"
    CONSENT_SMS = "consent_sms"
    CONSENT_EMAIL = "consent_email"
    CONSENT_MARKETING = "consent_marketing"
    CONSENT_ELECTRONIC = "consent_electronic"
    ETHNICITY = "ethnicity"
    OCCUPATION = "occupation"
    NOTES = "notes"
    ACCESSIBILITY_NEEDS = "accessibility_needs"
    ACCESSIBILITY_NOTES = "accessibility_notes"
    REGISTRATION = "registration"
    STATUS = "status"
    IS_DECEASED = "is_deceased"
    DATE_OF_DEATH = "date_of_death"
    REQUIRES_REVIEW = "requires_review"
    REVIEW_REASON = "review_reason"
    ENROLLED = "enrolled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """All that can be written of a person; empty text and ``None`` mean "nothing". Needs and notes on
    accessibility are phrases, one a line."""

    given_name: str = field(default="", repr=False)
    family_name: str = field(default="", repr=False)
    middle_name: str = field(default="", repr=False)
    preferred_name: str = field(default="", repr=False)
    title: str = field(default="", repr=False)
    birth_date: date | None = field(default=None, repr=False)
    sex: Sex | None = field(default=None, repr=False)
    gender: Gender | None = field(default=None, repr=False)
    nhs_number: str = field(default="", repr=False)
    email: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    mobile_phone: str = field(default="", repr=False)
    home_phone: str = field(default="", repr=False)
    address: Address | None = field(default=None, repr=False)
    preferred_method: str = field(default="", repr=False)
    consent_sms: bool | None = field(default=None, repr=False)
    consent_email: bool | None = field(default=None, repr=False)
    consent_marketing: bool | None = field(default=None, repr=False)
    consent_electronic: bool | None = field(default=None, repr=False)
    ethnicity: str = field(default="", repr=False)
    occupation: str = field(default="", repr=False)
    notes: str = field(default="", repr=False)
    accessibility_needs: str = field(default="", repr=False)
    accessibility_notes: str = field(default="", repr=False)
    registration: Registration | None = field(default=None, repr=False)
    status: RecordStatus | None = field(default=None, repr=False)
    is_deceased: bool | None = field(default=None, repr=False)
    date_of_death: date | None = field(default=None, repr=False)
    requires_review: bool | None = field(default=None, repr=False)
    review_reason: str = field(default="", repr=False)
    enrolled: bool | None = field(default=None, repr=False)

    def given(self) -> frozenset[Part]:
        """The parts that hold something."""
        return frozenset(
            Part(each.name) for each in fields(self) if getattr(self, each.name) not in ("", None)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRecord:
    """A record to be created.

    ``own_id`` is the portal's opaque id of this creation (``portal-`` and a UUID): the same for every
    try. ``organization_id`` is for systems whose records belong to organizations. ``custom_fields`` and
    ``identifiers`` are for systems that keep such (see the adapter's abilities).
    """

    details: Details = field(repr=False)
    own_id: str = ""
    organization_id: str = ""
    identifiers: tuple[Identifier, ...] = field(default=(), repr=False)
    custom_fields: tuple[tuple[str, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What an edit sets: each of ``parts`` to its value in ``details``, where empty clears it.

    An address is set whole, but for its note: an empty one leaves what is there, since most systems and
    forms know of none.
    ``custom_fields`` are merged into those that are there; ``None`` removes one.
    """

    parts: frozenset[Part] = frozenset()
    details: Details = field(default=Details(), repr=False)
    custom_fields: tuple[tuple[str, str | None], ...] = field(default=(), repr=False)

    @classmethod
    def to(cls, **values: object) -> Changes:
        """Changes from the fields named, as in ``Changes.to(phone="020 7946 0001", middle_name="")``."""
        return cls(parts=frozenset(map(Part, values)), details=replace(Details(), **values))  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifierChange:
    """Identifiers to be added to a record and to be taken from it; all others stay as they are."""

    add: tuple[Identifier, ...] = field(default=(), repr=False)
    remove: tuple[Identifier, ...] = field(default=(), repr=False)

    def over(self, held: tuple[Identifier, ...]) -> tuple[Identifier, ...]:
        """The whole set that a record is to hold, given what it holds now; letters are never changed."""
        gone = {(each.system, each.value) for each in self.remove}
        kept = [each for each in held if (each.system, each.value) not in gone]
        known = {(each.system, each.value) for each in kept}
        return (*kept, *(each for each in self.add if (each.system, each.value) not in known))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a record showed of all that can be set, where somebody made changes to it."""

    details: Details = field(default=Details(), repr=False)
    custom_fields: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    def after(self, changes: Changes) -> Shown:
        """The same, once the changes are made."""
        values = {part.value: getattr(changes.details, part) for part in changes.parts}
        custom = dict(self.custom_fields) | {
            name: cleaned(value or "") for name, value in changes.custom_fields
        }
        return Shown(
            details=replace(self.details, **values),
            custom_fields=tuple((name, value) for name, value in custom.items() if value),
        )


def shown_of(record: RemotePatient) -> Shown:
    """What a record shows of all that can be set."""
    return Shown(details=details_of(record), custom_fields=record.administrative.custom_fields)


def record_of(details: Details, system: str = "") -> RemotePatient:
    """The details as if they were a record of a system, without a number: for being compared."""
    numbers = (
        (PhoneKind.MAIN, details.phone),
        (PhoneKind.MOBILE, details.mobile_phone),
        (PhoneKind.HOME, details.home_phone),
    )
    return RemotePatient(
        system=system,
        id="",
        demographics=Demographics(
            given_name=details.given_name,
            family_name=details.family_name,
            middle_name=details.middle_name,
            preferred_name=details.preferred_name,
            birth_date=details.birth_date,
            sex=details.sex,
            nhs_number=details.nhs_number,
            email=details.email,
            phones=tuple(Phone(kind=kind, number=number) for kind, number in numbers if number),
            address=details.address,
        ),
    )


def details_of(record: RemotePatient) -> Details:
    """What a record holds of all that can be written."""
    person, contact, office = record.demographics, record.contact, record.administrative
    phones: Mapping[PhoneKind, str] = {each.kind: each.number for each in reversed(person.phones)}
    return Details(
        given_name=person.given_name,
        family_name=person.family_name,
        middle_name=person.middle_name,
        preferred_name=person.preferred_name,
        title=person.title,
        birth_date=person.birth_date,
        sex=person.sex,
        gender=person.gender,
        nhs_number=person.nhs_number,
        email=person.email,
        phone=phones.get(PhoneKind.MAIN, ""),
        mobile_phone=phones.get(PhoneKind.MOBILE, ""),
        home_phone=phones.get(PhoneKind.HOME, ""),
        address=person.address,
        preferred_method=contact.preferred_method,
        consent_sms=contact.sms,
        consent_email=contact.email,
        consent_marketing=contact.marketing,
        consent_electronic=contact.electronic,
        ethnicity=office.ethnicity,
        occupation=office.occupation,
        notes=office.notes,
        accessibility_needs="\n".join(record.accessibility.needs),
        accessibility_notes="\n".join(record.accessibility.notes),
        registration=record.registration,
        status=record.status,
        is_deceased=office.is_deceased,
        date_of_death=office.date_of_death,
        requires_review=office.requires_review,
        review_reason=office.review_reason,
        enrolled=office.enrolled,
    )


#: The parts behind the names of fields that could not be read, where these are called otherwise.
_PARTS_OF: Mapping[str, tuple[Part, ...]] = {
    "phones": (Part.PHONE, Part.MOBILE_PHONE, Part.HOME_PHONE),
    **dict.fromkeys(("town", "county", "postcode", "country"), (Part.ADDRESS,)),
    "sms": (Part.CONSENT_SMS,),
    "email_consent": (Part.CONSENT_EMAIL,),
    "marketing": (Part.CONSENT_MARKETING,),
    "electronic": (Part.CONSENT_ELECTRONIC,),
}


def left_to_do(record: RemotePatient, changes: Changes, as_held: Callable[[Details], Details]) -> Changes:
    """What of the changes a record does not hold yet, in the form in which its system would hold it; nothing
    is held where what is there could not be read."""
    wanted, held = as_held(changes.details), details_of(record)
    unread = {each for name in record.unread for each in _PARTS_OF.get(name, (name,))} - held.given()
    custom = dict(record.administrative.custom_fields)
    return Changes(
        parts=frozenset(
            each
            for each in changes.parts
            if not _is_held(getattr(wanted, each), getattr(held, each)) or each in unread
        ),
        details=changes.details,
        custom_fields=tuple(
            (name, value)
            for name, value in changes.custom_fields
            if custom.get(name, "") != cleaned(value or "")
        ),
    )


def _is_held(wanted: object, held: object) -> bool:
    if isinstance(wanted, Address) and isinstance(held, Address) and not wanted.note:
        held = replace(held, note="")
    return wanted == held
