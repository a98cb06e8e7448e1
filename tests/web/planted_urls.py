"""The portal's addresses and three that write although they are only read: the crawler must see it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path

from integrations.sandbox.state import Store
from portal.accounts.models import User
from portal.urls import urlpatterns as own

# Where the planted view writes; set by the test.
stores: list[Store] = []


def write_row(request: HttpRequest) -> HttpResponse:
    """Changes a row."""
    User.objects.update(last_name="Planted")
    return HttpResponse("done")


def add_row(request: HttpRequest) -> HttpResponse:
    """Adds a row."""
    User.objects.get_or_create(email="planted@example.org")
    return HttpResponse("done")


def write_system(request: HttpRequest) -> HttpResponse:
    """Changes a record in a system."""
    with stores[0].writing() as state:
        next(iter(state["patients"].values()))["occupation"] = "Planted"
    return HttpResponse("done")


def link_to_a_write(request: HttpRequest) -> HttpResponse:
    """A page whose link writes, with an argument that no list of addresses knows."""
    return HttpResponse('<a href="/planted/linked/7">on</a>')


def linked(request: HttpRequest, number: int) -> HttpResponse:
    """Changes a row for one argument only."""
    if number == 7:
        User.objects.update(last_name="Planted")
    return HttpResponse("done")


urlpatterns = [
    *own,
    path("planted/row", write_row, name="planted_row"),
    path("planted/added", add_row, name="planted_added"),
    path("planted/system", write_system, name="planted_system"),
    path("planted/link", link_to_a_write, name="planted_link"),
    path("planted/linked/<int:number>", linked, name="planted_linked"),
]
