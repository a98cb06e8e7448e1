"""Records for the tests of matching: one person, and what is to be different about them."""

from __future__ import annotations

from datetime import date
from typing import Any

from integrations.types import Address, Demographics, Phone, RemotePatient, Sex

ANNE = Demographics(
    given_name="Anne",
    family_name="Smith",
    birth_date=date(1980, 4, 3),
    sex=Sex.FEMALE,
    nhs_number="943 476 5919",
    email="anne.smith@home.test",
    phones=(Phone(number="07700 900123"),),
    address=Address(lines=("12 High Street",), town="Leeds", postcode="LS6 2AB"),
)
OTHER_VALID_NHS = "401 023 2137"
BLANK: dict[str, Any] = {"nhs_number": "", "email": "", "phones": (), "address": None}


def details(**changes: Any) -> Demographics:
    """Anne Smith, changed."""
    kept = {name: getattr(ANNE, name) for name in Demographics.__dataclass_fields__}
    return Demographics(**{**kept, **changes})


def record(system: str = "jump", number: str = "1", **changes: Any) -> RemotePatient:
    """A record of Anne Smith, changed; fields of the record itself may be given too."""
    own = {name: changes.pop(name) for name in list(changes) if name in RemotePatient.__dataclass_fields__}
    return RemotePatient(system=system, id=number, demographics=details(**changes), **own)
