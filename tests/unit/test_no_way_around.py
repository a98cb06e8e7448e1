"""Nobody is created but through the gate: the code is read, and whatever could go past it is named here.

A test of what the gate does is in ``tests/services/registering``; this one says that there is no other door.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
PRODUCT = ("integrations", "patients", "portal")
SERVICES = "patients/services"

Found = set[tuple[str, str]]


@cache
def trees() -> dict[str, ast.Module]:
    """Every file of the product, read."""
    paths = (path for folder in PRODUCT for path in (ROOT / folder).rglob("*.py"))
    return {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in paths}


def calls(fits: Callable[[str], bool], of: dict[str, ast.Module]) -> Found:
    """File and called thing (``self.adapter.create``) of every call that fits."""
    return {
        (path, called)
        for path, tree in of.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and fits(called := ast.unparse(node.func))
    }


def named(name: str) -> Callable[[str], bool]:
    """Whether a called thing is this class or function, by whatever way it was imported."""
    return lambda called: called == name or called.endswith(f".{name}")


def importers(name: str, of: dict[str, ast.Module], *, module: str = "") -> set[str]:
    """The files that import something, by whatever name they call it; of modules that end so."""
    return {
        path
        for path, tree in of.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").endswith(module)
        if any(each.name == name for each in node.names)
    }


def within(path: str, name: str) -> Iterator[str]:
    """The methods of a class in which it is made by ``cls(…)``."""
    (found,) = (n for n in ast.walk(trees()[path]) if isinstance(n, ast.ClassDef) and n.name == name)
    for method in found.body:
        inside = ast.walk(method)
        if any(isinstance(n, ast.Call) and ast.unparse(n.func) == "cls" for n in inside):
            yield getattr(method, "name", "")


def _changes_a_pass(tree: ast.Module) -> bool:
    return any(
        isinstance(node, ast.Call)
        and named("replace")(ast.unparse(node.func))
        and "passed" in ast.unparse(node.args[0]).lower().split(".")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and node.args
    )


def test_gate_alone_makes_passes() -> None:
    gate = f"{SERVICES}/registering/gate.py"

    assert calls(named("Passed"), trees()) == {(gate, "Passed")}
    assert list(within(f"{SERVICES}/registering/passing.py", "Passed")) == ["before"]
    assert calls(named("Passed.before"), trees()) == {(f"{SERVICES}/operations/bulks.py", "Passed.before")}
    assert {path for path, tree in trees().items() if _changes_a_pass(tree)} == set()


def test_who_handles_passes_is_known() -> None:
    """Whoever comes to this list has to be looked at: what it does with a pass, and where it has it from."""
    assert importers("Passed", trees()) == {
        f"{SERVICES}/operations/bulks.py",
        f"{SERVICES}/operations/recording.py",
        f"{SERVICES}/registering/flags.py",
        f"{SERVICES}/registering/gate.py",
        "portal/management/commands/register.py",
    }


def test_creations_are_asked_for_in_one_place_which_takes_a_pass() -> None:
    recording = f"{SERVICES}/operations/recording.py"
    (register,) = (
        node
        for node in ast.walk(trees()[recording])
        if isinstance(node, ast.FunctionDef) and node.name == "register"
    )
    needed = dict(zip(register.args.kwonlyargs, register.args.kw_defaults, strict=True))

    assert calls(named("Create"), trees()) == {(recording, "Create")}
    assert calls(named("_creation"), trees()) == {(recording, "_creation")}
    assert [ast.unparse(each.annotation or each) for each, default in needed.items() if default is None] == [
        "Passed",
        "User",
    ]
    assert calls(lambda called: called.startswith("Operation.objects.") and "create" in called, trees()) == {
        (recording, "Operation.objects.create")
    }
    assert calls(named("Operation"), trees()) == set()


def test_who_asks_for_creations_is_known() -> None:
    assert calls(lambda called: called == "recording.register", trees()) == {
        (f"{SERVICES}/onboarding/testing.py", "recording.register"),  # somebody made up, past gate.check
        (f"{SERVICES}/operations/bulks.py", "recording.register"),
        (f"{SERVICES}/registering/registration.py", "recording.register"),
        ("portal/management/commands/register.py", "recording.register"),
    }
    assert importers("register", trees(), module="recording") == set()


def test_adapters_create_for_operations_alone() -> None:
    """``Patient.objects.create`` and its like write tables of ours, and reach no system."""

    def reaches_a_system(called: str) -> bool:
        return named("create")(called) and not called.removesuffix(".create").endswith("objects")

    assert calls(reaches_a_system, trees()) == {
        (f"{SERVICES}/operations/kinds/creating.py", "self.job.adapter.create"),
        ("integrations/impilo/adapter.py", "writing.create"),
        ("integrations/jhe/adapter.py", "self.writing.create"),
        ("integrations/jump/adapter.py", "changing.create"),
    }


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("Passed(details=it)", True),
        ("passing.Passed(details=it)", True),
        ("Passed", False),
        ("NotPassed()", False),
    ],
)
def test_call_is_found_however_it_is_written(source: str, found: bool) -> None:
    assert bool(calls(named("Passed"), {"x.py": ast.parse(source)})) is found


def test_pass_that_is_changed_is_found() -> None:
    assert _changes_a_pass(ast.parse("dataclasses.replace(passed, reason='')"))
    assert not _changes_a_pass(ast.parse("replace(plan, details=passed.details)"))
