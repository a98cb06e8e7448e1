"""Reading systems into the index: resumed anywhere, by two at once, with quotas and faults between."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from pytest_django.fixtures import Settings

from integrations.errors import NotConfigured
from integrations.models import Allowance
from integrations.registry import get_system
from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.jhe.records import own_organizations
from integrations.sandbox.run import Sandbox
from integrations.types import Demographics, RemotePatient
from patients.models import Key, Patient, RecordChange, SourceRecord, SyncedSystem, SyncRun
from patients.services import (
    index,
    installations,
    reading,
    sync,
    sync_runs,
    sync_schedule,
    sync_status,
    taking_in,
)
from patients.services.sync import Outcome
from portal.accounts.models import User
from portal.audit.models import Event
from tests.support import change, connected, point_at, side_by_side
from tests.waiting import until

pytestmark = pytest.mark.slow

Kind = SyncRun.Kind
SYSTEMS = ("jump", "jhe", "impilo")
EACH = pytest.mark.parametrize("system", SYSTEMS)
MARY = "manager_mary@example.com"


def read(system: str, kind: str = Kind.FULL) -> SyncRun:
    """A run, worked on until it ends."""
    run = sync_runs.begin(system, kind, source="command")
    assert sync.work(run, "tests") is Outcome.ENDED
    return run


def step(run: SyncRun, owner: str = "tests") -> Outcome:
    """One step of a run."""
    return sync.work(run, owner, seconds=0)


def rows_of(sandbox: Sandbox, system: str) -> dict[str, Any]:
    """What a system holds."""
    with sandbox.stores[system].reading() as state:
        return dict(state["patients"])


def ids_in(sandbox: Sandbox, system: str) -> set[str]:
    return {str(row["id"]) for row in rows_of(sandbox, system).values()}


def ids_held(system: str) -> list[str]:
    return sorted(SourceRecord.objects.filter(system=system).values_list("remote_id", flat=True))


def somebody(sandbox: Sandbox, system: str, **fields: Any) -> str:
    rows = rows_of(sandbox, system).values()
    return next(str(row["id"]) for row in rows if all(row[key] == value for key, value in fields.items()))


def take_away(sandbox: Sandbox, system: str, patient_id: str) -> None:
    with sandbox.stores[system].writing() as state:
        del state["patients"][patient_id]


def later(**span: float) -> time_machine.travel:
    return time_machine.travel(datetime.now(UTC) + timedelta(**span), tick=True)


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


# --- what is gone ---------------------------------------------------------------------------


@EACH
def test_record_that_is_gone_is_marked_and_kept(sandbox: Sandbox, system: str) -> None:
    read(system)
    gone = ids_held(system)[3]
    take_away(sandbox, system, gone)

    run = read(system)

    assert run.vanished == 1
    (record,) = SourceRecord.objects.filter(vanished_at__isnull=False)
    assert (record.system, record.remote_id) == (system, gone)


def test_record_that_only_slipped_through_is_not_marked(sandbox: Sandbox) -> None:
    """A pass that did not show somebody is no proof: the system is asked for that one."""
    read("impilo")
    run = sync_runs.begin("impilo", Kind.FULL, source="command")
    record = SourceRecord.objects.filter(system="impilo")[0]
    step(run)
    SourceRecord.objects.filter(pk=record.pk).update(read_at=run.started_at - timedelta(hours=1))
    assert sync.work(run, "tests") is Outcome.ENDED

    record.refresh_from_db()
    assert record.vanished_at is None
    assert record.read_at > run.started_at


def test_gone_record_that_comes_back_is_current_again(sandbox: Sandbox) -> None:
    read("impilo")
    gone = ids_held("impilo")[0]
    row = rows_of(sandbox, "impilo")[gone]
    take_away(sandbox, "impilo", gone)
    read("impilo")
    with sandbox.stores["impilo"].writing() as state:
        state["patients"][gone] = row

    assert read("impilo").returned == 1
    assert not SourceRecord.objects.filter(vanished_at__isnull=False).exists()


def test_pass_with_unreadable_rows_marks_nobody(sandbox: Sandbox) -> None:
    read("jump")
    gone, odd = ids_held("jump")[:2]
    take_away(sandbox, "jump", gone)
    with sandbox.stores["jump"].writing() as state:
        state["patients"][odd]["id"] = None

    run = read("jump")

    assert (run.vanished, run.is_complete) == (0, False)
    assert run.errors >= 1
    assert run.problem
    assert run.next_step
    assert not SourceRecord.objects.filter(vanished_at__isnull=False).exists()


def test_changes_alone_mark_nobody(sandbox: Sandbox) -> None:
    read("jhe")
    take_away(sandbox, "jhe", ids_held("jhe")[0])

    assert read("jhe", Kind.CHANGES).vanished == 0


def test_lost_reach_of_another_reader_marks_nobody(sandbox: Sandbox) -> None:
    """Only who could see a record before can tell that it is out of reach now."""
    read("jhe")
    SyncedSystem.objects.update(full_as="account 99")
    with sandbox.stores["jhe"].writing() as state:
        for row in state["patients"].values():
            row["organizations"] = []

    assert read("jhe").vanished == 0


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


# --- stopping and going on ------------------------------------------------------------------


def counts_of(run: SyncRun) -> dict[str, int]:
    return {name: getattr(run, name) for name in sync_runs.COUNTS}


@EACH
def test_run_goes_on_in_another_process_after_every_step(sandbox: Sandbox, system: str) -> None:
    run = sync_runs.begin(system, Kind.FULL, source="command")
    for number in range(1000):
        outcome = step(run, owner=f"process {number}")
        if outcome is Outcome.ENDED:
            break
        assert outcome is Outcome.MORE
    assert counts_of(run)["read"] == len(ids_held(system)) == len(set(ids_held(system)))
    assert counts_of(run)["new"] == run.read


def test_owner_that_died_is_succeeded_after_its_lease(sandbox: Sandbox) -> None:
    run = sync_runs.begin("jump", Kind.FULL, source="command")
    assert sync_runs.claim(run, "dead")

    assert step(run, "heir") is Outcome.TAKEN
    with later(seconds=sync_runs.LEASE.total_seconds() + 1):
        assert sync.work(run, "heir") is Outcome.ENDED
    assert run.read == len(ids_in(sandbox, "jump"))


def test_owner_that_slept_through_its_lease_stores_nothing_more(sandbox: Sandbox) -> None:
    slow = sync_runs.begin("jump", Kind.FULL, source="command")
    assert sync_runs.claim(slow, "slow")
    with later(seconds=sync_runs.LEASE.total_seconds() + 1):
        assert sync_runs.claim(SyncRun.objects.get(), "quick")
    with pytest.raises(sync_runs.LostLease):
        sync_runs.advance(slow, counts={"read": 5})
    assert SyncRun.objects.get().read == 0


def test_run_ended_by_another_stays_ended_once(sandbox: Sandbox) -> None:
    run = read("impilo")
    with pytest.raises(sync_runs.LostLease):
        sync_runs.end(run, is_complete=False)
    assert Event.objects.filter(action="sync.ended").count() == 1


def test_two_at_once_lose_and_double_nothing(sandbox: Sandbox) -> None:
    run = sync_runs.begin("impilo", Kind.FULL, source="command")

    def work(owner: str) -> Callable[[], None]:
        def until_it_has_ended() -> None:
            mine = SyncRun.objects.get(pk=run.pk)
            while not mine.ended_at:
                sync.work(mine, owner, seconds=0)
                mine.refresh_from_db()

        return until_it_has_ended

    side_by_side([work("one"), work("other")])

    run.refresh_from_db()
    assert run.is_complete
    assert ids_held("impilo") == sorted(ids_in(sandbox, "impilo"))
    assert (run.read, run.new) == (len(ids_in(sandbox, "impilo")),) * 2
    assert Event.objects.filter(action="sync.ended").count() == 1


def test_two_systems_at_once_link_the_same_people(sandbox: Sandbox) -> None:
    side_by_side([lambda name=name: read(name) for name in SYSTEMS])  # type: ignore[misc]

    together = set(Patient.objects.filter(is_listed=True))
    assert SourceRecord.objects.count() > len(together)
    assert Key.objects.exists()


def test_one_run_a_system_whoever_begins(sandbox: Sandbox) -> None:
    runs = side_by_side([lambda: sync_runs.begin("jump", Kind.FULL, source="page")] * 4)
    assert len({run.pk for run in runs}) == 1
    assert Event.objects.filter(action="sync.started").count() == 1


def test_record_read_live_meanwhile_keeps_its_newer_reading(sandbox: Sandbox) -> None:
    read("impilo")
    record = SourceRecord.objects.filter(system="impilo")[0]
    ahead = timezone.now() + timedelta(minutes=5)
    SourceRecord.objects.filter(pk=record.pk).update(read_at=ahead)

    read("impilo")

    record.refresh_from_db()
    assert record.read_at == ahead


# --- quotas and faults ----------------------------------------------------------------------


def test_reserve_of_the_quota_stops_the_run_and_lets_it_go_on_later(
    sandbox: Sandbox, settings: Settings
) -> None:
    change(settings, "jump", RESERVE=0.5)
    run = sync_runs.begin("jump", Kind.FULL, source="command")
    assert step(run) is Outcome.MORE
    read_so_far = run.read
    Allowance.objects.filter(system="jump").update(
        quota_limit=1000, quota_remaining=400, quota_resets_at=timezone.now() + timedelta(minutes=20)
    )

    assert sync.work(run, "tests") is Outcome.WAITING

    assert (run.read, run.failures, run.ended_at) == (read_so_far, 0, None)
    assert run.problem
    assert run.resume_at is not None
    assert timedelta(minutes=19) < run.resume_at - timezone.now() < timedelta(minutes=22)
    with later(minutes=25):
        assert sync.work(run, "tests") is Outcome.ENDED
    assert run.problem == ""
    assert run.read == len(ids_in(sandbox, "jump"))


@EACH
def test_system_that_goes_down_in_the_middle_is_waited_for(sandbox: Sandbox, system: str) -> None:
    read(system)
    run = sync_runs.begin(system, Kind.FULL, source="command")
    board = sandbox.faults[system]
    board.add(Fault(kind=FaultKind.STATUS, status=503))

    assert sync.work(run, "tests") is Outcome.WAITING
    first = run.resume_at
    assert sync.work(run, "tests") is Outcome.WAITING

    assert run.failures == 2
    assert first
    assert run.resume_at
    assert run.resume_at > first
    assert not SourceRecord.objects.filter(vanished_at__isnull=False).exists()
    board.clear()
    assert sync.work(run, "tests") is Outcome.ENDED
    assert run.is_complete


@pytest.mark.parametrize("system", ["jump", "impilo"])
def test_refused_key_stops_the_run_with_what_to_do(sandbox: Sandbox, settings: Settings, system: str) -> None:
    key = settings.SYSTEMS[system]["API_KEY"]
    change(settings, system, API_KEY="sk_test_wrong")
    run = sync_runs.begin(system, Kind.FULL, source="command")

    assert sync.work(run, "tests") is Outcome.STOPPED
    assert run.problem
    assert run.next_step
    change(settings, system, API_KEY=key)
    assert sync.work(run, "tests") is Outcome.ENDED
    assert run.problem == ""


def test_one_record_that_cannot_be_read_does_not_hold_up_the_others(sandbox: Sandbox) -> None:
    read("jump")
    odd = ids_held("jump")[0]
    sandbox.faults["jump"].add(Fault(kind=FaultKind.MALFORMED, path=f"/patients/{odd}$"))

    run = read("jump", Kind.WHOLE)

    assert run.errors == 1
    assert list(SourceRecord.objects.filter(whole_at=None).values_list("remote_id", flat=True)) == [odd]


def test_one_record_without_an_answer_is_passed_over(sandbox: Sandbox) -> None:
    read("jump")
    odd = ids_held("jump")[0]
    sandbox.faults["jump"].add(Fault(kind=FaultKind.STATUS, status=500, path=f"/patients/{odd}$"))

    run = read("jump", Kind.WHOLE)

    assert run.errors == 1
    assert SourceRecord.objects.filter(whole_at=None).count() == 1


def test_record_that_cannot_be_stored_costs_that_record(sandbox: Sandbox) -> None:
    like = rows_of(sandbox, "jump")[ids_in(sandbox, "jump").pop()]
    with sandbox.stores["jump"].writing() as state:
        state["patients"]["x" * 80] = {**like, "id": "x" * 80}

    run = read("jump")

    assert run.errors >= 1
    assert run.read == len(ids_in(sandbox, "jump")) - 1


# --- whose access ---------------------------------------------------------------------------


def test_jhe_without_a_key_is_off_and_says_so(sandbox: Sandbox, settings: Settings) -> None:
    change(settings, "jhe", API_KEY="")

    assert sync_schedule.take_turns() == 2
    assert not SyncRun.objects.filter(system="jhe").exists()


@pytest.fixture
def older(settings: Settings, transactional_db: None) -> Iterator[Sandbox]:
    """JHE as it was in October 2025."""
    with Sandbox(dialect="2025-10", systems=("jhe",)) as running:
        point_at(settings, running)
        yield running


def test_older_jhe_is_off_until_somebody_is_connected(
    older: Sandbox, settings: Settings, clinic_staff: User
) -> None:
    settings.SYSTEMS = {"jhe": settings.SYSTEMS["jhe"] | {"API_KEY": ""}}
    assert sync_schedule.take_turns() == 0
    assert not SyncRun.objects.exists()

    connected(clinic_staff, MARY, older)
    assert sync_schedule.take_turns() == 1

    run = SyncRun.objects.get()
    assert run.read_as == f"account {clinic_staff.pk}"
    assert run.is_complete
    assert run.read == len(ids_held("jhe")) > 10
    assert not SourceRecord.objects.filter(whole_at=None).exists()


def test_first_rows_tell_in_which_organizations_people_are(sandbox: Sandbox) -> None:
    """Whoever may see somebody finds them after the first rows: nothing waits for whole records."""
    read("jhe")

    assert not SourceRecord.objects.filter(whole_at__isnull=False).exists()
    assert organizations_held() == organizations_in(sandbox)
    assert Patient.objects.filter(list_entry__places__gt=0).count() == Patient.objects.count()

    whole = read("jhe", Kind.WHOLE)

    assert whole.changed == 0  # the rows had told the same
    assert organizations_held() >= organizations_in(sandbox)


def test_server_that_does_not_narrow_to_an_organization_says_nothing_about_one(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else everybody would be shown to the staff of every organization."""
    monkeypatch.setattr("integrations.jhe.sweep.ORGANIZATION", "organisation-of-patient")  # which it ignores

    run = read("jhe")

    assert run.read == SourceRecord.objects.count() > 10
    assert organizations_held() == set()


