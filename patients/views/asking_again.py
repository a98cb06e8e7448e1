"""Who must be asked again in a study, and which consent form it uses now."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from patients.forms.consents import StudyFormForm
from patients.models import Study
from patients.services.people_list import sight_of
from patients.services.people_rows import rows_of
from patients.services.portrait import Identity
from patients.services.studies import asking_again, consent_forms, languages
from patients.services.studies.allowed import Refused
from patients.services.studies.asking_again import Because, Found, Line
from patients.services.studies.places import OwnPlace
from patients.services.visibility import Reach
from portal import audit
from portal.web.htmx import redirect_after, render_page
from portal.web.requests import PortalRequest

from .shown_studies import shown_place
from .study_board import study_at

TOGETHER = 50  # people on a page
LISTED = "study.ask_again_listed"
_WORDS = {
    Because.NEW_DATA: ("A new kind of data", "The study asks for it, and they have not decided about it."),
    Because.NEW_FORM: ("A new version of the form", "What was written last names another version."),
    Because.NOTHING: ("Nothing decided yet", "They take part, and were never asked."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownLine:
    """Somebody who has to be asked, with why and where to go on."""

    identity: Identity = field(repr=False)
    number: str = field(repr=False)
    missing: str = field(repr=False)
    asked_on: str = field(repr=False)
    is_new_form: bool
    is_nothing: bool
    declined: int
    url: str


@require_http_methods(["GET", "POST"])
def ask_again(request: PortalRequest, place: int, study_id: str) -> HttpResponse:
    """The list, by reason and a page at a time; sending says which consent form the study uses."""
    own, study, reach = study_at(request, place, study_id)
    form = StudyFormForm.of(consent_forms.current(study))
    if request.method == "POST":
        form = StudyFormForm(request.POST)
        if form.is_valid() and _is_set(request, study, form, reach):
            messages.success(request, "Kept: this is the consent form that the study uses now.")
            return redirect_after(request, "patients:ask_again", place, study_id)
    return _page(request, own, study, form, reach)


def _is_set(request: PortalRequest, study: Study, form: StudyFormForm, reach: Reach) -> bool:
    try:
        consent_forms.set_form(study, form.told(), by=request.user, reach=reach)
    except Refused as refused:
        form.add_error(None, f"{refused.refusal.sentence} {refused.refusal.step}".strip())
        return False
    return True


def _page(
    request: PortalRequest, own: OwnPlace, study: Study, form: StudyFormForm, reach: Reach
) -> HttpResponse:
    in_use = consent_forms.current(study)
    found = asking_again.find(study, reach, form=in_use)
    wanted = request.GET.get("because", "")
    lines = [each for each in found.lines if not wanted or wanted in {str(one) for one in each.because}]
    page = Paginator(lines, TOGETHER).get_page(request.GET.get("page"))
    audit.look(
        LISTED, by=request.user, system=study.system,
        details={"study": study.public_id, "count": len(page.object_list), "page": page.number},
    )  # fmt: skip
    address = reverse("patients:ask_again", args=[own.place.pk, study.public_id])
    context = {
        "study": study,
        "place": shown_place(own),
        "board_url": reverse("patients:study", args=[own.place.pk, study.public_id]),
        "form": form,
        "form_in_use": in_use,
        "languages": languages.names_of(in_use.languages) if in_use else "",
        "earlier": consent_forms.earlier(study),
        "why_not": consent_forms.why_not(study, by=request.user, reach=reach),
        "found": found,
        "chips": _chips(found, wanted, address),
        "wanted": wanted,
        "page": page,
        "page_url": f"{address}?because={wanted}&page=" if wanted in set(Because) else f"{address}?page=",
        "rows": _rows(request, list(page.object_list), reach),
    }
    return render_page(request, "patients/consents/ask_again.html", context=context)


def _chips(found: Found, wanted: str, address: str) -> list[dict[str, Any]]:
    chips: list[dict[str, Any]] = [
        {"label": "All", "count": len(found.lines), "url": address, "current": wanted not in set(Because)}
    ]
    for because, (words, means) in _WORDS.items():
        chips.append(
            {
                "label": words,
                "means": means,
                "count": found.counts.get(because, 0),
                "url": f"{address}?because={because}",
                "current": wanted == because,
            }
        )
    return chips


def _rows(request: PortalRequest, lines: list[Line], reach: Reach) -> list[ShownLine]:
    """The people of one page, with their names; whoever is out of sight by now is left out."""
    sight = sight_of(request.user, reach)
    people = list(dict.fromkeys(each.participant.record.patient_id for each in lines))
    who = {row.patient: row for row in rows_of(sight, people)}
    return [
        ShownLine(
            identity=who[each.participant.record.patient_id].identity,
            number=each.participant.number,
            missing=", ".join(each.missing),
            asked_on=each.asked_on,
            is_new_form=Because.NEW_FORM in each.because,
            is_nothing=Because.NOTHING in each.because,
            declined=each.participant.declined or 0,
            url=reverse("patients:consents", args=[who[each.participant.record.patient_id].public_id]),
        )
        for each in lines
        if each.participant.record.patient_id in who
    ]
