"""Making all keys of the index anew, then linking what was stored while some were missing."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection, transaction
from django.utils import timezone

from patients.matching import keys
from patients.models import Identifier, Key, KeyMaking, SourceRecord
from portal import audit

from . import blocks, index, key_making, one_writer
from .held import subject_of

BATCH = 200
UNKEYED = 0  # the version of a record whose keys are to be made


def rekey() -> Iterator[tuple[int, int]]:
    """Make all keys anew; gives (records done, records in all) as it goes.

    Begins by throwing the old ones away, unless an earlier time did not come to its end: then goes on
    with that. Until its end people are found live only, and nobody is linked. Records that are stored
    meanwhile get their keys as always.
    """
    if key_making.is_finished() or not key_making.fits():
        _throw_away()
    total = SourceRecord.objects.count()
    left = SourceRecord.objects.filter(keys_version=UNKEYED)
    done = total - left.count()
    last = 0
    while batch := list(left.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        _key(batch)
        last = batch[-1]
        done += len(batch)
        yield done, total
    KeyMaking.objects.filter(finished_at=None).update(finished_at=timezone.now())
    _link_what_was_stored()


def _link_what_was_stored() -> None:
    """Link the records that came, or came anew, while nobody was linked."""
    making = KeyMaking.objects.exclude(unlinked_since=None).first()
    if making is None:
        return
    last = 0
    since = SourceRecord.objects.filter(read_at__gte=making.unlinked_since).order_by("pk")
    while batch := list(since.filter(pk__gt=last).values_list("pk", flat=True)[:BATCH]):
        index.link_again(batch)
        last = batch[-1]
    KeyMaking.objects.update(unlinked_since=None)


@transaction.atomic
def _throw_away() -> None:
    """One transaction: whoever dies in the middle leaves either all old keys or none."""
    one_writer.hold()
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {Key._meta.db_table}")  # noqa: S608 (our own table)
    SourceRecord.objects.update(keys_version=UNKEYED)
    KeyMaking.objects.update_or_create(pk=1, defaults=key_making.of_now())
    audit.write("index.rekeyed", details={"count": SourceRecord.objects.count()})


@transaction.atomic
def _key(ids: list[int]) -> None:
    one_writer.hold()
    rows = SourceRecord.objects.filter(pk__in=ids, keys_version=UNKEYED)
    found = list(rows.defer("held"))
    numbers: dict[int, list[str]] = {each.pk: [each.remote_id] for each in found}
    for record_id, value in _identifiers(ids):
        if record_id in numbers:
            numbers[record_id].append(value)
    blocks.add(
        (key, each.pk) for each in found for key in index.keys_of(subject_of(each).form, numbers[each.pk])
    )
    SourceRecord.objects.filter(pk__in=numbers).update(keys_version=keys.VERSION)


def _identifiers(ids: list[int]) -> Iterator[tuple[int, str]]:
    yield from Identifier.objects.filter(record__in=ids).values_list("record_id", "value")
