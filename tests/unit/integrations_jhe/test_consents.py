"""A consents page that cannot be read in full is refused, never read in part."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given

from integrations.errors import ProtocolError
from integrations.jhe.consents import consents_from

from .test_mapping import ANYTHING

CODE = {"id": 1, "codingSystem": "urn:kinds", "codingCode": "pulse", "text": "Pulse"}
OTHER = {**CODE, "id": 2, "codingCode": "weight", "text": None}
PLACE = {"id": 7, "name": "Lab", "type": "other"}


def _page() -> dict[str, Any]:
    decided = {"code": CODE, "consented": True, "consentedTime": "2026-01-02T03:04:05-08:00"}
    asked = {"code": OTHER, "consented": None, "consentedTime": None}
    study = {"id": 3, "name": "One", "organization": PLACE}
    return {
        "patient": {"id": 40001, "organizations": [PLACE]},
        "consolidatedConsentedScopes": [CODE],
        "studies": [{**study, "scopeConsents": [decided]}],
        "studiesPendingConsent": [{**study, "pendingScopeConsents": [asked]}],
    }


def test_decided_and_asked_scopes_of_one_study_are_together() -> None:
    found = consents_from(_page(), "40001")
    assert [(each.code, each.agreed) for each in found.by_study["3"]] == [("pulse", True), ("weight", None)]
    assert found.by_study["3"][0].decided_at == datetime(2026, 1, 2, 11, 4, 5, tzinfo=UTC)
    assert found.unplaced == ()
    assert [study for study, _entry in found.entries_of("7")] == ["3", "3"]
    assert found.entries_of("8") == []


def test_same_code_of_another_system_is_another_scope() -> None:
    page = _page()
    page["consolidatedConsentedScopes"] = [{**CODE, "codingSystem": "urn:others"}]
    assert [each.system for each in consents_from(page, "40001").unplaced] == ["urn:others"]


def test_nothing_of_it_is_in_a_repr() -> None:
    found = consents_from(_page(), "40001")
    assert "pulse" not in repr(found) + repr(found.by_study["3"])


BENT: dict[str, Callable[[dict[str, Any]], Any]] = {
    "another patient": lambda page: page["patient"].update(id=40002),
    "no patient": lambda page: page.pop("patient"),
    "no studies": lambda page: page.pop("studies"),
    "no pending studies": lambda page: page.pop("studiesPendingConsent"),
    "no consolidated scopes": lambda page: page.pop("consolidatedConsentedScopes"),
    "study without id": lambda page: page["studies"][0].pop("id"),
    "study of nobody": lambda page: page["studies"][0].pop("organization"),
    "study without decisions": lambda page: page["studies"][0].pop("scopeConsents"),
    "decision in words": lambda page: page["studies"][0]["scopeConsents"][0].update(consented="true"),
    "decision as a number": lambda page: page["studies"][0]["scopeConsents"][0].update(consented=1),
    "decision on nothing": lambda page: page["studies"][0]["scopeConsents"][0].pop("code"),
    "scope without system": lambda page: page["consolidatedConsentedScopes"][0].pop("codingSystem"),
    "time in words": lambda page: page["studies"][0]["scopeConsents"][0].update(consentedTime="today"),
    "time as a number": lambda page: page["studies"][0]["scopeConsents"][0].update(consentedTime=20260102),
    "time of no place": lambda page: page["studies"][0]["scopeConsents"][0].update(
        consentedTime="2026-01-02T03:04:05"
    ),
}


@pytest.mark.parametrize("bend", BENT)
def test_page_that_cannot_be_read_in_full_is_refused(bend: str) -> None:
    page = copy.deepcopy(_page())
    BENT[bend](page)
    with pytest.raises(ProtocolError):
        consents_from(page, "40001")


@given(ANYTHING)
def test_anything_is_read_or_refused(data: Any) -> None:
    pages = [data, *({**_page(), key: data} for key in _page())]
    for page in pages:
        with contextlib.suppress(ProtocolError):
            consents_from(page, "40001")