def test_older_jhe_tells_organizations_with_its_rows(
    older: Sandbox, settings: Settings, clinic_staff: User
) -> None:
    settings.SYSTEMS = {"jhe": settings.SYSTEMS["jhe"] | {"API_KEY": ""}}
    connected(clinic_staff, MARY, older)

    read("jhe")

    assert organizations_held() >= organizations_in(older)


def organizations_held() -> set[tuple[str, str]]:
    rows = SourceRecord.objects.filter(system="jhe", memberships__isnull=False)
    return set(rows.values_list("remote_id", "memberships__organization"))


def organizations_in(sandbox: Sandbox) -> set[tuple[str, str]]:
    """(record, organization) in Mary's organizations, as JHE holds them."""
    with sandbox.stores["jhe"].reading() as state:
        mary = next(row for row in state["users"].values() if row["email"] == MARY)
        own = own_organizations(state, mary)
        rows = state["patients"].values()
        return {(str(row["id"]), str(each)) for row in rows for each in row["organizations"] if each in own}


# --- another installation -------------------------------------------------------------------


def test_records_of_two_installations_are_never_mixed(sandbox: Sandbox, settings: Settings) -> None:
    """The same number is another person there: nothing is read or taken in until somebody vouches."""
    read("jhe")
    held = ids_held("jhe")
    change(settings, "jhe", URL=sandbox.url("jhe").replace("127.0.0.1", "localhost"))

    with pytest.raises(NotConfigured) as refusal:
        reading.background("jhe")
    assert "--same-installation" in refusal.value.next_step
    taking_in.take_in(
        [RemotePatient(system="jhe", id="99999", demographics=Demographics(family_name="Other"))]
    )
    until(taking_in.is_idle, what="records being taken in")
    assert ids_held("jhe") == held
    assert sync_status.status_of("jhe").next_step == refusal.value.next_step

    assert installations.accept("jhe")
    reading.background("jhe")
    assert Event.objects.filter(action="sync.same_installation", system="jhe").count() == 1


