"""Writes about studies: enrolling, leaving, deciding and inviting; what JHE then holds, what the portal says.

A record's studies are a list (one twice is an enrolment twice); a decision is a field of its own; the list of
live invitations has an entry for every one that leads somewhere: there must be one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from integrations.sandbox import jhe

from .intents import Effect, Intent, Verb
from .kinds import CHAIN, Groups, Kind, Step
from .people import Made

OTHER_STUDY = 30002  # of the same organization; nobody touches it
APP, SCOPE = 1, 50002
SYSTEM, CODE = "https://w3id.org/openmhealth", "omh:blood-pressure:4.0"
LIVE, STUDIES = "live invitations", "studies"
IN_PERSON, EMAIL = "in person", "email"
UNDECIDED = "undecided"
MAILED = 2  # the place in a chain of invitations of the one that JHE mails


def decision_of(study: int) -> str:
    """The field that holds the decision in a study."""
    return f"decision.{study}.{CODE}"


# --- what is asked for ----------------------------------------------------------------------


def kinds_of_studies(groups: Groups, dialect: str) -> tuple[Kind, ...]:
    """The kinds of write about studies; none where there is no study to try them in."""
    if not groups.study:
        return ()
    older = dialect == jhe.OLDER

    def kind(name: str, method: str, path: str, steps: Callable[..., Iterator[Step]], **values: Any) -> Kind:
        return Kind(
            name=f"jhe {name}", system="jhe", method=method, path=path, steps=partial(steps, groups), **values
        )

    people = f"/studies/{groups.study}/patients$"
    return (
        kind("enrol", "POST", people, _enrol, shared=True),
        kind("unenrol", "DELETE", people, _unenrol, shared=True, in_study=True),
        kind(
            "decide", "DELETE" if older else "PATCH", "/patients/{id}/consents$", _decide,
            chained=True, in_study=True,
        ),
        kind(
            "invite", "GET" if older else "POST",
            "/patients/{id}/invitation_link$" if older else "/invitation$", _invite,
            chained=True, in_study=True, shared=not older,
        ),
    )  # fmt: skip


def _asked(groups: Groups, verb: str, **values: Any) -> dict[str, Any]:
    return {"verb": verb, "organization": str(groups.home), "study": str(groups.study), **values}


def _enrol(groups: Groups, made: Made) -> Iterator[Step]:
    yield _asked(groups, "enrol"), (Effect(Verb.ADD, STUDIES, groups.study),)


def _unenrol(groups: Groups, made: Made) -> Iterator[Step]:
    forgotten = Effect(Verb.SET, decision_of(groups.study), UNDECIDED)
    yield _asked(groups, "unenrol"), (Effect(Verb.REMOVE, STUDIES, groups.study), forgotten)


def _decide(groups: Groups, made: Made) -> Iterator[Step]:
    """Revoked, agreed to again, revoked: they had agreed before."""
    for place in range(CHAIN):
        agreed = bool(place % 2)
        yield _asked(groups, "decide", agreed=agreed), (Effect(Verb.SET, decision_of(groups.study), agreed),)


def _invite(groups: Groups, made: Made) -> Iterator[Step]:
    """Again and again: every one replaces the one before."""
    for place in range(CHAIN):
        channel = EMAIL if place == MAILED else IN_PERSON
        yield _asked(groups, "invite", channel=channel), (Effect(Verb.ADD, LIVE, LIVE),)


# --- what JHE holds -------------------------------------------------------------------------


def put_into(state: dict[str, Any], record: int, study: int) -> None:
    """Let a record take part in a study and in the other one, and have agreed in both."""
    for each in (study, OTHER_STUDY):
        enrolment = 1 + max((row["id"] for row in state["enrolments"]), default=0)
        state["enrolments"].append({"id": enrolment, "study_id": each, "patient_id": record})
        decision = 1 + max((row["id"] for row in state["consents"]), default=0)
        state["consents"].append({
            "id": decision, "enrolment_id": enrolment, "scope_code_id": SCOPE, "consented": True,
            "consented_time": "2026-01-05T10:00:00.000000Z",
        })  # fmt: skip
    last = state["last_ids"]
    last["enrolments"] = max(row["id"] for row in state["enrolments"])
    last["consents"] = max(row["id"] for row in state["consents"])


class Hangings:
    """What hangs on records, in the form in which the judge compares it."""

    def __init__(self, state: Mapping[str, Any]) -> None:
        self._state = state
        self._mine: dict[int, dict[str, Any]] = {}
        enrolments = {}
        for row in state["enrolments"]:
            enrolments[row["id"]] = row
            self._of(row["patient_id"])[STUDIES].append(row["study_id"])
        for row in state["consents"]:
            enrolment = enrolments.get(row["enrolment_id"])
            if enrolment is not None and row["scope_code_id"] == SCOPE:
                name = decision_of(enrolment["study_id"])
                self._of(enrolment["patient_id"])[name] = row["consented"]
        for row in state.get("invitations", {}).values():
            self._invitation(row)

    def of(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """What hangs on one record; codes that sign in as the person are live invitations, too."""
        fields = self._of(row["id"])
        codes = [each for each in self._state["codes"].values() if each["user_id"] == row["user_id"]]
        return {**fields, STUDIES: sorted(fields[STUDIES]), LIVE: [*fields[LIVE], *[LIVE] * len(codes)]}

    def _of(self, record: int) -> dict[str, Any]:
        undecided = {decision_of(int(each)): UNDECIDED for each in self._state["studies"]}
        return self._mine.setdefault(record, {STUDIES: [], LIVE: [], "ended otherwise": [], **undecided})

    def _invitation(self, row: Mapping[str, Any]) -> None:
        fields = self._of(row["patient_id"])
        if row["status"] == "issued":
            fields[LIVE].append(LIVE)
        elif row["status"] != "reissued":
            fields["ended otherwise"].append(row["status"])


# --- the portal -----------------------------------------------------------------------------


def prepare(groups: Groups, dialect: str) -> None:
    """The portal has read the studies."""
    from django.utils import timezone

    from patients.models import Study

    apps = [] if dialect == jhe.OLDER else [{"id": str(APP), "name": "An app", "invites": True}]
    plan = {"scopes": [{"system": SYSTEM, "code": CODE, "text": ""}], "apps": apps, "data_sources": []}
    for number in filter(None, (groups.study, OTHER_STUDY)):
        Study.objects.create(
            system="jhe", remote_id=str(number), organization=str(groups.home), name=f"Study {number}",
            plan=plan, read_at=timezone.now(),
        )  # fmt: skip


def know(groups: Groups, records: Iterable[str]) -> None:
    """The portal has read that these take part."""
    from django.utils import timezone

    from patients.models import SourceRecord
    from patients.services.studies import participants

    study = participants.study_of("jhe", str(groups.study))
    for row in SourceRecord.objects.filter(system="jhe", remote_id__in=list(records)):
        participants.enrolled(study, row, timezone.now())


def recorded(values: Mapping[str, Any], record: Any, user: Any) -> list[Any]:
    """Have it asked for, by the services that pages call."""
    from patients.models import Invitation
    from patients.services.studies import deciding, enrolling, inviting, participants
    from patients.services.visibility import Reach

    study = participants.study_of("jhe", values["study"])
    own = {"jhe": frozenset({values["organization"]})}
    who: dict[str, Any] = {"by": user, "reach": Reach(organizations=own, writable=own)}
    match values["verb"]:
        case "enrol":
            return [enrolling.enrol(study, record, **who)]
        case "unenrol":
            return [enrolling.unenrol(study, record, reason="Asked to stop", **who)]
        case "decide":
            return deciding.decide(study, record, {(SYSTEM, CODE): values["agreed"]}, said_by=_said(), **who)
    app = str(APP) if study.plan["apps"] else ""
    channel = Invitation.Channel(values["channel"])
    offer = inviting.Offer(app=app, channel=channel, again=True, reason="Asked for it")
    return [inviting.invite(study, record, offer, **who)]


def _said() -> Any:
    from datetime import date

    from patients.services.studies.authority import Authority, Decider, Manner

    return Authority(
        decider=Decider.PERSON, manner=Manner.PAPER, form_version="1", form_language="en",
        sheet_version="1", signed_on=date(2026, 1, 5), taken_by="A nurse",
    )  # fmt: skip


# --- what the portal says of it -------------------------------------------------------------


def problems(intents: Iterable[Intent], state: Mapping[str, Any], folder: Path) -> Iterator[str]:
    """What is wrong with what the portal keeps beside the systems."""
    done = [each for each in intents if each.answered and each.state == "done"]
    yield from _decisions_lost(done)
    yield from _invitations_told_wrong(done, state)
    yield from _links_in_clear(state, folder)


def _decisions_lost(done: Iterable[Intent]) -> Iterator[str]:
    """What was decided before somebody left is kept, once."""
    from patients.models import Decision

    for intent in done:
        if intent.kind == "jhe unenrol":
            rows = Decision.objects.filter(operation__public_id=intent.operation, how="before leaving")
            if [row.agreed for row in rows] != [True]:
                yield f"{intent.operation}: {rows.count()} decisions were kept before leaving"


def _invitations_told_wrong(done: Iterable[Intent], state: Mapping[str, Any]) -> Iterator[str]:
    """Of each person the portal calls one invitation live, the one that is, and all others replaced."""
    from patients.models import Invitation

    live = {
        (str(row["patient_id"]), str(row["id"]))
        for row in state.get("invitations", {}).values()
        if row["status"] == "issued"
    }
    for record in sorted({each.record for each in done if each.kind == "jhe invite"}):
        rows = Invitation.objects.filter(participant__record__remote_id=record).exclude(state="replaced")
        told = [(record, row.remote_id) for row in rows if row.state]
        if len(told) != 1 or (live and told[0] not in live):
            yield f"record {record}: the portal calls {len(told)} invitations live"


def _links_in_clear(state: Mapping[str, Any], folder: Path) -> Iterator[str]:
    """No code of an invitation stands in the database or a log, of those that were mailed or are kept."""
    from patients.models import Invitation

    links = [row["link"] for row in state.get("mails", [])]
    links += Invitation.objects.filter(link__isnull=False).values_list("link", flat=True)
    codes = {each.replace("%7C", "|").rpartition("|")[2].rpartition("_")[2].encode() for each in links}
    for name, content in (*_files(folder), *_tables()):
        found = sum(code in content for code in codes)
        if found:
            yield f"{found} codes of invitations stand in {name}"


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.name, path.read_bytes()


def _tables() -> Iterator[tuple[str, bytes]]:
    from django.db import connection

    for table in connection.introspection.table_names():
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608 (our own names)
            yield table, repr(cursor.fetchall()).encode()
