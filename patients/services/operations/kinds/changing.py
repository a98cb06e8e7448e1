"""Changing a record: only what changed, after comparing with what the system holds now."""

from __future__ import annotations

from integrations.abilities import Archives, KeepsCustomFields, TakesMarks
from integrations.types import RecordStatus, RemotePatient
from integrations.writes import Changes, left_to_do, shown_of
from patients.services.operations.whys import Why
from patients.services.operations.wishes import Archive, Change, custom_field

from .job import Done, Hold, Job, Look, Ready, as_


class Changing:
    """Details to be set. What holds neither what was shown nor what is wanted was changed by somebody
    else meanwhile."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.wish = as_(job.wish, Change)
        self.left = self.wish.changes

    def look(self) -> Look:
        """Whether the record holds all of it; what is left is what will be sent."""
        record = self.job.adapter.get(self.job.record_id)
        if record.status is RecordStatus.MERGED:
            return Hold(Why.MERGED, record=record)
        self.left = self._left(record)
        if not self.left.parts and not self.left.custom_fields:
            return Done(record)
        moved = self._moved(record)
        if moved:
            return Hold(Why.MOVED, {"fields": moved}, record)
        if self.left.custom_fields and not self._shows_custom_fields(record):
            return Hold(Why.NOT_TAKEN, {"fields": _names(self.left)})
        return Ready()

    def send(self, ready: Ready) -> tuple[RemotePatient, tuple[str, ...]]:
        """Set what is left, and see what of it the record then holds."""
        record = self.job.adapter.update(
            self.job.record_id, self.left, organization_id=self.wish.organization_id
        )
        return record, tuple(_names(self._left(record)))

    def _left(self, record: RemotePatient) -> Changes:
        return left_to_do(record, self.wish.changes, self.job.adapter.as_held)

    def _moved(self, record: RemotePatient) -> list[str]:
        held, as_held = shown_of(record), self.job.adapter.as_held
        expected = [self.wish.shown, *([self.wish.pending] if self.wish.pending else [])]
        known = [form for each in expected for form in (each.details, as_held(each.details))]
        custom, known_custom = dict(held.custom_fields), [dict(each.custom_fields) for each in expected]

        def is_known(part: str) -> bool:
            return any(getattr(each, part) == getattr(held.details, part) for each in known)

        def is_known_custom(name: str) -> bool:
            return any(each.get(name) == custom.get(name) for each in known_custom)

        parts = frozenset(part for part in self.left.parts if not is_known(part))
        fields = tuple(each for each in self.left.custom_fields if not is_known_custom(each[0]))
        return _names(Changes(parts=parts, custom_fields=fields))

    def _shows_custom_fields(self, record: RemotePatient) -> bool:
        adapter = self.job.adapter
        return isinstance(adapter, KeepsCustomFields) and adapter.shows_custom_fields(record)


def _names(changes: Changes) -> list[str]:
    custom = [custom_field(name) for name, _ in changes.custom_fields]
    return sorted([*(part.value for part in changes.parts), *custom])


class Archiving:
    """A record to be put away."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.wish = as_(job.wish, Archive)

    def look(self) -> Look:
        """Whether it is put away already."""
        record = self.job.adapter.get(self.job.record_id)
        if record.status is RecordStatus.MERGED:
            return Hold(Why.MERGED, record=record)
        return Done(record) if record.status is RecordStatus.ARCHIVED else Ready()

    def send(self, ready: Ready) -> tuple[RemotePatient, tuple[str, ...]]:
        """Put it away. A system that drops the reason has put it away all the same."""
        record = self.job.able(Archives).archive(
            self.job.record_id, reason=self.wish.reason, notes=self.wish.notes
        )
        return record, () if record.status is RecordStatus.ARCHIVED else ("status",)


class Marking:
    """The portal's own id, into a record that has none."""

    def __init__(self, job: Job) -> None:
        self.job = job

    def look(self) -> Look:
        """Whether it is there; the adapter refuses where somebody else's is."""
        record = self.job.adapter.get(self.job.record_id)
        if record.status is RecordStatus.MERGED:
            return Hold(Why.MERGED, record=record)
        return Done(record) if self._is_in(record) else Ready()

    def send(self, ready: Ready) -> tuple[RemotePatient, tuple[str, ...]]:
        """Write it."""
        record = self.job.able(TakesMarks).mark(self.job.record_id, self.job.operation.own_id)
        return record, () if self._is_in(record) else ("own_id",)

    def _is_in(self, record: RemotePatient) -> bool:
        return any(each.value == self.job.operation.own_id for each in record.identifiers)
