"""Who the contract suite examines: each adapter against the sandbox, JHE in both generations.

A subject says how to start its sandbox, how to point the settings at it and for whom its adapter
works, and names one person who is there. Everything else is the same for all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest

from integrations.abilities import System
from integrations.deadlines import Deadline
from integrations.registry import get_system
from integrations.sandbox.run import Sandbox
from integrations.types import Caller, SearchQuery, Term

# Small waits, and a pace that no test meets by accident.
QUICK: Mapping[str, Any] = {"TIMEOUT": (1.0, 1.0), "RATE": 10_000.0, "BURST": 10_000, "BACKOFF": 0.001}

# "in_all_three" of the sandbox's people.
GIVEN, FAMILY, BORN = "Grace", "Mbeki", date(1975, 4, 18)
# Found by name alone in Jump and Impilo, by name and birth date where a system wants more.
FINDING = SearchQuery(words=(GIVEN, FAMILY), given_name=GIVEN, family_name=FAMILY, birth_dates=(BORN,))
NOBODY = SearchQuery(
    words=("Quillon", "Xanthopoulos"),
    given_name="Quillon",
    family_name="Xanthopoulos",
    birth_dates=(date(1931, 2, 3),),
)
# Adapters write one table; emptying that after a test is many times faster than emptying all.
ON_DATABASE = pytest.mark.django_db(transaction=True, available_apps=["integrations"])

BY_PHONE = SearchQuery(phone="07700 900123")


@dataclass(frozen=True, kw_only=True)
class Subject:
    """One adapter and the server that it is examined against.

    ``configure`` gives the system's settings for a running sandbox, ``caller`` for whom the
    adapter works. ``known_id`` finds the id of :data:`FINDING`'s person. ``missing_id`` has the
    form of an id and is nobody's. ``forget`` drops what the adapter remembers between calls.
    ``record_path`` is a regular expression for the address of one record.
    """

    name: str
    system: str
    dialect: str = "current"
    configure: Callable[[Sandbox], Mapping[str, Any]]
    known_id: Callable[[Sandbox], str]
    missing_id: str
    record_path: str
    caller: Callable[[Sandbox], Caller] = lambda sandbox: Caller()
    forget: Callable[[], None] = lambda: None
    finding: SearchQuery = FINDING
    nobody: SearchQuery = NOBODY
    impossible: SearchQuery = BY_PHONE
    sure_terms: frozenset[Term] = field(default=frozenset({Term.NAME}))

    def __str__(self) -> str:
        return self.name


@dataclass(kw_only=True)
class Bench:
    """A subject with its sandbox running and the settings pointed at it."""

    subject: Subject
    sandbox: Sandbox
    known_id: str

    @property
    def faults(self) -> Any:
        """The fault board of the subject's server."""
        return self.sandbox.faults[self.subject.system]

    def adapter(self, *, seconds: float | None = 20.0, background: bool = False) -> System:
        """The adapter for the subject's caller, who waits that long."""
        caller = self.subject.caller(self.sandbox)
        deadline = None if seconds is None else Deadline.after(seconds)
        return get_system(
            self.subject.system, Caller(token=caller.token, deadline=deadline, background=background)
        )


def _jump_id(sandbox: Sandbox) -> str:
    with sandbox.stores["jump"].reading() as state:
        return next(str(row["id"]) for row in state["patients"].values() if row["last_name"] == FAMILY)


def _impilo_id(sandbox: Sandbox) -> str:
    with sandbox.stores["impilo"].reading() as state:
        return next(str(row["id"]) for row in state["patients"].values() if row["lastName"] == FAMILY)


def _by_key(system: str) -> Callable[[Sandbox], Mapping[str, Any]]:
    return lambda sandbox: {"URL": sandbox.url(system), "API_KEY": sandbox.keys[system]["full"]}


SUBJECTS = [
    Subject(
        name="jump",
        system="jump",
        configure=_by_key("jump"),
        known_id=_jump_id,
        missing_id="00000000-0000-4000-8000-000000000000",
        record_path=r"/patients/.+",
    ),
    Subject(
        name="impilo",
        system="impilo",
        configure=_by_key("impilo"),
        known_id=_impilo_id,
        missing_id="999999999",
        record_path=r"/patient/\d+",
    ),
]
