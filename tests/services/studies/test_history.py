"""The history of decisions: appended where something is news, never changed, and each record's own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import product

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from pytest_django.fixtures import Settings

from integrations.holdings import ScopeConsent
from integrations.types import Demographics, Organization, RemotePatient
from patients.models import Decision, Participant, Patient, SourceRecord, Study
from patients.services import index, linking
from patients.services.studies import authority, history
from portal.accounts.models import User
from portal.audit import triggers
from portal.web.crypto import Undecryptable
from tests.studying import PRESSURE, RATE, said, taking_part, timeline
from tests.support import side_by_side

THEN = datetime(2026, 3, 1, 12, tzinfo=UTC)
STATES = (True, False, None)


def _record(number: str, given: str = "Ada") -> SourceRecord:
    person = Demographics(given_name=given, family_name="Quill", birth_date=date(1971, 2, 3))
    index.store([
        RemotePatient(
            system="jhe", id=number, demographics=person, organizations=(Organization(id="20003"),)
        )
    ])  # fmt: skip
    return SourceRecord.objects.get(system="jhe", remote_id=number)


def _study(number: str = "30001") -> Study:
    return Study.objects.create(
        system="jhe", remote_id=number, organization="20003", name=f"Study {number}", read_at=timezone.now()
    )


def _scope(
    agreed: bool | None, scope: tuple[str, str] = PRESSURE, decided_at: datetime | None = THEN
) -> ScopeConsent:
    system, code = scope
    return ScopeConsent(
        system=system, code=code, agreed=agreed, decided_at=None if agreed is None else decided_at
    )


@pytest.fixture
def record(db: None) -> SourceRecord:
    return _record("41")


@pytest.fixture
def study(db: None) -> Study:
    return _study()


def _note(record: SourceRecord, study: Study, *scopes: ScopeConsent) -> list[Decision]:
    return history.note_read(record, study, scopes, timezone.now())


# --- what is appended -----------------------------------------------------------------------


def test_reading_again_appends_only_what_is_news(record: SourceRecord, study: Study) -> None:
    assert _note(record, study, _scope(None), _scope(None, RATE)) == []
    assert len(_note(record, study, _scope(True), _scope(None, RATE))) == 1
    assert _note(record, study, _scope(True), _scope(None, RATE)) == []
    assert len(_note(record, study, _scope(True, decided_at=THEN + timedelta(days=1)))) == 1
    assert len(_note(record, study, _scope(False), _scope(True, RATE))) == 2
    assert len(_note(record, study, _scope(None))) == 1
    assert _note(record, study, _scope(None)) == []
    told = [(row.scope_code == PRESSURE[1], row.agreed) for row in timeline(record)]
    assert told == [(True, True), (True, True), (True, False), (False, True), (True, None)]
    latest = history.latest_of(record, study)
    assert (latest[PRESSURE].agreed, latest[RATE].agreed) == (None, True)


def test_kind_of_data_that_a_reading_does_not_show_stays_as_it_was(
    record: SourceRecord, study: Study
) -> None:
    """The study asks for it no more, say: nobody has revoked it."""
    _note(record, study, _scope(True), _scope(True, RATE))
    assert _note(record, study, _scope(True)) == []
    assert history.latest_of(record, study)[RATE].agreed is True


def test_decisions_of_another_study_or_record_are_none_of_this_one(
    record: SourceRecord, study: Study
) -> None:
    other, elsewhere = _record("42", "Bea"), _study("30002")
    _note(record, study, _scope(True))
    assert len(_note(other, study, _scope(True))) == 1
    assert len(_note(record, elsewhere, _scope(True))) == 1
    assert len(timeline(record)) == 2


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_who_read_the_same_at_once_append_it_once() -> None:
    record, study = _record("41"), _study()
    work = partial(history.note_read, record, study, [_scope(True)], timezone.now())
    rows = side_by_side([work] * 4)
    assert sum(map(len, rows)) == 1
    assert Decision.objects.count() == 1


# --- never changed --------------------------------------------------------------------------


def _by_query(row: Decision) -> None:
    Decision.objects.filter(pk=row.pk).update(agreed=False)


def _by_saving(row: Decision) -> None:
    row.agreed = False
    row.save()


def _by_deleting(row: Decision) -> None:
    row.delete()


def _by_deleting_all(row: Decision) -> None:
    Decision.objects.all().delete()


def _raw(statement: str, row: Decision) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


CHANGES: list[Callable[[Decision], None]] = [
    _by_query,
    _by_saving,
    _by_deleting,
    _by_deleting_all,
    partial(_raw, "UPDATE patients_decision SET seen_at = seen_at"),
    partial(_raw, "UPDATE patients_decision SET authority = NULL"),
    partial(_raw, "DELETE FROM patients_decision"),
]


@pytest.mark.parametrize("change", CHANGES)
def test_decision_is_neither_changed_nor_deleted(
    record: SourceRecord, study: Study, change: Callable[[Decision], None]
) -> None:
    (row,) = _note(record, study, _scope(True))
    row.refresh_from_db()
    with pytest.raises(DatabaseError), transaction.atomic():
        change(row)
    assert [each.agreed for each in timeline(record)] == [True]


def test_table_is_not_emptied_on_postgresql(record: SourceRecord, study: Study) -> None:
    _note(record, study, _scope(True))
    if connection.vendor != "postgresql":  # SQLite has no such statement
        return
    with pytest.raises(DatabaseError), transaction.atomic():
        _raw("TRUNCATE patients_decision", Decision())
    assert Decision.objects.count() == 1


def test_record_and_study_with_decisions_are_not_deleted(record: SourceRecord, study: Study) -> None:
    _note(record, study, _scope(True))
    for each in (study, record):
        with pytest.raises(DatabaseError), transaction.atomic():
            each.delete()


@pytest.mark.django_db(transaction=True)
def test_authority_is_encrypted_with_a_new_key_and_the_table_stays_protected(settings: Settings) -> None:
    from cryptography.fernet import Fernet

    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.ENCRYPTION_KEYS = [old]
    record, study = _record("41"), _study()
    Decision.objects.create(
        record=record, study=study, scope_system="s", scope_code="c", agreed=True,
        seen_at=timezone.now(), how=Decision.How.WRITTEN, authority=authority.to_keep(said()),
    )  # fmt: skip
    settings.ENCRYPTION_KEYS = [new, old]
    call_command("rotate_keys", verbosity=0)
    settings.ENCRYPTION_KEYS = [new]
    assert authority.kept(Decision.objects.get().authority) == said()
    settings.ENCRYPTION_KEYS = [old]
    with pytest.raises(Undecryptable):
        Decision.objects.get()
    assert triggers.is_protected(connection, "patients_decision")


def test_protection_is_lifted_inside_a_transaction_alone(transactional_db: None) -> None:
    with pytest.raises(RuntimeError), triggers.lifted(connection, "patients_decision"):
        raise AssertionError("never reached")


def test_lifting_that_fails_leaves_the_table_protected(transactional_db: None) -> None:
    with (
        pytest.raises(ValueError, match="in the middle"),
        transaction.atomic(),
        triggers.lifted(connection, "patients_decision"),
    ):
        raise ValueError("in the middle")
    assert triggers.is_protected(connection, "patients_decision")


# --- two records of one person --------------------------------------------------------------


def _decide(record: SourceRecord, study: Study, state: bool | None, *, known: bool) -> None:
    """Bring a record's decision into a state; ``known``: there was another one before it."""
    if known:
        _note(record, study, _scope(state is not True))
    _note(record, study, _scope(state))


