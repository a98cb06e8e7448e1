"""What the form says of what is typed: while it is typed, and once it is sent."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from integrations.sandbox.run import Sandbox
from patients.models import Patient
from portal.accounts.models import User
from tests.conftest import signed_in
from tests.support import PART, Node, connected, parsed

from .desk import Desk

pytestmark = pytest.mark.slow


def _typed(desk: Desk, form: dict[str, Any], **values: Any) -> Node:
    """What comes back while it is typed."""
    url = reverse("patients:edit_typed", args=[desk.person.public_id])
    return parsed(desk.client.post(url, form | values, headers=PART))


def _said(page: Node, name: str) -> str:
    return page.of_id(f"said-{name}").text


def test_suggestion_that_needs_a_field_the_form_does_not_have_is_not_offered(
    coordinator: User, grace: Patient, sandbox: Sandbox
) -> None:
    connected(coordinator, "manager_mary@example.com", sandbox)
    desk = Desk(signed_in(Client(), coordinator), sandbox, grace)
    form = desk.open()
    assert "title" not in form

    page = _typed(desk, form, given_name="Mrs Grace")

    assert "Mrs is a title" in _said(page, "given_name")
    assert not page.of_id("said-given_name").of_class("portal-said__take")
