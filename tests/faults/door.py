"""The way in for the driver: a small HTTP door over the services of writing.

``POST /faults/ask`` records what is asked for and answers with the operations' public ids: 201, and the
same again for a number that was asked before; 409 where the person is being registered already.
``POST /faults/states`` tells how far operations are, ``POST /faults/again`` tries held ones again. Loopback
only, with a signed token that names one of the harness's accounts. Only the harness's settings know it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import cattrs.preconf.json
import structlog
from django.core import signing
from django.db import DatabaseError, IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase

from integrations.types import Identifier
from integrations.writes import Changes, Details, IdentifierChange, NewRecord, shown_of
from portal.audit import AuditUnavailable

from . import studies

PATH = "/faults/"
SALT = "tests.faults"
log = structlog.get_logger(__name__)
_json = cattrs.preconf.json.make_converter()

Values = Mapping[str, Any]


def token_for(user_id: int) -> str:
    """What the driver sends to act as an account of the harness's."""
    return signing.dumps(user_id, salt=SALT)


class Door:
    """In front of the portal: answers its own addresses, and lets all others through."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request."""
        if not request.path.startswith(PATH):
            return self.get_response(request)
        view = _VIEWS.get(request.path.removeprefix(PATH))
        if view is None or request.method != "POST" or request.META["REMOTE_ADDR"] != "127.0.0.1":
            return HttpResponse(status=404)
        try:
            user_id = signing.loads(request.headers.get("X-Faults-Token", ""), salt=SALT)
        except signing.BadSignature:
            return HttpResponse(status=403)
        try:
            status, answer = view(json.loads(request.body), user_id)
        except (DatabaseError, AuditUnavailable) as fault:
            log.warning("the door waits for the database", error=type(fault).__name__)
            return JsonResponse({"error": type(fault).__name__}, status=503)
        return JsonResponse(answer, status=status)


def _ask(values: Values, user_id: int) -> tuple[int, Values]:
    from patients.models import Patient
    from patients.services.operations.claims import Taken
    from patients.services.registering.gate import Stopped

    try:
        return 201, asked(values, user_id)
    except Taken as taken:
        return 409, {"taken": taken.patient.public_id}
    except Stopped as stopped:
        nearest = Patient.objects.get(pk=stopped.look.meeting.doubts[0].patient)
        return 409, {"taken": nearest.public_id}


def asked(values: Values, user_id: int) -> Values:
    """Record an ask, once for each number; the answer. Raises ``Taken`` and ``Stopped``."""
    from portal.accounts.models import User

    from .models import Asked

    number, user = values["number"], User.objects.get(pk=user_id)
    before: Asked | None = Asked.objects.filter(number=number).first()
    if before is not None:
        kept: Values = before.answer
        return kept
    passed = _searched(values, user) if values["verb"] == "create" else None
    try:
        with transaction.atomic():
            row = Asked.objects.create(number=number)
            operations = _recorded(values, user, passed)
            row.answer = {
                "patient": operations[0].patient.public_id,
                "operations": {each.system: [each.public_id, each.own_id] for each in operations},
            }
            row.save()
    except IntegrityError:
        row = Asked.objects.get(number=number)
    answer: Values = row.answer
    return answer


def _searched(values: Values, user: Any) -> Any:
    """Through the gate, with the index alone: slow systems are met by what is written. Somebody made up who
    is like another one by chance is another one."""
    from patients.services.registering import gate

    details = _new(next(iter(values["records"].values()))).details
    try:
        return gate.check(details, by=user, live=False)
    except gate.Stopped as stopped:
        if stopped.look.verdict is not gate.Verdict.DOUBTFUL:
            raise
        return gate.check(details, by=user, live=False, reason="Made up by chance")


def _recorded(values: Values, user: Any, passed: Any) -> list[Any]:
    from patients.models import SourceRecord
    from patients.services.operations import recording

    if values["verb"] == "create":
        records = {system: _new(each) for system, each in values["records"].items()}
        return recording.register(records, passed=passed, by=user)
    record = SourceRecord.objects.get(system=values["system"], remote_id=values["record"])
    if "study" in values:
        return studies.recorded(values, record, user)
    if values["verb"] == "remove":
        return [_confirmed(record, values["organization"], user)]
    return [recording.ask(_wish(values, record), record=record, by=user)]


def _confirmed(record: Any, organization: str, user: Any) -> Any:
    """The deletion of a record, as somebody else has confirmed it."""
    from patients.models import Removal
    from patients.services.operations import clock, recording
    from portal.accounts.models import User

    second, _ = User.objects.get_or_create(email="second@example.org")
    now = clock.now()
    removal = Removal(
        record=record, organization=organization, counted={}, reason="Asked for in writing",
        state=Removal.State.CONFIRMED, asked_by=user, asked_at=now, decided_by=second, decided_at=now,
    )  # fmt: skip
    removal.operation = recording.ask_confirmed(removal)
    removal.save()
    return removal.operation


def _new(values: Values) -> NewRecord:
    return NewRecord(
        details=_json.structure(values["details"], Details), organization_id=values.get("organization", "")
    )


def _wish(values: Values, record: Any) -> Any:
    from patients.services.held import whole_of
    from patients.services.operations import wishes

    organization = values.get("organization", "")
    match values["verb"]:
        case "custom":
            changes = Changes(
                parts=frozenset(), details=Details(), custom_fields=tuple(values["custom"].items())
            )
            return wishes.Change(changes=changes, shown=shown_of(whole_of(record)))
        case "archive":
            return wishes.Archive(reason=values["reason"], notes=values["notes"])
        case "identify":
            change = IdentifierChange(add=_identifiers(values["add"]), remove=_identifiers(values["remove"]))
            return wishes.Identify(change=change, organization_id=organization)
        case "join":
            return wishes.Join(organization_id=organization)
        case "leave":
            return wishes.Leave(organization_id=organization)
        case "mark":
            return wishes.Mark()
    raise ValueError("no such write")


def _identifiers(pairs: list[list[str]]) -> tuple[Identifier, ...]:
    return tuple(Identifier(system=system, value=value) for system, value in pairs)


def _states(values: Values, user_id: int) -> tuple[int, Values]:
    """How far each is; "behind" is what waits for one of the same person that a person has to decide on."""
    from patients.models import Operation
    from patients.services.operations import queue

    told = {}
    for each in Operation.objects.filter(public_id__in=values["operations"]).defer(*queue.SEALED):
        first = queue.before(each) if each.state == Operation.State.WAITING else None
        is_held_up = first is not None and first.state == Operation.State.HELD
        told[each.public_id] = ["behind" if is_held_up else each.state, each.why]
    return 200, told


def _again(values: Values, user_id: int) -> tuple[int, Values]:
    """Try again, as who asked may, what is held since it failed several times."""
    from patients.models import Operation
    from patients.services.operations import settling
    from portal.accounts.models import User

    user = User.objects.get(pk=user_id)
    for each in Operation.objects.filter(public_id__in=values["operations"], state=Operation.State.HELD):
        settling.try_now(each, by=user)
    return 200, {}


_VIEWS: Mapping[str, Callable[[Values, int], tuple[int, Values]]] = {
    "ask": _ask, "states": _states, "again": _again,
}  # fmt: skip
