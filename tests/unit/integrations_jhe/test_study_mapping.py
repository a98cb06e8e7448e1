"""Wire JSON about studies, apps and invitations: read, or refused as a whole."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given

from integrations.errors import ProtocolError
from integrations.jhe import study_mapping as mapping
from integrations.studies import App, DataSource, Invitation, InvitationState, Scope, Seen

from .test_mapping import ANYTHING

CODE = {"id": 5, "codingSystem": "https://w3id.org/openmhealth", "codingCode": "omh:x:1.0", "text": " X "}
MOMENT = "2026-11-21T10:14:30.583246Z"
AT = datetime(2026, 11, 21, 10, 14, 30, 583246, tzinfo=UTC)
INVITATION = {
    "id": 101,
    "patientId": 40006,
    "client_id": 1,
    "tokenHash": "h",
    "token": "SECRET",
    "status": "issued",
    "lastUpdated": MOMENT,
}
FHIR = {
    "id": "60005",
    "meta": {"lastUpdated": MOMENT},
    "code": {"coding": [{"system": "s", "code": "c"}]},
    "subject": {"reference": "Patient/40001"},
}
REST = {
    "id": 60005,
    "subjectPatientId": 40001,
    "codingSystem": "s",
    "codingCode": "c",
    "lastUpdated": "2026-11-21T02:14:30.583246-08:00",
}
SEEN = ("60005", Seen(patient_id="40001", scope=("s", "c"), at=AT))
READ: list[tuple[Callable[[Any], Any], Any, Any]] = [
    (
        mapping.scope_from,
        {"scopeCode": CODE},
        Scope(system="https://w3id.org/openmhealth", code="omh:x:1.0", text="X"),
    ),
    (
        mapping.data_source_from,
        {"dataSource": {"id": 7, "name": "CareX", "type": "personal_device"}},
        DataSource(id="7", name="CareX", kind="personal_device"),
    ),
    (
        mapping.app_of_study,
        {"client": {"id": 1, "name": "CareX", "clientSecret": "SECRET"}},
        App(id="1", name="CareX", invites=False),
    ),
    (
        mapping.app_from,
        {"id": 1, "name": "CareX", "invitationUrl": "https://x/CODE"},
        App(id="1", name="CareX"),
    ),
    (
        mapping.app_from,
        {"id": 1, "name": None, "invitationUrl": " "},
        App(id="1", invites=False),
    ),
    (
        mapping.invitation_from,
        INVITATION,
        Invitation(id="101", patient_id="40006", app_id="1", state=InvitationState.ISSUED, changed_at=AT),
    ),
    (mapping.seen_from_fhir, FHIR, SEEN),
    (mapping.seen_from_rest, REST, SEEN),
]


EVERY = list(dict.fromkeys(read for read, _row, _expected in READ))


@pytest.mark.parametrize(("read", "row", "expected"), READ)
def test_row_is_read_and_no_secret_kept(read: Callable[[Any], Any], row: Any, expected: Any) -> None:
    assert read(row) == expected
    assert "SECRET" not in repr(read(row))


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("reissued", InvitationState.REPLACED),
        ("redeemed", InvitationState.REDEEMED),
        ("cancelled", InvitationState.CANCELLED),
        ("expired", InvitationState.EXPIRED),
        ("paused", InvitationState.NOT_KNOWN),
        (None, InvitationState.NOT_KNOWN),
        (3, InvitationState.NOT_KNOWN),
    ],
)
def test_state_is_one_of_ours_or_not_known(word: Any, state: InvitationState) -> None:
    assert mapping.invitation_from(INVITATION | {"status": word}).state is state


@pytest.mark.parametrize("read", EVERY)
@pytest.mark.parametrize(
    "junk",
    [None, [], "x", 3, True, {}, {"id": True}, {"id": "1; drop"}, {"scopeCode": {"codingCode": "c"}}],
)
def test_what_cannot_be_read_is_refused(read: Callable[[Any], Any], junk: Any) -> None:
    with pytest.raises(ProtocolError):
        read(junk)


@given(ANYTHING)
def test_nothing_but_a_protocol_error_is_raised(value: Any) -> None:
    for read in EVERY:
        with suppress(ProtocolError):
            read(value)


@pytest.mark.parametrize("moment", ["yesterday", "2026-11-21T10:14:30", 5, ["x"]])
def test_moment_that_is_none_is_refused(moment: Any) -> None:
    for read, row in (
        (mapping.invitation_from, INVITATION | {"lastUpdated": moment}),
        (mapping.seen_from_rest, REST | {"lastUpdated": moment}),
        (mapping.seen_from_fhir, FHIR | {"meta": {"lastUpdated": moment}}),
    ):
        with pytest.raises(ProtocolError):
            read(row)
