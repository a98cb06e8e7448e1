"""README.md, ``.env.example`` and ``portal/settings.py`` name the same variables."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
IN_THE_ENVIRONMENT_ONLY = {"ENV_FILE"}  # says where the file is
#: What is empty by default, and shown by an example.
EXAMPLES = {"JUMP_URL", "JHE_URL", "IMPILO_URL", "CUSTOM_FIELD_LABELS"}


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


def plain_defaults() -> Iterator[tuple[str, Any]]:
    """Settings whose default is a plain value in ``portal/settings.py``, with it."""
    for node in ast.walk(ast.parse((ROOT / "portal/settings.py").read_text())):
        if not (isinstance(node, ast.Call) and ast.unparse(node.func).startswith("env.")):
            continue
        for keyword in node.keywords:
            if keyword.arg == "default" and is_plain(keyword.value):
                yield ast.literal_eval(node.args[0]), ast.literal_eval(keyword.value)


def is_plain(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant | ast.List | ast.Dict)


def as_in_a_file(value: Any) -> str:
    """A default as one writes it into ``.env``."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    return ",".join(value) if isinstance(value, list | dict) else str(value)


def test_example_shows_defaults_where_it_does_not_show_examples() -> None:
    shown = dict(re.findall(r"^# ([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(), flags=re.MULTILINE))
    defaults = dict(plain_defaults())

    assert len(defaults) > 40
    assert {name for name, value in defaults.items() if shown[name] != as_in_a_file(value)} == EXAMPLES
