"""Whom each role sees in the people list."""

from __future__ import annotations

import pytest
from django.test import Client

from patients.models import OwnRoles
from portal.accounts.models import User
from tests.conftest import signed_in
from tests.support import parsed

from .listing import FORMULA, LIST, filtered, listed, reaches

EVERYBODY = {FORMULA, "ABBOTT", "BAKER", "CARTER", "DUNN", "EVANS", "FOSTER", "GRANT", "HALL"}


@pytest.mark.parametrize("role", ["reader", "clinic_staff", "admin"])
@pytest.mark.parametrize(
    ("own", "seen"), [((), set()), (("7",), {"FOSTER"}), (("7", "8"), {"FOSTER", "GRANT"})]
)
def test_staff_see_open_systems_and_their_own_organizations(
    request: pytest.FixtureRequest,
    client: Client,
    people: None,
    role: str,
    own: tuple[str, ...],
    seen: set[str],
) -> None:
    signed_in(client, reaches(request.getfixturevalue(role), *own))

    assert set(listed(client)) == EVERYBODY - {"FOSTER", "GRANT"} | seen


@pytest.mark.parametrize(("own", "seen"), [((), []), (("7",), ["FOSTER", "HALL"]), (("8",), ["GRANT"])])
def test_coordinators_see_their_participants_only(
    client: Client, coordinator: User, people: None, own: tuple[str, ...], seen: list[str]
) -> None:
    assert listed(signed_in(client, reaches(coordinator, *own))) == seen


def test_records_out_of_reach_are_neither_shown_nor_filtered_by(
    client: Client, reader: User, people: None
) -> None:
    signed_in(client, reaches(reader, "8"))

    assert filtered(client, system="jhe") == ["GRANT"]
    assert "HALL" in filtered(client, alone="on")
    (hall,) = [row for row in parsed(client.get(LIST)).of_class("portal-list__row") if "HALL" in row.text]
    assert [each.text for each in hall.of_class("portal-system-tag")] == ["Jump EHR"]


def test_person_whom_nobody_reaches_any_more_has_gone(desk: Client) -> None:
    assert "FOSTER" in listed(desk)
    OwnRoles.objects.update(organizations=[])

    assert "FOSTER" not in listed(desk)
