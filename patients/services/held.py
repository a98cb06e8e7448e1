"""A source record as the index keeps it: the whole encrypted, and plain what it is compared by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import date
from typing import Any, TypeVar

import cattrs.preconf.json

from integrations.types import (
    Demographics,
    Organization,
    RecordStatus,
    Registration,
    RemotePatient,
    Sex,
)
from patients.matching.compared import Compared, compared
from patients.matching.names import surname_parts
from patients.matching.same_person import Subject
from patients.models import SourceRecord

from .answers import KeptRecord

_json = cattrs.preconf.json.make_converter()
T = TypeVar("T")

#: What of a record stands in columns for being compared, and how long each may be.
COMPARED = ("given", "middle", "preferred", "family", "email", "postcode", "address")
LONGEST = {
    each.name: each.max_length or 0
    for each in SourceRecord._meta.fields
    if each.name in {*COMPARED, "phones"}
}


def whole_of(record: SourceRecord) -> RemotePatient:
    """The record as it is held."""
    remote: RemotePatient = _json.structure(record.held, RemotePatient)
    return remote


def kept_of(record: SourceRecord) -> KeptRecord:
    """The record as pages show it: as it was last read; a test record where somebody here marked it."""
    remote = whole_of(record)
    if record.marked_test:
        remote = as_test(remote)
    gone = record.vanished_at is not None
    return KeptRecord(number=record.pk, read_at=record.read_at, record=remote, gone=gone)


def as_test(remote: RemotePatient) -> RemotePatient:
    """A record as a test record, which its system does not say."""
    return replace(remote, registration=Registration.DUMMY)


def to_hold(remote: RemotePatient) -> dict[str, Any]:
    """The record for keeping; what the system wrote beyond our fields is not kept."""
    held: dict[str, Any] = _json.unstructure(replace(remote, raw={}))
    return held


def over(before: RemotePatient, row: RemotePatient) -> RemotePatient:
    """A short row laid over what was known: it says what it says, and nothing of the rest."""
    if row.complete:
        return row
    return replace(
        row,
        demographics=_laid_over(before.demographics, row.demographics),
        contact=_laid_over(before.contact, row.contact),
        accessibility=_laid_over(before.accessibility, row.accessibility),
        administrative=_laid_over(before.administrative, row.administrative),
        identifiers=row.identifiers or before.identifiers,
        organizations=_belonging(before.organizations, row.organizations),
        complete=before.complete,
    )


def _belonging(before: tuple[Organization, ...], told: tuple[Organization, ...]) -> tuple[Organization, ...]:
    """A short row tells of one organization that it was listed in; what it leaves holds."""
    known = {each.id for each in before}
    return (*before, *(each for each in told if each.id not in known))


def _laid_over(before: T, row: T) -> T:
    empty = type(row)()
    said = {
        each.name: getattr(row, each.name)
        for each in fields(row)  # type: ignore[arg-type]
        if getattr(row, each.name) != getattr(empty, each.name)
    }
    return replace(before, **said)  # type: ignore[type-var]


def changes_between(before: RemotePatient, after: RemotePatient) -> dict[str, list[Any]]:
    """Field → [before, after] for every field that differs; nothing where only times do."""
    one, other = _flat(to_hold(before)), _flat(to_hold(after))
    names = [*one, *(name for name in other if name not in one)]
    return {name: [one.get(name), other.get(name)] for name in names if one.get(name) != other.get(name)}


_NOT_CONTENT = frozenset({"raw", "complete", "updated_at"})
# An e-mail address and whether e-mails are wanted have one name in two groups; so have the notes
# on accessibility and those on the person.
_PREFIXES = {"contact": "contact_", "accessibility": "accessibility_"}


def _flat(held: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in held.items():
        if name in _NOT_CONTENT:
            continue
        if isinstance(value, dict):
            prefix = _PREFIXES.get(name, "")
            flat |= {f"{prefix}{inner}": each for inner, each in value.items()}
        else:
            flat[name] = value
    return flat


def columns_of(remote: RemotePatient, form: Compared) -> dict[str, Any]:
    """The plain columns of a record."""
    texts = {name: getattr(form, name)[: LONGEST[name]] for name in COMPARED}
    return texts | {
        "phones": " ".join(form.phones)[: LONGEST["phones"]],
        "birth": form.birth,
        "sex": str(form.sex or ""),
        "nhs": form.nhs,
        "status": str(remote.status),
        "registration": str(remote.registration),
        "is_deceased": remote.administrative.is_deceased,
        "needs_review": remote.administrative.requires_review,
        "created_at": remote.administrative.created_at,
        "updated_at": remote.updated_at,
    }


def form_of(remote: RemotePatient) -> Compared:
    """What the record is compared by."""
    return compared(remote.demographics)


def subject_of(record: SourceRecord) -> Subject:
    """The record ready for comparing, from its columns alone: nothing is decrypted.

    Its details are spelled as they are compared, which will do for a judgement and not for showing.
    """
    held = Demographics(given_name=record.given, family_name=record.family, birth_date=date_of(record.birth))
    form = form_from([getattr(record, name) for name in FORM_COLUMNS], held=held)
    remote = RemotePatient(
        system=record.system,
        id=record.remote_id,
        demographics=form.held,
        status=RecordStatus(record.status),
        registration=Registration.DUMMY if record.is_test else Registration(record.registration),
    )
    return Subject(remote, form)


FORM_COLUMNS = (
    "given", "middle", "preferred", "family", "birth", "sex", "nhs", "email", "phones", "postcode", "address",
)  # fmt: skip


_UNSPELLED = Demographics()


def form_from(columns: Sequence[Any], *, held: Demographics = _UNSPELLED) -> Compared:
    """What a record is compared by, from its columns in the order of :data:`FORM_COLUMNS`."""
    given, middle, preferred, family, birth, sex, nhs, email, phones, postcode, address = columns
    return Compared(
        held=held,
        given=given,
        middle=middle,
        preferred=preferred,
        family=family,
        family_parts=surname_parts(family),
        birth=birth,
        sex=Sex(sex) if sex else None,
        nhs=nhs,
        email=email,
        phones=tuple(phones.split()),
        postcode=postcode,
        address=address,
        given_shown=given,
        family_shown=family,
    )


def date_of(number: int) -> date | None:
    """The date of a ``birth`` column (yyyymmdd); ``None`` for 0."""
    return date(number // 10000, number // 100 % 100, number % 100) if number else None
