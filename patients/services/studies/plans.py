"""What a study asks for, as it is kept with its row, and rows for studies that were not read yet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import cattrs.preconf.json

from integrations.studies import App, DataSource, Scope, StudyPlan
from integrations.types import Study as RemoteStudy
from patients.models import Study

_json = cattrs.preconf.json.make_converter()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A study's plan without the study. ``apps`` is empty where the system names none."""

    scopes: tuple[Scope, ...] = ()
    apps: tuple[App, ...] = ()
    data_sources: tuple[DataSource, ...] = ()

    def scope(self, key: tuple[str, str]) -> Scope | None:
        """One of the kinds of data that it asks for."""
        return next((each for each in self.scopes if each.key == key), None)

    def app(self, number: str) -> App | None:
        """One of its apps."""
        return next((each for each in self.apps if each.id == number), None)


def plan_of(study: Study) -> Plan:
    """What a study asks for, as it was last read; nothing where it was not."""
    plan: Plan = _json.structure(study.plan, Plan)
    return plan


def to_keep(plan: StudyPlan) -> dict[str, Any]:
    """A plan as it is kept (``Study.plan``)."""
    kept: dict[str, Any] = _json.unstructure(
        Plan(scopes=plan.scopes, apps=plan.apps, data_sources=plan.data_sources)
    )
    return kept


def rows_for(system: str, organization: str, studies: Iterable[RemoteStudy], now: datetime) -> list[Study]:
    """The rows of studies of one organization; made, without their plan, for those that were not read yet."""
    return [
        Study.objects.get_or_create(
            system=system,
            remote_id=each.id,
            defaults={
                "organization": organization,
                "name": each.name[:300],
                "description": each.description,
                "read_at": now,
            },
        )[0]
        for each in studies
    ]
