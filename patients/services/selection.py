"""The selection of people, which survives paging, sorting and filters: our own ids, in the session."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from patients.models import Patient

from .people_list import Filters, find
from .visibility import Sight

MOST = 1_000


class TooMany(Exception):
    """More people than a selection holds; none of the new ones was taken in."""


def ids_of(sight: Sight, public_ids: Collection[str]) -> list[int]:
    """Our own ids of people whom somebody sees; others are left out, test records too."""
    if not public_ids:
        return []
    found = find(sight, Filters()).narrow.filter(patient__public_id__in=public_ids)
    return list(found.order_by("pk").values_list("pk", flat=True))


def with_ticks(chosen: Sequence[int], *, shown: Iterable[int], ticked: Sequence[int]) -> list[int]:
    """The selection after a page was ticked: of the people shown, those ticked are in it and no others.

    Raises :class:`TooMany`.
    """
    untouched = set(chosen) - set(shown)
    kept = [each for each in chosen if each in untouched]
    together = list(dict.fromkeys([*kept, *ticked]))
    if len(together) > MOST and len(together) > len(chosen):
        raise TooMany
    return together


def followed(chosen: Sequence[int]) -> list[int]:
    """The selection with those who were joined to somebody else meanwhile as who they are now."""
    if not chosen:
        return []
    joined = Patient.objects.filter(pk__in=chosen, merged_into__isnull=False)
    now = {pk: survivor for pk, survivor in joined.values_list("pk", "merged_into") if survivor}
    return list(dict.fromkeys(now.get(each, each) for each in chosen))
