"""What the templates about studies show: organizations, studies, how reading goes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from integrations.registry import label_of
from patients.services.studies.listing import ListedStudy, ReadState
from patients.services.studies.places import OwnPlace
from patients.services.studies.scopes import AskedFor


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPlace:
    """An organization with the way to it and one's own role there; ``above`` are the names before its own."""

    name: str
    above: tuple[str, ...]
    role: str
    may_write: bool
    system_label: str
    url: str
    console_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownStudy:
    """A study of the list."""

    name: str
    description: str
    url: str
    scopes: tuple[AskedFor, ...]
    apps: tuple[str, ...]
    data_sources: tuple[str, ...]
    people: int | None
    people_at: datetime | None

    @property
    def never_sent(self) -> list[str]:
        """What is asked for and was never sent by anybody, in plain words."""
        return [each.words for each in self.scopes if each.never_sent]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownState:
    """How old what a page shows is; ``url`` tells how reading goes on and, sent to, has it go on now."""

    as_of: datetime | None
    is_under_way: bool
    left: int
    problem: str
    next_step: str
    resume_at: datetime | None
    url: str


def shown_place(own: OwnPlace) -> ShownPlace:
    """An organization with its address."""
    return ShownPlace(
        name=own.name,
        above=own.path[:-1],
        role=own.role,
        may_write=own.may_write,
        system_label=label_of(own.system),
        url=reverse("patients:study_list", args=[own.place.pk]),
        console_url=own.console_url,
    )


def shown_study(own: OwnPlace, listed: ListedStudy) -> ShownStudy:
    """A study with the address of its board."""
    study = listed.study
    return ShownStudy(
        name=study.name or f"Study {study.remote_id}",
        description=study.description,
        url=reverse("patients:study", args=[own.place.pk, study.public_id]),
        scopes=listed.scopes,
        apps=listed.apps,
        data_sources=listed.data_sources,
        people=listed.people,
        people_at=listed.people_at,
    )


def shown_state(state: ReadState, url: str) -> ShownState:
    """How reading goes, with the address that tells."""
    return ShownState(
        as_of=state.as_of,
        is_under_way=state.is_under_way,
        left=state.left,
        problem=state.problem,
        next_step=state.next_step,
        resume_at=state.resume_at,
        url=url,
    )
