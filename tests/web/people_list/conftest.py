"""People whom the list tells apart, and clinic staff who look at it."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client

from integrations.types import RecordStatus, Registration
from patients.services import index
from portal.accounts.models import User
from tests.conftest import signed_in

from .listing import FORMULA, reaches, record


@pytest.fixture
def people(db: None) -> None:
    """Nine people whom the filters tell apart, one of them in JHE only, and a test record."""
    index.store(
        [
            record(1, "Abbott"),
            record(2, "Baker", status=RecordStatus.ARCHIVED, born=date(1950, 1, 2)),
            record(3, "Carter", status=RecordStatus.INACTIVE, registration=Registration.TEMPORARY),
            record(4, "Dunn", system="impilo", created=date(2023, 1, 31), review=True),
            record(5, "Evans", system="impilo", born=None, created=date(2025, 2, 1)),
            record(6, "Foster", system="jhe", created=None, organizations=["7"]),
            record(7, "Grant", system="jhe", created=None, organizations=["8"]),
            record(8, FORMULA, born=date(1990, 9, 9)),
            record(9, "Zz-Test", registration=Registration.DUMMY),
            record(10, "Hall"),
            record(11, "Hall", system="jhe", created=None, organizations=["7"]),
        ]
    )


@pytest.fixture
def desk(client: Client, clinic_staff: User, people: None) -> Client:
    """Clinic staff with a role in organization 7."""
    return signed_in(client, reaches(clinic_staff, "7"))
