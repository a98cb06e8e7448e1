"""What the records of one person say about writing to them: one system's no counts for all of them."""

from __future__ import annotations

from collections.abc import Sequence

from integrations.registry import label_of
from patients.models import SourceRecord
from patients.services.held import whole_of
from portal.web.crypto import Undecryptable


def records_of(record: SourceRecord) -> Sequence[SourceRecord]:
    """What systems hold of the person now, test records left out."""
    rows = SourceRecord.objects.filter(patient=record.patient_id, vanished_at=None)
    return list(rows.filter(is_test=record.is_test))


def refusing_email(record: SourceRecord) -> list[str]:
    """The systems in which a person holds no permission for e-mails."""
    return sorted({label_of(each.system) for each in records_of(record) if _refuses_email(each)})


def _refuses_email(record: SourceRecord) -> bool:
    """Whether a record says no to e-mails; one that cannot be read may."""
    try:
        contact = whole_of(record).contact
    except Undecryptable:
        return True
    return contact.email is False or contact.electronic is False
