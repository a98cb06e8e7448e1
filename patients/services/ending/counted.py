"""What an organization holds of a person, in numbers and words: as pages show it and as it is kept.

A part that could not be read is ``None``, never zero. Nothing is offered on the strength of numbers that
are not whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import cattrs.preconf.json
from django.core import signing

from integrations.holdings import HoldingPart, Holdings, ScopeConsent, StudyHoldings
from portal.accounts.models import User

GOOD_FOR = 30 * 60  # seconds in which a form may rest on what its page has counted
_SALT = "what would be lost"
_json = cattrs.preconf.json.make_converter()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a person decided about one kind of data; ``agreed`` is ``None`` where nothing is decided."""

    text: str = field(repr=False)
    agreed: bool | None = None
    decided_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedStudy:
    """One study of the organization, and what it has of the person."""

    id: str
    name: str = field(repr=False)
    enrolled: bool | None
    decisions: tuple[Decision, ...] | None = field(repr=False)
    observations: int | None

    @property
    def decided(self) -> int | None:
        """How many decisions there are."""
        return None if self.decisions is None else sum(each.agreed is not None for each in self.decisions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Everything counted. ``last``: the organization is the record's only one. ``others`` are decisions
    about what no study asks for; ``observations`` are all of the person's; ``uncounted`` is what else goes
    with the record."""

    last: bool | None
    studies: tuple[CountedStudy, ...] | None = field(repr=False)
    others: tuple[Decision, ...] | None = field(repr=False)
    observations: int | None
    uncounted: tuple[str, ...] = ()

    @property
    def enrolments(self) -> int | None:
        """In how many studies the person takes part."""
        return _sum(None if self.studies is None else [each.enrolled for each in self.studies])

    @property
    def decided(self) -> int | None:
        """How many decisions there are in the studies."""
        return _sum(None if self.studies is None else [each.decided for each in self.studies])


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What was counted just now. ``unread``: each part that could not be read, and why, in words."""

    counted: Counted = field(repr=False)
    unread: tuple[tuple[str, str], ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing: else nothing is offered."""
        return not self.unread


#: What pages call the parts.
PARTS = {
    HoldingPart.PATIENT: "The record",
    HoldingPart.ORGANIZATIONS: "To which organizations the record belongs",
    HoldingPart.STUDIES: "The studies of the organization",
    HoldingPart.ENROLMENTS: "In which studies the person takes part",
    HoldingPart.CONSENTS: "What the person decided in the studies",
    HoldingPart.STUDY_OBSERVATIONS: "How many observations each study sees",
    HoldingPart.OBSERVATIONS: "How many observations there are of the person",
}


def read_from(holdings: Holdings) -> Read:
    """What an adapter counted, in our words."""
    unread = tuple(
        (PARTS[part], holdings.unread[part].for_staff) for part in HoldingPart if part in holdings.unread
    )
    return Read(
        counted=Counted(
            last=holdings.last_organization,
            studies=None if holdings.studies is None else tuple(map(_study, holdings.studies)),
            others=_decisions(holdings.unplaced),
            observations=holdings.observations,
            uncounted=holdings.uncounted,
        ),
        unread=unread,
    )


def changed_since(before: Counted, now: Counted) -> tuple[str, ...]:
    """What has changed since something was counted, in sentences with both numbers."""
    return tuple(_changes(before, now))


def to_keep(counted: Counted) -> Any:
    """As JSON."""
    return _json.unstructure(counted)


def kept(data: object) -> Counted:
    """What was kept. Raises ``ValueError`` where it cannot be read any more."""
    try:
        found: Counted = _json.structure(data, Counted)
    except Exception as fault:  # cattrs raises groups of many kinds, whose texts hold the values
        raise ValueError(f"what was counted cannot be read: {type(fault).__name__}") from None
    return found


def sealed(counted: Counted, *, about: str, by: User) -> str:
    """What a form carries of what its page has counted; ``about`` says of what."""
    return signing.dumps([by.pk, about, to_keep(counted)], salt=_SALT, compress=True)


def unsealed(text: str, *, about: str, by: User) -> Counted | None:
    """What a form's page had counted, for this person and about this; ``None`` where it says something else,
    or was counted too long ago."""
    try:
        account, subject, data = signing.loads(text, salt=_SALT, max_age=GOOD_FOR)
        return kept(data) if (account, subject) == (by.pk, about) else None
    except (signing.BadSignature, ValueError):
        return None


# --- helpers --------------------------------------------------------------------------------


def _sum(numbers: Sequence[int | None] | None) -> int | None:
    """The sum; nobody knows it where one of them is not known."""
    if numbers is None or any(each is None for each in numbers):
        return None
    return sum(each or 0 for each in numbers)


def _study(found: StudyHoldings) -> CountedStudy:
    return CountedStudy(
        id=found.study.id,
        name=found.study.name or f"study {found.study.id}",
        enrolled=found.enrolled,
        decisions=_decisions(found.consents),
        observations=found.observations,
    )


def _decisions(consents: tuple[ScopeConsent, ...] | None) -> tuple[Decision, ...] | None:
    if consents is None:
        return None
    return tuple(
        Decision(text=each.text or each.code, agreed=each.agreed, decided_at=each.decided_at)
        for each in consents
    )


def _changes(before: Counted, now: Counted) -> Iterator[str]:
    if before.last != now.last:
        yield "It is the record's last organization now." if now.last else "It is not the last one any more."
    yield from _number("Observations of the person", before.observations, now.observations)
    known = {each.id: each for each in before.studies or ()}
    for study in now.studies or ():
        old = known.pop(study.id, None) or replace(study, enrolled=False, decisions=(), observations=0)
        if bool(old.enrolled) != bool(study.enrolled):
            yield f"{study.name}: the person takes part {'since' if study.enrolled else 'no more'}."
        yield from _number(f"{study.name}: decisions", old.decided, study.decided)
        yield from _number(f"{study.name}: observations that it sees", old.observations, study.observations)
    for gone in known.values():
        yield f"{gone.name}: the organization does not run this study any more."
    yield from _number("Decisions outside the studies", len(before.others or ()), len(now.others or ()))


def _number(what: str, before: int | None, now: int | None) -> Iterator[str]:
    if now is not None and before != now:
        yield f"{what}: {before or 0} when it was asked for, {now} now."
