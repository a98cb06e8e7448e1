"""How long the board of a study takes at 5,000 participants, how large its page is, and how many statements.

Through the web server, from the request to the whole page, as a coordinator who is a member of the study's
organization: every order, filter and size of page. One JSON line: ``board_p95_ms`` of the slowest kind,
``page_kb`` of the largest page as it is sent compressed, ``queries`` of a page of 25 and of 100 alike; exit
status 1 where the two differ. With ``DATABASE_URL`` on that database, which has to be empty or filled by an
earlier run.

    make bench-studies
    make bench-studies ARGS=20000
"""

from __future__ import annotations

import gzip
import json
import os
import statistics
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import requests

from .people_fill import OWN, fill
from .support import KEY, signed_in, token_in, web_server

PARTICIPANTS = 5_000
RECORDS = 20_000
ROUNDS = 25
STATES = ("", "issued", "issued", "redeemed", "redeemed", "expired", "replaced")

#: Kind → what is pressed, and which page is opened then.
KINDS: dict[str, tuple[dict[str, str], int]] = {
    "first page": ({}, 1),
    "deep page": ({}, 150),
    "page of 100": ({"size": "100"}, 1),
    "by number": ({"sort": "number"}, 3),
    "by standing": ({"sort": "standing"}, 3),
    "by invitation": ({"sort": "invited"}, 3),
    "by last data": ({"sort": "data"}, 3),
    "standing": ({"only": "standing:3"}, 1),
    "declined": ({"only": "declined:on"}, 1),
    "expired": ({"only": "invitation:expired"}, 1),
    "not heard from": ({"only": "silent:14"}, 1),
    "name": ({"filter": "1", "name": "sm"}, 1),
    "nobody": ({"filter": "1", "name": "qqqq"}, 1),
}


def main() -> None:
    """Fill where there is no study yet, measure, print the line."""
    participants = int(sys.argv[1]) if len(sys.argv) > 1 else PARTICIPANTS
    with tempfile.TemporaryDirectory() as folder:
        environment = _environment(Path(folder))
        cookie, path, facts = _prepare(environment, participants)
        with web_server(environment, workers=1) as address:
            browser = _Browser(f"{address}{path}", cookie)
            kinds = {kind: browser.measured(*wanted) for kind, wanted in KINDS.items()}
    line = {
        "board_p95_ms": max(p95 for _, p95 in kinds.values()),
        "page_kb": browser.largest,
        "queries": facts["queries"],
        **facts,
        "kinds": {kind: {"p50_ms": p50, "p95_ms": p95} for kind, (p50, p95) in kinds.items()},
    }
    print(json.dumps(line), flush=True)  # noqa: T201
    if facts["queries"] != facts["queries_of_100"]:
        raise SystemExit(1)


class _Browser:
    """Somebody who is signed in, at the board. ``largest`` is the largest page in kB, compressed."""

    def __init__(self, address: str, cookie: str) -> None:
        self._address = address
        self._session = requests.Session()
        self._session.cookies.set("sessionid", cookie, domain="127.0.0.1")
        page = self._session.get(address, timeout=60)
        page.raise_for_status()
        self._token = token_in(page.text)
        self.largest = 0.0

    def measured(self, sent: dict[str, str], page: int) -> tuple[float, float]:
        """Median and 95th percentile in milliseconds; the board is as it was afterwards."""
        self._send(**sent)
        took = sorted(self._open(page) for _ in range(ROUNDS))
        self._send(clear="1")
        self._send(size="25")
        self._send(sort="name")
        return round(statistics.median(took), 1), round(took[int(len(took) * 0.95) - 1], 1)

    def _send(self, **values: str) -> None:
        form = {"csrfmiddlewaretoken": self._token, **(values or {"clear": "1"})}
        self._session.post(self._address, data=form, timeout=60, allow_redirects=False).raise_for_status()

    def _open(self, page: int) -> float:
        begun = time.perf_counter()
        reply = self._session.get(self._address, params={"page": page}, timeout=60)
        took = (time.perf_counter() - begun) * 1000
        reply.raise_for_status()
        assert "portal-funnel__steps" in reply.text
        self.largest = max(self.largest, round(len(gzip.compress(reply.content)) / 1000, 1))
        return took


