"""Writing down what a person decided: by recorded authority alone, one kind of data an operation."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone

from patients.models import Operation, SourceRecord, Study
from patients.services.operations.study_wishes import Decide
from patients.services.visibility import Reach
from portal.accounts.models import User

from . import allowed, authority, many, participants, plans
from .allowed import Because, Fix, Refusal, Refused
from .authority import Authority

Scope = tuple[str, str]  # system and code


def decide(
    study: Study, record: SourceRecord, decisions: Mapping[Scope, bool], *, said_by: Authority, by: User,
    reach: Reach,
) -> list[Operation]:  # fmt: skip
    """Ask for decisions about several kinds of data, all of them or none. Raises
    :class:`~.allowed.Refused` and ``Forbidden``, ``ValueError`` for none at all."""
    if not decisions:
        raise ValueError("no decision at all")
    allowed.require(study, by=by, reach=reach)
    refusal = why_not(study, record, decisions, said_by=said_by)
    if refusal is not None:
        raise Refused(refusal)
    with transaction.atomic():
        return [
            many.ask(_wish(study, scope, agreed, said_by), record, by=by)
            for scope, agreed in sorted(decisions.items())
        ]


def why_not(
    study: Study, record: SourceRecord, decisions: Mapping[Scope, bool], *, said_by: Authority
) -> Refusal | None:
    """What stands against it, whoever asks."""
    if (refusal := allowed.gone(record)) is not None:
        return refusal
    if participants.current(study, record) is None:
        return not_enrolled(study)
    plan = plans.plan_of(study)
    if any(plan.scope(each) is None for each in decisions):
        return Refusal(
            because=Because.NOT_ASKED_FOR,
            sentence="The study does not ask for one of these kinds of data.",
            step="Look at what the study asks for now.",
        )
    gaps = authority.gaps(said_by, today=timezone.localdate())
    if gaps:
        return Refusal(
            because=Because.AUTHORITY,
            sentence="A decision is written down with who decided it, how, and on which form.",
            step=" ".join(gaps.values()),
        )
    return None


def not_enrolled(study: Study) -> Refusal:
    """Somebody takes no part in the study."""
    return Refusal(
        because=Because.NOT_ENROLLED,
        sentence=f"The person does not take part in {study.name}.",
        step="Enrol them first.",
        fix=Fix.ENROL,
    )


def _wish(study: Study, scope: Scope, agreed: bool, said_by: Authority) -> Decide:
    system, code = scope
    return Decide(
        study_id=study.remote_id, organization_id=study.organization, scope_system=system, scope_code=code,
        agreed=agreed, authority=said_by,
    )  # fmt: skip
