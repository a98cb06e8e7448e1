"""What a study's people sent, gone through in parts: a pass that is broken off goes on where it was.

How far a pass is stands with its reading (``StudyReading.data_pass``), so that it ends however long it takes
and whoever goes on with it.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from django.utils import timezone

from integrations.abilities import HasStudies
from integrations.errors import Unsupported
from patients.models import Study, StudyReading

from . import mirror, readings

TOGETHER = 500  # observations after which what was found is kept
SECONDS = 10.0  # of one pass before something else has its turn
WHOLE_EVERY = timedelta(days=1)  # who enrols later may have sent before


def read(adapter: HasStudies, study: Study, reading: StudyReading) -> None:
    """Go on with the pass that has begun, else begin one: what came since the last look, or everything once
    a day. ``data_pass`` is empty where it has ended."""
    at = reading.data_pass or _begun(study, reading)
    since = datetime.fromisoformat(at["since"]) if at["since"] else None
    try:
        found = adapter.observations_of_study(study.remote_id, study.organization, since, at["resume"])
    except Unsupported:  # nobody can tell who sends: pages say so, as nothing was ever gone through
        readings.keep(reading, data_pass=None)
        return
    latest: mirror.Latest = {}
    ends = time.monotonic() + SECONDS
    for count, each in enumerate(found, start=1):
        if each.at is not None:
            key = (each.patient_id, each.scope)
            latest[key] = max(each.at, latest.get(key, each.at))
        if count % TOGETHER == 0:
            mirror.keep_data(study, latest)
            latest = {}
            readings.keep(reading, data_pass={**at, "resume": each.resume})
            if time.monotonic() > ends and each.resume != at["resume"]:  # it gets further each time
                return
    mirror.keep_data(study, latest)
    whole = {} if at["since"] else {"data_whole_at": datetime.fromisoformat(at["began"])}
    readings.keep(reading, data_pass=None, **whole)


def _begun(study: Study, reading: StudyReading) -> dict[str, str]:
    now = timezone.now()
    is_whole = reading.data_whole_at is None or now - reading.data_whole_at > WHOLE_EVERY
    since = None if is_whole else study.data_until
    return {"since": since.isoformat() if since else "", "began": now.isoformat(), "resume": ""}
