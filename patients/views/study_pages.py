"""What pages about studies share: an organization and a study at an address, and refusals in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse

from patients.models import SourceRecord, Study
from patients.services.studies.allowed import Because, Fix, Refusal
from patients.services.studies.places import OwnPlace
from patients.services.visibility import Reach
from portal.web.requests import PortalRequest

from .shown_studies import shown_place
from .study_board import study_at


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyPage:
    """A study of one's own organization, and how far one's roles reach."""

    own: OwnPlace
    study: Study
    reach: Reach = field(repr=False)

    @property
    def at(self) -> list[object]:
        """The arguments of its addresses."""
        return [self.own.place.pk, self.study.public_id]

    @property
    def context(self) -> dict[str, Any]:
        """What every such page shows."""
        return {
            "own": self.own,
            "place": shown_place(self.own),
            "study": self.study,
            "back_url": board_url(self.own, self.study),
        }


def study_page(request: PortalRequest, place: int, study_id: str) -> StudyPage:
    """The study at an address. Raises ``Http404``, after one event, for whom it is out of reach."""
    own, study, reach = study_at(request, place, study_id)
    return StudyPage(own=own, study=study, reach=reach)


def board_url(own: OwnPlace, study: Study) -> str:
    """The study's board."""
    return reverse("patients:study", args=[own.place.pk, study.public_id])


# --- refusals -------------------------------------------------------------------------------

_TITLES: Mapping[Because, str] = {
    Because.PORTAL_ROLE: "Your role does not let you do this",
    Because.ROLE: "Your role in this organization does not let you do this",
    Because.NOT_TOLD: "Your role is not known at this moment",
    Because.OUTSIDE: "The person is not in the study's organization",
    Because.NOT_ENROLLED: "Not enrolled yet",
    Because.DECEASED: "This person cannot be invited",
    Because.ARCHIVED: "This person cannot be invited",
    Because.NO_EMAIL: "No e-mail address",
    Because.NO_PERMISSION: "No permission for e-mails",
    Because.DISAGREEMENT: "Their records disagree",
    Because.INVITED: "Invited already",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRefused:
    """Why not, and the button that helps, where there is one: a link, or ``field`` of the page's own form."""

    title: str
    sentence: str
    step: str = ""
    label: str = ""
    url: str = ""
    field: str = ""


def refused_with(refusal: Refusal, *, urls: Mapping[Fix, str] | None = None, place: str = "") -> ShownRefused:
    """A refusal as a page shows it. ``urls``: where a fix is a page of its own; ``place`` is what the
    organization is called."""
    label, field_name = _FIXES.get(refusal.fix, ("", ""))
    url = (urls or {}).get(refusal.fix, "")
    return ShownRefused(
        title=_TITLES.get(refusal.because, "This is not possible"),
        sentence=refusal.sentence,
        step=refusal.step,
        label=label.format(place=place or "the organization") if url or field_name else "",
        url=url,
        field="" if url else field_name,
    )


#: Fix → what its button says, and the name that it sends with the form.
_FIXES: Mapping[Fix, tuple[str, str]] = {
    Fix.ADD_TO_ORGANIZATION: ("Add to {place} and enrol", "add"),
    Fix.INVITE_AGAIN: ("Invite again: the earlier link ends", "again"),
    Fix.ENROL: ("Enrol them", ""),
    Fix.SETTLE: ("Open their consents", ""),
}


def record_args(record: SourceRecord) -> list[object]:
    """The arguments of addresses about a record."""
    return [record.patient.public_id, record.pk]
