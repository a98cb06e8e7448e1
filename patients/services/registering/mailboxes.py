"""Systems that take one record for each mailbox: whose an e-mail is there already.

JHE makes a login of it (``integrations/jhe/README.md``, Writing). A practitioner's mailbox, or one in other
letters in an organization out of reach, cannot be found out beforehand: then the write is held or refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from integrations.registry import label_of, system_class
from integrations.writes import Details, NewRecord, Part
from patients.matching.contact import compared_email
from patients.models import SourceRecord
from patients.services import visibility
from patients.services.held import whole_of
from patients.services.operations.kinds.creating import Who, who_is
from patients.services.visibility import Reach
from portal.accounts.models import User


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A mailbox that is somebody's in a system. ``is_same``: name and birth date agree; ``in_reach``: whoever
    asks may see that record."""

    system: str
    row: SourceRecord = field(repr=False)
    is_same: bool
    in_reach: bool

    @property
    def label(self) -> str:
        """The system's label."""
        return label_of(self.system)


def taken(details: Details, systems: Iterable[str], *, by: User, reach: Reach) -> tuple[Taken, ...]:
    """Whose the e-mail is, in each of the systems that take it once only."""
    found = []
    for name in systems:
        if details.email and Part.EMAIL in system_class(name).unique:
            email = compared_email(details.email)
            rows = SourceRecord.objects.filter(system=name, email=email, vanished_at=None)
            row = rows.select_related("patient").first()
            if row is not None:
                found.append(_taken(details, row, by=by, reach=reach))
    return tuple(found)


def _taken(details: Details, row: SourceRecord, *, by: User, reach: Reach) -> Taken:
    in_reach = visibility.records(reach).filter(pk=row.pk).exists()
    return Taken(
        system=row.system,
        row=row,
        is_same=who_is(NewRecord(details=details), whole_of(row)) is Who.SAME,
        in_reach=in_reach and visibility.may_see(by, row.patient, reach),
    )
