"""Asking for decisions from a form: about the person, the record and the state that its page has shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core import signing

from patients.models import Operation, SourceRecord, Study
from patients.services.hand_links import Side
from patients.services.seals import held, seal
from patients.services.visibility import Reach
from portal.accounts.models import User

from . import allowed, deciding
from .allowed import Because, Refusal, Refused
from .authority import Authority
from .consents import OfStudy, of_study

Scope = tuple[str, str]
CONSENT = "consent"  # the kind of form
_SALT = "decisions as a form has shown them"
CHANGED = Refusal(
    because=Because.NOT_ASKED_FOR,
    sentence="The decisions stand otherwise by now, or the study asks for something else.",
    step="Look at how they stand now, and send this again.",
)


def seal_form(whole: Side, record: SourceRecord, study: Study, *, by: User) -> str:
    """The seal of the form for one record and one study."""
    return seal(whole.named, purpose=CONSENT, part=_part(record, study), by=by)


def stood(shown: OfStudy) -> str:
    """What a form carries of how decisions stood on its page."""
    return signing.dumps(_state(shown), salt=_SALT)


def record_decisions(
    decisions: Mapping[Scope, bool], *, sealed: str, shown: str, record: SourceRecord, study: Study,
    said_by: Authority, by: User, reach: Reach,
) -> list[Operation]:  # fmt: skip
    """Ask for these decisions, all of them or none, if the person and the state are as the form showed them.

    Raises :class:`~patients.services.seals.Broken`, :class:`~.allowed.Refused` and ``Forbidden``.
    """
    at = record.patient.public_id
    with held(sealed, purpose=CONSENT, at=[at], by=by, part=_part(record, study)) as [patient]:
        now = patient.records.filter(pk=record.pk).first()
        if now is None:
            raise Refused(CHANGED)
        allowed.require(study, by=by, reach=reach)
        if _unsealed(shown) != _state(of_study(study, now)):
            raise Refused(CHANGED)
        return deciding.decide(study, now, decisions, said_by=said_by, by=by, reach=reach)


def _part(record: SourceRecord, study: Study) -> str:
    return f"{record.pk} in {study.public_id}"


def _state(of: OfStudy) -> list[Any]:
    rows = [
        [each.system, each.code, str(each.answer), str(each.coming or ""), each.is_asked_for]
        for each in of.asked
    ]
    return [of.study.public_id, sorted(rows)]


def _unsealed(text: str) -> Any:
    try:
        return signing.loads(text, salt=_SALT)
    except signing.BadSignature:
        return None