# --- the schedule ---------------------------------------------------------------------------


def read_all() -> None:
    """Turns until nothing is due."""
    for _ in range(100):
        if not sync_schedule.take_turns():
            return
    raise AssertionError("there is always something due")


def test_schedule_reads_rows_then_whole_records_then_rests(sandbox: Sandbox) -> None:
    read_all()

    kinds = list(SyncRun.objects.filter(system="jump").order_by("pk").values_list("kind", flat=True))
    assert kinds == ["full", "whole"]
    assert not SourceRecord.objects.filter(whole_at=None).exists()
    assert sync_schedule.take_turns() == 0


def test_schedule_looks_for_changes_where_a_system_tells_them(sandbox: Sandbox) -> None:
    read_all()
    with later(minutes=16):
        assert {name: sync_schedule.due(name) for name in SYSTEMS} == {
            "jump": None,
            "jhe": "changes",
            "impilo": None,
        }
    with later(hours=13):
        assert {sync_schedule.due(name) for name in SYSTEMS} == {"full"}


def test_schedule_leaves_a_run_that_waits_alone(sandbox: Sandbox) -> None:
    run = sync_runs.begin("jump", Kind.FULL, source="schedule")
    sandbox.faults["jump"].add(Fault(kind=FaultKind.STATUS, status=503))
    sync.work(run, "tests")
    sandbox.faults["jump"].forget_requests()

    sync_schedule.take_turns()

    assert not sandbox.faults["jump"].requests()


