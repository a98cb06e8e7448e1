"""Opening a locked screen, and giving a role."""

from __future__ import annotations

from typing import Any

from django import forms

from .models import User
from .roles import Role


class UnlockForm(forms.Form):
    """The password of whoever locked the screen."""

    password = forms.CharField(
        label="Password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": "Enter your password"},
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password(self) -> str:
        """Compare it with the account's."""
        password: str = self.cleaned_data["password"]
        if not self.user.check_password(password):
            raise forms.ValidationError("This is not the right password. Try again.")
        return password


class RoleForm(forms.Form):
    """One role or none."""

    role = forms.ChoiceField(
        label="Role",
        required=False,
        choices=[("", "No role"), *((role.value, role.value.capitalize()) for role in Role)],
    )

    def role_or_none(self) -> Role | None:
        """What was chosen; after validation."""
        chosen: str = self.cleaned_data["role"]
        return Role(chosen) if chosen else None
