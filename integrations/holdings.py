"""What an organization's system holds of a person: what would be lost by removing them from it.

A thing that could not be read is ``None`` and its part is named in ``unread``: never zero, never empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from .errors import IntegrationError
from .types import Study


class HoldingPart(StrEnum):
    """The parts that are read, and may fail, apart from each other."""

    PATIENT = "patient"
    ORGANIZATIONS = "organizations"
    STUDIES = "studies"
    ENROLMENTS = "enrolments"
    CONSENTS = "consents"
    STUDY_OBSERVATIONS = "study_observations"
    OBSERVATIONS = "observations"
    END = "end"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeConsent:
    """What a person decided about one kind of data, named by system and code.

    ``agreed`` and ``decided_at`` are ``None`` where the study asks and nothing is decided.
    """

    system: str = field(repr=False)
    code: str = field(repr=False)
    text: str = field(default="", repr=False)
    agreed: bool | None = field(default=None, repr=False)
    decided_at: datetime | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyHoldings:
    """One study of the organization, and what it holds of the person.

    ``observations`` are those that the study sees; several studies may see the same one. They are the
    person's, not the study's: leaving it ends the sight of them.
    """

    study: Study
    enrolled: bool | None = field(repr=False)
    consents: tuple[ScopeConsent, ...] | None = field(repr=False)
    observations: int | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """What one organization holds of one person.

    ``last_organization``: out of it, the system deletes the person with every observation.
    ``observations`` counts all of the person's, ``unplaced`` are kinds of data that the person agreed to
    in some study, of this organization or another, which does not ask for them (any more). ``uncounted``
    names what else the system keeps of a person, which it deletes with them and which nothing here counts.
    ``unread`` holds why a part, or some of it, could not be read.
    """

    patient_id: str
    organization_id: str
    last_organization: bool | None = field(repr=False)
    studies: tuple[StudyHoldings, ...] | None = field(repr=False)
    unplaced: tuple[ScopeConsent, ...] | None = field(repr=False)
    observations: int | None = field(repr=False)
    uncounted: tuple[str, ...] = ()
    unread: Mapping[HoldingPart, IntegrationError] = field(default_factory=dict, repr=False)

    @property
    def complete(self) -> bool:
        """Whether everything could be read."""
        return not self.unread


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """One piece of an export. ``data`` is as the system gave it and fits into JSON.

    ``fault`` is set in place of data that could not be read, or after the last that could. The last piece is
    ``END`` and counts the others: an export without one is broken off.
    """

    part: HoldingPart
    study_id: str = ""
    data: Any = field(default=None, repr=False)
    fault: IntegrationError | None = None

    def as_json(self) -> dict[str, Any]:
        """For a line of a file: part, and data or the sentence that says why there is none."""
        said: dict[str, Any] = {"part": self.part.value}
        if self.study_id:
            said["study"] = self.study_id
        return said | ({"unread": self.fault.for_staff} if self.fault else {"data": self.data})
