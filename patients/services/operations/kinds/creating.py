"""Creating a record: searched again before it is sent, never twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from enum import Enum

from integrations.types import RecordStatus, Registration, RemotePatient
from integrations.wire import cleaned
from integrations.writes import NewRecord, details_of, record_of
from patients.matching.fields import Field
from patients.matching.levels import NAMES_AGREE, Level
from patients.matching.same_person import Tier, are_unlike, is_merged, judge
from patients.services.operations.whys import Why
from patients.services.operations.wishes import Create, custom_field

from .job import Done, Hold, Job, Look, Ready, as_

KEY_MARGIN = timedelta(hours=1)  # before the system forgets a key it is not trusted any more


class Who(Enum):
    """Who a record that was found is, seen from the one that is to be created."""

    OURS = "ours"  # it carries our own id of this creation
    SAME = "same"
    OTHER = "other"


class Creating:
    """A new record. After a try that may have taken effect, a record found is the one wanted where it holds
    just what was sent; else it is somebody's who appeared meanwhile: then a person decides."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.wish = as_(job.wish, Create)
        self.new = self.wish.new

    def look(self) -> Look:
        """The record that was found, or whether it may be sent."""
        if self.job.may_have_left and self.job.is_late and self._key_holds() and not self.job.is_stopped:
            return Ready(again=True)  # the system itself tells a repeated request from a second one
        found = [(self._who(each), each) for each in self.job.adapter.created(self.new)]
        merged = [each for who, each in found if is_merged(each) and self._may_be_ours(who, each)]
        if merged:
            return Hold(Why.MERGED, {"records": list(_named(merged))})
        found = [(who, record) for who, record in found if not is_merged(record)]
        ours = self._ours(found)
        if ours is not None:
            return ours
        same = [record for who, record in found if who is Who.SAME]
        if same:
            return Hold(Why.APPEARED, {"records": list(_named(same))})
        taken = [record for _, record in found if self._takes_what_is_unique(record)]
        if taken:
            return Hold(Why.MAILBOX, {"records": list(_named(taken))})
        was_keyed = self.job.operation.keyed_at is not None
        return Ready(fresh_key=was_keyed and not self._key_holds())

    def send(self, ready: Ready) -> tuple[RemotePatient, tuple[str, ...]]:
        """Create it."""
        record = self.job.adapter.create(self.new, key=self.job.operation.key)
        return record, self._lost(record)

    def _lost(self, record: RemotePatient) -> tuple[str, ...]:
        """The details that were to be in the record and are not, as far as it shows them."""
        adapter = self.job.adapter
        wanted, held = adapter.as_held(self.new.details), details_of(record)
        given = wanted.given() & adapter.creates_with
        lost = [each.value for each in sorted(given) if getattr(wanted, each) != getattr(held, each)]
        custom = dict(record.administrative.custom_fields)
        lost += [
            custom_field(name)
            for name, value in self.new.custom_fields
            if custom.get(name, "") != cleaned(value)
        ]
        values = {each.value for each in record.identifiers}  # some servers tell no more of them
        if any(each.value not in values for each in self.new.identifiers):
            lost.append("identifiers")
        if self.new.organization_id and self.new.organization_id not in {
            each.id for each in record.organizations
        }:
            lost.append("organization")
        return tuple(lost)

    def _ours(self, found: list[tuple[Who, RemotePatient]]) -> Done | Hold | None:
        """The record that an earlier try made: by our own id, or one that holds just what was sent."""
        for who, record in found:
            if who is Who.OURS:
                lost = self._lost(record)
                return Hold(Why.NOT_TAKEN, {"fields": list(lost)}, record) if lost else Done(record)
        for who, record in found:
            if self._may_be_ours(who, record):
                return Done(record, sure=self._takes_what_is_unique(record))
        return None

    def _may_be_ours(self, who: Who, record: RemotePatient) -> bool:
        """Whether an earlier try may have made the record."""
        holds_what_was_sent = who is Who.SAME and self.job.may_have_left and not self._lost(record)
        return who is Who.OURS or holds_what_was_sent

    def _key_holds(self) -> bool:
        """Whether the system tells the same request, sent again, from a second one: its key is young enough,
        and the system has not said that it stands for another request (then only looking tells)."""
        operation, lasts = self.job.operation, self.job.adapter.keys_last
        if not lasts or operation.keyed_at is None or operation.details.get("conflict"):
            return False
        return self.job.now < operation.keyed_at + lasts - KEY_MARGIN

    def _who(self, found: RemotePatient) -> Who:
        if found.id in self.wish.apart:
            return Who.OTHER
        if is_merged(found):  # a record that was merged is like nobody: as it was before
            found = replace(found, status=RecordStatus.UNKNOWN, registration=Registration.STANDARD)
        return Who.OURS if found.id == self.job.record_id else who_is(self.new, found)

    def _takes_what_is_unique(self, found: RemotePatient) -> bool:
        wanted, held = self.job.adapter.as_held(self.new.details), details_of(found)
        return any(
            getattr(wanted, each) and getattr(wanted, each) == getattr(held, each)
            for each in self.job.adapter.unique
        )


def who_is(new: NewRecord, found: RemotePatient) -> Who:
    """Who a record is, seen from the one that is or was to be created."""
    if new.own_id and any(each.value == new.own_id for each in found.identifiers):
        return Who.OURS
    judgement = judge(record_of(new.details, found.system), found)
    if are_unlike(judgement):
        return Who.OTHER
    names = {judgement.level(Field.GIVEN_NAME), judgement.level(Field.FAMILY_NAME)}
    agrees = names <= NAMES_AGREE and judgement.level(Field.BIRTH_DATE) is Level.EXACT
    return Who.SAME if agrees or judgement.tier is Tier.HIGH else Who.OTHER


def _named(records: list[RemotePatient]) -> Iterator[str]:
    """Records as pages address them; never who they are."""
    return (f"{each.system}:{each.id}" for each in records)
