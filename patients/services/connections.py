"""Adapters for a person: with their own token where the system asks for one, and how each is doing."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import cattrs.preconf.json
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from integrations.abilities import ActsForPerson, Capability, System
from integrations.deadlines import Deadline
from integrations.errors import IntegrationError, Unauthorised, Unavailable
from integrations.registry import get_system, label_of, system_class, system_names
from integrations.types import Caller, Health
from patients.models import ConnectionLook, TokenLease
from portal.accounts.models import PersonToken, User
from portal.accounts.sign_in import RefusedSignIn

from . import installations
from .asking import Question, ask_all

EARLY = timedelta(seconds=60)  # a token that ends sooner is refreshed before it is sent
LEASE = timedelta(seconds=25)  # longer than one refresh may take
REFRESH_SECONDS = 15.0
POLL_SECONDS = 0.05
LOOK_SECONDS = 8.0
NO_TOKEN = "no token"  # noqa: S105 (a reason)
_json = cattrs.preconf.json.make_converter()


# --- adapters for a person ------------------------------------------------------------------


def is_set_up(system: str) -> bool:
    """Whether this portal has an address for a system."""
    return bool(settings.SYSTEMS[system]["URL"])


def needs_own_token(system: str) -> bool:
    """Whether people reach this system only by their own sign-in there."""
    return Capability.PERSONAL_TOKEN in system_class(system).capabilities


def open_system(
    system: str,
    *,
    by: User,
    seconds: float | None = None,
    sending: Callable[[], None] | None = None,
    background: bool = False,
) -> System:
    """The adapter of a system working for a person, for at most ``seconds``. ``sending`` and
    ``background``: see ``Caller``.

    Raises ``NotConfigured`` where it is another installation than the one whose records the index
    holds: there the same record number is another person.
    """
    installations.check(system)
    deadline = Deadline.after(seconds or settings.SYSTEMS[system]["DEADLINE"])
    token = OwnToken(by, system, deadline) if needs_own_token(system) else None
    return get_system(system, Caller(token=token, deadline=deadline, background=background, sending=sending))


class OwnToken:
    """A person's token for one system, refreshed by one process at a time."""

    def __init__(self, user: User, system: str, deadline: Deadline) -> None:
        self._user = user
        self._system = system
        self._deadline = deadline

    def current(self) -> str:
        """The token to send. Raises ``Unauthorised`` where the person has not signed in there."""
        row = self._row()
        access: str = row.access
        now = timezone.now()
        if row.expires_at is None or row.expires_at > (now + EARLY if row.refresh else now):
            return access
        return self._refreshed(row)

    def renewed(self, rejected: str) -> str:
        """Another token, after the system refused ``rejected``."""
        row = self._row()
        access: str = row.access
        return access if access != rejected else self._refreshed(row)

    def _row(self) -> PersonToken:
        row = PersonToken.objects.filter(user=self._user, system=self._system).first()
        if row is None:
            label = label_of(self._system)
            raise Unauthorised(
                system=self._system,
                operation="token",
                label=label,
                reason=NO_TOKEN,
                for_staff=f"{label} shows people only to those who hold a role there.",
                next_step=f"If you have a {label} account, sign in to it from your account page.",
            )
        return row

    def _refreshed(self, row: PersonToken) -> str:
        """Refresh, or wait for whoever is refreshing; one of the two gives a newer version."""
        if not row.refresh:
            raise self._ended("no refresh token")
        while True:
            if _claim(row):
                try:
                    return self._refresh(row)
                finally:
                    TokenLease.objects.filter(token=row).delete()
            time.sleep(POLL_SECONDS)
            newer = self._row()
            if newer.version != row.version:
                return self._access_of(newer)
            if self._deadline.remaining() <= 0:
                raise Unavailable(
                    system=self._system,
                    operation="refresh token",
                    label=label_of(self._system),
                    reason="deadline",
                )

    def _refresh(self, row: PersonToken) -> str:
        newest = self._row()
        if newest.version != row.version:
            return self._access_of(newest)
        adapter = get_system(self._system, Caller(deadline=Deadline.after(REFRESH_SECONDS)))
        if not isinstance(adapter, ActsForPerson):
            raise self._ended("cannot refresh")
        try:
            fresh = adapter.refreshed_token(row.refresh)
        except Unauthorised:
            newest.refresh, newest.version = "", F("version") + 1  # spent: nobody tries it again
            newest.save()
            raise
        ends = timezone.now() + timedelta(seconds=fresh.expires_in) if fresh.expires_in else None
        newest.access, newest.expires_at = fresh.access, ends
        newest.refresh = fresh.refresh or row.refresh
        newest.version = F("version") + 1
        newest.save()
        return fresh.access

    def _access_of(self, newer: PersonToken) -> str:
        """The token that somebody else has got meanwhile, unless what they got is a refusal."""
        if not newer.refresh:
            raise self._ended("spent refresh token")
        access: str = newer.access
        return access

    def _ended(self, reason: str) -> Unauthorised:
        label = label_of(self._system)
        return Unauthorised(
            system=self._system,
            operation="token",
            label=label,
            reason=reason,
            for_staff=f"Your sign-in at {label} has ended.",
            next_step="Sign in there again from your account page.",
        )


