"""``manage.py register``: register one person where no page can be opened. It tells no patient's details."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NoReturn, TextIO

from django.core.management.base import BaseCommand, CommandError

from integrations.abilities import Capability
from integrations.errors import IntegrationError
from integrations.registry import label_of, system_class, system_names
from patients.entering.reading import Entered, enter
from patients.entering.systems import ORGANIZATION
from patients.entering.typed import Typed
from patients.forms.person import conventions
from patients.models import Operation
from patients.services import visibility
from patients.services.operations import recording
from patients.services.operations.claims import Taken
from patients.services.registering import gate, mailboxes
from patients.services.registering.gate import Look
from patients.services.registering.offers import Offer, offers_for
from patients.services.registering.passing import Passed
from patients.services.registering.registration import Plan
from patients.services.visibility import Reach
from portal.accounts.models import User
from portal.management.accounts import account_of

STOPPED, REFUSED = 2, 3
SENTENCES = 2  # of Django's --verbosity: from here on sentences are told, which may repeat what was given
FIELDS = frozenset(Typed.__dataclass_fields__)


class Command(BaseCommand):
    """Everything is done in the name of the account that is given, with its rights, and stands in the trail.

    The details come as one JSON object, field by field as in the form, so that no name stands in a list of
    processes or in what a shell remembers. Ends with 0 when the records are asked for, 2 where somebody was
    found whom the person may be (a reason is needed), 3 where something is wrong or not allowed.
    """

    help = "Registers one person, whose details are read from standard input as a JSON object."
    stealth_options = ("stdin",)

    def add_arguments(self, parser: ArgumentParser) -> None:
        """In whose name, in which systems."""
        parser.add_argument("--by", required=True, metavar="ACCOUNT", help="in whose name: e-mail or number")
        parser.add_argument(
            "--system", dest="systems", action="append", required=True, choices=system_names(),
            help="where; again for each further system",
        )  # fmt: skip
        parser.add_argument("--organization", default="", metavar="ID", help="where a system has such")
        parser.add_argument(
            "--reason", default="", help="why it is another person than those found; no patient's name"
        )

    def handle(
        self, *, by: str, systems: list[str], organization: str, reason: str, verbosity: int, **options: Any
    ) -> None:
        """Check as the form does, search, and ask for the records; the exit code says how it went."""
        user = account_of(by)
        if len(reason) > 500:
            raise CommandError("Give a reason of 500 letters at most. Nothing was done.", returncode=REFUSED)
        entered = enter(typed_from(options.get("stdin") or sys.stdin), conventions())
        chosen = tuple(name for name in system_names() if name in systems)
        plan = Plan(details=entered.details, systems=chosen, organization_id=organization.strip())
        reach = visibility.reach_of(user)
        wrong = [*_wrong_in(entered), *_wrong_with(plan), *_not_allowed(plan, user, reach)]
        if wrong:
            self._refuse(*(f"{what}. {said}" if verbosity >= SENTENCES else what for what, said in wrong))
        try:
            passed = gate.check(plan.details, by=user, reason=reason)
            self._require_own_mailbox(plan, user, reach)
            asked = recording.register(
                replace(plan, details=passed.details).records(), passed=passed, by=user
            )
        except gate.Stopped as stopped:
            self._tell(stopped.look)
            self.stderr.write(f"{stopped} Nothing was created.")
            sys.exit(STOPPED)
        except Taken as taken:
            self._refuse(f"They are being registered already, or were just now: {taken.patient.public_id}")
        except IntegrationError as fault:
            self._refuse(f"{fault.for_staff} {fault.next_step}".rstrip())
        self._tell_asked(asked, passed)

    # --- what is said -----------------------------------------------------------------------

    def _tell(self, look: Look) -> None:
        """Whom the search found, by the ids of their pages, and of who is out of reach the system alone."""
        for each in look.meeting.met:
            self.stdout.write(f"found: {each.nearness.name.lower()}  {each.side.patient.public_id}")
        for hidden in look.meeting.unseen:
            self.stdout.write(f"found: {hidden.nearness.name.lower()}  out of your reach, in {hidden.labels}")
        for silent in look.silent:
            self.stderr.write(_did_not_say(silent.system))

    def _tell_asked(self, asked: list[Operation], passed: Passed) -> None:
        for name in passed.unanswered:
            self.stderr.write(_did_not_say(name))
        for operation in asked:
            self.stdout.write(f"asked: {operation.public_id}  {label_of(operation.system)}")
        self.stdout.write(f"person: {asked[0].patient.public_id}")

    def _refuse(self, *sentences: str) -> NoReturn:
        for each in sentences:
            self.stderr.write(each)
        self.stderr.write("Nothing was created.")
        sys.exit(REFUSED)

    def _require_own_mailbox(self, plan: Plan, user: User, reach: Reach) -> None:
        taken = mailboxes.taken(plan.details, plan.systems, by=user, reach=reach)
        if taken:
            self._refuse(*(f"{each.label}: the e-mail is somebody's there already" for each in taken))


def typed_from(source: TextIO) -> Typed:
    """The form's texts of a JSON object. Raises ``CommandError``, which repeats nothing of them."""
    try:
        given = json.load(source)
    except ValueError:
        given = None
    if not isinstance(given, dict) or not all(isinstance(each, str) for each in given.values()):
        raise CommandError(
            'Give one JSON object of texts, like {"given_name": "…", "birth_date": "1 Feb 1980"}.',
            returncode=REFUSED,
        )
    if unknown := given.keys() - FIELDS:
        raise CommandError(
            f"There are {len(unknown)} unknown fields. Known are: {', '.join(sorted(FIELDS))}.",
            returncode=REFUSED,
        )
    return Typed(**given)


def _wrong_in(entered: Entered) -> Iterator[tuple[str, str]]:
    for each in entered.findings:
        if each.stops:
            yield f"{each.field}: not as it can be", each.sentence


def _wrong_with(plan: Plan) -> Iterator[tuple[str, str]]:
    for each in plan.problems():
        if each.stops:
            yield f"{label_of(each.system)}: {each.field} {each.trouble}", each.sentence


def _not_allowed(plan: Plan, user: User, reach: Reach) -> Iterator[tuple[str, str]]:
    offers = {each.system: each for each in offers_for(user, reach)}
    for name in plan.systems:
        offer = offers.get(name)
        if offer is None:
            yield f"{label_of(name)}: {user} may register nobody there, or it is not set up", ""
        elif offer.why_not:
            yield f"{offer.label}: {user} may register nobody there", offer.why_not
        elif _is_out_of_reach(plan, offer):
            yield f"{offer.label}: {ORGANIZATION} is none in which {user} may write", ""


def _is_out_of_reach(plan: Plan, offer: Offer) -> bool:
    is_narrow = Capability.ORGANIZATIONS in system_class(offer.system).capabilities
    return bool(is_narrow and plan.organization_id) and plan.organization_id not in dict(offer.organizations)


def _did_not_say(system: str) -> str:
    return f"{label_of(system)} did not answer: it is searched again before anything is sent to it."
