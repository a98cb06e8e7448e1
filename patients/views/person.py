"""From a person found by a look-up to the one page about them, and back."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from patients.services import lookup as lookups
from patients.services.addresses import address_of, beside
from patients.services.opening import Opened
from patients.services.portrait import Caution
from portal.accounts.models import User
from portal.web.requests import PortalRequest

from .pages import FoundPage
from .shown import found_at, panel_of, shown_cautions
from .shown_namesakes import LEAD, banner_of

FROM = "from"  # the look-up that led to a person's page


@require_safe
def person(request: PortalRequest, lookup_id: str, number: int) -> HttpResponse:
    """Lead to the person's page, which records the view; the records are in the index by then."""
    try:
        public_id = address_of(lookups.reopen(lookup_id, by=request.user), number, by=request.user)
    except lookups.Gone:
        raise Http404 from None
    page = reverse("patients:patient", args=[public_id])
    return HttpResponseRedirect(f"{page}?{urlencode({FROM: lookup_id})}")


def came_from(request: PortalRequest, opened: Opened) -> dict[str, Any]:
    """What a person's page says besides to somebody who comes from a look-up of their own: the way
    back, whom else it found who must not be confused with this person, and which systems hold no
    record of theirs or could not be asked. Nothing where the look-up's time is over."""
    around = beside(request.GET.get(FROM, ""), opened.person, by=request.user)
    if around is None:
        return {}
    lookup_id = around.lookup_id
    return {
        "back_url": reverse("patients:found", args=[lookup_id]),
        "cautions": shown_cautions(_unsaid(around.cautions, opened, by=request.user), found_at(lookup_id)),
        "panels": [panel_of(outcome, lookup_id, FoundPage()) for outcome in around.outcomes],
    }


def _unsaid(cautions: tuple[Caution, ...], opened: Opened, *, by: User) -> tuple[Caution, ...]:
    """Those that the banner of namesakes, which a page has unless a system refuses a record, does not say."""
    if opened.refused or all(each.lead != LEAD for each in cautions):
        return cautions
    named = banner_of(opened.patient.pk, by=by, reach=opened.reach).records
    return tuple(each for each in cautions if each.lead != LEAD or named.isdisjoint(each.other_records))
