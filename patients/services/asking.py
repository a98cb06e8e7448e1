"""Several systems asked side by side, each with its own deadline: a slow one delays only itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

import structlog

from integrations.errors import IntegrationError, Unavailable
from integrations.parallel import start
from integrations.registry import label_of

log = structlog.get_logger(__name__)

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
        answer = _answer(question)
        try:
            then(answer)
        except Exception as fault:  # nobody looks into the future; whoever waits asks again
            log.error("answer lost", system=question.system, operation=question.operation, exc_info=fault)

    return start(_systems, work)


def ask_all(questions: Mapping[str, Question[R]]) -> dict[str, R | IntegrationError]:
    """Ask all at once; for each key the answer, or the error instead of one. Never waits longer
    than the longest deadline, and never fails as a whole."""
    begun = time.monotonic()
    futures = {key: start(_systems, partial(_answer, question)) for key, question in questions.items()}
    answers: dict[str, R | IntegrationError] = {}
    for key, question in questions.items():
        left = question.seconds + SLACK - (time.monotonic() - begun)
        try:
            answers[key] = futures[key].result(timeout=max(left, 0))
        except TimeoutError:
            answers[key] = Unavailable(
                system=question.system,
                operation=question.operation,
                label=label_of(question.system),
                reason="deadline",
            )
    return answers


def _answer(question: Question[R]) -> R | IntegrationError:
    """What the work gives or raises. A fault of ours in one adapter must not take away what the
    other systems answer: it becomes that system's failure, and goes to the log."""
    try:
        return question.work()
    except IntegrationError as fault:
        return fault
    except Exception as fault:
        log.error("asking failed", system=question.system, operation=question.operation, exc_info=fault)
        return IntegrationError(
            system=question.system,
            operation=question.operation,
            label=label_of(question.system),
            reason="our fault",
        )
