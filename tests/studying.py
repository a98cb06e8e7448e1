"""What tests of studies share: a study as it was read, who takes part, what the system holds of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import Any

from django.db import connection
from django.utils import timezone

from integrations.abilities import HasStudies
from integrations.sandbox.run import Sandbox
from patients.models import Decision, Operation, Participant, SourceRecord, Study
from patients.services import index, visibility
from patients.services.connections import open_system
from patients.services.held import to_hold, whole_of
from patients.services.operations import clock, queue, rights, step, wishes
from patients.services.operations.kinds import Job, Ready, work_of
from patients.services.studies import inviting, participants, plans
from patients.services.studies.authority import Authority, Decider, Manner
from patients.services.visibility import Reach
from portal.accounts.models import User
from tests.writing import LIFESPAN, pass_time, work_off

BP_AND_HR, BP = "30001", "30002"  # of LIFESPAN; their app is the first
PETER, PAMELA = "40001", "40002"  # in both studies
PRESSURE = ("https://w3id.org/openmhealth", "omh:blood-pressure:4.0")
RATE = ("https://w3id.org/openmhealth", "omh:heart-rate:2.0")
CAREX = "1"
OLDER = "2025-10"
STUDY_NAMES = {BP_AND_HR: "Lifespan Study on BP & HR", BP: "Lifespan Study on BP"}


def study_read(number: str, *, by: User, organization: str = LIFESPAN) -> Study:
    """A study with its plan, as it is read now."""
    adapter = open_system("jhe", by=by, seconds=30)
    assert isinstance(adapter, HasStudies)
    plan = adapter.study_plan(number, organization)
    now = timezone.now()
    (row,) = plans.rows_for("jhe", organization, [plan.study], now)
    row.plan, row.read_at = plans.to_keep(plan), now
    row.save()
    return row


def taking_part(study: Study, record: SourceRecord) -> Participant:
    """Somebody of whom a reading has told that they take part."""
    return participants.enrolled(study, record, timezone.now())


def reach(user: User) -> Reach:
    """What somebody's roles reach now."""
    return visibility.reach_of(user)


def timeline(record: SourceRecord) -> list[Decision]:
    """Every decision that was seen or made of a record, the oldest first."""
    return list(Decision.objects.filter(record=record).order_by("pk"))


def said(**values: Any) -> Authority:
    """Somebody's decision on paper."""
    whole: dict[str, Any] = {
        "decider": Decider.PERSON, "manner": Manner.PAPER, "form_version": "3.1", "form_language": "en",
        "sheet_version": "2.0", "signed_on": date(2026, 1, 15), "taken_by": "Nurse Nightingale",
    }  # fmt: skip
    return Authority(**whole | values)


def offer(sandbox: Sandbox, **values: Any) -> inviting.Offer:
    """An invitation to the study's app, in whichever generation; in person unless told otherwise."""
    app = "" if sandbox.dialect == OLDER else CAREX
    return inviting.Offer(**{"app": app, "channel": inviting.Channel.IN_PERSON} | values)


def linked(record: SourceRecord, *, system: str = "jump", **columns: Any) -> SourceRecord:
    """A record of another system that is the same person's."""
    index.store([
        replace(whole_of(record), system=system, id=f"of {system} {record.remote_id}", organizations=())
    ])  # fmt: skip
    row = SourceRecord.objects.get(system=system, remote_id=f"of {system} {record.remote_id}")
    row.patient_id = record.patient_id
    for name, value in columns.items():
        setattr(row, name, value)
    row.save()
    return row


def refuse_emails(record: SourceRecord) -> None:
    """The record says by now that the person wants no e-mails."""
    held = whole_of(record)
    SourceRecord.objects.filter(pk=record.pk).update(
        held=to_hold(replace(held, contact=replace(held.contact, email=False)))
    )


def disagree(study: Study, agreed: SourceRecord, declined: SourceRecord) -> None:
    """Two records turn out to be one person's, who has said yes and no to the same in one study."""
    SourceRecord.objects.filter(pk=declined.pk).update(patient=agreed.patient)
    for record, answer in ((agreed, True), (declined, False)):
        taking_part(study, record)
        Decision.objects.create(
            record=record, study=study, scope_system=PRESSURE[0], scope_code=PRESSURE[1], agreed=answer,
            decided_at=timezone.now(), seen_at=timezone.now(), how=Decision.How.READ,
        )  # fmt: skip


def until_it_ends(operation: Operation) -> Operation:
    """Try it again and again, as time passes."""
    for _ in range(12):
        operation = work_off(operation)
        if operation.state not in ("waiting", "unknown", "sending"):
            break
        pass_time(seconds=max(step.LATE, step.LONGEST_BACKOFF) + 1)
    return operation


def die_after_sending(operation: Operation) -> Operation:
    """A worker sends it, and is killed before it can keep what came of it."""
    taken = queue.claim(operation.system, "who dies")
    assert taken is not None
    adapter = rights.opened(taken.acts_for, taken.system, seconds=30, background=False, sending=lambda: None)
    wish = wishes.kept(taken.kind, taken.wanted)
    work = work_of(Job(operation=taken, wish=wish, adapter=adapter, now=clock.now()))
    ready = work.look()
    assert isinstance(ready, Ready)
    now = clock.now()
    queue.keep(taken, prepared=ready.prepared, left_at=now, late_until=now)
    work.send(ready)
    return Operation.objects.get(pk=operation.pk)


@contextmanager
def full(table: str) -> Iterator[None]:
    """The database takes no more rows into a table."""
    name = f"{table}_is_full"
    if connection.vendor == "postgresql":
        made = [
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'no space left'; END $$",
            f"CREATE TRIGGER {name} BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
        ]
        ended = [f"DROP TRIGGER {name} ON {table}", f"DROP FUNCTION {name}()"]
    else:
        made = [f"CREATE TRIGGER {name} BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'full'); END"]
        ended = [f"DROP TRIGGER {name}"]
    _run(made)
    try:
        yield
    finally:
        _run(ended)


def _run(statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for each in statements:
            cursor.execute(each)


# --- what JHE holds -------------------------------------------------------------------------


def enrolled(sandbox: Sandbox, patient: str, study: str) -> int:
    """How often somebody takes part in a study."""
    with sandbox.stores["jhe"].reading() as state:
        pairs = [(str(each["patient_id"]), str(each["study_id"])) for each in state["enrolments"]]
    return pairs.count((patient, study))


def decided(sandbox: Sandbox, patient: str, study: str) -> dict[str, bool]:
    """What somebody decided in a study, by code."""
    with sandbox.stores["jhe"].reading() as state:
        mine = {
            each["id"]
            for each in state["enrolments"]
            if (str(each["patient_id"]), str(each["study_id"])) == (patient, study)
        }
        codes = state["scope_codes"]
        return {
            codes[str(each["scope_code_id"])]["coding_code"]: each["consented"]
            for each in state["consents"]
            if each["enrolment_id"] in mine
        }


def invited(sandbox: Sandbox, patient: str) -> dict[str, str]:
    """Somebody's invitations: number → status."""
    with sandbox.stores["jhe"].reading() as state:
        rows = state.get("invitations", {}).values()
        return {str(each["id"]): each["status"] for each in rows if str(each["patient_id"]) == patient}


def mailed(sandbox: Sandbox) -> list[str]:
    """The links that were mailed."""
    with sandbox.stores["jhe"].reading() as state:
        return [each["link"] for each in state.get("mails", [])]
