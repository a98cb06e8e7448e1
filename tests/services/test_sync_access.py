"""By whose access a system is read, what that tells of organizations, and which installation it is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django.fixtures import Settings

from integrations.errors import NotConfigured
from integrations.sandbox.jhe.records import own_organizations
from integrations.sandbox.run import Sandbox
from integrations.types import Demographics, RemotePatient
from patients.models import Patient, SourceRecord, SyncRun
from patients.services import installations, reading, sync_schedule, sync_status, taking_in
from portal.accounts.models import User
from portal.audit.models import Event
from tests.support import change, connected, point_at
from tests.waiting import until

from .syncing import Kind, ids_held, read

pytestmark = pytest.mark.slow

MARY = "manager_mary@example.com"


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
