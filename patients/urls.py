"""Addresses of the domain. Ids in them are ours and opaque."""

from django.urls import path

from .views import connections, lookup, person

app_name = "patients"
urlpatterns = [
    path("", lookup.search, name="search"),
    path("search/<str:lookup_id>", lookup.found, name="found"),
    path("search/<str:lookup_id>/<int:number>", person.person, name="person"),
    path("search/<str:lookup_id>/<int:number>/print", person.print_view, name="print"),
    path("search/<str:lookup_id>/systems/<slug:system>", lookup.answer, name="answer"),
    path("connections", connections.overview, name="connections"),
    path("connections/<slug:system>/check", connections.check, name="check"),
]
