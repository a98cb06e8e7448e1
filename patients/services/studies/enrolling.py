"""Putting people into a study and taking them out: what stands against it is said before it is recorded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import transaction

from integrations.registry import label_of
from patients.models import Membership, Operation, SourceRecord, Study
from patients.services.operations import queue
from patients.services.operations.study_wishes import Enrol, Unenrol
from patients.services.operations.whom import wish_of
from patients.services.operations.wishes import Join, Kind
from patients.services.visibility import Reach
from portal.accounts.models import User

from . import allowed, many
from .allowed import Because, Fix, Refusal
from .many import AskedMany, Planned


def enrol(study: Study, record: SourceRecord, *, by: User, reach: Reach, add: bool = False) -> Operation:
    """Ask for one person to be put into a study. ``add``: into its organization first, where the record does
    not belong to it. Raises :class:`~.allowed.Refused` and ``Forbidden``."""
    allowed.require(study, by=by, reach=reach)
    with transaction.atomic():
        planned = _enrolment(study, record, _belonging(study, [record]))
        if add and isinstance(planned, Refusal) and planned.because is Because.OUTSIDE:
            many.ask(Join(organization_id=study.organization), record, by=by)
            planned = _enrolment(study, record, {record.pk})
        return many.ask(planned, record, by=by)


def enrol_many(study: Study, records: Sequence[SourceRecord], *, by: User, reach: Reach) -> AskedMany:
    """The same for many. Raises :class:`~.allowed.Refused` where nobody can be enrolled by this person."""
    inside = _belonging(study, records)
    return many.ask_many(
        study, records, lambda record: _enrolment(study, record, inside),
        label=f"Enrol in {study.name}", by=by, reach=reach,
    )  # fmt: skip


def unenrol(study: Study, record: SourceRecord, *, reason: str, by: User, reach: Reach) -> Operation:
    """Ask for one person to be taken out of a study, with which their decisions there are deleted; the portal
    keeps them first. Raises :class:`~.allowed.Refused` and ``Forbidden``."""
    allowed.require(study, by=by, reach=reach)
    return many.ask(_leaving(study, record, reason), record, by=by, reason=reason)


def unenrol_many(
    study: Study, records: Sequence[SourceRecord], *, reason: str, by: User, reach: Reach
) -> AskedMany:
    """The same for many."""
    return many.ask_many(
        study, records, lambda record: _leaving(study, record, reason),
        label=f"Take out of {study.name}", by=by, reach=reach, reason=reason,
    )  # fmt: skip


def _enrolment(study: Study, record: SourceRecord, inside: set[int]) -> Planned:
    refusal = allowed.gone(record) or _elsewhere(study, record)
    if refusal is not None:
        return refusal
    if record.pk not in inside:
        name = allowed.name_of(study.system, study.organization)
        return Refusal(
            because=Because.OUTSIDE,
            sentence=f"The record does not belong to {name}, which runs the study.",
            step=f"Add it to {name} first: a member or manager there can.",
            fix=Fix.ADD_TO_ORGANIZATION,
        )
    return Enrol(study_id=study.remote_id, organization_id=study.organization)


def _leaving(study: Study, record: SourceRecord, reason: str) -> Planned:
    """Whoever is not known to take part may do so all the same: the queue looks."""
    refusal = allowed.gone(record) or _elsewhere(study, record)
    return refusal or Unenrol(study_id=study.remote_id, organization_id=study.organization, reason=reason)


def _elsewhere(study: Study, record: SourceRecord) -> Refusal | None:
    if record.system == study.system:
        return None
    return Refusal(
        because=Because.OUTSIDE,
        sentence=f"The study is one of {label_of(study.system)}, and this record is not.",
        step=f"Register the person in {label_of(study.system)} first.",
    )


def _belonging(study: Study, records: Iterable[SourceRecord]) -> set[int]:
    """Which of the records belong to the study's organization, or are being added to it."""
    known = [each.pk for each in records]
    rows = Membership.objects.filter(record__in=known, system=study.system, organization=study.organization)
    joining = Operation.objects.filter(
        record__in=known, system=study.system, kind=Kind.JOIN, state__in=queue.OPEN
    )
    added = {
        each.record_id
        for each in joining.only("kind", "wanted", "record_id")
        if isinstance(wish := wish_of(each), Join) and wish.organization_id == study.organization
    }
    return set(known) & {*rows.values_list("record_id", flat=True), *added}
