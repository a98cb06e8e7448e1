"""What has to be certain before a change of a study leaves for JHE, which asks for next to nothing
(README.md §14 to §16). Every guard raises one of :mod:`integrations.errors`; nothing was sent then.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from integrations import errors
from integrations.parallel import side_by_side
from integrations.studies import NOT_IN_ORGANIZATION
from integrations.types import RemotePatient, Study

from . import reach, sight
from .client import JheClient
from .counting import NOBODYS, PATIENT, count, is_enrolled, way_of
from .dialect import Dialect
from .guards import Guards, is_in
from .mapping import LABEL, NAME
from .records import Records, result_of


class StudyGuards(Guards):
    """The guards of one caller's changes around studies."""

    def __init__(self, client: JheClient, records: Records, dialect: Callable[[], Dialect]) -> None:
        super().__init__(client, records)
        self.dialect = dialect

    def study(self, study_id: str, organization_id: str, operation: str) -> Study:
        """A study of an organization where the caller is member or manager, by their role at this moment."""
        self.check_role(organization_id, operation)
        organization = sight.organization_of(self.client, organization_id, operation)
        return sight.study_of(self.client, study_id, organization, operation)

    def belongs(self, patient_id: str, organization_id: str, operation: str) -> RemotePatient:
        """The record as it is, which belongs to the study's organization: JHE would answer by a 500.

        Else ``Conflict``, naming those of its organizations of which the caller may know.
        """
        record = self.records.one(patient_id)
        if is_in(record, organization_id):
            return record
        places = {each.id for each in record.organizations}
        names = [each.name for each in reach.own_organizations(self.client) if each.id in places]
        held = f"It belongs to {', '.join(names)}." if names else "It belongs to none of yours."
        raise self.http.fault(
            errors.Conflict,
            operation,
            reason=NOT_IN_ORGANIZATION,
            for_staff=f"This {LABEL} record does not belong to the study's organization. {held}",
            next_step="Add the record to the study's organization first.",
        )

    def takes_part(self, patient_id: str, study_id: str) -> bool:
        """Whether a person takes part in a study. ``Forbidden`` for whom and what is out of reach."""
        operation = "takes part"
        patient = self.client.checked_id(patient_id, operation)
        study = self.client.checked_id(study_id, operation)
        self.client.bearer.current()  # one look for the token, shared by the threads
        way = way_of(self.client, self.dialect())
        prove = partial(way.prove, PATIENT, patient_id=patient, study_id=NOBODYS)
        look = partial(is_enrolled, way, patient, study)
        reach_of = partial(count, way, PATIENT, patient)
        work: list[Callable[[], bool | int | None]] = [prove, look, reach_of]
        proven, enrolled, records = side_by_side(lambda each: each(), work, pool=NAME)
        result_of(proven)
        if result_of(enrolled):
            return True
        # Lists show nobody where a search refuses: a person out of reach is not one who takes no part.
        if result_of(records) == 0:
            sentence = f"You have no role in any {LABEL} organization that holds this record."
            raise self.http.fault(errors.Forbidden, operation, reason=errors.BEYOND_REACH, for_staff=sentence)
        return False
