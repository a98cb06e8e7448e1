"""One operation as its page and the command tell it: what, for whom, how it stands, what came of each try.

Whoever asked for it reads it, and admins do; of the person and their details each sees what their own role
reaches. What cannot be deciphered is left out, and said.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from patients.models import Attempt, Operation, SourceRecord
from patients.services import visibility
from patients.services.hand_links import side_of
from patients.services.lookup import Gone
from patients.services.portrait import Identity
from patients.services.visibility import Reach
from portal import audit
from portal.accounts.models import User
from portal.web.crypto import Undecryptable

from . import bulk_pages, queue, readers, rights, settling
from .contents import Contents, contents_of
from .recording import fields_of
from .settling import Possible
from .standing import Standing, standing_of
from .whom import BESIDE, UNREAD, Whom, may_know_new, person_of, whom, wish_of
from .wishes import Create, Wish
from .wording import Try, field_label, title_of, try_of

MOST_TRIES = 20  # shown; the latest


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundRecord:
    """A record that stands against an operation. ``identity`` is ``None`` out of the reader's reach."""

    system: str
    remote_id: str = field(repr=False)
    identity: Identity | None = field(default=None, repr=False)
    public_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How an operation goes, without a word of whom it is about: what refreshes itself on its page."""

    operation: Operation
    standing: Standing
    behind: Operation | None
    tries: tuple[Try, ...]
    more_tries: int
    possible: Possible

    @property
    def stamp(self) -> str:
        """The same as long as nothing has come of it."""
        moment = int(self.operation.changed_at.timestamp() * 1_000_000)
        behind = self.behind.public_id if self.behind is not None else ""
        return f"{self.operation.state}.{moment}.{len(self.tries) + self.more_tries}.{behind}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """Everything that one reader may know. ``fields`` are the names of the details that it sets;
    ``refused_fields`` what the system says of each; ``is_readable``: what is to be written can be read;
    ``is_withheld``: whom and what it is about is for others. ``bulk_label`` is what its bulk is called."""

    course: Course
    title: str
    whom: Whom
    fields: tuple[str, ...]
    contents: Contents = field(repr=False)
    found: tuple[FoundRecord, ...]
    refused_fields: tuple[tuple[str, str], ...]
    is_readable: bool
    is_withheld: bool
    bulk_label: str = field(repr=False)

    @property
    def operation(self) -> Operation:
        """The operation itself."""
        return self.course.operation


def find(public_id: str, *, by: User) -> Operation:
    """An operation that somebody may read about. Raises ``Gone``, after one event where it is another's."""
    rows = Operation.objects.select_related(*BESIDE).defer(*UNREAD)
    operation = rows.filter(public_id=public_id).first()
    if operation is None:
        raise Gone
    if not rights.may_read(operation, by=by):
        audit.look("operation.viewed", by=by, outcome="refused", details={"operation": operation.public_id})
        raise Gone
    return operation


def open_story(public_id: str, *, by: User) -> Story:
    """The story, and the event that says that it was opened. Raises ``Gone``."""
    story = story_of(find(public_id, by=by), by=by)
    note_look(story, by=by)
    return story


def note_look(story: Story, *, by: User, read: str = "") -> None:
    """One event for a page about an operation, with the records that it shows; ``read`` is one that was
    read from its system just now, as "system:id"."""
    operation = story.operation
    shown = [f"{each.system}:{each.remote_id}" for each in story.whom.rows]
    shown += [f"{each.system}:{each.remote_id}" for each in story.found if each.identity is not None]
    audit.look(
        "operation.viewed",
        by=by,
        system=operation.system,
        subject_key=person_of(operation).public_id,
        details={
            "operation": operation.public_id,
            "kind": operation.kind,
            "records": list(dict.fromkeys([*shown, *filter(None, [read])])),
        },
    )


def course_of(operation: Operation, *, by: User) -> Course:
    """How it goes, for a page or a part of one."""
    behind = queue.before(operation) if operation.state in queue.OPEN else None
    attempts = Attempt.objects.filter(operation=operation).order_by("-pk")
    latest = list(attempts[:MOST_TRIES])
    count = len(latest) if len(latest) < MOST_TRIES else attempts.count()
    tries = (try_of(each, operation, is_latest=not place) for place, each in enumerate(latest))
    return Course(
        operation=operation,
        standing=standing_of(
            operation,
            behind=behind,
            in_full=readers.reads(operation, by=by, reach=readers.reach_for([operation], by)),
        ),
        behind=behind,
        tries=tuple(tries),
        more_tries=count - len(latest),
        possible=settling.possible(operation, by=by),
    )


def story_of(operation: Operation, *, by: User) -> Story:
    """The story as one reader may know it."""
    reach = visibility.reach_of(by)
    wish = wish_of(operation)
    names = fields_of(wish) if wish is not None else []
    about = whom(operation, wish, by=by, reach=reach)
    is_withheld = not readers.knows_whom(operation, by=by, reach=reach)
    is_told = readers.reads(operation, by=by, reach=reach)
    bulk = operation.bulk
    sees = wish is not None and _sees_values(operation, wish, about, by=by, reach=reach)
    return Story(
        course=course_of(operation, by=by),
        title=title_of(operation, names),
        whom=about,
        fields=tuple(field_label(each) for each in names),
        contents=contents_of(operation, wish) if sees and wish is not None else Contents(),
        found=() if is_withheld else tuple(_found(operation, by, reach)),
        refused_fields=tuple(_refused_fields(operation)) if is_told else (),
        is_readable=wish is not None,
        is_withheld=is_withheld,
        bulk_label=bulk_pages.label_of(bulk, by=by, reach=reach) if bulk is not None else "",
    )


def _sees_values(operation: Operation, wish: Wish, about: Whom, *, by: User, reach: Reach) -> bool:
    """Whether somebody may see what is to be written: who sees the record, or would see the new one."""
    if isinstance(wish, Create) and operation.record is None:
        return may_know_new(operation, wish, by=by, reach=reach)
    return operation.record_id in {each.pk for each in about.rows}


def _found(operation: Operation, by: User, reach: Reach) -> Iterator[FoundRecord]:
    """The records that stand against it, in the order in which they were found."""
    for each in operation.details.get("records", ()):
        system, _, number = str(each).partition(":")
        rows = visibility.records(reach).filter(system=system, remote_id=number).select_related("patient")
        row = rows.defer("held").first()
        if row is not None and not visibility.may_see(by, row.patient, reach):
            row = None
        yield FoundRecord(
            system=system,
            remote_id=number,
            identity=_identity(row) if row is not None else None,
            public_id=row.patient.public_id if row is not None else "",
        )


def _identity(row: SourceRecord) -> Identity | None:
    try:
        return side_of(row.patient, [row]).identity
    except Undecryptable:
        return None


def _refused_fields(operation: Operation) -> Iterator[tuple[str, str]]:
    """What a system said of single details: words that its adapter has let through."""
    told = operation.details.get("fields")
    if isinstance(told, dict):
        for name, says in told.items():
            yield field_label(name), " ".join(says) if isinstance(says, list) else str(says)
