"""Forms that are not sent yet: kept as typed, encrypted, so that no lock, sign-out or time-out loses them.

A draft is one member of staff's; nobody else opens it, until it is handed over. What it is about is shown on
the home page of whose it is, and leaves no trace in an address.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from integrations.registry import system_names
from patients.entering.typed import Typed
from patients.models import Draft, Patient
from patients.services import visibility
from patients.services.lookup import Gone
from patients.services.operations import rights
from portal import audit
from portal.accounts.models import User
from portal.web.crypto import Undecryptable

KEPT_FOR = timedelta(days=14)
MOST = 30  # of one person
NAMES = frozenset(each.name for each in fields(Typed))
STUDY = "study"  # of what a form holds beside the person
SEALED = ("typed", "also")  # read when they are needed: one that cannot be deciphered hides no other


class TooMany(Exception):
    """Somebody keeps as many forms as they may; the text says so, for staff."""


class NotTheirs(Exception):
    """Whoever it is handed to could not send it; the text says so, for staff."""


def keep(
    typed: Typed, *, by: User, public_id: str = "", kind: str = Draft.Kind.REGISTER,
    patient: Patient | None = None, also: Mapping[str, Any] | None = None, turn: int | None = None,
) -> Draft:  # fmt: skip
    """Keep a form as it is now: the draft of ``public_id``, or a new one under that id. Raises :class:`Gone`
    where that is another's, or was sent, and :class:`TooMany`.

    ``turn``: kept while somebody types, and so not where the draft holds what was typed then, or later."""
    values = {"typed": asdict(typed), "also": dict(also or {}), "kept_at": timezone.now()}
    with transaction.atomic():
        if public_id and Draft.objects.select_for_update().filter(public_id=public_id).exists():
            return _kept_again(public_id, values, by, turn)
        if _open(by).count() >= MOST:
            raise TooMany(f"You keep {MOST} forms that are not sent. Send or throw away one of them first.")
        new = {"kind": kind, "patient": patient, "user": by} | values
        if not public_id:
            return Draft.objects.create(**new)
        # Of a form that is sent while it is being kept, whichever comes second meets the other.
        Draft.objects.bulk_create([Draft(public_id=public_id, **new)], ignore_conflicts=True)
        return _kept_again(public_id, values, by, turn)


def about_to_be_sent(
    typed: Typed, *, by: User, public_id: str, also: Mapping[str, Any], patient: Patient | None = None
) -> Draft:
    """A form that is kept and sent in one go, however many others are open. Raises :class:`Gone` where it is
    another's, or was sent."""
    values = {"typed": asdict(typed), "also": dict(also), "patient": patient, "kept_at": timezone.now()}
    with transaction.atomic():
        new = Draft(public_id=public_id, kind=Draft.Kind.REGISTER, user=by, **values)
        Draft.objects.bulk_create([new], ignore_conflicts=True)
        return _kept_again(public_id, values, by, None)


def _kept_again(public_id: str, values: Mapping[str, Any], by: User, turn: int | None) -> Draft:
    draft = held(public_id, by=by)
    if draft.sent_as_id is not None:
        raise Gone
    kept = read(draft)
    if turn is not None and kept is not None and turn <= int(kept.also.get("turn", 0)):
        return draft
    for name, value in values.items():
        setattr(draft, name, value)
    draft.save(update_fields=[*values])
    return draft


def open_draft(public_id: str, *, by: User) -> Draft:
    """A form of one's own, to be taken up again. Raises :class:`Gone`; where it is another's, after one
    event."""
    try:
        return _theirs(public_id, by)
    except Gone:
        if Draft.objects.filter(public_id=public_id).exists():
            audit.look("draft.opened", by=by, outcome="refused", details={"draft": public_id})
        raise


def own(public_id: str, *, by: User) -> Draft | None:
    """A form of one's own; ``None`` where there is none of this id (any more)."""
    try:
        return _theirs(public_id, by)
    except Gone:
        return None


def typed_in(draft: Draft) -> Typed | None:
    """What was typed; ``None`` where it cannot be deciphered any more. A field that forms have no more is
    left out, and one that is new is empty."""
    try:
        kept = draft.typed
    except Undecryptable:
        return None
    return Typed(**{name: str(value) for name, value in kept.items() if name in NAMES})


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What a form held: what was typed, and what it says beside the person."""

    typed: Typed = field(repr=False)
    also: Mapping[str, Any] = field(repr=False)


def read(draft: Draft) -> Kept | None:
    """Everything in a form; ``None`` where it cannot be deciphered any more."""
    typed = typed_in(draft)
    try:
        return None if typed is None else Kept(typed=typed, also=draft.also)
    except Undecryptable:
        return None


def study_of(draft: Draft) -> str:
    """The study that somebody is to take part in afterwards, by its id here; empty where there is none."""
    kept = read(draft)
    return str(kept.also.get(STUDY, "")) if kept is not None else ""


def note_opened(draft: Draft, *, by: User) -> None:
    """One event for a page that shows what is in a form."""
    audit.look("draft.opened", by=by, subject_key=_about(draft), details={"draft": draft.public_id})


def note_typing(draft: Draft, *, by: User) -> None:
    """One event for the people whom the index knows beside a form that is being filled in."""
    audit.look("draft.suggested", by=by, subject_key=_about(draft), details={"draft": draft.public_id})


def _about(draft: Draft) -> str:
    return draft.patient.public_id if draft.patient is not None else ""


def of(user: User) -> list[Draft]:
    """Somebody's forms, the one kept last first; what is in them is not read yet."""
    rows = _open(user).defer(*SEALED).select_related("handed_by", "patient")
    return list(rows.order_by("-kept_at", "-pk"))


