"""What is said of a person while a system does not tell whom somebody may see: the same of everybody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations.jhe import reach as adapter_memory
from integrations.registry import label_of
from integrations.sandbox.faults import ActiveFault, Fault, FaultKind
from integrations.sandbox.run import Sandbox
from patients.models import Operation, OwnRoles, Patient, Place
from portal.accounts.models import User
from portal.audit.models import Event
from tests.conftest import signed_in
from tests.editing import person
from tests.filling import fields_of
from tests.support import PART, connected, parsed
from tests.writing import MEMBER

MINUTE = timedelta(seconds=61)
NOBODY = "n" * 22
PAGES = ("patient", "edit", "history", "patient_print", "link", "consents", "park")
PHONE = "07700 900555"


@pytest.fixture
def clerk(clinic_staff: User, sandbox: Sandbox) -> User:
    """Clinic staff who are a member of one JHE organization."""
    return connected(clinic_staff, MEMBER, sandbox)


@pytest.fixture
def grace(clerk: User) -> Patient:
    """Somebody whom JHE alone holds."""
    found = person("grace", "Mbeki", by=clerk)
    found.records.exclude(system="jhe").delete()
    return found


@pytest.fixture
def client(clerk: User, grace: Patient) -> Client:
    """Their browser."""
    return signed_in(Client(), clerk)


@pytest.fixture
def silence(sandbox: Sandbox, client: Client) -> Iterator[ActiveFault]:
    """JHE is broken for longer than what it told is kept."""
    fault = sandbox.faults["jhe"].add(Fault(kind=FaultKind.MALFORMED))
    with time_machine.travel(timezone.now() + MINUTE):
        yield fault


def told_again(sandbox: Sandbox, fault: ActiveFault) -> None:
    """JHE is well."""
    sandbox.faults["jhe"].remove(fault.id)
    adapter_memory.forget()


def _page(client: Client, name: str, public_id: str) -> tuple[int, str]:
    """Status and text of a page, without what is new each time."""
    reply = client.get(reverse(f"patients:{name}", args=[public_id]))
    return reply.status_code, parsed(reply).of_id("main").text.replace(public_id, "")


@pytest.mark.parametrize("name", PAGES)
def test_unknown_reach_is_said_the_same_of_everybody(
    client: Client, grace: Patient, sandbox: Sandbox, silence: ActiveFault, name: str
) -> None:
    status, text = _page(client, name, grace.public_id)

    assert status == 503
    assert (status, text) == _page(client, name, NOBODY)
    assert f"{label_of('jhe')} does not say whom you may see" in text
    assert "Mbeki".casefold() not in text.casefold()
    assert not Event.objects.filter(subject_key=grace.public_id, action__contains="opened").exists()

    told_again(sandbox, silence)
    assert _page(client, name, grace.public_id)[0] == 200
    assert _page(client, name, NOBODY)[0] == 404


def test_page_says_when_to_ask_again(client: Client, grace: Patient, silence: ActiveFault) -> None:
    url = f"{reverse('patients:patient', args=[grace.public_id])}?from=x"
    reply = client.get(url)

    assert int(reply["Retry-After"]) == 30
    assert url in parsed(reply).of_id("main").links()


def test_who_is_in_another_system_too_is_shown(clerk: User, sandbox: Sandbox) -> None:
    everywhere = person("grace", "Mbeki", by=clerk)
    client = signed_in(Client(), clerk)
    sandbox.faults["jhe"].add(Fault(kind=FaultKind.MALFORMED))

    with time_machine.travel(timezone.now() + MINUTE):
        status, text = _page(client, "patient", everywhere.public_id)

    assert status == 200
    assert f"{label_of('jhe')} does not say whom you may see" in text


def test_slow_answer_is_waited_for(client: Client, grace: Patient, sandbox: Sandbox) -> None:
    OwnRoles.objects.all().delete()
    adapter_memory.forget()
    sandbox.faults["jhe"].add(Fault(kind=FaultKind.DELAY, seconds=1.3, path="/users/|/practitioners"))

    assert _page(client, "patient", grace.public_id)[0] == 200


def test_sent_form_is_kept_in_the_page_and_sent_again(
    client: Client, grace: Patient, sandbox: Sandbox
) -> None:
    url = reverse("patients:edit", args=[grace.public_id])
    form: dict[str, Any] = fields_of(parsed(client.get(url)), "/edit") | {"phone": PHONE}
    fault = sandbox.faults["jhe"].add(Fault(kind=FaultKind.MALFORMED))
    with time_machine.travel(timezone.now() + MINUTE):
        refused = client.post(url, form)
        page = parsed(refused)
        again = fields_of(page, "/edit")

        assert refused.status_code == 503
        assert "It is kept in this page" in page.of_id("main").text
        assert not Operation.objects.exists()

        told_again(sandbox, fault)
        assert client.post(url, again).status_code == 303
    assert Operation.objects.count() == 1


def test_what_is_typed_meanwhile_is_kept(
    client: Client, clerk: User, grace: Patient, sandbox: Sandbox
) -> None:
    form = fields_of(parsed(client.get(reverse("patients:edit", args=[grace.public_id]))), "/edit")
    sandbox.faults["jhe"].add(Fault(kind=FaultKind.MALFORMED))
    with time_machine.travel(timezone.now() + MINUTE):
        url = reverse("patients:edit_typed", args=[grace.public_id])
        reply = client.post(url, form | {"phone": PHONE}, headers=PART)

    assert reply.status_code == 200
    assert clerk.drafts.count() == 1


def test_unknown_reach_is_said_the_same_of_every_organization(
    client: Client, grace: Patient, silence: ActiveFault
) -> None:
    own = Place.objects.get(system="jhe", organization=grace.memberships.all()[0].organization).pk

    replies = [client.get(reverse("patients:study_list", args=[number])) for number in (own, own + 10_000)]

    assert [each.status_code for each in replies] == [503, 503]
