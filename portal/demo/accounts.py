"""The demo's accounts: one a role, two of them connected to practitioners of the sandbox's JHE."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from allauth.socialaccount.models import SocialAccount
from django.utils import timezone

from integrations.sandbox import jhe
from integrations.sandbox.run import utc_now
from integrations.sandbox.state import Store
from portal.accounts.jhe import SYSTEM
from portal.accounts.models import PersonToken, User
from portal.accounts.opening import open_account
from portal.accounts.roles import Role
from portal.accounts.sign_in import FreshToken, keep_token

PASSWORD = "synthetic people only"  # noqa: S105  published: it opens nothing but the demo
TOKEN_DAYS = timedelta(days=14)  # as the sandbox's JHE gives them


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """An account; ``jhe_login`` is the practitioner who it is in JHE."""

    email: str
    name: str
    role: Role
    jhe_login: str = ""


SAMPLES = (
    Sample(
        email="staff@clinic.example",
        name="Samira Staff",
        role=Role.CLINIC_STAFF,
        jhe_login="member_megan@example.com",
    ),
    Sample(
        email="coordinator@clinic.example",
        name="Cora Coordinator",
        role=Role.COORDINATOR,
        jhe_login="manager_mary@example.com",
    ),
    Sample(email="admin@clinic.example", name="Ada Admin", role=Role.ADMIN),
    Sample(email="reader@clinic.example", name="Rhys Reader", role=Role.READER),
)


def make_samples(store: Store) -> None:
    """Make the accounts that are not there yet, and tokens for ``store`` (JHE's) that it knows.

    What somebody changed in an account since stays as it is.
    """
    for sample in SAMPLES:
        user = User.objects.filter(email=sample.email).first() or _open(sample, store)
        if sample.jhe_login:
            _renew_token(user, sample, store)


def _open(sample: Sample, store: Store) -> User:
    user = open_account(email=sample.email, name=sample.name, role=sample.role, password=PASSWORD)
    if sample.jhe_login:
        subject = _subject(store, sample.jhe_login)
        SocialAccount.objects.create(user=user, provider=SYSTEM, uid=subject)
    return user


def _renew_token(user: User, sample: Sample, store: Store) -> None:
    """A token from JHE, where the account is still connected and JHE knows its token no more."""
    subject = _subject(store, sample.jhe_login)
    if not SocialAccount.objects.filter(user=user, provider=SYSTEM, uid=subject).exists():
        return
    row = PersonToken.objects.filter(user=user, system=SYSTEM).first()
    with store.reading() as state:
        if row is not None and row.refresh in state["refresh_tokens"]:
            return
    access, refresh = jhe.issue_token(store, utc_now, sample.jhe_login)
    fresh = FreshToken(
        system=SYSTEM,
        subject=subject,
        access=access,
        refresh=refresh,
        expires_at=timezone.now() + TOKEN_DAYS,
    )
    keep_token(user, fresh)


def _subject(store: Store, email: str) -> str:
    """The number by which JHE knows a login, as its sign-in tells it."""
    with store.reading() as state:
        return next(str(row["id"]) for row in state["users"].values() if row["email"] == email)
