"""Whom the index knows while somebody still types: at once, before any system is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.core.cache import cache

from integrations.types import SearchQuery
from patients.matching.grouping import Group, Note, group
from patients.models import SourceRecord
from portal import audit
from portal.accounts.models import User

from . import finding
from .answers import KeptRecord
from .held import kept_of
from .lookup import Person
from .understanding import terms_of
from .visibility import Reach

RUN_SECONDS = 60  # of typing that are one event: the browser says what a run is
WAIT_SECONDS = 0.4  # what typing waits for a system to say whom one may see


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """Somebody whom the index knows, and their address."""

    public_id: str
    patient_id: int
    person: Person = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestions:
    """Whom the index knows by what was typed so far, the best first. ``more``: others fit as well."""

    query: SearchQuery = field(repr=False)
    people: tuple[Suggestion, ...] = ()
    more: bool = False


def suggest(query: SearchQuery, *, run: str, by: User, reach: Reach) -> Suggestions:
    """The first people who fit. One search event a run of typing, and a minute, before names show."""
    findings = finding.find(query, by=by, reach=reach)
    if not findings.people:
        return Suggestions(query=query)
    typing = f"typing:{by.pk}:{run}"
    # Looked at first: adding takes a transaction, and most of what is typed goes on with a run.
    if cache.get(typing) is None and cache.add(typing, 1, RUN_SECONDS):
        terms = [str(term) for term in terms_of(query)]
        audit.look("search", by=by, subject_key=run, details={"terms": terms, "in": "index"})
    return Suggestions(query=query, people=_shown(findings), more=findings.more)


def _shown(findings: finding.Findings) -> tuple[Suggestion, ...]:
    ids = [one for each in findings.people for one in each.record_ids]
    rows = SourceRecord.objects.select_related("patient").in_bulk(ids)
    kept = {pk: kept_of(row) for pk, row in rows.items()}
    notes = [note for each in group([one.record for one in kept.values()]) for note in each.notes]
    return tuple(
        Suggestion(
            public_id=rows[found[0].number].patient.public_id,
            patient_id=each.patient_id,
            person=_person(found, notes),
        )
        for each in findings.people
        if (found := [kept[one] for one in each.record_ids if one in kept])
    )


def _person(kept: Sequence[KeptRecord], notes: Sequence[Note]) -> Person:
    """A person as the index links records, with what is to be said of them and the others shown."""
    own = {each.key for each in kept}
    about = tuple(note for note in notes if note.ours in own)
    return Person(group=Group(records=tuple(each.record for each in kept), notes=about), kept=tuple(kept))
