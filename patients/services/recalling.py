"""Whom the index knows when a look-up is sent: on the page at once, corrected by what the systems answer."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from django.utils import timezone

from integrations.registry import label_of, system_names
from integrations.types import SearchQuery
from patients.matching.grouping import Known, RecordKey
from patients.models import KeptApart, LookUp, SourceRecord
from portal.accounts.models import User

from . import answers, bulk, finding, visibility
from .answers import INDEX, KeptRecord, Outcome, State
from .held import kept_of
from .suggesting import WAIT_SECONDS
from .visibility import Reach

MOST = 50  # people; finding weighs fewer of all that share a key


def recall(lookup: LookUp, query: SearchQuery, *, by: User, before: Outcome | None = None) -> Outcome:
    """Keep whom the index knows by a query, the likeliest first, as the answer of the index.

    It counts as read before the look-up: whom the systems' answers to this very look-up have
    brought into the index since is left to these answers. Whoever was in ``before`` stays first.
    ``sentence`` says where a system did not tell whom one may see.
    """
    reach = visibility.reach_of(by, wait=WAIT_SECONDS)
    findings = finding.find(query, by=by, reach=reach, most=MOST)
    found = _records([each.patient_id for each in findings.people], lookup, reach)
    if before is not None:
        kept = {each.key for each in before.records}
        found = [*before.records, *(each for each in found if each.key not in kept)]
    outcome = Outcome(
        system=INDEX,
        state=State.FOUND if found else State.NOBODY,
        answered_at=timezone.now(),
        records=tuple(found),
        more=findings.more,
        sentence=" ".join(reach.untold.values()),
    )
    if before is not None:
        return answers.keep(lookup, outcome)
    return answers.keep_first(lookup, outcome) or answers.kept(lookup).get(INDEX, outcome)


def _records(people: Sequence[int], lookup: LookUp, reach: Reach) -> list[KeptRecord]:
    """The records within reach of these people, in the order of the people and then of the systems."""
    order = {person: place for place, person in enumerate(people)}
    systems = system_names()
    rows = visibility.records(reach).filter(
        patient__in=people, patient__added_at__lt=lookup.created_at, system__in=systems
    )
    ordered = sorted(rows, key=lambda row: (order[row.patient_id], systems.index(row.system), row.pk))
    return [_as_held(row) for row in ordered]


def _as_held(row: SourceRecord) -> KeptRecord:
    """A record as the index holds it, still unnumbered (0)."""
    kept = kept_of(row)
    problem = f"{label_of(row.system)} did not hold this record any more." if kept.gone else ""
    return replace(kept, number=0, problem=problem, from_index=True)


def known_of(keys: Collection[RecordKey]) -> Known:
    """Whose these records are, as far as the index knows, and which of them somebody kept apart.

    Records that had vanished are left to the rule: what comes back may be somebody else's.
    """
    if not keys:
        return Known()
    rows = list(
        SourceRecord.objects.filter(bulk.with_keys(keys), vanished_at=None).values_list(
            "pk", "system", "remote_id", "patient_id"
        )
    )
    key_of = {pk: (system, remote_id) for pk, system, remote_id, _ in rows}
    return Known(
        owners={(system, remote_id): patient for _, system, remote_id, patient in rows},
        apart=_kept_apart(key_of),
    )


def _kept_apart(key_of: dict[int, RecordKey]) -> frozenset[frozenset[RecordKey]]:
    if len(key_of) < 2:
        return frozenset()
    pairs = KeptApart.objects.filter(first__in=key_of, second__in=key_of, lifted_at=None)
    return frozenset(
        frozenset({key_of[first], key_of[second]}) for first, second in pairs.values_list("first", "second")
    )
