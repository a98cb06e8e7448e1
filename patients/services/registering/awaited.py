"""People who are asked for and in no system yet: what their page says until the first record is there."""

from __future__ import annotations

from dataclasses import dataclass, field

from patients.models import Operation, Patient
from patients.services import visibility
from patients.services.operations import attention, queue
from patients.services.operations.attention import Item
from patients.services.operations.whom import BESIDE, UNREAD, may_know_new, person_of, whom, wish_of
from patients.services.operations.wishes import Create, Kind
from patients.services.portrait import Identity
from patients.services.visibility import Reach
from portal import audit
from portal.accounts.models import User


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """Somebody of whom no record is known yet. ``creations`` are the writes that will make them, as far as
    the reader may know; ``is_coming``: one of them goes on."""

    patient: Patient
    identity: Identity = field(repr=False)
    creations: tuple[Item, ...]
    is_coming: bool


def awaited(public_id: str, *, by: User, look: bool = True) -> Awaited | None:
    """Somebody at an address of whom there is no record yet; ``None`` where there is one, or nobody whom
    the reader may know of. One event, unless a page asks again (``look``)."""
    patient = Patient.objects.filter(public_id=public_id, merged_into=None).first()
    if patient is None or patient.records.exists():
        return None
    reach = visibility.reach_of(by)
    asked = [each for each in _creations(patient) if _may_know(each, by=by, reach=reach)]
    about = whom(asked[-1], wish_of(asked[-1]), by=by, reach=reach) if asked else None
    if about is None or about.identity is None:
        return None
    if look:
        audit.look("person.awaited_viewed", by=by, subject_key=patient.public_id)
    return Awaited(
        patient=patient,
        identity=about.identity,
        creations=attention.items(asked, by, reach),
        is_coming=any(each.state in queue.OPEN for each in asked),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedFor:
    """A registration that was asked for, to be taken up again."""

    wish: Create = field(repr=False)
    system: str
    patient: Patient


def asked_in(operation: Operation, *, by: User) -> AskedFor | None:
    """What a write is to create; ``None`` where it creates nobody of whom the reader may know."""
    reach = visibility.reach_of(by)
    wish = wish_of(operation)
    if not isinstance(wish, Create) or not may_know_new(operation, wish, by=by, reach=reach):
        return None
    if wish.is_test:  # asked for anew it would be somebody real
        return None
    return AskedFor(wish=wish, system=operation.system, patient=person_of(operation))


def _creations(patient: Patient) -> list[Operation]:
    rows = Operation.objects.filter(patient=patient, kind=Kind.CREATE)
    return list(rows.select_related(*BESIDE).defer(*UNREAD).order_by("pk"))


def _may_know(operation: Operation, *, by: User, reach: Reach) -> bool:
    wish = wish_of(operation)
    return isinstance(wish, Create) and may_know_new(operation, wish, by=by, reach=reach)
