"""The four roles, kept as groups. A person has one role or none; Django's permissions play no part."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import transaction

from portal import audit

if TYPE_CHECKING:
    from .models import User

__all__ = ["Role", "create_groups", "give_role", "has_role", "role_of"]


class Role(StrEnum):
    """What somebody may do here; the value is the group's name and reads well on pages."""

    ADMIN = "admin"
    CLINIC_STAFF = "clinic staff"
    COORDINATOR = "coordinator"
    READER = "reader"


def role_of(user: AbstractBaseUser | AnonymousUser) -> Role | None:
    """The role of a person, ``None`` for somebody without one or not signed in.

    Asked of the database once for each user object, so a changed role holds from the next request.
    """
    role: Role | None = getattr(user, "role", None)
    return role


def has_role(user: AbstractBaseUser | AnonymousUser, *roles: Role) -> bool:
    """Whether a person has one of these roles."""
    return role_of(user) in roles


def give_role(*, user: User, role: Role | None, by: AbstractBaseUser | None) -> None:
    """Make ``role`` the person's only role, or take it away; writes ``account.role_given``."""
    from django.contrib.auth.models import Group

    with transaction.atomic():
        user.groups.remove(*user.groups.filter(name__in=list(Role)))
        if role is not None:
            user.groups.add(Group.objects.get(name=role.value))
        user.__dict__.pop("role", None)
        audit.write("account.role_given", by=by, details={"account": str(user.pk), "role": role or "none"})


def create_groups(**_: Any) -> None:
    """Make the groups where they are missing; runs after every ``migrate``."""
    from django.contrib.auth.models import Group

    for role in Role:
        Group.objects.get_or_create(name=role.value)
