"""A person's consents: by record, study and kind of data, how they came about; and on paper for the file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from integrations.registry import label_of
from patients.models import SourceRecord, Study
from patients.services import hand_links, viewing, visibility
from patients.services.hand_links import Side
from patients.services.lookup import Gone
from patients.services.operations import attention
from patients.services.operations.wishes import Kind
from patients.services.studies import allowed, consent_course, consent_reading, consenting, consents
from patients.services.studies.consent_reading import Told
from patients.services.viewing import View
from patients.services.visibility import Reach
from portal.web.htmx import redirect_after, render_page, wants_part
from portal.web.requests import PortalRequest

from .links import gone
from .shown_consents import counts_of, shown_answer, shown_consents, shown_entry
from .shown_disagreements import across_studies, shown_disagreements
from .shown_operations import shown_item

OPENED = "person.consents_opened"
PRINTED = "person.consent_record_opened"
_KINDS = (Kind.DECIDE, Kind.ENROL, Kind.UNENROL)


@require_safe
def consents_page(request: PortalRequest, public_id: str) -> HttpResponse:
    """What a person decided, read at this moment; as last known where a system does not answer in time."""
    reach = visibility.reach_of(request.user)
    try:
        whole = hand_links.side(public_id, by=request.user, reach=reach)
    except Gone:
        return gone(request, consenting.CONSENT, [public_id], action=OPENED)
    event = hand_links.note_look(OPENED, whole, by=request.user)
    view = viewing.view_of(event.pk, public_id, [row.pk for row in whole.rows])
    told = consent_reading.read(_keeping(whole), by=request.user, reach=reach)
    return render_page(
        request, "patients/consents/page.html", context=_context(request, whole, view, told, reach)
    )


@require_safe
def consents_live(request: PortalRequest, public_id: str) -> HttpResponse:
    """How it stands while a decision is being written; a part of the page, which has recorded the view and
    reads no system."""
    view = viewing.unsealed(request.GET.get("view", ""), public_id=public_id, by=request.user)
    if view is None or not wants_part(request):
        return redirect_after(request, "patients:consents", public_id)
    reach = visibility.reach_of(request.user)
    try:
        whole = hand_links.side(public_id, by=request.user, reach=reach)
    except Gone:
        return redirect_after(request, "patients:consents", public_id)
    context = _context(request, whole, view, {}, reach)
    return render_page(request, "patients/consents/_consents.html", context=context)


def _keeping(whole: Side) -> list[SourceRecord]:
    return [row for row in whole.rows if consent_reading.keeps_consents(row)]


def _context(
    request: PortalRequest, whole: Side, view: View, told: Mapping[int, Told], reach: Reach
) -> dict[str, Any]:
    """Of the records that the view's event names."""
    public_id = whole.patient.public_id
    found = [
        shown_consents(whole, each, told.get(each.pk, Told()), by=request.user, reach=reach)
        for each in _keeping(whole)
        if each.pk in view.records
    ]
    disagreements = shown_disagreements(whole, reach)
    seal = viewing.sealed(view, by=request.user)
    items = attention.of_person(whole.patient, by=request.user, reach=reach)
    writes = [each for each in items if each.operation.kind in _KINDS]
    return {
        "identity": whole.identity,
        "back_url": reverse("patients:patient", args=[public_id]),
        "page_url": reverse("patients:consents", args=[public_id]),
        "part_url": f"{reverse('patients:consents_live', args=[public_id])}?{urlencode({'view': seal})}",
        "records": found,
        "declined": counts_of(found),
        "disagreements": disagreements,
        "across": across_studies(found, disagreements),
        "writes": [shown_item(each) for each in writes],
        "is_moving": any(each.standing.is_moving for each in writes),
        "untold": list(reach.untold.values()),
    }


@require_safe
def consent_record(request: PortalRequest, public_id: str, number: int, study_id: str) -> HttpResponse:
    """Every decision of one record in one study with its authority, for the study file; one event."""
    reach = visibility.reach_of(request.user)
    try:
        whole = hand_links.side(public_id, by=request.user, reach=reach)
        record, study = record_and_study(whole, number, study_id, reach)
    except Gone:
        return gone(request, consenting.CONSENT, [public_id], action=PRINTED)
    hand_links.note_look(PRINTED, whole, by=request.user)
    now = consents.of_study(study, record)
    context = {
        "identity": whole.identity,
        "back_url": reverse("patients:consents", args=[public_id]),
        "printed_at": timezone.now(),
        "system_label": label_of(record.system),
        "record_id": record.remote_id,
        "study": study,
        "organization": allowed.name_of(study.system, study.organization),
        "participant": now.participant,
        "takes_part": now.takes_part,
        "read_at": now.read_at,
        "answers": [shown_answer(each) for each in now.asked],
        "entries": [shown_entry(each) for each in consent_course.entries(record, [study])],
    }
    return render_page(request, "patients/consents/record.html", context=context)


def record_and_study(whole: Side, number: int, study_id: str, reach: Reach) -> tuple[SourceRecord, Study]:
    """A record of the person, and a study of an organization that the reader's role reaches, of which the
    portal knows something for this record. Raises :class:`~patients.services.lookup.Gone`."""
    record = next((row for row in whole.rows if row.pk == number), None)
    if record is None or not consent_reading.keeps_consents(record):
        visibility.require_told(reach)
        raise Gone
    study = Study.objects.filter(system=record.system, public_id=study_id).first()
    if study is None or study.organization not in reach.organizations.get(record.system, ()):
        raise Gone
    known = (
        study.participants.filter(record=record).exists() or study.decisions.filter(record=record).exists()
    )
    if not known:
        raise Gone
    return record, study
