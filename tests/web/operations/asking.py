"""Writes that tests of pages record, and what they read of the pages."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations.types import Demographics, Phone, PhoneKind, RemotePatient
from integrations.writes import Changes, shown_of
from patients.models import Operation, SourceRecord
from patients.services import index
from patients.services.held import whole_of
from patients.services.operations import recording
from patients.services.operations.whys import Why, words_of
from patients.services.operations.wishes import Change
from portal.accounts.models import User
from tests.support import Node, parsed
from tests.writing import new_record, register

State = Operation.State
PHONE, WANTED = "+44 7700 900461", "+44 7700 900111"
GRACE = {"given_name": "Grace", "family_name": "Mbeki", "nhs_number": "9991346236"}


def read(system: str, number: str, **details: Any) -> SourceRecord:
    """A record as a system gives it, taken into the index."""
    demographics = new_demographics(**details)
    index.store([RemotePatient(system=system, id=number, demographics=demographics)])
    return SourceRecord.objects.select_related("patient").get(system=system, remote_id=number)


def new_demographics(**details: Any) -> Demographics:
    """Grace, unless told otherwise."""
    usual = {**GRACE, "birth_date": date(1975, 4, 18), "phones": phones(PHONE)}
    return Demographics(**{**usual, **details})


def phones(number: str) -> tuple[Phone, ...]:
    """One telephone."""
    return (Phone(kind=PhoneKind.MAIN, number=number),)


def asked_change(record: SourceRecord, *, by: User, **values: Any) -> Operation:
    """A change of a record, as from a form that showed what the index holds."""
    shown = shown_of(whole_of(record))
    wish = Change(changes=Changes.to(**(values or {"phone": WANTED})), shown=shown)
    return recording.ask(wish, record=record, by=by)


def asked_new(system: str, *, by: User, **values: Any) -> Operation:
    """A registration."""
    organization = values.pop("organization", "")
    new = replace(new_record(**values), organization_id=organization)
    return register({system: new}, by=by)[0]


def stand(operation: Operation, state: str, why: Why = Why.NONE, **values: Any) -> Operation:
    """Let an operation stand like that, as the queue leaves it."""
    problem, step = words_of(why, "Jump EHR")
    ended = timezone.now() if state in {State.DONE, State.REFUSED} else None
    columns = {"problem": problem, "next_step": step, "ended_at": ended, "changed_at": timezone.now()}
    if state in {State.HELD, State.DONE, State.REFUSED}:
        columns["due_at"] = None
    Operation.objects.filter(pk=operation.pk).update(state=state, why=why, **columns | values)
    return Operation.objects.get(pk=operation.pk)


def story_url(operation: Operation) -> str:
    """The page of a write."""
    return reverse("patients:operation", args=[operation.public_id])


def page_of(client: Client, operation: Operation) -> Node:
    """The page of a write, as somebody sees it."""
    response = client.get(story_url(operation))
    assert response.status_code == 200
    return parsed(response)


def way(operation: Operation, name: str) -> str:
    """The address of a decision."""
    return reverse(f"patients:operation_{name}", args=[operation.public_id])


def form_of(client: Client, address: str, **words: str) -> dict[str, str]:
    """The form of a page as a browser would send it, with words written in."""
    response = client.get(address)
    assert response.status_code == 200
    return {"seal": parsed(response).named("seal")[-1].attributes["value"], **words}
