"""Writes to the systems: the list, one write's story, and the part of it that refreshes itself."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from patients.forms.operations import ListForm
from patients.services.lookup import Gone
from patients.services.operations import listing, story
from portal.accounts.roles import Role, has_role
from portal.web.htmx import redirect_after, render_page, wants_part
from portal.web.requests import PortalRequest

from .shown_operations import (
    address_of,
    shown_course,
    shown_line,
    shown_story,
    states_of,
    tags_of,
)

UNCHANGED = 204


@require_safe
def operations(request: PortalRequest) -> HttpResponse:
    """The list: everybody's for admins, else one's own."""
    form = ListForm(request.GET, by=request.user)
    filters = form.filters()
    order, number = form.order_and_page()
    page = listing.page(filters, order, number, by=request.user)
    context = {
        "filter_form": form,
        "lines": [shown_line(each) for each in page.lines],
        "states": states_of(page.counts, filters, order),
        "tags": tags_of(filters, order),
        "clear_url": address_of(listing.Filters(state=filters.state), order),
        "newer_url": address_of(filters, order, page=number - 1) if number > 1 else "",
        "older_url": address_of(filters, order, page=number + 1) if page.has_next else "",
        "is_admin": has_role(request.user, Role.ADMIN),
        "number": number,
    }
    return render_page(request, "patients/operations/list.html", context=context)


@require_safe
def operation(request: PortalRequest, public_id: str) -> HttpResponse:
    """One write: what, for whom, how it stands, and what can be done about it."""
    try:
        opened = story.open_story(public_id, by=request.user)
    except Gone:
        raise Http404 from None
    context = shown_story(opened, by=request.user)
    return render_page(request, "patients/operations/story.html", context=context)


@require_safe
def course(request: PortalRequest, public_id: str) -> HttpResponse:
    """How it goes since: a part of the page that names nobody, and nothing where nothing has come of it."""
    if not wants_part(request):
        return redirect_after(request, "patients:operation", public_id)
    try:
        now = story.course_of(story.find(public_id, by=request.user), by=request.user)
    except Gone:
        raise Http404 from None
    if request.GET.get("seen") == now.stamp:
        return HttpResponse(status=UNCHANGED)
    context = shown_course(now, by=request.user) | {"is_part": True}
    return render(request, "patients/operations/_course.html", context)
