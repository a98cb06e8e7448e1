"""Five people of one study, each one step further than the last, and who looks at them."""

from __future__ import annotations

import pytest
from django.test import Client

from patients.models import Study
from portal.accounts.models import User
from tests.conftest import signed_in

from .boards import days_ago, holds, people, study, takes_part


@pytest.fixture
def five(db: None) -> Study:
    """A study in which everybody stands somewhere else."""
    found = study()
    abbott, baker, carter, dunn, evans = people("Abbott", "Baker", "Carter", "Dunn", "Evans")
    takes_part(found, abbott)
    takes_part(found, baker, invited_at=days_ago(9), invitation_state="expired")
    takes_part(
        found, carter, number="LL-014", connected_at=days_ago(5), invited_at=days_ago(6),
        invitation_state="redeemed", agreed=0, declined=1, pending=0, checked_at=days_ago(0),
    )  # fmt: skip
    takes_part(
        found, dunn, number="LL-2", decided_at=days_ago(20), agreed=1, declined=0, pending=2,
        checked_at=days_ago(0),
    )  # fmt: skip
    takes_part(
        found, evans, decided_at=days_ago(90), agreed=1, declined=0, pending=0, data_at=days_ago(1),
        checked_at=days_ago(0),
    )  # fmt: skip
    return found


@pytest.fixture
def desk(client: Client, coordinator: User, five: Study) -> Client:
    """A coordinator who is a manager in the study's organization."""
    return signed_in(client, holds(coordinator, "7"))
