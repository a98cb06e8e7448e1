"""What pages about studies share: an organization and a study at an address, and refusals in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import Http404
from django.urls import reverse

from patients.models import Place, SourceRecord, Study
from patients.services import visibility
from patients.services.studies import places
from patients.services.studies.allowed import Because, Fix, Refusal
from patients.services.studies.places import OutOfReach, OwnPlace
from patients.services.visibility import Reach
from portal.web.requests import PortalRequest


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
        return {"own": self.own, "study": self.study, "back_url": board_url(self.own, self.study)}


def study_page(request: PortalRequest, place: int, study_id: str, *, action: str) -> StudyPage:
    """The study at an address. Raises ``Http404``, after one event, where nobody with this role sees it."""
    reach = visibility.reach_of(request.user)
    try:
        own = places.own_place(place, reach)
        return StudyPage(own=own, study=places.study_at(own, study_id), reach=reach)
    except OutOfReach:
        places.note_refused(action, by=request.user, key=study_id)
        raise Http404 from None


def board_url(own: OwnPlace, study: Study) -> str:
    """The study's board."""
    return reverse("patients:study_add", args=[own.place.pk, study.public_id])


def place_of(study: Study) -> Place:
    """The organization of a study. Raises ``Place.DoesNotExist``."""
    return Place.objects.get(system=study.system, organization=study.organization)


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
}


def record_args(record: SourceRecord) -> list[object]:
    """The arguments of addresses about a record."""
    return [record.patient.public_id, record.pk]
