"""What a form showed of each record: carried by the page, encrypted, so that nobody forges or reads it.

A form is sent back against what was shown, however much has changed since: what is neither what was shown
nor what is wanted was changed by somebody else meanwhile. The text is encrypted with ``ENCRYPTION_KEYS``, is
one account's and one person's, and is kept with the draft too.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import cattrs.preconf.json

from integrations.types import Identifier
from integrations.writes import Details, Part, Shown
from patients.models import Patient
from patients.services.seals import Broken, Trouble
from portal.accounts.models import User
from portal.web.crypto import Undecryptable, decrypt, encrypt

from .copies import Copies, Copy

_json = cattrs.preconf.json.make_converter()
Key = tuple[int, str]  # our id of a record, and the name of a detail
CUSTOM = "custom_fields."


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCopy:
    """One record as a form showed it; ``custom`` says whether its own fields were known."""

    number: int
    shown: Shown = field(repr=False)
    identifiers: tuple[Identifier, ...] = field(default=(), repr=False)
    custom: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A form as it was shown: what its fields began with, each record, and the details about which the page
    asked (``asked``: "12:phone"): since they had moved or, ``refused``, cannot be held there as they were
    wanted. ``stopped`` are the details of which it has shown that replacing them makes another person,
    ``takes`` the parts that it had fields for."""

    account: int
    public_id: str
    details: Details = field(repr=False)
    copies: tuple[ShownCopy, ...] = field(repr=False)
    asked: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    stopped: tuple[str, ...] = ()
    takes: tuple[Part, ...] = ()

    def of(self, number: int) -> ShownCopy | None:
        """One record; ``None`` where the form did not show it."""
        return next((each for each in self.copies if each.number == number), None)

    def has_moved(self, key: Key) -> bool:
        """Whether the form asked about a detail of a record since somebody else had changed it."""
        return name_of(key) in self.asked and not self.was_refused(key)

    def was_refused(self, key: Key) -> bool:
        """Whether it asked since the record's system cannot hold what was wanted: mended, it is no question
        any more."""
        return name_of(key) in self.refused

    def asking(self, moved: Collection[Key], refused: Collection[Key], now: Sequence[Copy]) -> Page:
        """The page that shows what is there ``now`` of these details, and asks about them."""
        keys = [*moved, *refused]
        only_refused = {name_of(key) for key in refused if not self.has_moved(key)}
        still = (only_refused | {*self.refused}) - set(map(name_of, moved))
        held = {each.number: each for each in now}
        copies = tuple(
            replace(each, shown=_with(each.shown, held[each.number].shown, _of(keys, each.number)))
            if each.number in held
            else each
            for each in self.copies
        )
        asked = dict.fromkeys([*self.asked, *map(name_of, keys)])
        return replace(self, copies=copies, asked=tuple(asked), refused=tuple(sorted(still)))


def page_of(copies: Copies, *, by: User) -> Page:
    """What a form shows that is opened now."""
    return Page(
        account=by.pk,
        public_id=copies.patient.public_id,
        details=copies.details,
        copies=tuple(
            ShownCopy(
                number=each.number,
                shown=each.shown,
                identifiers=each.record.identifiers,
                custom=each.shows_custom_fields,
            )
            for each in copies.every
        ),
        takes=tuple(part for part in Part if part in copies.takes),
    )


def sealed(page: Page) -> str:
    """The page as text that only the portal can read."""
    return encrypt(json.dumps(_json.unstructure(page)))


def unsealed(text: str, *, public_id: str, by: User) -> Page:
    """What a form showed. Raises :class:`~patients.services.seals.Broken` where it is none of ours, another
    account's, or about somebody else."""
    page = _read(text)
    if page.account != by.pk:
        raise Broken(Trouble.ANOTHER_ACCOUNT)
    if page.public_id != public_id:
        raise Broken(Trouble.ANOTHER_ADDRESS)
    return page


def about(text: str, *, by: User) -> Page | None:
    """What a form of one's own showed, about whomever; ``None`` where it cannot be read, or is another's."""
    try:
        page = _read(text)
    except Broken:
        return None
    return page if page.account == by.pk else None


@dataclass(frozen=True, slots=True)
class Carried:
    """A page that is gone on with. ``was`` is what its fields began with where that is less by now."""

    page: Page
    was: Details | None = field(default=None, repr=False)


def carried(text: str, copies: Copies, *, by: User) -> Carried:
    """What a form showed that was kept or refused, as ``by``'s and about whom its person is by now.

    Records that are out of reach or somebody else's by now are left out, with what was shown of them. Raises
    :class:`~patients.services.seals.Broken` where it cannot be read, or is about somebody else.
    """
    page, patient = _read(text), copies.patient
    merged = Patient.objects.filter(public_id=page.public_id, merged_into=patient)
    if page.public_id != patient.public_id and not merged.exists():
        raise Broken(Trouble.ANOTHER_ADDRESS)
    page = replace(page, account=by.pk, public_id=patient.public_id)
    there = {each.number for each in copies.every}
    shown = tuple(each for each in page.copies if each.number in there)
    if len(shown) == len(page.copies):
        return Carried(page)
    details = copies.details_from({each.number: each.shown.details for each in shown})
    return Carried(replace(page, copies=shown, details=details), page.details)


def _read(text: str) -> Page:
    try:
        page: Page = _json.structure(json.loads(decrypt(text)), Page)
    except Undecryptable:
        raise Broken(Trouble.UNREADABLE) from None
    except Exception:  # of an older release; cattrs raises groups of many kinds, whose texts hold values
        raise Broken(Trouble.UNREADABLE) from None
    return page


def name_of(key: Key) -> str:
    """A detail of a record as one word."""
    return f"{key[0]}:{key[1]}"


def _of(keys: Collection[Key], number: int) -> list[str]:
    return [name for of, name in keys if of == number]


def _with(shown: Shown, now: Shown, names: Sequence[str]) -> Shown:
    """What was shown, with these details as they are now."""
    parts = {name: getattr(now.details, name) for name in names if name in set(Part)}
    custom: Mapping[str, str] = dict(now.custom_fields)
    known = dict(shown.custom_fields)
    for name in (each.removeprefix(CUSTOM) for each in names if each.startswith(CUSTOM)):
        known[name] = custom.get(name, "")
    return Shown(
        details=replace(shown.details, **parts),
        custom_fields=tuple((name, value) for name, value in known.items() if value),
    )
