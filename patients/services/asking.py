"""Several systems asked side by side, each with its own deadline: a slow one delays only itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

from integrations.errors import IntegrationError, Unavailable
from integrations.parallel import start
from integrations.registry import label_of

R = TypeVar("R")

# Long-lived: leaving a `with ThreadPoolExecutor` block waits for the slowest thread.
_systems = ThreadPoolExecutor(max_workers=64, thread_name_prefix="systems")
SLACK = 0.5  # seconds that an adapter has, past its own deadline, to say so itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Question(Generic[R]):
    """One piece of work for one system, and how many seconds it may take."""

    system: str
    operation: str
    seconds: float
    work: Callable[[], R]


def begin(question: Question[R], then: Callable[[R | IntegrationError], None]) -> Future[None]:
    """Ask in the background; ``then`` gets the answer, or the error instead of one."""

    def work() -> None:
        try:
            answer: R | IntegrationError = question.work()
        except IntegrationError as fault:
            answer = fault
        then(answer)

    return start(_systems, work)


def ask_all(questions: Mapping[str, Question[R]]) -> dict[str, R | IntegrationError]:
    """Ask all at once; for each key the answer, or the error instead of one. Never waits longer
    than the longest deadline, and never fails as a whole."""
    begun = time.monotonic()
    futures = {key: start(_systems, question.work) for key, question in questions.items()}
    answers: dict[str, R | IntegrationError] = {}
    for key, question in questions.items():
        left = question.seconds + SLACK - (time.monotonic() - begun)
        try:
            answers[key] = futures[key].result(timeout=max(left, 0))
        except IntegrationError as fault:
            answers[key] = fault
        except TimeoutError:
            answers[key] = Unavailable(
                system=question.system,
                operation=question.operation,
                label=label_of(question.system),
                reason="deadline",
            )
    return answers
