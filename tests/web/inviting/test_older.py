"""The older JHE: one link for all apps, no state of an invitation: pages say "not known", never "no"."""

from __future__ import annotations

import pytest
from django.test import Client

from integrations.sandbox.patient_app import PatientApp
from integrations.sandbox.run import Sandbox
from portal.accounts.models import User
from tests.conftest import signed_in
from tests.studying import BP_AND_HR, PETER, study_read, taking_part
from tests.support import PART, connected
from tests.writing import known

from .pages import invite_page, invited, link_on, of_invitation, opened, qr_texts


@pytest.fixture
def sandbox(older: Sandbox) -> Sandbox:
    """Every fixture of a desk works at the older JHE."""
    return older


def test_link_is_handed_over_and_its_state_is_not_known(
    sandbox: Sandbox, coordinator: User, desk: Client
) -> None:
    asker = connected(coordinator, "member_megan@example.com", sandbox)
    study, peter = study_read(BP_AND_HR, by=asker), known("jhe", PETER, by=asker)
    taking_part(study, peter)
    form = opened(signed_in(Client(), asker), invite_page(peter, study))
    assert not form.named("app")
    row = invited(desk, peter, study, "in person")

    beside = opened(desk, of_invitation(row, "invitation_in_person"))
    assert "does not tell whether the app has used the link" in beside.text
    assert not beside.of_class("portal-in-person__wait")
    (text,) = qr_texts(beside)
    assert "%7C" in text
    PatientApp(sandbox.url("jhe")).follow(text)
    page = opened(desk, f"{of_invitation(row)}?way=copy")
    assert link_on(page) == text
    assert "Not known" in page.text
    assert "Cancel this invitation" not in page.text
    standing = f"{of_invitation(row, 'invitation_standing')}"
    assert desk.get(standing, headers=PART).status_code == 200
    trouble = opened(desk, of_invitation(row, "invitation_trouble"))
    assert "does not tell whether it was used or has expired" in trouble.text