def name_of(draft: Draft) -> str:
    """Who a form is about, in a few words: "QUARTER, Zoë, 9 3 1987"."""
    kept = typed_in(draft)
    if kept is None:
        return "A form that cannot be deciphered any more"
    said = (kept.family_name.strip().upper(), kept.given_name.strip(), kept.birth_date.strip())
    return ", ".join(filter(None, said)) or "Somebody without a name yet"


def colleagues_of(user: User) -> list[User]:
    """To whom somebody may hand a form over: who could send it."""
    others = User.objects.filter(is_active=True).exclude(pk=user.pk).prefetch_related("groups")
    return [each for each in others if any(rights.may_write(each, name) for name in system_names())]


def hand_over(draft: Draft, to: User, *, by: User) -> None:
    """Give a form to a colleague, who finds it on their home page. Raises :class:`NotTheirs` where their role
    lets them write nowhere, or does not reach what a form about somebody shows; :class:`TooMany` where they
    keep too many, :class:`Gone` where it is not one's own."""
    if to == by or not any(rights.may_write(to, name) for name in system_names()):
        raise NotTheirs(f"{to} could not send it.")
    if draft.patient is not None:
        _check_reach(draft, draft.patient, to=to, by=by)
    with transaction.atomic():
        row = _theirs(draft.public_id, by)
        if _open(to).count() >= MOST:
            raise TooMany(f"{to} keeps {MOST} forms that are not sent: too many to take one more.")
        row.user, row.handed_by, row.kept_at = to, by, timezone.now()
        row.save(update_fields=["user", "handed_by", "kept_at"])
        audit.write("draft.handed_over", by=by, details={"draft": row.public_id, "to": to.pk})


def held(public_id: str, *, by: User) -> Draft:
    """A form of one's own, locked until the transaction ends: of two that send it, one comes second. Raises
    :class:`Gone`."""
    Draft.objects.select_for_update().filter(public_id=public_id, user=by).first()
    return _theirs(public_id, by)


def become(
    draft: Draft, patient: Patient, typed: Typed, also: Mapping[str, Any], *, by: User,
    kind: str = Draft.Kind.REGISTER,
) -> Draft:  # fmt: skip
    """Turn a form for somebody new into one about a person who is here already: to be added, or edited.
    Raises :class:`Gone`, also where it was sent meanwhile."""
    with transaction.atomic():
        mine = held(draft.public_id, by=by)
        if mine.sent_as_id is not None:
            raise Gone
        mine.patient, mine.typed, mine.also, mine.kept_at = patient, asdict(typed), dict(also), timezone.now()
        mine.kind = kind
        mine.save(update_fields=["kind", "patient", "typed", "also", "kept_at"])
        return mine


def end(draft: Draft, patient: Patient) -> None:
    """After it was sent: forget what was typed, and remember whom it was about."""
    draft.sent_as, draft.typed, draft.also, draft.kept_at = patient, {}, {}, timezone.now()
    draft.save(update_fields=["sent_as", "typed", "also", "kept_at"])


def throw_away(public_id: str, *, by: User) -> bool:
    """Delete a form of one's own, sent or not wanted any more; whether it was there."""
    return bool(Draft.objects.filter(public_id=public_id, user=by).delete()[0])


def throw_away_old() -> int:
    """Delete forms that nobody has touched for a while; returns how many."""
    return Draft.objects.filter(kept_at__lt=timezone.now() - KEPT_FOR).delete()[0]


def _check_reach(draft: Draft, patient: Patient, *, to: User, by: User) -> None:
    """Whoever takes a form over reaches its person. A form that edits shows them their own records alone
    (``editing.pages.carried``); into one that registers each record may have gone that its writer reaches."""
    reach = visibility.reach_of(to)
    if not visibility.may_see(to, patient, reach):
        if reach.untold:
            raise NotTheirs(f"Whether {to} may see this person cannot be known now. Try again in a minute.")
        raise NotTheirs(f"{to} may not see this person.")
    if draft.kind == Draft.Kind.EDIT:
        return
    theirs = visibility.records(reach).filter(patient=patient)
    mine = visibility.records(visibility.reach_of(by)).filter(patient=patient)
    if mine.exclude(pk__in=theirs.values("pk")).exists():
        raise NotTheirs(f"{to} may not see every record of this person that you see.")


def _open(user: User) -> QuerySet[Draft]:
    return Draft.objects.filter(user=user, sent_as=None)


def _theirs(public_id: str, user: User) -> Draft:
    """Raises :class:`Gone`."""
    rows = Draft.objects.filter(public_id=public_id, user=user).defer(*SEALED)
    draft: Draft | None = rows.select_related("patient__merged_into", "sent_as").first()
    if draft is None:
        raise Gone
    if draft.patient is not None and draft.patient.merged_into is not None:
        draft.patient = draft.patient.merged_into  # who was linked meanwhile is who they were linked with
    return draft
