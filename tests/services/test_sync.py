"""Reading a system into the index: everybody once, whole records after short rows, changes since."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from integrations.registry import get_system
from integrations.sandbox.run import Sandbox
from patients.models import RecordChange, SourceRecord, SyncedSystem
from patients.services import index, sync, sync_runs

from .syncing import EACH, Kind, ids_held, ids_in, later, read, rows_of, step

pytestmark = pytest.mark.slow


def somebody(sandbox: Sandbox, system: str, **fields: Any) -> str:
    rows = rows_of(sandbox, system).values()
    return next(str(row["id"]) for row in rows if all(row[key] == value for key, value in fields.items()))


# --- a whole reading ------------------------------------------------------------------------


@EACH
def test_full_run_finds_everybody_once(sandbox: Sandbox, system: str) -> None:
    run = read(system)

    assert run.is_complete
    held = ids_held(system)
    assert len(held) == len(set(held)) == run.read == run.new
    assert set(held) <= ids_in(sandbox, system)
    if system != "jhe":  # there only whom the key's owner reaches
        assert set(held) == ids_in(sandbox, system)
    assert run.vanished == run.errors == 0


@EACH
def test_second_full_run_changes_nothing(sandbox: Sandbox, system: str) -> None:
    first = read(system)
    second = read(system)

    assert (second.read, second.new, second.changed, second.vanished) == (first.read, 0, 0, 0)
    assert not RecordChange.objects.exists()


def test_short_rows_are_followed_by_whole_records_without_changes(sandbox: Sandbox) -> None:
    read("jump")
    assert SourceRecord.objects.filter(whole_at=None).count() > 100

    run = read("jump", Kind.WHOLE)

    assert run.read == len(ids_in(sandbox, "jump"))
    assert not SourceRecord.objects.filter(whole_at=None).exists()
    assert run.changed == 0  # what a short row left open is learnt, not changed
    assert not RecordChange.objects.exists()
    assert SourceRecord.objects.exclude(nhs="").exists()
    assert run.left == 0


def test_whole_records_are_read_latest_change_first(sandbox: Sandbox) -> None:
    read("jump")
    run = sync_runs.begin("jump", Kind.WHOLE, source="command")
    step(run)

    mine = SourceRecord.objects.filter(system="jump").order_by("-updated_at", "-pk")
    assert list(mine[: sync.TOGETHER]) == list(mine.filter(whole_at__isnull=False))


def test_record_that_changed_since_is_read_whole_again(sandbox: Sandbox) -> None:
    read("jump")
    read("jump", Kind.WHOLE)
    changed = somebody(sandbox, "jump", last_name="Mbeki")
    stamp = (timezone.now() + timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    with sandbox.stores["jump"].writing() as state:
        state["patients"][changed] |= {"phone": "07700 900999", "updated_at": stamp}

    with later(hours=1):
        assert not sync.due_whole("jump").exists()
        read("jump")
        assert [each.remote_id for each in sync.due_whole("jump")] == [changed]
        run = read("jump", Kind.WHOLE)

    assert (run.read, run.changed) == (1, 1)
    assert "7700900999" in SourceRecord.objects.get(system="jump", remote_id=changed).phones


def test_whole_record_is_read_anew_when_it_is_old(sandbox: Sandbox, settings: Settings) -> None:
    settings.SYNC_WHOLE_DAYS = 10
    read("impilo")
    assert not sync.due_whole("impilo").exists()

    with later(days=11):
        assert sync.due_whole("impilo").count() == len(ids_in(sandbox, "impilo"))


def test_test_records_and_merged_ones_are_marked(sandbox: Sandbox) -> None:
    read("jump")
    read("jump", Kind.WHOLE)
    rows = rows_of(sandbox, "jump").values()
    dummies = {row["id"] for row in rows if row["patient_type"] == "dummy"}
    merged = {row["id"] for row in rows if row["status"] == "merged"}

    held = SourceRecord.objects.filter(system="jump")
    assert dummies
    assert merged
    assert set(held.filter(is_test=True).values_list("remote_id", flat=True)) == dummies
    assert set(held.filter(status="merged").values_list("remote_id", flat=True)) == merged


def test_store_is_the_only_way_in(sandbox: Sandbox) -> None:
    """What syncing brings is what a live reading would bring."""
    read("jump")
    read("jump", Kind.WHOLE)
    before = {each.pk: each.version for each in SourceRecord.objects.all()}
    index.store([get_system("jump").get(each) for each in ids_held("jump")[:5]])
    assert {each.pk: each.version for each in SourceRecord.objects.all()} == before


# --- changes --------------------------------------------------------------------------------


def test_changes_begin_where_the_last_run_ended(sandbox: Sandbox) -> None:
    with sandbox.stores["jhe"].writing() as state:
        for number, row in enumerate(state["patients"].values()):
            moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=number)
            row["last_updated"] = moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    read("jhe")
    changed = ids_held("jhe")[0]
    stamp = (timezone.now() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    with sandbox.stores["jhe"].writing() as state:
        state["patients"][changed] |= {"name_family": "Newname", "last_updated": stamp}

    run = read("jhe", Kind.CHANGES)

    assert (run.read, run.changed) == (2, 1)  # the one that changed last before is read again
    assert SourceRecord.objects.get(system="jhe", remote_id=changed).family == "newname"
    known = SyncedSystem.objects.get(system="jhe")
    assert known.changed_until == datetime.fromisoformat(stamp)
