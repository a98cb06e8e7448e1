"""The demo as a whole, as ``make smoke`` starts it; and that the walk would see a difference."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from django.conf import settings

from integrations.sandbox import people
from integrations.sandbox.run import Sandbox
from portal.demo.visit import Visitor, Wrong

(SYSTEM, RECORD), *_ = people.CAST["in_all_three"]


@pytest.mark.slow
def test_smoke_walks_through_a_demo_of_its_own_and_leaves_nothing_running() -> None:
    command = [sys.executable, "manage.py", "smoke"]
    environment = {"PATH": os.environ["PATH"], "ENV_FILE": os.devnull}
    said = subprocess.run(
        command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, check=False
    )
    result = json.loads(said.stdout)
    assert (said.returncode, result["ok"], result["records"]) == (0, True, 3), said.stderr


def test_page_that_shows_another_birth_date_is_noticed() -> None:
    with Sandbox(systems=(SYSTEM,)) as sandbox:
        visitor = Visitor(portal="http://127.0.0.1:9", control=sandbox.control.url)
        visitor.compare(SYSTEM, RECORD, ["Grace", "Mbeki", "18-Apr-1975 (51 years)"])
        with pytest.raises(Wrong, match="does not show what jump holds"):
            visitor.compare(SYSTEM, RECORD, ["Grace", "Mbeki", "19-Apr-1975 (51 years)"])
