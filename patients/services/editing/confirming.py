"""Contact details that somebody has confirmed: with one click, and as long as they stay what they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import Q

from integrations.types import Address, PhoneKind
from integrations.writes import Details, Part, details_of
from patients.entering.contacts import normal_phone
from patients.matching.contact import compared_email, compared_postcode
from patients.matching.names import fold
from patients.models import Confirmed, Patient
from patients.services import hand_links, visibility
from patients.services.answers import KeptRecord
from patients.services.lookup import Gone
from portal import audit
from portal.accounts.models import User
from portal.web.crypto import keyed_hash

PARTS = (Part.PHONE, Part.MOBILE_PHONE, Part.HOME_PHONE, Part.EMAIL, Part.ADDRESS)
KINDS = {PhoneKind.MAIN: Part.PHONE, PhoneKind.MOBILE: Part.MOBILE_PHONE, PhoneKind.HOME: Part.HOME_PHONE}
_SALT = "confirming a contact detail"


class Moved(Exception):
    """What was to be confirmed is not held any more, or the page was another account's or too old."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """One value that can be confirmed. ``token`` names it to :func:`confirm` without telling it; by whom and
    when it was confirmed last, ``None`` where it never was."""

    part: Part
    value: object = field(repr=False)
    token: str = field(repr=False)
    at: datetime | None = None
    by: str = ""


def details(patient: Patient, records: Sequence[KeptRecord], *, by: User) -> tuple[Detail, ...]:
    """Every contact detail that the records hold, each once in meaning, with when it was confirmed."""
    known = _known(patient)
    found: dict[tuple[str, str], Detail] = {}
    for part, value in _held(records):
        digest = _digest(part, value)
        row = known.get((part.value, digest))
        found.setdefault(
            (part.value, digest),
            Detail(
                part=part,
                value=value,
                token=signing.dumps([by.pk, patient.public_id, part.value, digest], salt=_SALT),
                at=row.confirmed_at if row else None,
                by=_name(row.confirmed_by) if row else "",
            ),
        )
    return tuple(sorted(found.values(), key=lambda each: PARTS.index(each.part)))


def confirm(public_id: str, token: str, *, by: User) -> Part:
    """Note that a contact detail was confirmed today, with one event; which part it is.

    Raises :class:`~patients.services.lookup.Gone` where the person is out of reach, :class:`Moved`.
    """
    side = hand_links.side(public_id, by=by, reach=visibility.reach_of(by))
    part, digest = _asked(token, public_id, by)
    records = [each.record for each in side.person.kept]
    if all(_digest(part, getattr(details_of(each), part)) != digest for each in records):
        raise Moved
    with transaction.atomic():
        Confirmed.objects.create(patient=side.patient, part=part.value, value=digest, confirmed_by=by)
        audit.write("person.confirmed", by=by, subject_key=public_id, details={"fields": [part.value]})
    return part


def confirmed_with(
    patient: Patient, parts: Sequence[Part], entered: Details, *, by: User
) -> tuple[Part, ...]:
    """Note that contact details were confirmed while they were entered, in the edit's transaction; which of
    them there are."""
    given = [part for part in parts if part in PARTS and _normal(part, getattr(entered, part))]
    Confirmed.objects.bulk_create(
        Confirmed(
            patient=patient, part=part.value, value=_digest(part, getattr(entered, part)), confirmed_by=by
        )
        for part in given
    )
    return tuple(given)


def _asked(token: str, public_id: str, by: User) -> tuple[Part, str]:
    try:
        account, about, part, digest = signing.loads(token, salt=_SALT, max_age=settings.SESSION_MAX_SECONDS)
    except signing.BadSignature:
        raise Moved from None
    if (account, about) != (by.pk, public_id):
        raise Moved
    return Part(part), str(digest)


def _known(patient: Patient) -> dict[tuple[str, str], Confirmed]:
    """Part and hash → the latest time that it was confirmed."""
    theirs = Q(patient=patient) | Q(patient__merged_into=patient)
    rows = Confirmed.objects.filter(theirs).select_related("confirmed_by").order_by("confirmed_at", "pk")
    return {(row.part, row.value): row for row in rows}


def _held(records: Sequence[KeptRecord]) -> Iterator[tuple[Part, object]]:
    for part in PARTS:
        for kept in records:
            value = getattr(details_of(kept.record), part)
            if _normal(part, value):
                yield part, value


def _digest(part: Part, value: object) -> str:
    return keyed_hash(f"{part.value}\n{_normal(part, value)}", purpose="confirmed contact detail")


def _normal(part: Part, value: object) -> str:
    """A contact detail in the form in which it is compared; empty for nothing."""
    if isinstance(value, Address):
        # Systems fill county and country in by themselves.
        words = map(fold, (*value.lines, value.town))
        return "\n".join(filter(None, [*words, compared_postcode(value.postcode)]))
    text = str(value or "")
    if part is Part.EMAIL:
        return compared_email(text) or fold(text)
    return normal_phone(text, settings.DEFAULT_COUNTRY)


def _name(user: User) -> str:
    return user.get_full_name() or str(user)


__all__ = ["KINDS", "PARTS", "Detail", "Gone", "Moved", "confirm", "confirmed_with", "details"]
