"""What an organization's letters and e-mails say: changed by admins who hold a role there."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from patients.forms.studying import LanguageForm, WordingForm
from patients.services import visibility
from patients.services.studies import handing_over, places, qr_codes, wordings
from patients.services.studies.places import OutOfReach, OwnPlace
from patients.services.studies.wordings import Said, Use, Words
from portal.web.htmx import redirect_after, render_page
from portal.web.requests import PortalRequest

from .shown_studies import shown_place


@require_http_methods(["GET", "POST"])
def all_wordings(request: PortalRequest, place: int) -> HttpResponse:
    """The organization's own texts; a POST chooses a further one to write."""
    own = _own(request, place)
    form = LanguageForm(
        request.POST if request.method == "POST" else None, initial={"language": wordings.ENGLISH}
    )
    if form.is_bound and form.is_valid():
        told = form.cleaned_data
        return redirect_after(request, "patients:wording", place, told["use"], told["language"])
    context: dict[str, Any] = {
        "own": own,
        "place": shown_place(own),
        "form": form,
        "written": [
            {
                "row": each,
                "language": wordings.language(each.language),
                "url": reverse("patients:wording", args=[place, each.use, each.language]),
            }
            for each in wordings.written(own.place)
        ],
        "back_url": reverse("patients:study_list", args=[place]),
    }
    return render_page(request, "patients/inviting/wordings.html", context=context)


@require_http_methods(["GET", "POST"])
def wording(request: PortalRequest, place: int, use: str, language: str) -> HttpResponse:
    """One text, with what it looks like for somebody made up. ``look`` shows it without keeping it."""
    own = _own(request, place)
    if use not in Use.values or wordings.language(language).code != language:
        raise Http404
    kind = Use(use)
    if "drop" in request.POST:
        wordings.drop(own.place, kind, language, by=request.user)
        messages.success(request, "The portal's own text stands again.")
        return redirect_after(request, "patients:wordings", place)
    kept = wordings.words_of(own.place, kind, language)
    form = WordingForm(
        request.POST if request.method == "POST" else None,
        initial={"text": kept.text, "subject": kept.subject},
        use=kind,
    )
    is_whole = form.is_bound and form.is_valid()
    if is_whole and "look" not in request.POST:
        words = Words(text=form.cleaned_data["text"], subject=form.cleaned_data.get("subject", ""))
        wordings.keep(own.place, kind, language, words, by=request.user)
        messages.success(request, "Kept. New invitations of this organization say it.")
        return redirect_after(request, "patients:wordings", place)
    context = _context(own, kind, language, form) | {
        "is_own": any(each.use == use and each.language == language for each in wordings.written(own.place)),
        "example": _example(own, kind, language, form.cleaned_data if is_whole else None, kept),
    }
    return render_page(request, "patients/inviting/wording.html", context=context)


def _own(request: PortalRequest, place: int) -> OwnPlace:
    try:
        return places.own_place(place, visibility.reach_of(request.user))
    except OutOfReach:
        raise Http404 from None


def _context(own: OwnPlace, use: Use, language: str, form: WordingForm) -> dict[str, Any]:
    other = wordings.NEEDED[Use.EMAIL if use is Use.LETTER else Use.LETTER]
    return {
        "own": own,
        "use": use.label,
        "language": wordings.language(language),
        "form": form,
        "placeholders": [
            (f"{{{name}}}", text) for name, text in wordings.PLACEHOLDERS.items() if name != other
        ],
        "back_url": reverse("patients:wordings", args=[own.place.pk]),
    }


def _example(
    own: OwnPlace, use: Use, language: str, typed: dict[str, Any] | None, kept: Words
) -> dict[str, Any]:
    """The text as somebody made up would get it; the QR code leads nowhere."""
    said = Said(
        name="Sam", study="Example study", organization=own.name, app="Example app",
        data=("blood pressure", "heart rate"), contact=handing_over.contact_of(own),
        link="https://example.org/not-a-link",
    )  # fmt: skip
    text = typed["text"] if typed else kept.text
    if use is Use.EMAIL:
        return {"text": wordings.filled(text, said), "direction": wordings.language(language).direction}
    return {
        "letter": {
            "own": own,
            "language": wordings.language(language),
            "drawing": qr_codes.drawing_of("An example: this leads nowhere."),
            "blocks": wordings.blocks_of(text, said),
        }
    }
