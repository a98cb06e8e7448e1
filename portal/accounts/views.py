"""The lock page and the form that waited behind it, the way to a second step, and who has which role."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from allauth.core import ratelimit
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from allauth.mfa.webauthn.forms import AuthenticateWebAuthnForm
from allauth.mfa.webauthn.internal.auth import begin_authentication
from allauth.socialaccount.models import SocialAccount
from django.contrib import messages
from django.db.models import F, Min, Q
from django.forms import Form
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from portal import audit
from portal.web.htmx import redirect_after
from portal.web.requests import PortalRequest, is_htmx, safe_path

from . import ending, locking, second_step
from .forms import RoleForm, UnlockForm
from .jhe import SYSTEM
from .models import User
from .roles import Role, give_role

TOO_OFTEN = "Too many tries. Wait five minutes, or sign out and sign in again."


def lock(request: PortalRequest) -> HttpResponse:
    """GET: the lock page. POST: lock at once, keeping ``page`` (a path) and ``draft`` (JSON text)."""
    if request.method == "POST":
        page = safe_path(request, request.POST.get("page"))
        if locking.lock(request.session, return_to=page):
            audit.look("session.locked", details={"by": "person"})
        if request.POST.get("draft"):
            locking.keep_draft(request.session, page, request.POST["draft"])
        return (
            HttpResponse(status=204) if is_htmx(request) else HttpResponseRedirect(reverse("accounts:lock"))
        )
    if not locking.is_locked(request.session):
        return HttpResponseRedirect("/")
    return _lock_page(request, UnlockForm(user=request.user))


@sensitive_post_parameters("password")
@require_POST
def unlock(request: PortalRequest) -> HttpResponse:
    """Open the screen by password or passkey. To a script (htmx header): 204, or 422 and a sentence."""
    if not locking.is_locked(request.session):
        return _opened(request, "/")
    if not ratelimit.consume(request, action="unlock", user=request.user):
        return _still_locked(request, UnlockForm(user=request.user), TOO_OFTEN, HTTPStatus.TOO_MANY_REQUESTS)
    by_passkey = "credential" in request.POST
    kind = AuthenticateWebAuthnForm if by_passkey else UnlockForm
    form: Form = kind(request.POST, user=request.user)
    if not form.is_valid():
        audit.look("session.unlock_failed", outcome="failed")
        sentence = next(iter(form.errors.values()))[0]
        shown = UnlockForm(user=request.user) if by_passkey else form
        return _still_locked(request, shown, str(sentence), HTTPStatus.UNPROCESSABLE_ENTITY)
    ratelimit.clear(request, action="unlock", user=request.user)
    audit.look("session.unlocked", details={"with": "passkey" if by_passkey else "password"})
    return _opened(request, locking.unlock(request.session))


def continue_post(request: PortalRequest) -> HttpResponse:
    """GET: the form that met the lock, to be sent again by one click. POST: forget it."""
    if request.method == "POST":
        return HttpResponseRedirect(locking.drop_kept_post(request.session))
    kept = locking.kept_post(request.session)
    if kept is None:
        return HttpResponseRedirect("/")
    return render(request, "accounts/continue.html", {"path": kept.path, "fields": kept.fields})


@require_GET
def draft(request: PortalRequest) -> HttpResponse:
    """What was typed and not sent before the lock, once: ``{"page": path, "fields": JSON text}``."""
    return JsonResponse(locking.take_draft(request.session))


@require_GET
def second_step_page(request: PortalRequest) -> HttpResponse:
    """The way to one-time codes or a passkey, for somebody whose role asks for one of them."""
    if not second_step.is_missing(request.user):
        return HttpResponseRedirect("/")
    return render(request, "accounts/second_step.html")


@require_GET
def staff(request: PortalRequest) -> HttpResponse:
    """Everybody with an account, and a role to give each; those without a role first."""
    accounts = User.objects.annotate(role_name=Min("groups__name", filter=Q(groups__name__in=list(Role))))
    in_order = accounts.order_by(F("role_name").asc(nulls_first=True), "last_name", "email")
    rows = [
        {"user": user, "form": RoleForm(initial={"role": user.role_name or ""}, auto_id=f"role-{user.pk}")}
        for user in in_order.prefetch_related("tokens")
    ]
    return render(request, "accounts/staff.html", {"rows": rows})


@require_POST
def change_role(request: PortalRequest, number: int) -> HttpResponse:
    """Give somebody a role. Nobody changes their own: the last admin could not be undone."""
    user = get_object_or_404(User, pk=number)
    form = RoleForm(request.POST)
    if user == request.user:
        messages.error(request, "You cannot change your own role. Ask another admin.")
    elif form.is_valid():
        role = form.role_or_none()
        give_role(user=user, role=role, by=request.user)
        messages.success(request, f"{user}: {role.value if role else 'no role'}.")
    return redirect_after(request, "accounts:staff")


@require_POST
def switch(request: PortalRequest, number: int) -> HttpResponse:
    """Switch an account off, which ends its sign-ins at once, or on again (``on`` is sent)."""
    user = get_object_or_404(User, pk=number)
    if user == request.user:
        messages.error(request, "You cannot switch your own account off. Ask another admin.")
    elif "on" in request.POST:
        ending.switch_on(user=user, by=request.user)
        messages.success(request, f"{user} can sign in again.")
    else:
        ending.switch_off(user=user, by=request.user)
        messages.success(request, f"{user} is signed out everywhere and cannot sign in any more.")
    return redirect_after(request, "accounts:staff")


@require_POST
def end_session(request: PortalRequest, number: int) -> HttpResponse:
    """End one of one's own sign-ins in another browser."""
    if ending.end_session(number=number, user=request.user, current=request.session):
        messages.success(request, "That browser is signed out.")
    else:
        messages.info(request, "That sign-in has ended already.")
    return redirect_after(request, "usersessions_list")


def _opened(request: PortalRequest, address: str) -> HttpResponse:
    return HttpResponse(status=204) if is_htmx(request) else HttpResponseRedirect(address)


def _still_locked(request: PortalRequest, form: Form, sentence: str, status: HTTPStatus) -> HttpResponse:
    if is_htmx(request):
        return HttpResponse(sentence, status=status, content_type="text/plain; charset=utf-8")
    return _lock_page(request, form, sentence=sentence, status=status)


def _lock_page(
    request: PortalRequest, form: Form, *, sentence: str = "", status: HTTPStatus = HTTPStatus.OK
) -> HttpResponse:
    user = request.user
    context: dict[str, Any] = {
        "form": form,
        "sentence": sentence,
        "can_use_password": user.has_usable_password(),
        "can_use_passkey": is_mfa_enabled(user, [Authenticator.Type.WEBAUTHN]),
        "can_use_jhe": SocialAccount.objects.filter(user=user, provider=SYSTEM).exists(),
        "form_is_waiting": locking.kept_post(request.session) is not None,
    }
    if context["can_use_passkey"]:
        context["js_data"] = {"request_options": begin_authentication(user)}
    return render(request, "accounts/lock.html", context, status=status)
