"""Forms about people, sealed: what a form says about whom holds when it comes back, or it is refused.

A form that writes about a person carries who that is, which version of them was shown, to whom, and for
what (docs/architecture.md). A page gone stale and a form that came to another person's address are
refused with the names that it was about, and leave one audit event.

    sealed = seals.seal(Named(patient, name), purpose="edit", by=user)              # the form is shown
    with seals.held(sealed, purpose="edit", at=[public_id], by=user) as [patient]:  # it comes back
        ...                                                                         # write

``purpose`` is the kind of form, ``part`` what else of its address matters (the number of a record).
Names are sealed as the page showed them, so that a refusal can say what was on the screen; the seal
stands in the page beside those names and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from django.core import signing
from django.db import transaction

from patients.models import Patient
from portal import audit
from portal.accounts.models import User

from . import one_writer

LASTS_FOR = timedelta(hours=12)  # as long as a session


class Trouble(StrEnum):
    """Why a form is refused."""

    UNREADABLE = "unreadable"  # no seal, a changed one, or one of another kind of form
    EXPIRED = "expired"
    ANOTHER_ACCOUNT = "another account"
    ANOTHER_ADDRESS = "another address"
    STALE = "stale"


class Broken(Exception):
    """A form is refused. ``names`` are those it was about; none where that cannot or must not be told."""

    def __init__(self, trouble: Trouble, names: Sequence[str] = ()) -> None:
        super().__init__(str(trouble))
        self.trouble = trouble
        self.names = tuple(names)


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody as a page shows them: the person with the version that was read, and the name there."""

    patient: Patient
    name: str = field(repr=False)


def seal(*people: Named, purpose: str, by: User, part: str = "") -> str:
    """What a form about these people carries, the one of its address first."""
    about = [[each.patient.public_id, each.patient.version, each.name] for each in people]
    return signing.dumps([by.pk, part, about], salt=_salt(purpose))


@contextmanager
def held(
    sealed: str, *, purpose: str, at: Sequence[str], by: User, part: str = "", still_named: str = ""
) -> Iterator[list[Patient]]:
    """A transaction in which the people of a form are held as the form showed them, in its order.

    ``at`` are the public ids of the form's address. A form that does no more than say who it is gives
    their name of now (``still_named``): it holds as long as they are called what it showed, whatever else
    has changed. Raises :class:`Broken`, after one audit event; then nothing of the block is kept.
    """
    try:
        with transaction.atomic():
            yield _people(_Seal(sealed, purpose), list(at), part, by, still_named=still_named)
    except Broken as refusal:
        audit.look(
            "form.refused",
            by=by,
            subject_key=at[0][:64],
            outcome="refused",
            details={"form": purpose, "because": str(refusal.trouble)},
        )
        raise


class _Seal:
    """A seal as it came back. Raises :class:`Broken` where it is none of ours."""

    def __init__(self, sealed: str, purpose: str) -> None:
        self._text, self._salt = sealed, _salt(purpose)
        try:
            self.account, self.part, about = signing.loads(sealed, salt=self._salt)
        except signing.BadSignature:
            raise Broken(Trouble.UNREADABLE) from None
        self.versions: dict[str, int] = {public_id: version for public_id, version, _ in about}
        self.names: list[str] = [name for _, _, name in about]

    @property
    def is_over(self) -> bool:
        """Whether the form was shown too long ago."""
        try:
            signing.loads(self._text, salt=self._salt, max_age=LASTS_FOR)
        except signing.SignatureExpired:
            return True
        return False


def _people(seal: _Seal, at: list[str], part: str, by: User, *, still_named: str) -> list[Patient]:
    """The people, locked and in order. Raises :class:`Broken`."""
    if seal.account != by.pk:
        raise Broken(Trouble.ANOTHER_ACCOUNT)  # whose names they are is that account's to see
    if (list(seal.versions), seal.part) != (at, part):
        raise Broken(Trouble.ANOTHER_ADDRESS, seal.names)
    if seal.is_over:
        raise Broken(Trouble.EXPIRED, seal.names)
    one_writer.hold()  # before anybody in it, as syncing does
    rows = Patient.objects.select_for_update().filter(public_id__in=at).order_by("pk")
    now = {each.public_id: each for each in rows}
    versions = {public_id: each.version for public_id, each in now.items()}
    is_the_same = seal.names == [still_named] and not any(each.merged_into_id for each in now.values())
    if versions != seal.versions and not (is_the_same and versions.keys() == seal.versions.keys()):
        raise Broken(Trouble.STALE, seal.names)
    return [now[each] for each in at]


def _salt(purpose: str) -> str:
    return f"form about a person: {purpose}"
