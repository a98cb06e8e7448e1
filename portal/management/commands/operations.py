"""``manage.py operations``: look after writes where no page can be opened. It tells no patient's details."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from integrations.errors import IntegrationError
from integrations.registry import system_names
from patients.models import Operation
from patients.services.lookup import Gone
from patients.services.operations import listing, readers, settling, story
from patients.services.operations.listing import Filters, Order
from patients.services.operations.settling import NotNow
from patients.services.operations.standing import standings
from patients.services.operations.wording import KINDS, Try, title_of
from portal import audit
from portal.accounts.models import User
from portal.accounts.roles import Role, has_role
from portal.management.accounts import account_of

REFUSED, LATER = 1, 3
MOST = 200
ORDERS = [each.value for each in Order]


class Command(BaseCommand):
    """Everything is done in the name of the account that is given, with its rights, and stands in the trail.

    Ends with 0 when all is done, 1 where something is refused or not there, 3 where a system does not
    answer or asks for a pause, so that the same may succeed later.
    """

    help = "Lists writes to the systems, tells what became of one, and decides about them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What to do, with which write, in whose name."""
        whats = parser.add_subparsers(dest="what", required=True, metavar="what")
        self._add_list(whats.add_parser("list", help="writes, the newest first"))
        self._add(whats.add_parser("show", help="what became of one"), many=False)
        self._add(whats.add_parser("try-now", help="have them tried at once"), many=True)
        self._add(whats.add_parser("take-over", help="have one sent in your own name"), many=False)
        give_up = whats.add_parser("give-up", help="end one without its being done")
        self._add(give_up, many=False, reason=True)
        done = whats.add_parser("done-by-hand", help="mark one as done")
        self._add(done, many=False, reason=True)
        done.add_argument("--record", default="", help="the record's number in its system, where it is new")

    def _add(self, parser: ArgumentParser, *, many: bool, reason: bool = False) -> None:
        parser.add_argument("ids", nargs="+" if many else 1, metavar="ID", help="number of the write")
        parser.add_argument("--by", required=True, metavar="ACCOUNT", help="in whose name: e-mail or number")
        if reason:
            parser.add_argument("--reason", required=True, help="stays in the trail; no patient's name")

    def _add_list(self, parser: ArgumentParser) -> None:
        parser.add_argument("--by", required=True, metavar="ACCOUNT", help="who looks: e-mail or number")
        parser.add_argument("--state", choices=Operation.State.values, default="")
        parser.add_argument("--system", choices=system_names(), default="")
        parser.add_argument("--kind", choices=[str(each) for each in KINDS], default="")
        parser.add_argument("--asked-by", metavar="ACCOUNT", default="")
        parser.add_argument("--person", metavar="ID", default="", help="the id in the address of their page")
        parser.add_argument("--bulk", metavar="ID", default="")
        parser.add_argument("--order", choices=ORDERS, default=Order.NEWEST.value)
        parser.add_argument("--most", type=int, default=listing.SIZE, help=f"lines, {MOST} at most")

    def handle(self, *, what: str, by: str, **options: Any) -> None:
        """Do it; the exit code says how it went."""
        user = account_of(by)
        if what == "list":
            return self._list(user, options)
        do = {
            "show": self._show,
            "try-now": self._try_now,
            "take-over": self._take_over,
            "give-up": self._give_up,
            "done-by-hand": self._done_by_hand,
        }[what]
        statuses = {self._one(each, user, do, options) for each in options["ids"]}
        worst = REFUSED if REFUSED in statuses else LATER if LATER in statuses else 0
        if worst:
            sys.exit(worst)
        return None

    def _one(self, public_id: str, user: User, do: Callable[..., str], options: dict[str, Any]) -> int:
        """One write: what came of it is said, on standard error where nothing was changed."""
        try:
            said = do(story.find(public_id, by=user), user, options)
        except Gone:
            self.stderr.write(f"{public_id}: there is no such write, or none of this account's.")
        except NotNow as refused:
            self.stderr.write(f"{public_id}: {refused}")
        except IntegrationError as fault:
            self.stderr.write(f"{public_id}: {fault.for_staff} {fault.next_step}".rstrip())
            return LATER if fault.retryable else REFUSED
        else:
            self.stdout.write(said)
            return 0
        return REFUSED

    # --- looking ----------------------------------------------------------------------------

    def _list(self, user: User, options: dict[str, Any]) -> None:
        asked = options["asked_by"]
        names = ("state", "system", "kind", "person", "bulk")
        filters = Filters(
            **{name: options[name] for name in names}, asked_by=account_of(asked).pk if asked else 0
        )
        most = min(max(options["most"], 1), MOST)
        found = list(listing.rows_of(filters, Order(options["order"]), by=user)[:most])
        standing = standings(found, by=user, reach=readers.reach_for(found, user))
        audit.look("operations.listed", by=user, details={"with": filters.names, "rows": len(found)})
        for each in found:
            now = standing[each.pk]
            when = timezone.localtime(each.asked_at)
            self.stdout.write(
                f"{each.public_id}  {now.word:<13}  {when:%Y-%m-%d %H:%M}  {each.asked_by}: {title_of(each)}"
            )
        counts = listing.counts(filters, by=user)
        self.stdout.write(", ".join(f"{state} {count}" for state, count in counts.items()))

    def _show(self, operation: Operation, user: User, options: dict[str, Any]) -> str:
        audit.look("operation.viewed", by=user, details={"operation": operation.public_id})
        course = story.course_of(operation, by=user)
        standing = course.standing
        return "\n".join(
            filter(
                None,
                [
                    f"{operation.public_id}: {title_of(operation)}",
                    f"state: {standing.word}. {standing.sentence} {standing.step}".rstrip(),
                    f"goes after: {course.behind.public_id}" if course.behind is not None else "",
                    f"asked for by {operation.asked_by}, {_moment(operation.asked_at)}",
                    f"goes out in the name of {operation.acts_for}",
                    f"next try: {_moment(operation.due_at)}" if operation.due_at else "",
                    *(_line(each) for each in course.tries),
                    f"and {course.more_tries} earlier tries" if course.more_tries else "",
                ],
            )
        )

    # --- deciding ---------------------------------------------------------------------------

    def _try_now(self, operation: Operation, user: User, options: dict[str, Any]) -> str:
        settling.try_now(operation, by=user)
        return f"{operation.public_id}: it is tried as soon as a worker comes to it."

    def _take_over(self, operation: Operation, user: User, options: dict[str, Any]) -> str:
        settling.take_over(operation, by=user)
        return f"{operation.public_id}: it is sent in the name of {user} now."

    def _give_up(self, operation: Operation, user: User, options: dict[str, Any]) -> str:
        unknown = operation.left_at is not None
        settling.give_up(operation, reason=_reason(options), by=user)
        rest = " It is not known whether it took effect: look at the record." if unknown else ""
        return f"{operation.public_id}: given up.{rest}"

    def _done_by_hand(self, operation: Operation, user: User, options: dict[str, Any]) -> str:
        reason = _reason(options)
        if not has_role(user, Role.ADMIN):
            raise NotNow("Only an admin can mark this as done.")
        if operation.record is None and not options["record"]:
            raise CommandError("Say which record it is: --record NUMBER. Nothing was changed.")
        found = settling.by_hand(operation, remote_id=options["record"], reason=reason, by=user)
        rest = f" There seem to be more records of the same person: {found.others}." if found.others else ""
        return f"{operation.public_id}: marked as done.{rest}"


def _reason(options: dict[str, Any]) -> str:
    reason = str(options["reason"]).strip()
    if not reason or len(reason) > 500:
        raise CommandError("Give a reason, of 500 letters at most. Nothing was changed.")
    return reason


def _moment(moment: Any) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M:%S}"


def _line(each: Try) -> str:
    sent = {True: "sent", False: "nothing sent", None: "not known whether sent"}[each.sent]
    request = f", request id {each.request_id}" if each.request_id else ""
    return f"try {_moment(each.began_at)}: {each.text} ({sent}{request})"
