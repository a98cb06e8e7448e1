"""The resource types of the current generation: who may see which rows, and what narrows them.

Practitioners see what belongs to their own organizations, patients what belongs to themselves.
Naming an organization, study or patient out of reach is refused, which no other filter is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from . import fhir_shapes as shapes
from .calls import Call, Data, Row
from .errors import denied
from .records import (
    enrolled,
    is_patient,
    own_organizations,
    own_patient,
    own_studies,
    requested_codes,
    shared_patients,
)


@dataclass(frozen=True, slots=True)
class Scope:
    """The three parameters that name what a caller must have access to."""

    organization: int | None = None
    study: int | None = None
    patient: int | None = None


EVERYTHING = Scope()


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource type: the rows in a caller's reach, how they look, what can be searched.

    ``strings`` and ``dates`` map a search parameter to the fields that it looks at; a parameter
    in ``constants`` finds everything with that value and nothing with another.
    """

    name: str
    rows: Callable[[Call, Scope], list[Row]]
    shape: Callable[[Data, Row], Row]
    strings: dict[str, tuple[str, ...]] = field(default_factory=dict)
    dates: dict[str, str] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    sort_date: str = ""


def _authorise(call: Call, scope: Scope) -> None:
    """Refuse an organization, study or patient outside the caller's own organizations."""
    reach = own_organizations(call.data, call.user)
    refused = "Current user is not authorized to access {}/{}."
    if scope.organization and scope.organization not in reach:
        raise denied(refused.format("Organization", scope.organization))
    if scope.study and scope.study not in {row["id"] for row in own_studies(call.data, call.user)}:
        raise denied(refused.format("Group", scope.study))
    if scope.patient and scope.patient not in {row["id"] for row in shared_patients(call.data, call.user)}:
        raise denied(refused.format("Patient", scope.patient))


def _by_name(rows: list[Row], field_name: str = "name") -> list[Row]:
    return sorted(rows, key=lambda row: (row[field_name] is None, row[field_name] or ""))


def _people(call: Call, scope: Scope) -> list[Row]:
    """The patients in reach; a patient's own login reaches only itself.

    Of an identifier only the value counts, and only behind a bar.
    """
    if is_patient(call.data, call.user):
        own = own_patient(call.data, call.user)
        return [own] if own else []
    _authorise(call, scope)
    rows = shared_patients(call.data, call.user, scope.organization)
    if scope.study:
        members = enrolled(call.data, scope.study)
        rows = [row for row in rows if row["id"] in members]
    identifier = call.query.get("identifier") or call.query.get("patient.identifier") or ""
    value = identifier.partition("|")[2]
    if value:
        rows = [row for row in rows if value in {each["value"] for each in row["identifiers"]}]
    return [row for row in rows if scope.patient in (None, row["id"])]


def _patients(call: Call, scope: Scope) -> list[Row]:
    """Patients by family name."""
    return _by_name(_people(call, scope), "name_family")


def _observations(call: Call, scope: Scope) -> list[Row]:
    """Observations of the patients in reach, newest change first; a study narrows to its codes."""
    people = {row["id"] for row in _people(call, scope)}
    rows = [row for row in call.data["observations"].values() if row["patient_id"] in people]
    if scope.study and not is_patient(call.data, call.user):
        codes = requested_codes(call.data, scope.study)
        rows = [row for row in rows if row["scope_code_id"] in codes]
    coding = call.query.get("code")
    if coding:
        wanted = codes_like(call.data, coding)
        rows = [row for row in rows if row["scope_code_id"] in wanted]
    return sorted(rows, key=lambda row: str(row["last_updated"]), reverse=True)


def codes_like(data: Data, coding: str) -> set[int]:
    """The scope codes of ``system|code``; text without a bar is taken for a system."""
    system, _, code = coding.partition("|")
    return {
        row["id"]
        for row in data["scope_codes"].values()
        if system in ("", row["coding_system"]) and code in ("", row["coding_code"])
    }


