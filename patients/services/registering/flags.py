"""Flags: that two people may be one, or that a number is claimed by two; raised here, decided by admins."""

from __future__ import annotations

from patients.models import Flag, Patient
from portal.accounts.models import User

from .passing import Nearness, Passed

DUPLICATE, CONFLICT = Flag.Kind.DUPLICATE, Flag.Kind.CONFLICT


def raise_for(patient: Patient, passed: Passed, *, by: User) -> None:
    """Flag everybody beside whom a person is created with a reason; in the creation's transaction."""
    Flag.objects.bulk_create(
        Flag(
            patient=patient,
            other_id=each.patient,
            kind=CONFLICT if each.by_number or each.nearness is Nearness.CONFLICT else DUPLICATE,
            nearness=each.nearness.name.lower(),
            levels=dict(each.levels),
            contested=passed.contested or None,
            reason=passed.reason,
            raised_by=by,
        )
        for each in passed.doubts
    )
