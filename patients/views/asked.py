"""What came of asking for many people of a study at once: how far it is, and what helps who was refused."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from integrations.errors import IntegrationError
from patients.models import Invitation, SourceRecord, Study
from patients.services.operations import bulk_pages
from patients.services.studies import adding, inviting, joining, outcomes
from patients.services.studies.allowed import Fix, Refused
from patients.services.studies.inviting import Offer
from patients.services.studies.many import AskedMany
from patients.services.studies.outcomes import Kept
from portal import audit
from portal.web.htmx import redirect_after, render_page
from portal.web.requests import PortalRequest

from .adding import ENROL
from .enrolling import UNENROL
from .inviting_many import INVITE
from .shown_operations import shown_bulk
from .study_pages import StudyPage, record_args, study_page

VIEWED = "study.outcome_viewed"


@require_http_methods(["GET", "POST"])
def asked(request: PortalRequest, place: int, study_id: str, key: str) -> HttpResponse:
    """What came of it. A POST asks once more for those whom a button helps."""
    page = study_page(request, place, study_id)
    kept = outcomes.kept(key, page.study, by=request.user)
    if kept is None:
        raise Http404
    problem = ""
    if request.method == "POST":
        try:
            return redirect_after(request, "patients:study_asked", *page.at, _fix(request, page, kept))
        except Refused as refused:
            problem = f"{refused.refusal.sentence} {refused.refusal.step}"
        except IntegrationError as fault:
            problem = f"{fault.for_staff} {fault.next_step}"
    return render_page(
        request, "patients/enrolling/asked.html", context=_context(request, page, kept, problem)
    )


def _fix(request: PortalRequest, page: StudyPage, kept: Kept) -> str:
    """Do what helps those who were refused; the key of what came of that."""
    fix = next((each for each in _ASKS if str(each) in request.POST), None)
    if fix is None:
        raise Http404
    numbers = kept.with_fix(fix)
    records = list(SourceRecord.objects.filter(pk__in=numbers).select_related("patient").order_by("pk"))
    again = _ASKS[fix](request, page, kept, records)
    left = [each for each in kept.refused if each[1].fix is not fix]
    return outcomes.keep(kept.what, page.study, again, by=request.user, offer=kept.offer, before=left)


def _add(request: PortalRequest, page: StudyPage, kept: Kept, records: list[SourceRecord]) -> AskedMany:
    _joined, enrolled = adding.add_and_enrol_many(page.study, records, by=request.user, reach=page.reach)
    return enrolled


def _again(request: PortalRequest, page: StudyPage, kept: Kept, records: list[SourceRecord]) -> AskedMany:
    offer = Offer(app=kept.offer["app"], channel=Invitation.Channel(kept.offer["channel"]), again=True)
    return inviting.invite_many(page.study, records, offer, by=request.user, reach=page.reach)


_ASKS = {Fix.ADD_TO_ORGANIZATION: _add, Fix.INVITE_AGAIN: _again}


def _context(request: PortalRequest, page: StudyPage, kept: Kept, problem: str) -> dict[str, Any]:
    bulk = kept.bulk
    rows = list(
        SourceRecord.objects.filter(pk__in=[each for each, _ in kept.refused]).select_related("patient")
    )
    people, records = joining.named(rows, by=request.user, reach=page.reach), {each.pk: each for each in rows}
    audit.look(
        VIEWED, by=request.user, system=page.study.system,
        details={"study": page.study.public_id, "count": len(people)},
    )  # fmt: skip
    return page.context | {
        "kept": kept,
        "problem": problem,
        "bulk": shown_bulk(bulk_pages.told(bulk, by=request.user)) if bulk else None,
        "is_enrolment": kept.what == ENROL,
        "is_leaving": kept.what == UNENROL,
        "refused": [
            {
                "row": people.get(number),
                "refusal": refusal,
                "url": _url(kept, page.study, records.get(number)),
            }
            for number, refusal in kept.refused
        ],
        "outside": len(kept.with_fix(Fix.ADD_TO_ORGANIZATION)),
        "invited": len(kept.with_fix(Fix.INVITE_AGAIN)),
        "invite_url": f"{reverse('patients:study_invite', args=page.at)}?bulk={bulk.public_id}"
        if bulk
        else "",
        "letters_url": reverse("patients:letters", args=[bulk.public_id])
        if bulk and kept.offer.get("channel") == Invitation.Channel.LETTER
        else "",
    }


def _url(kept: Kept, study: Study, record: SourceRecord | None) -> str:
    """The page on which the same is asked for one person."""
    if record is None:
        return ""
    if kept.what == INVITE:
        return reverse("patients:invite", args=[*record_args(record), study.public_id])
    if kept.what == UNENROL:
        return reverse("patients:unenrol", args=[*record_args(record), study.public_id])
    return reverse("patients:enrol", args=record_args(record))
