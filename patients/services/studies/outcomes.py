"""What came of asking for many at once: kept for who asked, until they have seen it, so that what was refused
can be put right and asked for again."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any

from patients.models import Bulk

from .allowed import Because, Fix, Refusal
from .many import AskedMany

KEY = "asked_for_many"
MOST = 5  # such outcomes, the latest


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One such outcome. ``what`` is what was asked for; ``offer`` says more of it; ``bulk`` is its public id,
    empty where nothing was asked for. Records by our own ids."""

    what: str
    study: str
    bulk: str
    count: int
    refused: tuple[tuple[int, Refusal], ...]
    offer: dict[str, str]

    def asked_bulk(self) -> Bulk | None:
        """The bulk, if there is one."""
        return Bulk.objects.filter(public_id=self.bulk).first() if self.bulk else None

    def with_fix(self, fix: Fix) -> list[int]:
        """The records for which one thing would help."""
        return [record for record, refusal in self.refused if refusal.fix is fix]


def keep(
    session: MutableMapping[str, Any], what: str, study: str, asked: AskedMany, *,
    offer: dict[str, str] | None = None, before: Iterable[tuple[int, Refusal]] = (),
) -> str:  # fmt: skip
    """Keep an outcome in the (encrypted) session; the key that names it in an address. ``before`` was refused
    earlier already."""
    refused = [
        *before,
        *((each.record.pk, each.refusal) for each in asked.refused if each.refusal is not None),
    ]
    key = secrets.token_urlsafe(8)
    kept = {
        "what": what,
        "study": study,
        "bulk": asked.bulk.public_id if asked.bulk else "",
        "count": len(asked.outcomes) - len(asked.refused),
        "refused": [[record, each.because, each.sentence, each.step, each.fix] for record, each in refused],
        "offer": offer or {},
    }
    all_of_them = {**session.get(KEY, {}), key: kept}
    session[KEY] = dict(list(all_of_them.items())[-MOST:])
    return key


def kept(session: MutableMapping[str, Any], key: str, study: str) -> Kept | None:
    """An outcome of this session, about this study."""
    found = session.get(KEY, {}).get(key)
    if found is None or found["study"] != study:
        return None
    return Kept(
        what=found["what"],
        study=found["study"],
        bulk=found["bulk"],
        count=found["count"],
        refused=tuple(
            (
                record,
                Refusal(because=Because(because), sentence=sentence, step=step, fix=Fix(fix)),
            )
            for record, because, sentence, step, fix in found["refused"]
        ),
        offer=found["offer"],
    )
