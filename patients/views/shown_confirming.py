"""The contact details of a person with when each was confirmed last, and the button that confirms it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.urls import reverse

from integrations.writes import Details
from patients.models import Patient
from patients.services.answers import KeptRecord
from patients.services.editing import confirming
from patients.services.operations.wording import field_label, value_of
from portal.accounts.models import User
from portal.accounts.roles import Role, has_role

_MAY = (Role.ADMIN, Role.CLINIC_STAFF, Role.COORDINATOR)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownDetail:
    """One contact detail. ``url`` is empty for who may not confirm."""

    label: str
    text: str = field(repr=False)
    at: datetime | None
    by: str
    token: str = field(repr=False)
    url: str


def shown_confirming(patient: Patient, kept: Sequence[KeptRecord], *, by: User) -> list[ShownDetail]:
    """Each contact detail once, as pages show it."""
    url = reverse("patients:confirm", args=[patient.public_id]) if has_role(by, *_MAY) else ""
    return [
        ShownDetail(
            label=field_label(each.part),
            text=value_of(Details(**{each.part.value: each.value}), each.part),  # type: ignore[arg-type]
            at=each.at,
            by=each.by,
            token=each.token,
            url=url,
        )
        for each in confirming.details(patient, kept, by=by)
    ]
