"""What changed in a person's records, and who linked them."""

from __future__ import annotations

from datetime import timedelta

from django.test import Client
from django.utils import timezone

from integrations.sandbox.run import Sandbox
from patients.models import RecordChange, SourceRecord
from patients.services import linking, taking_in
from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.audit.models import Event
from tests.conftest import make_user, signed_in
from tests.waiting import until

from .opening import address, change_at, field_of, gone_on_to_the_end, opened


def test_history_tells_what_changed_from_what_to_what_and_who_linked(
    client: Client, staff: User, sandbox: Sandbox
) -> None:
    change_at(sandbox, "jump", occupation="Lighthouse keeper", last_name="Dube", consent_sms=False)
    gone_on_to_the_end(client, opened(client))
    until(taking_in.is_idle, what="records being taken in")
    record = SourceRecord.objects.get(system="impilo", given="grace", family="mbeki")
    linking.unlink_record(record=record, reason="Two sisters", by=staff)
    patient = SourceRecord.objects.get(system="jump", given="grace").patient
    text = opened(client, f"/people/{patient.public_id}/history").of_id("history").text

    assert "Changed in Jump EHR" in text
    assert "Occupation from Teacher to Lighthouse keeper" in text
    assert "Family name from Mbeki to Dube" in text
    assert "Text messages from Yes to No permission recorded" in text
    assert "was linked with this person by the portal, by rule" in text
    assert "birth date the same" in text
    assert f"The link of Impilo record {record.remote_id} was undone by Sam Staff" in text
    assert "Reason: Two sisters" in text
    assert text.index("was undone") < text.index("Changed in Jump EHR") < text.index("was linked")
    assert "Mbeki (family name)" in field_of(
        opened(client, f"/people/{patient.public_id}?read=all"), "former-names"
    )


def test_history_hides_records_out_of_reach(client: Client, sandbox: Sandbox) -> None:
    row = SourceRecord.objects.get(system="jhe", family="mbeki", given="grace")
    RecordChange.objects.create(
        record=row, seen_at=timezone.now(), changes={"email": ["hidden@example.org", "x@example.org"]}
    )
    assert "hidden@example.org" in opened(client, f"{address()}/history").text
    outsider = signed_in(Client(), make_user("reader@example.org", Role.READER))
    text = outsider.get(f"{address()}/history").content.decode()
    assert "hidden@example.org" not in text
    assert row.remote_id not in text


def test_history_is_paged_newest_first(client: Client) -> None:
    row = SourceRecord.objects.get(system="jump", family="mbeki", given="grace")
    now = timezone.now()
    for number in range(45):
        RecordChange.objects.create(
            record=row, seen_at=now + timedelta(minutes=number), changes={"notes": ["", f"Note {number}."]}
        )
    first = opened(client, f"{address()}/history")
    assert [f"Note {number}." in first.text for number in (44, 25, 24)] == [True, True, False]
    (older,) = [each for each in first.links() if each.endswith("page=2")][:1]
    second = opened(client, older)
    assert [f"Note {number}." in second.text for number in (25, 24, 5, 4)] == [False, True, True, False]
    assert Event.objects.filter(action="person.history_viewed").count() == 1
    beyond = opened(client, f"{address()}/history?page={'9' * 5000}")
    assert beyond.of_id("history").text == opened(client, f"{address()}/history").of_id("history").text
