"""The bench of these tests: JHE whose dialect is known before anything fails."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integrations.jhe import dialect as dialects
from tests.contract.conftest import OpenBench
from tests.contract.jhe_bench import adapter
from tests.contract.subjects import Bench, Subject


@pytest.fixture
def open_bench(open_bench: OpenBench) -> Iterator[OpenBench]:
    """The dialect is found before a fault can be in the way, and not kept for whoever comes after one."""
    urls = []

    def open_one(subject: Subject) -> Bench:
        bench = open_bench(subject)
        urls.append(bench.sandbox.url("jhe"))
        dialects.forget(urls[-1])
        adapter(bench).tells_changes()
        return bench

    yield open_one
    for url in urls:
        dialects.forget(url)
