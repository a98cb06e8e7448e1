"""What looking and sending mean for each kind of write (docs/reliability.md, "Kinds")."""

from __future__ import annotations

from collections.abc import Mapping

from patients.services.operations.wishes import Kind

from .belonging import Joining, Leaving, Removing
from .changing import Archiving, Changing, Marking
from .creating import Creating
from .identifying import Identifying
from .inviting import Cancelling, Inviting
from .job import After, AlsoKeeps, Done, Hold, Job, Look, Ready, Refuse, Work
from .studying import Deciding, Enrolling, Unenrolling

__all__ = [
    "After",
    "AlsoKeeps",
    "Done",
    "Hold",
    "Job",
    "Look",
    "Ready",
    "Refuse",
    "Work",
    "work_of",
]

_WORKS: Mapping[Kind, type[Work]] = {
    Kind.CREATE: Creating,
    Kind.CHANGE: Changing,
    Kind.ARCHIVE: Archiving,
    Kind.IDENTIFY: Identifying,
    Kind.JOIN: Joining,
    Kind.LEAVE: Leaving,
    Kind.REMOVE: Removing,
    Kind.MARK: Marking,
    Kind.ENROL: Enrolling,
    Kind.UNENROL: Unenrolling,
    Kind.DECIDE: Deciding,
    Kind.INVITE: Inviting,
    Kind.CANCEL_INVITATION: Cancelling,
}


def work_of(job: Job) -> Work:
    """The work that an operation's kind means."""
    return _WORKS[Kind(job.operation.kind)](job)
