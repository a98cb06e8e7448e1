"""The forms of the desk, as staff send them: who comes in unseen, who is stopped, what is written over.

The people and errors are those of ``registering`` and ``overlays``; here they go through the pages, with the
sandbox's Jump behind them and an index of 20,000 records beside it.

* ``existing``: people who are held are registered with errors. ``silent`` are those who were created without
  a reason: second people whom nobody saw coming. Of ``new`` people those were ``interrupted`` who need one.
* ``overlays``: somebody else's details, two or more of surname, given name, birth date and NHS number among
  them, are put into a record; ``reported`` went through. ``honest`` edits: those that went through at once.

    make bench-desk                        200 of each registered; 500 overlays and 1,000 honest edits
    BENCH_SEED=11 BENCH_EACH=40 make bench-desk
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from integrations.sandbox.run import Sandbox

from .index import wilson
from .population import FINAL_SEEDS, QUERY_SEED_OFFSET, Population
from .support import KEY

if TYPE_CHECKING:
    from django.test import Client

    from integrations.writes import Details

RECORDS = 20_000
EACH = 200
OVERLAYS, HONEST = 500, 1_000


def main() -> int:
    """Measure all of it; one JSON line each."""
    with tempfile.TemporaryDirectory() as folder, Sandbox() as sandbox:
        _prepare(Path(folder), sandbox)
        sandbox.switches["jump"].set(rate_limit=10_000_000)
        seed = int(os.environ.get("BENCH_SEED", FINAL_SEEDS[0]))
        each = int(os.environ.get("BENCH_EACH", EACH))
        for line in chain(_registered(seed, each), _edited(seed, each)):
            print(json.dumps({"benchmark": "desk", "seed": seed} | line), flush=True)  # noqa: T201
    return 0


def _prepare(folder: Path, sandbox: Sandbox) -> None:
    os.environ.update(
        DJANGO_SETTINGS_MODULE="tests.benchmarks.desk_settings",
        ENV_FILE=os.devnull,
        DATABASE_URL=f"sqlite:///{folder / 'desk.sqlite3'}",
        VAR_DIR=str(folder),
        SECRET_KEY="benchmark",
        ENCRYPTION_KEYS=KEY,
        LOG_LEVEL="ERROR",
        JUMP_URL=sandbox.url("jump"),
        JUMP_API_KEY=sandbox.keys["jump"]["full"],
        ALLOWED_HOSTS="testserver",
    )
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)


def _clerk() -> Client:
    from django.test import Client

    from portal.accounts.models import User
    from portal.accounts.opening import open_account
    from portal.accounts.roles import Role

    user = User.objects.filter(email="desk@example.org").first() or open_account(
        email="desk@example.org", name="Dot Desk", role=Role.CLINIC_STAFF
    )
    client = Client()
    client.force_login(user)
    return client


# --- registering ----------------------------------------------------------------------------


def _registered(seed: int, each: int) -> Iterator[dict[str, object]]:
    from .index_fill import fill
    from .registering import People, as_told, damaged

    people = People(seed=seed + QUERY_SEED_OFFSET, each=each)
    fill(people.of(Population(records=RECORDS, seed=seed)), linked=True)
    chance, clerk = Random(people.seed), _clerk()
    wrong = [found[1] for known in people.held if (found := damaged(known, chance))]
    yield _line("existing", "silent", "created", [_registration(clerk, details) for details in wrong])
    new = [as_told(known, chance) for known in people.new]
    yield _line("new", "interrupted", "reason", [_registration(clerk, details) for details in new])


def _registration(clerk: Client, details: Details) -> str:
    """How it ends where no reason is given: ``created``, ``reason`` (one is asked for) or ``sent back``: the
    form itself was refused. What is not created is thrown away, as only so many forms are kept."""
    from patients.models import Draft
    from tests.filling import fields_of
    from tests.support import parsed

    reply = clerk.post("/register", _typed(details) | {"systems": ["jump"]})
    draft = Draft.objects.latest("pk").public_id
    ended = "sent back"
    if reply.status_code == 303:
        page = parsed(clerk.get(f"/register/{draft}/check", {"all": "1"}))
        reply = clerk.post(f"/register/{draft}/create", fields_of(page, "/create"))
        ended = "created" if reply.status_code == 303 else "reason"
    if ended != "created":
        clerk.post(f"/unsent/{draft}/throw-away")
        assert not Draft.objects.filter(public_id=draft).exists()
    return ended


def _typed(details: Details) -> dict[str, str]:
    from patients.entering.typed import typed_of

    return {name: text for name, text in asdict(typed_of(details)).items() if text}


# --- editing --------------------------------------------------------------------------------


def _edited(seed: int, each: int) -> Iterator[dict[str, object]]:
    from .overlays import Crowd, honest, overlays

    crowd = Crowd(list(Population(records=RECORDS, seed=seed + 1).people()))
    chance, clerk = Random(seed), _clerk()
    bad = list(overlays(crowd, chance, OVERLAYS * each // EACH))
    yield _line("overlays", "reported", "saved", [_edit(clerk, edit.before, edit.after) for edit in bad])
    good = list(honest(crowd, chance, HONEST * each // EACH))
    yield _line("honest", "undisturbed", "saved", [_edit(clerk, edit.before, edit.after) for edit in good])


def _edit(clerk: Client, before: Details, after: Details) -> str:
    """How an edit ends where nothing is answered: ``stopped`` (is it the same person?), ``saved``, or
    ``asked`` for something else."""
    from tests.filling import fields_of
    from tests.support import parsed

    before, after = (_of_new_record(each) for each in (before, after))
    row = _record(before)
    address = f"/people/{row.patient.public_id}/edit"
    form = fields_of(parsed(clerk.get(address)), "/edit")
    shown = dict.fromkeys(set(_typed(before)) & form.keys(), "")
    reply = clerk.post(address, form | shown | _of_form(_typed(after), form) | {"systems": [str(row.pk)]})
    if reply.status_code == 303:
        return "saved"
    return "stopped" if parsed(reply).of_class("portal-asked--stop") else "asked"


def _of_new_record(details: Details) -> Details:
    """What Jump takes of somebody new: who is archived, say, is so later, and by nobody's edit."""
    from integrations.registry import system_class
    from patients.entering.systems import taken_by

    return taken_by(system_class("jump"), details)


def _of_form(typed: dict[str, str], form: dict[str, Any]) -> dict[str, str]:
    return {name: text for name, text in typed.items() if name in form}


def _record(details: Details) -> Any:
    """Somebody in Jump, and in the index, as the record is before."""
    from integrations.writes import NewRecord
    from patients.models import SourceRecord
    from patients.services import index
    from patients.services.connections import open_system
    from portal.accounts.models import User

    user = User.objects.get(email="desk@example.org")
    new = NewRecord(details=details)
    made = open_system("jump", by=user, seconds=30).create(new, key=str(uuid.uuid4()))
    index.store([made])
    return SourceRecord.objects.select_related("patient").get(system="jump", remote_id=made.id)


def _line(kind: str, name: str, end: str, ends: Sequence[str]) -> dict[str, object]:
    """How many ended so, with 95 % bounds (Wilson), and how all of them did."""
    count = ends.count(end)
    low, high = wilson(count, len(ends))
    return {
        "kind": kind,
        "asked": len(ends),
        name: count,
        "low": round(max(low, 0.0), 4),
        "high": round(min(high, 1.0), 4),
        "ended": dict(Counter(ends)),
    }


if __name__ == "__main__":
    sys.exit(main())
