"""Staff accounts, and the tokens that people hold for systems of their own."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils.functional import cached_property

from portal.web.crypto import EncryptedTextField

from .roles import Role


class UserManager(BaseUserManager["User"]):
    """Makes accounts; e-mail addresses are kept in lower case."""

    def create_user(self, email: str | None, password: str | None = None, **extra: Any) -> User:
        """A saved account. Without a password nobody can sign in to it by password."""
        user = self.model(email=fold_email(email), **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **extra: Any) -> User:
        """What Django's ``createsuperuser`` calls; the flag opens nothing here, roles do."""
        return self.create_user(email, password, **extra)

    def get_by_natural_key(self, username: str | None) -> User:
        """The account of an e-mail address, in whatever case it is typed."""
        return self.get(email=fold_email(username))


def fold_email(email: str | None) -> str | None:
    """An e-mail address as accounts keep it: trimmed, lower case, ``None`` where empty."""
    return (email or "").strip().lower() or None


class User(AbstractUser):
    """One member of staff. The e-mail address is the sign-in name, whatever its case.

    ``email`` is ``None`` for people who sign in at a system that tells none. What somebody may
    do is said by their role (``accounts.roles``), never by Django's permission flags.
    """

    username = None  # type: ignore[assignment]
    email = models.EmailField(  # type: ignore[assignment]
        "e-mail address",
        unique=True,
        null=True,
        blank=True,
        error_messages={"unique": "Somebody with this e-mail address has an account already."},
    )

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment]

    class Meta:
        constraints = (models.UniqueConstraint(Lower("email"), name="accounts_user_email_any_case"),)

    def __str__(self) -> str:
        """The label that pages and the audit trail show."""
        return self.get_full_name() or self.email or f"Account {self.pk}"

    @cached_property
    def role(self) -> Role | None:
        """The person's role (``accounts.roles``); the first by name where groups were set by hand."""
        names = set(self.groups.values_list("name", flat=True))
        return next((role for role in sorted(Role) if role.value in names), None)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the address in lower case, so that equal addresses are equal texts."""
        self.email = fold_email(self.email)
        super().save(*args, **kwargs)


class PersonToken(models.Model):
    """A person's own access to one system, as their sign-in there gave it.

    One row a person and system. Whoever refreshes it locks the row and raises ``version``: a
    refresh kills the old access token at once, so only one process may do it at a time.
    ``expires_at`` is ``None`` where the system did not say.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    system = models.CharField(max_length=32)
    subject = models.CharField(max_length=191)
    access = EncryptedTextField()
    refresh = EncryptedTextField(blank=True)
    scope = models.CharField(max_length=255, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["user", "system"], name="accounts_token_once"),
            models.UniqueConstraint(fields=["system", "subject"], name="accounts_token_subject_once"),
        )

    def __str__(self) -> str:
        """System and account; never the token."""
        return f"{self.system} token of account {self.user_id}"
