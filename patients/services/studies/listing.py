"""The studies of one organization, as its list shows them; and how old what is shown is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from patients.models import Study, StudyReading
from patients.services import visibility
from patients.services.visibility import Reach
from portal.worker import beats

from . import readings
from .places import OwnPlace
from .plans import plan_of
from .scopes import AskedFor, asked_for

NO_WORKER = "Nothing is being read: the part of the portal that works in the background does not run."
TELL = "Tell whoever looks after the portal."


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedStudy:
    """A study in few words. ``people`` are those within reach who take part, test participants left out;
    ``None`` where nobody has counted yet."""

    study: Study
    scopes: tuple[AskedFor, ...]
    apps: tuple[str, ...]
    data_sources: tuple[str, ...]
    people: int | None
    people_at: datetime | None


def studies_of(own: OwnPlace, reach: Reach) -> list[ListedStudy]:
    """The studies of an organization by name; two statements."""
    rows = Study.objects.filter(system=own.system, organization=own.organization, vanished_at=None)
    studies = sorted(rows, key=lambda each: each.name.casefold())
    real = visibility.participants(reach).filter(study__in=studies, is_test=False, record__is_test=False)
    counted = dict(real.order_by().values_list("study").annotate(count=Count("pk")))
    return [_listed(each, counted.get(each.pk, 0)) for each in studies]


def _listed(study: Study, count: int) -> ListedStudy:
    plan = plan_of(study)
    return ListedStudy(
        study=study,
        scopes=tuple(asked_for(study, plan)),
        apps=tuple(each.name or each.id for each in plan.apps),
        data_sources=tuple(each.name or each.id for each in plan.data_sources),
        people=None if study.people_at is None else count,
        people_at=study.people_at,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadState:
    """How old what a page shows is, and what stands in the way of reading it anew. ``left`` are people whose
    decisions are still to be read behind the page."""

    as_of: datetime | None
    is_under_way: bool
    left: int = 0
    problem: str = ""
    next_step: str = ""
    resume_at: datetime | None = None


def state_of(reading: StudyReading | None) -> ReadState:
    """How one reading stands."""
    if reading is None:
        return ReadState(as_of=None, is_under_way=False)
    is_under_way = readings.is_under_way(reading)
    if is_under_way and beats.is_missing():
        return ReadState(as_of=reading.fresh_at, is_under_way=True, problem=NO_WORKER, next_step=TELL)
    return ReadState(
        as_of=reading.fresh_at,
        is_under_way=is_under_way,
        left=reading.left or 0 if reading.is_open else 0,
        problem=reading.problem if reading.resume_at else "",
        next_step=reading.next_step if reading.resume_at else "",
        resume_at=reading.resume_at,
    )


def state_of_list(own: OwnPlace) -> ReadState:
    """How reading an organization's studies stands: the list itself, and who takes part in each."""
    rows = StudyReading.objects.filter(system=own.system, organization=own.organization)
    found = sorted(rows.defer("wanted"), key=lambda each: each.study_id is not None)
    of_list = next((each for each in found if each.study_id is None), None)
    waiting = next((each for each in found if readings.is_under_way(each)), None)
    stuck = next((each for each in found if each.is_open and each.resume_at), None)
    if waiting is None and stuck is None:
        return state_of(of_list)
    told = state_of(stuck or waiting)
    return ReadState(
        as_of=of_list.fresh_at if of_list else None,
        is_under_way=waiting is not None,
        problem=told.problem,
        next_step=told.next_step,
        resume_at=told.resume_at,
    )
