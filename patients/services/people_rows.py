"""People of the list as rows are shown, printed and exported: from the index, within reach."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from integrations.registry import system_names
from integrations.types import RecordStatus, Registration
from patients.models import Membership, Patient, Place, SourceRecord

from .bulk import in_parts
from .held import date_of, whole_of
from .portrait import WORDS, Identity, RecordTag, marks_of_person
from .studies.within import in_short
from .summary import leading
from .visibility import Sight, records


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A person as one line: who, where they are held, what stands out. ``created`` is the earliest
    day that a record within reach says; ``studies`` say where the person stands in each."""

    patient: int
    public_id: str
    identity: Identity = field(repr=False)
    records: tuple[RecordTag, ...] = field(repr=False)
    organizations: tuple[str, ...] = field(repr=False)
    created: date | None = field(repr=False)
    needs_review: bool = field(repr=False)
    studies: tuple[str, ...] = field(default=(), repr=False)


def rows_of(sight: Sight, ids: Sequence[int], *, tests: bool = False, studies: bool = False) -> list[Row]:
    """The rows of these people in this order; whoever is out of reach by now is left out.

    Four queries whatever their number. With ``tests`` of their test records, else never of those; with
    ``studies`` they say where each stands in which, by one query more.
    """
    current = _current(sight, ids, tests=tests)
    chosen = {patient: leading(some) for patient, some in current.items()}
    told = SourceRecord.objects.in_bulk([some[0].pk for some in chosen.values()])
    organizations = _organizations(sight, (each for some in chosen.values() for each in some))
    stands = in_short(chosen, sight.reach) if studies else {}
    public_ids = dict(Patient.objects.filter(pk__in=chosen).values_list("pk", "public_id"))
    return [
        replace(
            _row(public_ids[pk], chosen[pk], told[chosen[pk][0].pk], organizations.get(pk, ())),
            studies=stands.get(pk, ()),
        )
        for pk in ids
        if pk in public_ids
    ]


def records_of(sight: Sight, ids: Collection[int]) -> list[str]:
    """The source records behind the rows of these people, for the audit ("jump:4711")."""
    found: list[str] = []
    for some in in_parts(ids):
        rows = records(sight.reach).filter(patient__in=some, vanished_at=None, is_test=False)
        pairs = rows.order_by("system", "remote_id").values_list("system", "remote_id").distinct()
        found += [f"{system}:{number}" for system, number in pairs]
    return found


def _current(sight: Sight, ids: Sequence[int], *, tests: bool) -> dict[int, list[SourceRecord]]:
    found: dict[int, list[SourceRecord]] = {}
    rows = records(sight.reach).filter(patient__in=ids, vanished_at=None, is_test=tests)
    for record in rows.defer("held").order_by("pk"):
        found.setdefault(record.patient_id, []).append(record)
    return found


def _organizations(sight: Sight, found: Iterable[SourceRecord]) -> dict[int, tuple[str, ...]]:
    """Person → the names of their organizations within reach."""
    own = {
        pair: place
        for pair, place in sight.layout.places.items()
        if pair[1] in sight.reach.organizations.get(pair[0], ())
    }
    ids = [each.pk for each in found if each.system in sight.reach.organizations]
    names: dict[int, dict[str, None]] = {}
    if own and ids:
        rows = Membership.objects.filter(record__in=ids).values_list("patient", "system", "organization")
        for patient, system, organization in rows:
            if (system, organization) in own:
                names.setdefault(patient, {})[called(own[system, organization])] = None
    return {patient: tuple(sorted(some)) for patient, some in names.items()}


def called(place: Place) -> str:
    """How an organization is called; by its number where nobody told its name."""
    return place.name or f"organization {place.organization}"


def _row(
    public_id: str, found: Sequence[SourceRecord], told: SourceRecord, organizations: Sequence[str]
) -> Row:
    created = [each.created_at.date() for each in found if each.created_at]
    return Row(
        patient=told.patient_id,
        public_id=public_id,
        identity=_identity(found, told),
        records=tuple(_tag(each) for each in sorted(found, key=_place)),
        organizations=tuple(organizations),
        created=min(created, default=None),
        needs_review=any(each.needs_review for each in found),
    )


def _identity(found: Sequence[SourceRecord], told: SourceRecord) -> Identity:
    """Names from the leading record as its system spells them, the rest from the first that has it."""
    whole = whole_of(told)
    names, notes = whole.demographics, whole.administrative
    return Identity(
        family_name=names.family_name,
        given_name=names.given_name,
        middle_name=names.middle_name,
        title=names.title,
        full_name=names.full_name,
        preferred_name=names.preferred_name,
        birth_date=next((date_of(each.birth) for each in found if each.birth), None),
        nhs_number=next((each.nhs for each in found if each.nhs), ""),
        sex=next((each.sex for each in found if each.sex not in {"", "unknown"}), ""),
        is_deceased=any(each.is_deceased for each in found),
        date_of_death=notes.date_of_death if notes.is_deceased else None,
        marks=tuple(_marks(found)),
    )


def _marks(found: Sequence[SourceRecord]) -> Iterable[str]:
    """What must not be missed about the person, whatever the system."""
    marked = (Registration.DUMMY if each.is_test else each.registration for each in found)
    return marks_of_person(zip(marked, (each.status for each in found), strict=True))


def _place(record: SourceRecord) -> int:
    """The place of a record's system in the order of display."""
    names = system_names()
    return names.index(record.system) if record.system in names else len(names)


def _tag(record: SourceRecord) -> RecordTag:
    return RecordTag(
        system=record.system,
        id=record.remote_id,
        status=str(RecordStatus(record.status)),
        marks=tuple(_marks_of_record(record)),
    )


def _marks_of_record(record: SourceRecord) -> Iterable[str]:
    """What stands out about one record beside its status."""
    kind = WORDS.get(Registration(record.registration), "")
    if kind and kind != record.status:
        yield kind
    if record.is_deceased:
        yield "deceased"
    if record.needs_review:
        yield "needs review"