def _environment(folder: Path) -> dict[str, str]:
    return {
        "DATABASE_URL": os.environ.get("DATABASE_URL", f"sqlite:///{folder / 'portal.sqlite3'}"),
        "VAR_DIR": str(folder),
        "SECRET_KEY": "benchmark",
        "ENCRYPTION_KEYS": KEY,
        "SECOND_FACTOR_ROLES": "",
        "JUMP_URL": "",
        "JHE_URL": "",
        "IMPILO_URL": "",
    }


def _prepare(environment: dict[str, str], participants: int) -> tuple[str, str, dict[str, Any]]:
    """A filled database; the session's cookie, the board's address, and how many statements a page takes."""
    os.environ.update(environment, DJANGO_SETTINGS_MODULE="portal.settings")
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection, connections

    from patients.models import Participant, Patient, Place, Study
    from portal.accounts.roles import Role

    call_command("migrate", verbosity=0)
    call_command("createcachetable")
    if not Patient.objects.exists():
        fill(max(RECORDS, participants * 5))
    if not Study.objects.exists():
        _fill_study(participants)
    study = Study.objects.get()
    place = Place.objects.get(system="jhe", organization=OWN[0])
    path = f"/organizations/{place.pk}/studies/{study.public_id}/"
    cookie = signed_in(Role.COORDINATOR, OWN)
    facts: dict[str, Any] = {
        "queries": _queries(cookie, path, "25"),
        "queries_of_100": _queries(cookie, path, "100"),
        "participants": Participant.objects.count(),
        "database": connection.vendor,
    }
    connections.close_all()
    return cookie, path, facts


def _fill_study(participants: int) -> None:
    """A study of so many people, in every standing, with decisions, invitations, numbers and data."""
    from django.utils import timezone

    from integrations.studies import App, Scope, StudyPlan
    from integrations.types import Study as RemoteStudy
    from patients.models import Membership, Participant, SourceRecord, Study
    from patients.services.studies import plans
    from patients.services.studies.standing import standing_of

    now, chance = timezone.now(), Random(7)
    scopes = tuple(Scope(system="https://w3id.org/openmhealth", code=f"omh:kind-{n}:1.0") for n in range(3))
    plan = StudyPlan(study=RemoteStudy(id="1"), scopes=scopes, apps=(App(id="1", name="An app"),))
    study = Study.objects.create(
        system="jhe", remote_id="1", organization=OWN[0], name="A large study", plan=plans.to_keep(plan),
        read_at=now, people_at=now, data_until=now, tells_states=True,
    )  # fmt: skip
    records = SourceRecord.objects.filter(system="jhe", is_test=False).defer("held").order_by("pk")
    chosen = list(records[:participants])
    if len(chosen) < participants:
        raise SystemExit(f"only {len(chosen)} records to take part")
    Membership.objects.bulk_create(
        [
            Membership(record=each, patient_id=each.patient_id, system="jhe", organization=OWN[0])
            for each in chosen
        ],
        ignore_conflicts=True,
        batch_size=2_000,
    )
    rows = []
    for number, record in enumerate(chosen):
        state = chance.choice(STATES)
        agreed = chance.choice((0, 0, 1, 2, 3)) if state == "redeemed" else 0
        declined = chance.randrange(0, 4 - agreed) if agreed or chance.random() < 0.1 else 0
        row = Participant(
            study=study, record=record, seen_at=now, checked_at=now, invitation_state=state,
            invited_at=now - timedelta(days=chance.randrange(90)) if state else None,
            connected_at=now - timedelta(days=chance.randrange(60)) if state == "redeemed" else None,
            agreed=agreed, declined=declined, pending=3 - agreed - declined,
            decided_at=now - timedelta(days=chance.randrange(60)) if agreed or declined else None,
            data_at=now - timedelta(days=chance.randrange(40)) if agreed and chance.random() < 0.7 else None,
        )  # fmt: skip
        if chance.random() < 0.8:
            row.number, row.number_key = f"LL-{number:05}", f"ll{number:05}"
        row.standing = standing_of(row)
        rows.append(row)
    Participant.objects.bulk_create(rows, batch_size=2_000)


def _queries(cookie: str, path: str, size: str) -> int:
    """How many statements a page of this size takes, once what was opened is remembered."""
    from django.conf import settings
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client(HTTP_HOST="127.0.0.1")
    client.cookies[settings.SESSION_COOKIE_NAME] = cookie
    client.post(path, {"size": size})
    client.get(path)
    client.get(path)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


if __name__ == "__main__":
    main()
