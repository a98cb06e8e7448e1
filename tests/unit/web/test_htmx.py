"""One view answers with a page or with its part."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory, override_settings
from django_htmx.middleware import HtmxMiddleware

from portal.web.htmx import redirect_after, render_page

PAGES = {"page.html": "page {{ is_part }}", "part.html": "part {{ is_part }} {{ form.errors|length }}"}
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {"loaders": [("django.template.loaders.locmem.Loader", PAGES)]},
    }
]


class NameForm(forms.Form):
    """A form that an empty post does not satisfy."""

    name = forms.CharField()


@pytest.fixture(autouse=True)
def _pages() -> Any:
    with override_settings(TEMPLATES=TEMPLATES):
        yield


def ask(**headers: str) -> HttpRequest:
    request = RequestFactory().get("/", headers=headers)
    HtmxMiddleware(lambda request: HttpResponse())(request)
    return request


@pytest.mark.parametrize(
    ("headers", "shown"),
    [
        ({}, b"page False"),
        ({"HX-Request": "true"}, b"part True 0"),
        ({"HX-Request": "true", "HX-Boosted": "true"}, b"page False"),
        ({"HX-Request": "true", "HX-History-Restore-Request": "true"}, b"page False"),
    ],
)
def test_part_goes_to_htmx_alone(headers: dict[str, str], shown: bytes) -> None:
    response = render_page(ask(**headers), "page.html", part="part.html")
    assert response.content == shown
    assert response.headers["Vary"] == "HX-Request"


def test_page_without_a_part_is_a_page_for_htmx_too() -> None:
    assert render_page(ask(**{"HX-Request": "true"}), "page.html").content == b"page False"


def test_refused_form_answers_422() -> None:
    context = {"form": NameForm({})}
    assert render_page(ask(), "page.html", context=context).status_code == 422
    assert render_page(ask(), "page.html", context=context, status=409).status_code == 409
    assert render_page(ask(), "page.html", context={"form": NameForm()}).status_code == 200
    assert render_page(ask(), "page.html", context={"form": NameForm({"name": "x"})}).status_code == 200


def test_redirect_is_303_or_htmx_own() -> None:
    plain = redirect_after(ask(), "account_login")
    assert (plain.status_code, plain.headers["Location"]) == (303, "/accounts/login/")
    told = redirect_after(ask(**{"HX-Request": "true"}), "account_login")
    assert (told.status_code, told.headers["HX-Redirect"]) == (200, "/accounts/login/")
