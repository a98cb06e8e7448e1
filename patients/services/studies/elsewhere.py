"""Somebody of another organization: found by e-mail over the whole system, and added to one's own.

Whom somebody else looks after is shown by name, birth date and part of the e-mail, no more: enough to know
that it is the right person. The e-mail is in nobody's address or log.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from django.core import signing
from django.db import transaction

from integrations.abilities import KeepsMembers, LooksUpEverywhere
from integrations.errors import Unsupported
from integrations.registry import label_of
from integrations.types import RemotePatient
from patients.models import Membership, Operation, SourceRecord, Study
from patients.services import taking_in
from patients.services.connections import open_system
from patients.services.visibility import Reach
from portal import audit
from portal.accounts.models import User

from . import allowed, enrolling
from .allowed import Because, Refusal, Refused
from .masks import masked_email

SECONDS = 10.0
_SALT = "somebody of another organization"
_LASTS_FOR = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Somebody:
    """Just enough to recognise somebody. ``sealed`` is what a form about them carries; ``is_here``: they
    belong to the study's organization already."""

    name: str = field(repr=False)
    birth_date: date | None = field(repr=False)
    email: str = field(repr=False)
    is_here: bool
    sealed: str = field(repr=False)


def look_up(email: str, study: Study, *, by: User, reach: Reach) -> list[Somebody]:
    """Whoever has this e-mail, as it is typed or in lower case, in any organization. One event. Raises
    :class:`~.allowed.Refused` for who may not add them, and :mod:`integrations.errors` errors."""
    allowed.require(study, by=by, reach=reach)
    adapter = open_system(study.system, by=by, seconds=SECONDS)
    if not isinstance(adapter, LooksUpEverywhere):
        raise Unsupported(system=study.system, operation="lookup", label=label_of(study.system))
    found: dict[str, RemotePatient] = {}
    for spelling in dict.fromkeys([email, email.lower()]):
        found |= {each.id: each for each in adapter.global_lookup(spelling)}
    audit.look(
        "study.looked_up_everywhere",
        by=by,
        system=study.system,
        details={"terms": ["email"], "records": [f"{study.system}:{each}" for each in found]},
    )
    return [_somebody(each, study, by=by) for each in found.values()]


def add(sealed: str, study: Study, *, by: User, reach: Reach) -> Operation:
    """Ask for somebody who was found to be added to the study's organization, and to be enrolled. Raises
    :class:`~.allowed.Refused`, and :mod:`integrations.errors` errors where the record cannot be read."""
    allowed.require(study, by=by, reach=reach)
    record = _taken_in(_unsealed(sealed, study, by=by), study, by=by)
    with transaction.atomic():
        operation = enrolling.enrol(study, record, by=by, reach=reach, add=True)
        audit.write(
            "study.added_from_elsewhere",
            by=by,
            system=record.system,
            record_id=record.remote_id,
            subject_key=record.patient.public_id,
            details={"study": study.public_id},
        )
    return operation


def _taken_in(number: str, study: Study, *, by: User) -> SourceRecord:
    """The record, in the index by now: a write is one about a record that the portal knows."""
    adapter = open_system(study.system, by=by, seconds=SECONDS)
    if not isinstance(adapter, KeepsMembers):
        raise Unsupported(system=study.system, operation="add", label=label_of(study.system))
    taking_in.take_in_now([adapter.whole_record(number)])
    record = SourceRecord.objects.filter(system=study.system, remote_id=number).first()
    if record is None:
        raise Refused(_LOST)
    return record


def _somebody(remote: RemotePatient, study: Study, *, by: User) -> Somebody:
    names = remote.demographics
    full = " ".join(filter(None, [names.given_name, names.family_name])) or names.full_name
    here = Membership.objects.filter(
        record__system=study.system, record__remote_id=remote.id, organization=study.organization
    )
    told = any(each.id == study.organization for each in remote.organizations)
    return Somebody(
        name=full,
        birth_date=names.birth_date,
        email=masked_email(names.email),
        is_here=told or here.exists(),
        sealed=signing.dumps([by.pk, study.pk, remote.id], salt=_SALT),
    )


_LOST = Refusal(
    because=Because.GONE,
    sentence="This was looked up too long ago, or for another study.",
    step="Look the person up again.",
)


def _unsealed(sealed: str, study: Study, *, by: User) -> str:
    try:
        account, about, number = signing.loads(sealed, salt=_SALT, max_age=_LASTS_FOR)
    except signing.BadSignature:
        raise Refused(_LOST) from None
    if (account, about) != (by.pk, study.pk):
        raise Refused(_LOST)
    return str(number)
