"""Forms that are not sent yet: kept as typed, encrypted, so that no lock, sign-out or time-out loses them.

A draft is one member of staff's; nobody else opens it, until it is handed over. What it is about is shown on
the home page of whose it is, and leaves no trace in an address.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from integrations.registry import system_names
from patients.entering.typed import Typed
from patients.models import Draft, Patient
from patients.services.lookup import Gone
from patients.services.operations import rights
from portal import audit
from portal.accounts.models import User
from portal.web.crypto import Undecryptable

KEPT_FOR = timedelta(days=14)
MOST = 30  # of one person
NAMES = frozenset(each.name for each in fields(Typed))
SEALED = ("typed", "also")  # read when they are needed: one that cannot be deciphered hides no other


class TooMany(Exception):
    """Somebody keeps as many forms as they may; the text says so, for staff."""


class NotTheirs(Exception):
    """Whoever it is handed to could not send it; the text says so, for staff."""


def keep(
    typed: Typed, *, by: User, public_id: str = "", kind: str = Draft.Kind.REGISTER,
    patient: Patient | None = None, also: Mapping[str, Any] | None = None,
) -> Draft:  # fmt: skip
    """Keep a form as it is now: the draft of ``public_id``, or a new one. Raises :class:`Gone` where that is
    not theirs (any more), and :class:`TooMany`."""
    values = {"typed": asdict(typed), "also": dict(also or {}), "kept_at": timezone.now()}
    with transaction.atomic():
        if public_id:
            draft = _theirs(public_id, by)
            for name, value in values.items():
                setattr(draft, name, value)
            draft.save(update_fields=[*values])
            return draft
        if Draft.objects.filter(user=by).count() >= MOST:
            raise TooMany(f"You keep {MOST} forms that are not sent. Send or throw away one of them first.")
        return Draft.objects.create(kind=kind, patient=patient, user=by, **values)


def open_draft(public_id: str, *, by: User) -> Draft:
    """A form of one's own, to be taken up again. Raises :class:`Gone`; where it is another's, after one
    event."""
    try:
        return _theirs(public_id, by)
    except Gone:
        if Draft.objects.filter(public_id=public_id).exists():
            audit.look("draft.opened", by=by, outcome="refused", details={"draft": public_id})
        raise


def typed_in(draft: Draft) -> Typed | None:
    """What was typed; ``None`` where it cannot be deciphered any more. A field that forms have no more is
    left out, and one that is new is empty."""
    try:
        kept = draft.typed
    except Undecryptable:
        return None
    return Typed(**{name: str(value) for name, value in kept.items() if name in NAMES})


def of(user: User) -> list[Draft]:
    """Somebody's forms, the one kept last first; what is in them is not read yet."""
    rows = Draft.objects.filter(user=user).defer(*SEALED).select_related("handed_by", "patient")
    return list(rows.order_by("-kept_at", "-pk"))


def hand_over(draft: Draft, to: User, *, by: User) -> None:
    """Give a form to a colleague, who finds it on their home page. Raises :class:`NotTheirs` where their role
    lets them write nowhere, :class:`TooMany` where they keep too many, :class:`Gone` where it is not one's
    own."""
    if to == by or not any(rights.may_write(to, name) for name in system_names()):
        raise NotTheirs(f"{to} could not send it.")
    with transaction.atomic():
        row = _theirs(draft.public_id, by)
        if Draft.objects.filter(user=to).count() >= MOST:
            raise TooMany(f"{to} keeps {MOST} forms that are not sent: too many to take one more.")
        row.user, row.handed_by, row.kept_at = to, by, timezone.now()
        row.save(update_fields=["user", "handed_by", "kept_at"])
        audit.write("draft.handed_over", by=by, details={"draft": row.public_id, "to": to.pk})


def throw_away(public_id: str, *, by: User) -> bool:
    """Delete a form of one's own, sent or not wanted any more; whether it was there."""
    return bool(Draft.objects.filter(public_id=public_id, user=by).delete()[0])


def throw_away_old() -> int:
    """Delete forms that nobody has touched for a while; returns how many."""
    return Draft.objects.filter(kept_at__lt=timezone.now() - KEPT_FOR).delete()[0]


def _theirs(public_id: str, user: User) -> Draft:
    """Raises :class:`Gone`."""
    rows = Draft.objects.filter(public_id=public_id, user=user).defer(*SEALED)
    draft: Draft | None = rows.select_related("patient").first()
    if draft is None:
        raise Gone
    return draft
