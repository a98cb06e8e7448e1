"""Addresses of the domain. Ids in them are ours and opaque."""

from django.urls import path

from .views import audit, connections, desk, links, lookup, marks, patient, people_list, person, reviews

app_name = "patients"
urlpatterns = [
    path("", desk.home, name="search"),
    path("typed", lookup.typed, name="typed"),
    path("search/<str:lookup_id>", lookup.found, name="found"),
    path("search/<str:lookup_id>/<int:number>", person.person, name="person"),
    path("search/<str:lookup_id>/systems/<slug:system>", lookup.answer, name="answer"),
    path("people/", people_list.people, name="people"),
    path("people/print", people_list.print_view, name="people_print"),
    path("people/export", people_list.export_people, name="people_export"),
    path("people/<str:public_id>", patient.patient, name="patient"),
    path("people/<str:public_id>/live", patient.live, name="live"),
    path("people/<str:public_id>/history", patient.history, name="history"),
    path("people/<str:public_id>/print", patient.print_view, name="patient_print"),
    path("people/<str:public_id>/park", desk.park, name="park"),
    path("people/<str:public_id>/unpark", desk.unpark, name="unpark"),
    path("people/<str:public_id>/records/<int:number>/test", marks.mark_test, name="mark_test"),
    path("people/<str:public_id>/link", links.candidates_page, name="link"),
    path("people/<str:public_id>/link/<str:other_id>", links.link_with, name="link_with"),
    path("people/<str:public_id>/links/<int:number>/undo", links.undo, name="undo_link"),
    path("people/<str:public_id>/records/<int:number>/unlink", links.unlink, name="unlink"),
    path("audit", audit.ask, name="audit"),
    path("audit/reviews", reviews.months, name="reviews"),
    path("audit/reviews/<str:month>", reviews.month, name="review"),
    path("audit/reviews/<str:month>/sign", reviews.sign, name="review_sign"),
    path("audit/asked/<str:inquiry_id>", audit.found, name="audit_found"),
    path("audit/asked/<str:inquiry_id>/sheet", audit.sheet, name="audit_sheet"),
    path("audit/asked/<str:inquiry_id>/export", audit.export, name="audit_export"),
    path("connections", connections.overview, name="connections"),
    path("connections/<slug:system>/check", connections.check, name="check"),
    path("connections/<slug:system>/sync", connections.sync, name="sync"),
]
