"""Many records into a study's organization first, where they do not belong to it, and then into the study."""

from __future__ import annotations

from collections.abc import Sequence

from patients.models import SourceRecord, Study
from patients.services.operations.wishes import Join
from patients.services.visibility import Reach
from portal.accounts.models import User

from . import allowed, enrolling, many
from .many import AskedMany


def add_and_enrol_many(
    study: Study, records: Sequence[SourceRecord], *, by: User, reach: Reach
) -> tuple[AskedMany, AskedMany]:
    """Ask for both, for each of them; what came of either. Raises :class:`~.allowed.Refused` where this
    person may change nothing in the study."""
    name = allowed.name_of(study.system, study.organization)
    added = many.ask_many(
        study, records, lambda record: allowed.gone(record) or Join(organization_id=study.organization),
        label=f"Add to {name}", by=by, reach=reach,
    )  # fmt: skip
    joining = [each.record for each in added.outcomes if each.operation is not None]
    return added, enrolling.enrol_many(study, joining, by=by, reach=reach)
