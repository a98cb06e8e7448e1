"""A person's consent decisions as JHE tells them → ours. Pure; rules and their sources: README.md §12.

Stricter than ``mapping``: a decision that cannot be read is never left out, so the whole reply is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from integrations.errors import ProtocolError
from integrations.holdings import ScopeConsent

from .mapping import LABEL, NAME, organization_id_of_study, patient_from_rest, study_from

_LISTS = {"studies": "scopeConsents", "studiesPendingConsent": "pendingScopeConsents"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Consents:
    """Decisions by study id, of every organization; ``entries`` are JHE's own, with study and organization.

    A study that asks for nothing is not in it, enrolled or not.
    """

    by_study: Mapping[str, tuple[ScopeConsent, ...]] = field(repr=False)
    unplaced: tuple[ScopeConsent, ...] = field(repr=False)
    entries: tuple[tuple[str, str, Mapping[str, Any]], ...] = field(repr=False)
    agreed: tuple[Any, ...] = field(repr=False)

    def entries_of(self, organization_id: str) -> list[tuple[str, Mapping[str, Any]]]:
        """Study id and JHE's own entry, for the studies of one organization."""
        return [(study, entry) for study, place, entry in self.entries if place == organization_id]


def consents_from(data: Any, patient_id: str) -> Consents:
    """The decisions of this patient. Raises ``ProtocolError`` for another's, and for what cannot be read."""
    row = _object(data)
    if patient_from_rest(row.get("patient")).id != str(int(patient_id)):
        raise _malformed("another record")
    by_study: dict[str, tuple[ScopeConsent, ...]] = {}
    entries = []
    for key, scopes_key in _LISTS.items():
        for each in _list(row.get(key)):
            entry = _object(each)
            study = study_from(entry).id
            scopes = tuple(map(_scope_consent, _list(entry.get(scopes_key))))
            by_study[study] = by_study.get(study, ()) + scopes
            entries.append((study, organization_id_of_study(entry), entry))
    agreed = _list(row.get("consolidatedConsentedScopes"))
    placed = {(each.system, each.code) for scopes in by_study.values() for each in scopes if each.agreed}
    codes = [_scope(each, agreed=True, decided_at=None) for each in agreed]
    return Consents(
        by_study=by_study,
        unplaced=tuple(each for each in codes if (each.system, each.code) not in placed),
        entries=tuple(entries),
        agreed=tuple(agreed),
    )


def _scope_consent(data: Any) -> ScopeConsent:
    row = _object(data)
    agreed = row.get("consented")
    if agreed is not None and not isinstance(agreed, bool):
        raise _malformed("a decision is neither yes nor no")
    return _scope(row.get("code"), agreed=agreed, decided_at=_moment(row.get("consentedTime")))


def _scope(data: Any, *, agreed: bool | None, decided_at: datetime | None) -> ScopeConsent:
    row = _object(data)
    system, code, text = (row.get(key) for key in ("codingSystem", "codingCode", "text"))
    if not isinstance(system, str) or not isinstance(code, str):
        raise _malformed("a scope without code")
    return ScopeConsent(
        system=system,
        code=code,
        text=text.strip() if isinstance(text, str) else "",
        agreed=agreed,
        decided_at=decided_at,
    )


def _moment(value: Any) -> datetime | None:
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise _malformed("not a moment") from None
    if moment.tzinfo is None:
        raise _malformed("a moment without offset")
    return moment


def _object(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _malformed("not an object")
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise _malformed("not a list")
    return value


def _malformed(reason: str) -> ProtocolError:
    return ProtocolError(system=NAME, operation="consents", label=LABEL, reason=reason)