@pytest.mark.parametrize(("first", "second"), list(product(STATES, repeat=2)))
@pytest.mark.parametrize("known", [False, True])
def test_linking_copies_nothing_disagreeing_is_found_and_undoing_restores_both(
    admin: User, study: Study, first: bool | None, second: bool | None, known: bool
) -> None:
    records = [_record("41"), _record("42", "Bea")]
    for record, state in zip(records, (first, second), strict=True):
        taking_part(study, record)
        _decide(record, study, state, known=known)
    before = _stored()
    people = [Patient.objects.get(records=each) for each in records]
    assert [history.disagreements(each) for each in people] == [(), ()]

    linking.link_people(keep=people[0], other=people[1], reason="The same person", by=admin)

    found = history.disagreements(people[0])
    assert bool(found) is ({first, second} == {True, False})
    for each in found:
        assert (each.study, each.scope) == (study, PRESSURE)
        assert [row.pk for row in each.agreed] == [records[0 if first else 1].pk]
        assert [row.pk for row in each.declined] == [records[1 if first else 0].pk]
    assert _stored() == before
    records = [SourceRecord.objects.get(pk=each.pk) for each in records]
    linking.unlink_record(record=records[1], reason="They are two", by=admin)
    apart = [SourceRecord.objects.get(pk=each.pk).patient for each in records]
    assert apart[0] != apart[1]
    assert [history.disagreements(each) for each in apart] == [(), ()]
    assert _stored() == before
    for record, state in zip(records, (first, second), strict=True):
        latest = history.latest_of(record, study).get(PRESSURE)
        assert (latest.agreed if latest else None) is state


def _stored() -> list[tuple[object, ...]]:
    columns = ("pk", "record", "study", "scope_code", "agreed", "decided_at", "seen_at", "how")
    return list(Decision.objects.order_by("pk").values_list(*columns))


def test_other_studies_other_data_studies_left_and_vanished_records_are_no_disagreement(
    admin: User, study: Study
) -> None:
    first, second = _record("41"), _record("42", "Bea")
    elsewhere = _study("30002")
    for each in (first, second):
        taking_part(study, each)
        taking_part(elsewhere, each)
    _note(first, study, _scope(True))
    _note(second, elsewhere, _scope(False))
    _note(second, study, _scope(False, RATE))
    linking.link_people(keep=first.patient, other=second.patient, reason="The same person", by=admin)
    person = SourceRecord.objects.get(pk=first.pk).patient
    assert history.disagreements(person) == ()
    _note(second, study, _scope(False))
    assert len(history.disagreements(person)) == 1
    Participant.objects.filter(record=second, study=study).update(left_at=timezone.now())
    assert history.disagreements(person) == ()
    taking_part(study, second)
    assert len(history.disagreements(person)) == 1
    index.mark_vanished([SourceRecord.objects.get(pk=second.pk)], at=timezone.now())
    assert history.disagreements(person) == ()