def test_incomplete_full_run_is_repeated_after_an_hour(sandbox: Sandbox) -> None:
    with sandbox.stores["jump"].writing() as state:
        next(iter(state["patients"].values()))["id"] = None
    read_all()
    assert sync_schedule.due("jump") is None
    with later(minutes=70):
        assert sync_schedule.due("jump") == "full"


def test_events_say_who_and_how_many(sandbox: Sandbox, admin: User) -> None:
    run = sync_schedule.start("impilo", source="page", by=admin)
    sync.work(run, "tests")

    started, ended = Event.objects.filter(action__startswith="sync.").order_by("at")
    assert (started.action, started.system, started.actor) == ("sync.started", "impilo", str(admin.pk))
    assert (ended.action, ended.outcome) == ("sync.ended", "done")
    assert ended.details["read"] == run.read
    assert ended.details["new"] == run.new


def test_old_runs_are_forgotten(sandbox: Sandbox) -> None:
    read("impilo")
    with later(days=91):
        assert sync_runs.forget_old() == 1


def test_store_is_the_only_way_in(sandbox: Sandbox) -> None:
    """What syncing brings is what a live reading would bring."""
    read("jump")
    read("jump", Kind.WHOLE)
    before = {each.pk: each.version for each in SourceRecord.objects.all()}
    index.store([get_system("jump").get(each) for each in ids_held("jump")[:5]])
    assert {each.pk: each.version for each in SourceRecord.objects.all()} == before
