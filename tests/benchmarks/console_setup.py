"""What the console's benchmark stands on: people and a study in a real JHE, and a portal that read them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.fernet import Fernet

from tests.verification.sign_in import sign_in
from tests.verification.subject import Subject

from .console_sides import ROWS_A_PAGE, Somebody
from .jhe_people import People
from .jhe_study import StudyThere
from .support import ROOT

if TYPE_CHECKING:
    from patients.models import Study
    from portal.accounts.models import User

PEOPLE = 2_000
PARTICIPANTS = 100
_QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What is there: ``cookie`` of the portal's session, ``board`` the path of the study's board, ``decided``
    a participant on the first page of either side, ``fresh`` people who take part in nothing of ours."""

    people: People
    count: int
    study: StudyThere
    cookie: str = field(repr=False)
    board: str
    decided: Somebody
    fresh: Sequence[Somebody]


def set_up(subject: Subject, folder: Path, *, fresh: int) -> Ground:
    """People and a study in JHE, and a portal that has read them, with ``fresh`` people to enrol."""
    _django(folder)
    from django.db import connections

    user, cookie = _account(subject)
    organization = _organization(user)
    people, study = People(subject, organization), StudyThere(subject, organization)
    wanted = int(os.environ.get("BENCH_PEOPLE", PEOPLE))
    count = people.make(max(wanted, len(study.taking_part()) + fresh, PARTICIPANTS + fresh))
    study.enrol(people.numbers(), wanted=PARTICIPANTS)
    people.show_all()
    command = [sys.executable, "manage.py", "sync", "jhe", "--rows"]
    subprocess.run(command, cwd=ROOT, check=True, **_QUIET)  # type: ignore[call-overload]
    board, decided = _read(user, study)
    there = set(study.taking_part())
    others = [each for each in people.numbers() if each not in there]
    ground = Ground(
        people=people,
        count=count,
        study=study,
        cookie=cookie,
        board=board,
        decided=decided,
        fresh=[_somebody(each) for each in others[:fresh]],
    )
    connections.close_all()
    return ground


@contextmanager
def worker() -> Iterator[None]:
    """A worker process of the portal's; without one nothing is written."""
    process = subprocess.Popen([sys.executable, "manage.py", "worker"], cwd=ROOT, **_QUIET)  # type: ignore[call-overload]
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=30)


def _django(folder: Path) -> None:
    os.environ.update(
        {
            "DATABASE_URL": f"sqlite:///{folder / 'portal.sqlite3'}",
            "VAR_DIR": str(folder),
            "ENV_FILE": os.devnull,
            "SECRET_KEY": "benchmark",
            "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
            "SECOND_FACTOR_ROLES": "",
            "JHE_RATE": "200",
            "LOG_LEVEL": "ERROR",
            "DJANGO_SETTINGS_MODULE": "tests.benchmarks.console_settings",
        }
    )
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("createcachetable")
    call_command("collectstatic", interactive=False, verbosity=0)


def _account(subject: Subject) -> tuple[User, str]:
    """Somebody who works here and is signed in at JHE as the practitioner; their session's cookie."""
    from django.test import Client

    from portal.accounts.models import PersonToken, User
    from portal.accounts.roles import Role, give_role

    tokens = sign_in(subject, subject.practitioner)
    user = User.objects.create_user("benchmark@example.org")
    give_role(user=user, role=Role.CLINIC_STAFF, by=None)
    PersonToken.objects.create(
        user=user,
        system="jhe",
        subject="benchmark",
        access=tokens["access_token"],
        refresh=tokens["refresh_token"],
    )
    client = Client()
    client.force_login(user)
    return user, str(client.cookies["sessionid"].value)


def _organization(user: User) -> int:
    """``JHE_ORGANIZATION``, by number or name, of those whose people the practitioner may change; without
    it, the first of them."""
    from patients.services import visibility
    from patients.services.studies import places

    named = os.environ.get("JHE_ORGANIZATION", "")
    own = [each for each in places.own_places(visibility.reach_of(user, wait=30)) if each.may_write]
    fits = [each for each in own if named in ("", each.organization, each.name)]
    if not fits:
        raise SystemExit("bench-console: the practitioner may change people in no such organization")
    return int(fits[0].organization)


def _read(user: User, there: StudyThere) -> tuple[str, Somebody]:
    """Have the portal read the study as its worker does; the board's path, and a participant on the first
    page of both sides."""
    from django.urls import reverse

    from patients.models import Study
    from patients.services import visibility
    from patients.services.studies import places, reading, readings

    reach = visibility.reach_of(user, wait=30)
    (own,) = (each for each in places.own_places(reach) if each.organization == str(there.organization))
    readings.ask_for_place(own, by=user)
    reading.read_all()
    study = Study.objects.get(remote_id=there.number)
    readings.ask_for_study(study, by=user, wanted=list(study.participants.values_list("pk", flat=True)))
    reading.read_all()
    first = there.taking_part()[:ROWS_A_PAGE]
    number = next((each for each in _first_page(study, user) if each in first), None)
    if number is None:
        raise SystemExit("bench-console: nobody stands on the first page of both sides")
    return reverse("patients:study", args=[own.place.pk, study.public_id]), _somebody(number)


def _first_page(study: Study, user: User) -> list[str]:
    """JHE's numbers of those on the board's first page, in its order."""
    from patients.models import Participant
    from patients.services import visibility
    from patients.services.people_list import SIZES
    from patients.services.studies import board

    found = board.find(study, visibility.reach_of(user, wait=30), board.Filters())
    shown = board.page_of(found, board.Order(), number=1, size=SIZES[0])
    numbers = dict(Participant.objects.filter(pk__in=shown.ids).values_list("pk", "record__remote_id"))
    return [numbers[each] for each in shown.ids]


def _somebody(number: str) -> Somebody:
    from patients.models import SourceRecord

    record = SourceRecord.objects.select_related("patient").get(system="jhe", remote_id=number)
    return Somebody(number=number, public_id=record.patient.public_id)
