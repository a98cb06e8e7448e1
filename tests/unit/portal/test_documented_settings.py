"""README.md, ``.env.example`` and ``portal/settings.py`` name the same variables."""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
IN_THE_ENVIRONMENT_ONLY = {"ENV_FILE"}  # says where the file is


def names_in(path: str, pattern: str) -> set[str]:
    """What a pattern's group finds in a file."""
    return set(re.findall(pattern, (ROOT / path).read_text(), flags=re.MULTILINE))


READ = names_in("portal/settings.py", r'\benv\.\w+\(\s*"([A-Z_]+)"')


def test_readme_has_a_line_for_every_setting_and_for_nothing_else() -> None:
    rows = names_in("README.md", r"^\| (`[A-Z_]+`(?:, `[A-Z_]+`)*) \|")
    assert {name for row in rows for name in re.findall(r"[A-Z_]+", row)} == READ


def test_example_names_every_setting_and_nothing_else() -> None:
    assert names_in(".env.example", r"^# ([A-Z_]+)=") == READ - IN_THE_ENVIRONMENT_ONLY


def test_example_changes_nothing_until_it_is_edited() -> None:
    assert names_in(".env.example", r"^([^#\n].*)$") == set()