def _claim(row: PersonToken) -> bool:
    """Take the lease if nobody holds it; whoever died holding it loses it after a while."""
    now = timezone.now()
    try:
        with transaction.atomic():
            TokenLease.objects.create(token=row, until=now + LEASE)
    except IntegrityError:
        # Held by another, who may give it back at any moment: only a lease that ran out is taken.
        return bool(TokenLease.objects.filter(token=row, until__lt=now).update(until=now + LEASE))
    return True


# --- sign-in --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _FreshToken:
    """A token that nobody keeps yet."""

    token: str

    def current(self) -> str:
        return self.token

    def renewed(self, rejected: str) -> str:
        raise Unauthorised(system="", operation="sign in", reason="refused at once")


def check_sign_in(user: User | None, system: str, subject: str, access_token: str) -> None:
    """Let practitioners in and nobody else (``settings.SIGN_IN_CHECKS``).

    Raises ``RefusedSignIn`` for a participant's login, for a token of another account than the
    one that signed in, and where the system cannot tell.
    """
    caller = Caller(token=_FreshToken(access_token), deadline=Deadline.after(LOOK_SECONDS))
    adapter = get_system(system, caller)
    if not isinstance(adapter, ActsForPerson):
        return
    try:
        account, kind = adapter.account()
    except IntegrationError as fault:
        raise RefusedSignIn(f"{fault.for_staff} Nobody can sign in by it now. {fault.next_step}") from None
    if account != subject:
        raise RefusedSignIn("The sign-in and the account do not belong together. Sign in again.")
    if kind == "patient":
        raise RefusedSignIn


# --- how each system is doing ---------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What the last look at a system found, and when that was."""

    system: str
    label: str
    health: Health
    checked_at: datetime | None


def last_looks() -> list[Look]:
    """Every system as it was last found; one that nobody has looked at yet is looked at now.

    Neither has anybody at a system whose address was changed since.
    """
    kept = _kept_looks()
    missing = [name for name in system_names() if name not in kept or not _is_of_now(kept[name])]
    if missing:
        look_at(missing)
        kept = _kept_looks()
    return [kept[name] for name in system_names()]


def kept_looks() -> dict[str, Look]:
    """What was last found of each system, as it is set up now; nobody is asked, and some may be missing."""
    return {name: look for name, look in _kept_looks().items() if name in system_names() and _is_of_now(look)}


def _kept_looks() -> dict[str, Look]:
    return {row.system: _as_look(row) for row in ConnectionLook.objects.all()}


def _is_of_now(look: Look) -> bool:
    address: str = settings.SYSTEMS[look.system]["URL"]
    return look.health.address.rstrip("/") == address.rstrip("/")


def last_look(system: str) -> Look:
    """One system as it was last found. Raises ``KeyError`` for one that is not set up."""
    return next(look for look in last_looks() if look.system == system)


def look_at(systems: list[str]) -> None:
    """Look at systems now, side by side, by harmless reading, and keep what was found."""
    questions = {
        name: Question(system=name, operation="health", seconds=LOOK_SECONDS, work=_looker(name))
        for name in systems
    }
    for name, found in ask_all(questions).items():
        health = found if isinstance(found, Health) else _unheard(name, found)
        ConnectionLook.objects.update_or_create(
            system=name, defaults={"health": _json.unstructure(health), "checked_at": timezone.now()}
        )


def _looker(system: str) -> Callable[[], Health]:
    caller = Caller(deadline=Deadline.after(LOOK_SECONDS))
    return lambda: get_system(system, caller).healthcheck()


def _unheard(system: str, fault: IntegrationError) -> Health:
    return Health(
        system=system,
        address=settings.SYSTEMS[system]["URL"],
        reachable=False,
        authorised=None,
        problem=fault.for_staff,
        next_step=fault.next_step,
    )


def _as_look(row: ConnectionLook) -> Look:
    health: Health = _json.structure(row.health, Health)
    return Look(system=row.system, label=label_of(row.system), health=health, checked_at=row.checked_at)
