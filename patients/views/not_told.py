"""The page where a system does not say whom somebody may see, so that nothing can be said of anybody."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.deprecation import MiddlewareMixin

from patients.services.visibility import HOLDS_FOR, NotTold

_ITS_OWN = "csrfmiddlewaretoken"  # the page has one of its own


class NotToldMiddleware(MiddlewareMixin):
    """Answers wherever a view comes upon it: the same page for every address, so that it tells nothing."""

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """503, and when to ask again. A form that was sent is in the page, to be sent again."""
        if not isinstance(exception, NotTold):
            return None
        context = {
            "sentences": exception.sentences,
            "is_form": request.method == "POST",
            "entered": [
                (name, value) for name, values in request.POST.lists() if name != _ITS_OWN for value in values
            ],
            "address": request.get_full_path(),
        }
        response = render(request, "patients/not_told.html", context, status=HTTPStatus.SERVICE_UNAVAILABLE)
        response["Retry-After"] = str(int(HOLDS_FOR.total_seconds()))
        return response
