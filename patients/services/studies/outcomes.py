"""What came of asking for many at once: kept for who asked, so that what was refused can be put right and
asked for again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import timezone

from patients.models import AskedForMany, Bulk, Study
from portal.accounts.models import User
from portal.web.crypto import Undecryptable

from .allowed import Because, Fix, Refusal
from .many import AskedMany


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One such outcome. ``what`` is what was asked for; ``offer`` says more of it; ``bulk`` is ``None`` where
    nothing was asked for. Records by our own ids."""

    what: str
    bulk: Bulk | None
    count: int
    refused: tuple[tuple[int, Refusal], ...]
    offer: dict[str, str]

    def with_fix(self, fix: Fix) -> list[int]:
        """The records for which one thing would help."""
        return [record for record, refusal in self.refused if refusal.fix is fix]


def keep(
    what: str, study: Study, asked: AskedMany, *, by: User,
    offer: dict[str, str] | None = None, before: Iterable[tuple[int, Refusal]] = (),
) -> str:  # fmt: skip
    """Keep an outcome; the key that names it in an address. ``before`` was refused earlier already."""
    refused = [
        *before,
        *((each.record.pk, each.refusal) for each in asked.refused if each.refusal is not None),
    ]
    row = AskedForMany.objects.create(
        user=by,
        what=what,
        study=study,
        bulk=asked.bulk,
        count=len(asked.outcomes) - len(asked.refused),
        refused=[[record, each.because, each.sentence, each.step, each.fix] for record, each in refused],
        offer=offer or {},
    )
    return row.pk


def kept(key: str, study: Study, *, by: User) -> Kept | None:
    """An outcome of somebody's own, about this study, if it is kept and can be read still."""
    rows = AskedForMany.objects.filter(pk=key, study=study, user=by, ends_at__gt=timezone.now())
    try:
        found = rows.select_related("bulk").first()
    except Undecryptable:
        return None
    if found is None:
        return None
    return Kept(
        what=found.what,
        bulk=found.bulk,
        count=found.count,
        refused=tuple(
            (record, Refusal(because=Because(because), sentence=sentence, step=step, fix=Fix(fix)))
            for record, because, sentence, step, fix in found.refused
        ),
        offer=found.offer,
    )


def throw_away_ended() -> int:
    """Delete what is kept no longer; returns how many."""
    return AskedForMany.objects.filter(ends_at__lte=timezone.now()).delete()[0]
