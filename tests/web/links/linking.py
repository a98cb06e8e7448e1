"""Records that tests of linking read into the index, and the forms that link and part people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.test import Client
from django.urls import reverse

from integrations.types import Demographics, RemotePatient
from patients.models import Patient, SourceRecord
from patients.services import index
from tests.support import parsed

GRACE = {"given_name": "Grace", "family_name": "Mbeki", "birth_date": date(1975, 4, 18)}
DLAMINI = {"given_name": "Gracie", "family_name": "Dlamini", "birth_date": date(1975, 4, 18)}
TOM = {
    "given_name": "Tom",
    "family_name": "Okafor",
    "birth_date": date(1950, 2, 3),
    "email": "grace@example.org",
}


def read(system: str, number: str, details: dict[str, Any], **more: Any) -> SourceRecord:
    """A record as a system gives it, taken into the index."""
    demographics = Demographics(**{**details, **more})
    index.store([RemotePatient(system=system, id=number, demographics=demographics)])
    return record(system, number)


def record(system: str, number: str) -> SourceRecord:
    """The record as it stands now."""
    return SourceRecord.objects.select_related("patient").get(system=system, remote_id=number)


@dataclass
class People:
    """Three people of the index; Grace and Gracie are one, as somebody knows."""

    grace: Patient
    gracie: Patient
    tom: Patient


def link_page(one: Patient, other: Patient) -> str:
    return reverse("patients:link_with", args=[one.public_id, other.public_id])


def form_of(client: Client, address: str) -> dict[str, str]:
    """The form of a page as a browser would send it, with a reason written in."""
    response = client.get(address)
    assert response.status_code == 200
    (seal,) = parsed(response).named("seal")
    return {"seal": seal.attributes["value"], "reason": "Told at the desk"}
