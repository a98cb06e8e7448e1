"""The lock, and what stands between signing in and the pages."""

from __future__ import annotations

from django.urls import path

from . import views

app_name = "accounts"
urlpatterns = [
    path("lock", views.lock, name="lock"),
    path("unlock", views.unlock, name="unlock"),
    path("continue", views.continue_post, name="continue"),
    path("lock/draft", views.draft, name="draft"),
    path("staff", views.staff, name="staff"),
    path("staff/<int:number>/role", views.change_role, name="give_role"),
    path("staff/<int:number>/switch", views.switch, name="switch"),
    path("sessions/<int:number>/end", views.end_session, name="end_session"),
    path("second-step", views.second_step_page, name="second_step"),
]
