"""Recording what somebody decided about a study's data: the form, what follows from it, and asking for it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from integrations.errors import IntegrationError
from integrations.registry import label_of
from patients.forms.consents import NO, DecideForm, wished
from patients.models import ConsentForm, SourceRecord, Study
from patients.services import hand_links, visibility
from patients.services.hand_links import Side
from patients.services.lookup import Gone
from patients.services.seals import Broken
from patients.services.studies import allowed, authority, consent_forms, consent_reading, consenting, consents
from patients.services.studies.allowed import Refused
from patients.services.studies.consent_reading import Told
from patients.services.studies.consents import Answer, OfStudy
from patients.services.visibility import Reach
from portal.templatetags.ui import counted
from portal.web.htmx import redirect_after, render_page
from portal.web.requests import PortalRequest

from .consents import record_and_study
from .links import gone
from .shown_consents import first_up, shown_answer
from .shown_links import refusal_of
from .shown_operations import words_of

OPENED = "person.consent_opened"


class About:
    """What the page is about: a person, one record of theirs, one study, and how decisions stand there."""

    def __init__(self, whole: Side, record: SourceRecord, study: Study, reach: Reach) -> None:
        self.whole, self.record, self.study, self.reach = whole, record, study, reach
        self.form: ConsentForm | None = consent_forms.current(study)
        self.told = Told()
        self.now: OfStudy = consents.of_study(study, record)

    def read(self, request: PortalRequest) -> None:
        """Read how decisions stand at this moment."""
        found = consent_reading.read([self.record], by=request.user, reach=self.reach)
        self.told = found.get(self.record.pk, Told())
        self.study.refresh_from_db()
        self.now = consents.of_study(self.study, self.record)


@require_http_methods(["GET", "POST"])
def decide(request: PortalRequest, public_id: str, number: int, study_id: str) -> HttpResponse:
    """The form; sent, the page that says what follows; confirmed, it is asked for."""
    reach = visibility.reach_of(request.user)
    try:
        whole = hand_links.side(public_id, by=request.user, reach=reach)
        record, study = record_and_study(whole, number, study_id, reach)
    except Gone:
        return gone(request, consenting.CONSENT, [public_id], part=f"{number} in {study_id}", action=OPENED)
    it = About(whole, record, study, reach)
    if request.method != "POST":
        it.read(request)
        return _form_page(request, it, _blank(request, it))
    form = DecideForm(request.POST, asked=it.now.asked, form=it.form)
    if "change" in request.POST:
        return _form_page(request, it, _blank(request, it, form))
    if not form.is_valid():
        return _form_page(request, it, form)
    if "confirm" not in request.POST:
        return _confirm_page(request, it, form)
    try:
        return _ask(request, it, form)
    except Refused as refused:
        return _refused(request, it, form, f"{refused.refusal.sentence} {refused.refusal.step}".strip())
    except IntegrationError as fault:
        return _refused(request, it, form, words_of(fault))
    except Broken as broken:
        return _form_page(request, it, _blank(request, it, form), broken)


def _ask(request: PortalRequest, it: About, form: DecideForm) -> HttpResponse:
    """Raises :class:`Broken`, :class:`Refused` and ``Forbidden``."""
    assert form.authority is not None  # noqa: S101 (the form is valid)
    asked = consenting.record_decisions(
        form.decisions, sealed=form.sealed, shown=form.stood, record=it.record, study=it.study,
        said_by=form.authority, by=request.user, reach=it.reach,
    )  # fmt: skip
    what = counted(len(asked), "decision,decisions")
    text = f"{label_of(it.record.system)} is asked to record {what}. This page says what becomes of it."
    messages.success(request, text)
    return redirect_after(request, "patients:consents", it.whole.patient.public_id)


def _blank(request: PortalRequest, it: About, typed: DecideForm | None = None) -> DecideForm:
    """A form that rests on the page as it is now, with what was typed in one before it."""
    initial: dict[str, Any] = {"taken_by": str(request.user)}
    if "withdraw" in request.GET and typed is None:
        initial |= wished(it.now.asked, NO)
    if typed is not None:
        initial = dict(typed.carried)
    return DecideForm(asked=it.now.asked, form=it.form, initial=initial | _hidden(request, it))


def _hidden(request: PortalRequest, it: About) -> dict[str, str]:
    return {
        "seal": consenting.seal_form(it.whole, it.record, it.study, by=request.user),
        "shown": consenting.stood(it.now),
    }


def _refused(request: PortalRequest, it: About, form: DecideForm, sentence: str) -> HttpResponse:
    """The form once more with why it was refused; it rests on how things stand now."""
    it.read(request)
    again = DecideForm(dict(form.carried) | _hidden(request, it), asked=it.now.asked, form=it.form)
    again.is_valid()
    again.add_error(None, sentence)
    return _form_page(request, it, again)


# --- the two pages --------------------------------------------------------------------------


def _form_page(
    request: PortalRequest, it: About, form: DecideForm, refused: Broken | None = None
) -> HttpResponse:
    context = _context(request, it, form) | {
        "why_not": allowed.why_not(it.study, by=request.user, reach=it.reach),
        "refusal": refusal_of(refused, it.whole.name),
        "problems": list(dict.fromkeys(words_of(each) for each in it.told.problems)),
        "coming": [shown_answer(each) for each in it.now.asked if each.coming is not None],
        "is_withdrawing": "withdraw" in request.GET,
    }
    status = HTTPStatus.CONFLICT if refused else None
    return render_page(request, "patients/consents/decide.html", context=context, status=status)


def _confirm_page(request: PortalRequest, it: About, form: DecideForm) -> HttpResponse:
    assert form.authority is not None  # noqa: S101 (the form is valid)
    context = _context(request, it, form) | {
        "changes": [_change(each, agreed) for each, agreed in form.chosen],
        "is_decline": any(not agreed for _, agreed in form.chosen),
        "lines": list(authority.lines(form.authority)),
        "carried": form.carried,
    }
    return render_page(request, "patients/consents/confirm.html", context=context)


def _change(asked: consents.Asked, agreed: bool) -> dict[str, Any]:
    """One kind of data before and after, and what follows."""
    was, will = shown_answer(asked), Answer.AGREED if agreed else Answer.DECLINED
    if agreed:
        follows = "The study may collect it from then on."
        if asked.answer is Answer.AGREED:
            follows = "It stands so already: who decided, and on which form, is kept with it anew."
    elif asked.answer is Answer.AGREED:
        follows = (
            "No new data of this kind are collected for this study from then on. What was collected before "
            "stays where it is."
        )
    else:
        follows = "No data of this kind are collected for this study."
    return {"words": first_up(asked.words), "code": asked.code, "was": was, "will": will, "follows": follows}


def _context(request: PortalRequest, it: About, form: DecideForm) -> dict[str, Any]:
    hand_links.note_look(OPENED, it.whole, by=request.user)
    return {
        "identity": it.whole.identity,
        "name": it.whole.name,
        "system_label": label_of(it.record.system),
        "record_id": it.record.remote_id,
        "is_alone": len(it.whole.rows) == 1,
        "study": it.study,
        "organization": allowed.name_of(it.study.system, it.study.organization),
        "takes_part": it.now.takes_part,
        "form": form,
        "form_in_use": it.form,
        "back_url": reverse("patients:consents", args=[it.whole.patient.public_id]),
    }
