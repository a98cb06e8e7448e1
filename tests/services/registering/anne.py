"""Somebody who is to be registered, and records that may be hers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from integrations.types import Address, Demographics, Organization, Phone, PhoneKind, RemotePatient
from integrations.writes import Details
from patients.models import SourceRecord
from patients.services import index
from patients.services.visibility import Reach

REACH = Reach(organizations={"jhe": frozenset({"20003"})})
NHS, OTHER_NHS = "9434765919", "9434765870"
PLACE = Address(lines=("14 Cedar Road",), town="Leeds", postcode="LS6 1AA")
ANNE = Details(
    given_name="Anne",
    family_name="Kowalska",
    birth_date=date(1984, 2, 17),
    nhs_number=NHS,
    email="anne.kowalska@example.org",
    mobile_phone="+44 7700 900321",
    address=PLACE,
)


def held(system: str = "jump", number: str = "1", **values: Any) -> SourceRecord:
    """Anne as a system holds her, but for these details."""
    places = tuple(Organization(id=each) for each in values.pop("organizations", ()))
    as_held = replace(ANNE, **values)
    index.store(
        [
            RemotePatient(
                system=system,
                id=number,
                organizations=places,
                demographics=Demographics(
                    given_name=as_held.given_name,
                    family_name=as_held.family_name,
                    birth_date=as_held.birth_date,
                    nhs_number=as_held.nhs_number,
                    email=as_held.email,
                    phones=(Phone(kind=PhoneKind.MOBILE, number=as_held.mobile_phone),),
                    address=as_held.address,
                    sex=as_held.sex,
                ),
            )
        ]
    )
    return SourceRecord.objects.get(system=system, remote_id=number)


ALONE: dict[str, Any] = {"nhs_number": "", "email": "", "mobile_phone": "", "address": None}
