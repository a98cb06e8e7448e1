"""Every address of the portal. Who may open it is said in ``accounts/access.py``.

allauth's parts are named one by one: its own collection adds old addresses without names.
"""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path, re_path

from portal import health
from portal.accounts import jhe

health_urls = [
    path("live", health.live, name="live"),
    path("ready", health.ready, name="ready"),
    path("worker", health.worker, name="worker"),
]

# allauth builds these addresses by the names of its own OpenID Connect provider.
jhe_urls = [
    re_path(r"^(?P<provider_id>jhe)/login/$", jhe.login, name="openid_connect_login"),
    re_path(r"^(?P<provider_id>jhe)/login/callback/$", jhe.callback, name="openid_connect_callback"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("accounts/", include("allauth.account.urls")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("accounts/connections/", include("allauth.socialaccount.urls")),
    path("accounts/oidc/", include(jhe_urls)),
    path("accounts/sessions/", include("allauth.usersessions.urls")),
    path("health/", include((health_urls, "health"))),
    path("", include("portal.accounts.urls")),
    path("", include("patients.urls")),
]

handler400 = "portal.web.pages.bad_request"
handler403 = "portal.web.pages.denied"
handler404 = "portal.web.pages.missing"
handler500 = "portal.web.pages.fault"
