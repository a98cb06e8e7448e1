"""Every address of the portal. Who may open it is said in ``accounts/access.py``."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("accounts/", include("allauth.urls")),
    path("", include("patients.urls")),
]
