"""What pages show of a record beside who it says the person is: fields, their words and their order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime

from django.conf import settings
from django.utils import timezone

from integrations.types import Organization, PhoneKind, RemotePatient
from patients.matching.dates import show

from .rows import Values
from .visibility import Reach

Fields = tuple[tuple[str, Values], ...]

NO_PERMISSION = "No permission recorded"
ANOTHER_PLACE = Organization(id="", name="another organization")


def as_reached(record: RemotePatient, reach: Reach) -> RemotePatient:
    """A record without the names of organizations in which the reader holds no role: that there is another
    one is all that is said."""
    own = reach.organizations.get(record.system, frozenset())
    places = tuple(each for each in record.organizations if each.id in own)
    others = () if len(places) == len(record.organizations) else (ANOTHER_PLACE,)
    return replace(record, organizations=(*places, *others))


def words(code: str) -> str:
    """A value from a list of codes as words: ``non_binary`` → ``Non binary``."""
    return code.replace("_", " ").capitalize()


def permission(value: bool | None) -> list[str]:
    """A bare ``false`` without a date says that nobody wrote a permission down, not that one was refused."""
    return _yes_no(value, no=NO_PERMISSION)


def moment(value: datetime | None) -> list[str]:
    """Day and time, in local time."""
    local = timezone.localtime(value) if value else None
    return [f"{show(local.date())}, {local:%H:%M}"] if local else []


def phone(kind: PhoneKind) -> Values:
    """The numbers of one kind."""
    return lambda record: [each.number for each in record.demographics.phones if each.kind is kind]


def custom_label(name: str) -> str:
    """What the organization calls one of its own fields; a field that nobody named by its readable key."""
    return settings.CUSTOM_FIELD_LABELS.get(name) or _CUSTOM_LABELS.get(name) or words(name)


def custom_field(name: str) -> Values:
    """The values of one custom field."""
    return lambda record: [
        custom_words(name, value) for key, value in record.administrative.custom_fields if key == name
    ]


def custom_words(name: str, value: str) -> str:
    """A custom field's value for people: a consent that is not given reads as everywhere."""
    if name in _CUSTOM_CONSENTS and value in {"yes", "no"}:
        return permission(value == "yes")[0]
    return value


def custom_names(records: Iterable[RemotePatient]) -> list[str]:
    """The custom fields that any record holds: known ones first, then as the systems order them."""
    held = dict.fromkeys(name for each in records for name, _ in each.administrative.custom_fields)
    known = [name for name in _CUSTOM_LABELS if name in held]
    return [*known, *(name for name in held if name not in _CUSTOM_LABELS)]


_CUSTOM_LABELS: Mapping[str, str] = {
    "external_id": "External id",
    "preferred_language": "Preferred language",
    "insurance_provider": "Insurance provider",
    "marketing_consent": "Marketing consent",
    "referral_source": "Referral source",
    "emis_guid": "EMIS GUID",
    "systmone_id": "SystmOne id",
}
_CUSTOM_CONSENTS = frozenset({"marketing_consent"})


def _yes_no(value: bool | None, *, no: str = "No") -> list[str]:
    return [] if value is None else ["Yes" if value else no]


def _day(value: date | None) -> list[str]:
    return [show(value)] if value else []


def _deceased(record: RemotePatient) -> list[str]:
    died = _day(record.administrative.date_of_death)
    if record.administrative.is_deceased:
        return [f"Yes, {died[0]}" if died else "Yes, date not recorded"]
    return [f"Not marked as deceased, but a date of death is recorded: {died[0]}"] if died else []


def _review(record: RemotePatient) -> list[str]:
    if record.administrative.requires_review:
        return [record.administrative.review_reason or "No reason given"]
    return [record.administrative.review_reason]


def _identifiers(record: RemotePatient) -> Iterator[str]:
    """Identifiers with who gave them; those that are custom fields stand there."""
    custom = {value for _, value in record.administrative.custom_fields}
    for each in record.identifiers:
        is_nhs = each.value.replace(" ", "").replace("-", "") == record.demographics.nhs_number
        if not each.guessable and each.value not in custom and not is_nhs:
            yield f"{each.value} (given by {each.system})" if each.system else each.value


def _address_note(record: RemotePatient) -> list[str]:
    return [record.demographics.address.note] if record.demographics.address else []


ALERTS: Fields = (
    ("Deceased", _deceased),
    ("Accessibility needs", lambda record: record.accessibility.needs),
    ("Accessibility notes", lambda record: record.accessibility.notes),
    ("Needs review", _review),
)
#: Fields in which something unreadable may be an alert (``RemotePatient.unread``), and their words.
ALERT_FIELDS: Mapping[str, str] = {
    "is_deceased": "deceased",
    "date_of_death": "date of death",
    "accessibility_needs": "accessibility needs",
    "accessibility_notes": "accessibility notes",
    "requires_review": "needs review",
    "review_reason": "reason for review",
}
#: What every system has of its own: there differing is no difference.
OWN = frozenset(
    {"Other identifiers", "Own sign-in there", "Organizations", "Site", "Created there", "Changed there"}
)
IDENTIFIERS: Fields = (
    ("Other identifiers", lambda record: list(_identifiers(record))),
    ("Own sign-in there", lambda record: [record.administrative.login]),
)
DELIVERY: Fields = (("Note for deliveries", _address_note),)
PREFERENCES: Fields = (
    ("Preferred contact", lambda record: [words(record.contact.preferred_method)]),
    ("Text messages", lambda record: permission(record.contact.sms)),
    ("E-mails", lambda record: permission(record.contact.email)),
    ("Electronic messages", lambda record: permission(record.contact.electronic)),
    ("Marketing", lambda record: permission(record.contact.marketing)),
)
ABOUT: Fields = (
    ("Occupation", lambda record: [record.administrative.occupation]),
    ("Ethnicity", lambda record: [record.administrative.ethnicity]),
    ("Notes", lambda record: record.administrative.notes.splitlines()),
)
REGISTRATION: Fields = (
    ("Status", lambda record: [words(record.status)]),
    ("Kind of registration", lambda record: [words(record.registration)]),
    ("Enrolled", lambda record: _yes_no(record.administrative.enrolled)),
    ("Organizations", lambda record: [place.name or place.id for place in record.organizations]),
    ("Site", lambda record: [record.administrative.site, *record.administrative.site_details]),
    ("Archived", lambda record: moment(record.administrative.archived_at)),
    ("Archived by", lambda record: [record.administrative.archived_by]),
    ("Archive reason", lambda record: [record.administrative.archive_reason]),
    ("Archive notes", lambda record: record.administrative.archive_notes.splitlines()),
    ("Created there", lambda record: moment(record.administrative.created_at)),
    ("Changed there", lambda record: moment(record.updated_at)),
)
