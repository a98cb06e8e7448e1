"""A server of each generation for all tests of this folder, as seeded at the start of each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integrations.sandbox import jhe

from .support import World, person

MRN = {"system": "https://clinic.example.org/mrn", "value": "MRN-12345"}
PEOPLE = (
    person("Anne", "Smith", "anne.smith@example.com", identifiers=[MRN]),  # 40006
    person("Bob", "Smith", "Bob.Smith@example.com", organizations=[20003, 20007]),  # 40007
    person("Cara", "Jones", "cara@example.com", organizations=[20007], birth_date=None),  # 40008
)


@pytest.fixture(scope="package")
def servers() -> Iterator[dict[str, World]]:
    """Both generations, started once."""
    with World(jhe.CURRENT, PEOPLE) as current, World(jhe.OLDER, PEOPLE) as older:
        yield {jhe.CURRENT: current, jhe.OLDER: older}


@pytest.fixture
def current(servers: dict[str, World]) -> World:
    """The current generation, with three people more than JHE's own five."""
    return servers[jhe.CURRENT].reset()


@pytest.fixture
def older(servers: dict[str, World]) -> World:
    """The 2025-10 generation with the same people."""
    return servers[jhe.OLDER].reset()


@pytest.fixture(params=jhe.DIALECTS)
def world(request: pytest.FixtureRequest, servers: dict[str, World]) -> World:
    """One generation after the other."""
    return servers[request.param].reset()
