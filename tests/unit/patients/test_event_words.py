"""Every kind of event has words on the pages of the trail, found by reading the code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from patients.services.event_words import KINDS, WORDS, action_in_words, details_in_words

ROOT = Path(settings.BASE_DIR)
ACTION = re.compile(r"[a-z_]+\.[a-z_]+|search")
WRITERS = frozenset({"look", "write", "_note", "_record", "_look"})


def actions_in(path: Path) -> Iterator[str]:
    """The actions that a module records: what it passes to the trail, by place or as ``action``."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            passed = [each.value for each in node.keywords if each.arg == "action"]
            passed += node.args[:1] if name in WRITERS else []
            for each in passed:
                yield from texts_in(each)


def texts_in(node: ast.expr) -> Iterator[str]:
    """The actions among the texts of an expression (``a if b else c`` has two)."""
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and isinstance(each.value, str) and ACTION.fullmatch(each.value):
            yield each.value


def test_every_action_has_words() -> None:
    files = [
        path for folder in ("portal", "patients", "integrations") for path in (ROOT / folder).rglob("*.py")
    ]
    used = {action for path in files for action in actions_in(path)}

    assert len(used) > 20
    assert used - WORDS.keys() == set()


def test_no_action_is_in_two_groups() -> None:
    assert sum(map(len, KINDS.values())) == len(WORDS)


def test_unknown_action_stays_as_it_is_written() -> None:
    assert action_in_words("something.new") == "something.new"


def test_details_are_said_without_records_and_unknown_names() -> None:
    details = {
        "terms": ["name", "birth_date"],
        "records": ["jump:1"],
        "account": "7",
        "secret": "x",
        "role": "admin",
    }

    assert details_in_words(details, {"7": "Rita Reader"}) == (
        "by name, birth date; account Rita Reader; role admin"
    )
