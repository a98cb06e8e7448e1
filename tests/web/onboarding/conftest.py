"""Whoever onboards people at their desks, and a study of their organization."""

from __future__ import annotations

from tests.web.inviting.conftest import (  # the same people, the same study
    asker,
    desk,
    newcomer,
    onlooker,
    onlookers,
    peter,
    study,
    takes_part,
)

__all__ = ["asker", "desk", "newcomer", "onlooker", "onlookers", "peter", "study", "takes_part"]
