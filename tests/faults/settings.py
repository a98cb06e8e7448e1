"""Settings of the fault harness: the portal's own, with short time-outs, and its door in front.

What differs from process to process is in the environment: ``FAULTS_CLOCK_AHEAD`` sets one process's clock
ahead by so many seconds.
"""

import os
from datetime import timedelta

from django.utils import timezone

from portal.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "tests.faults"]  # noqa: F405  for the table of what was asked
MIDDLEWARE = ["tests.faults.door.Door", *MIDDLEWARE]  # noqa: F405
PERIODIC_TASKS = {"patients.tasks.let_claims_go": 60}
SECOND_FACTOR_ROLES = []
OPERATIONS_PACE = float(os.environ.get("OPERATIONS_PACE", "1"))
WRITES_AWAITED *= OPERATIONS_PACE  # noqa: F405  under faults hardly any write is done by then
TIME_OUT = 0.8  # seconds that a system has to answer
SYSTEMS = {
    name: {
        **entry,
        "TIMEOUT": (TIME_OUT, TIME_OUT),
        "RATE": 10_000.0,
        "BURST": 10_000,
        "BACKOFF": 0.02,
    }
    for name, entry in SYSTEMS.items()  # noqa: F405
}
SYSTEMS["jump"]["WRITES_OWN_ID"] = True
SYSTEMS["impilo"]["MARKS_RECORDS"] = True
LOCK_SECONDS = 5  # that a statement waits for a database that somebody else holds
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":  # noqa: F405
    DATABASES["default"]["OPTIONS"]["timeout"] = LOCK_SECONDS  # noqa: F405
else:
    DATABASES["default"]["OPTIONS"]["options"] += f" -c lock_timeout={LOCK_SECONDS * 1000}"  # noqa: F405

_AHEAD = timedelta(seconds=float(os.environ.get("FAULTS_CLOCK_AHEAD", "0")))
if _AHEAD:
    _now = timezone.now
    timezone.now = lambda: _now() + _AHEAD