def _studies(call: Call, scope: Scope) -> list[Row]:
    """The studies in reach, by name."""
    if is_patient(call.data, call.user):
        own = own_patient(call.data, call.user)
        mine = own["id"] if own else None
        rows = [row for row in call.data["studies"].values() if mine in enrolled(call.data, row["id"])]
        return _by_name(rows)
    _authorise(call, scope)
    return [
        row
        for row in own_studies(call.data, call.user)
        if scope.organization in (None, row["organization_id"])
        and scope.study in (None, row["id"])
        and (scope.patient is None or scope.patient in enrolled(call.data, row["id"]))
    ]


def _organizations(call: Call, scope: Scope) -> list[Row]:
    """The caller's own organizations, or those of a study or patient among them, by name."""
    if is_patient(call.data, call.user):
        own = own_patient(call.data, call.user)
        reach = set(own["organizations"]) if own else set()
    else:
        _authorise(call, scope)
        reach = own_organizations(call.data, call.user)
        if scope.organization:
            reach &= {scope.organization}
        if scope.study:
            reach &= {call.data["studies"][str(scope.study)]["organization_id"]}
        if scope.patient:
            reach &= set(call.data["patients"][str(scope.patient)]["organizations"])
    return _by_name([call.data["organizations"][str(each)] for each in reach])


def _practitioners(call: Call, scope: Scope) -> list[Row]:
    """The practitioners of those organizations, by last name."""
    reach = {row["id"] for row in _organizations(call, scope)}
    linked = {link["user_id"] for link in call.data["roles"] if link["organization_id"] in reach}
    rows = [row for row in call.data["practitioners"].values() if row["user_id"] in linked]
    users = call.data["users"]
    return _by_name([{**users[str(row["user_id"])], **row} for row in rows], "last_name")


def _devices(call: Call, scope: Scope) -> list[Row]:
    """The data sources of the studies in reach, by name."""
    used = {link["data_source_id"] for study in _studies(call, scope) for link in study["data_sources"]}
    return _by_name([call.data["data_sources"][str(each)] for each in used])


RESOURCES: dict[str, Resource] = {
    each.name: each
    for each in (
        Resource("Device", _devices, shapes.device, constants={"type": "data-source"}),
        Resource("Group", _studies, shapes.group),
        Resource(
            "Observation",
            _observations,
            shapes.observation,
            dates={"date": "effective"},
            constants={"status": "final"},
            sort_date="effective",
        ),
        Resource("Organization", _organizations, shapes.organization, strings={"name": ("name",)}),
        Resource(
            "Patient",
            _patients,
            shapes.patient,
            strings={
                "family": ("name_family",),
                "given": ("name_given",),
                "name": ("name_family", "name_given"),
            },
            dates={"birthdate": "birth_date"},
        ),
        Resource(
            "Practitioner",
            _practitioners,
            shapes.practitioner,
            strings={"name": ("last_name", "first_name")},
        ),
    )
}

IMPORTED = frozenset(
    {
        "AllergyIntolerance",
        "CarePlan",
        "CareTeam",
        "Condition",
        "Coverage",
        "DiagnosticReport",
        "DocumentReference",
        "Encounter",
        "Goal",
        "Immunization",
        "Location",
        "Medication",
        "MedicationDispense",
        "MedicationRequest",
        "PractitionerRole",
        "Procedure",
        "Provenance",
        "QuestionnaireResponse",
        "RelatedPerson",
        "ServiceRequest",
    }
)
"""Types that the real server takes from other systems' records; the sandbox holds none of them."""


def none(call: Call, scope: Scope) -> list[Row]:
    """No rows, but an organization, study or patient out of reach is refused all the same."""
    if not is_patient(call.data, call.user):
        _authorise(call, scope)
    return []


def unshaped(data: Data, row: Row) -> dict[str, Any]:
    """The shape of a resource that there is none of."""
    return row
