"""Patient apps, invitations (read, and how a bad one is refused) and API keys."""

from __future__ import annotations

from . import shapes
from .calls import Api, Call, Row, body_keys
from .errors import Crashed, Refused, denied, missing
from .lists import plain_list
from .records import is_practitioner
from .seed import api_key

FIXED_PAGE = 1000
REQUIRED = ["This field is required."]


def register(api: Api) -> None:
    """Serve the operations that only the current generation has."""
    api.add("/clients", GET=clients)
    api.add("/invitation", GET=invitations, POST=invite)
    api.add("/invitation/<key>", GET=invitation)
    api.add("/practitioner_clients", GET=api_keys)


def clients(call: Call) -> Row:
    """Every patient app, newest first."""
    apps = [row for row in call.data["clients"].values() if row["invitation_url"] is not None]
    apps.sort(key=lambda row: str(row["created"]), reverse=True)
    return plain_list(call, apps, shapes.app, fixed=FIXED_PAGE)


def invitations(call: Call) -> Row:
    """Everybody's invitations, newest change first; there is no filter."""
    rows = sorted(call.data["invitations"].values(), key=lambda row: str(row["last_updated"]), reverse=True)
    return plain_list(call, rows, shapes.invitation, fixed=FIXED_PAGE)


def invitation(call: Call, key: str) -> Row:
    """One invitation, whoever it is for."""
    row = call.data["invitations"].get(key)
    if row is None:
        raise missing("PatientInvitation")
    return shapes.invitation(row)


def invite(call: Call) -> Row:
    """Refuse an invitation that lacks something; ``clientId`` is not understood as ``client_id``.

    The refusal of an empty one is how a client finds out which kind of invitation a server has. Sending one
    comes with the writing operations; until then a complete request is answered with 501.
    """
    body = body_keys(exact=["clientId"])
    names = {"patient_id": "patientId", "client_id": "client_id"}
    lacking = {shown: REQUIRED for name, shown in names.items() if not body.get(name)}
    if lacking:
        raise Refused(400, lacking)
    if str(body["patient_id"]) not in call.data["patients"]:
        raise missing("Patient")
    client = call.data["clients"].get(str(body["client_id"]))
    if client is None:
        raise missing("Application")
    if client["invitation_url"] is None:
        raise Crashed
    raise Refused(501, {"detail": "This sandbox does not send invitations."})


def api_keys(call: Call) -> Row:
    """The caller's own API keys, newest first, readable each time."""
    if not is_practitioner(call.data, call.user):
        raise denied("Only practitioner users can manage practitioner clients.")
    own = [row for row in call.data["api_keys"] if row["user_id"] == call.user["id"]]
    own.sort(key=lambda row: int(row["id"]), reverse=True)
    return plain_list(call, own, lambda row: _api_key(call, row), fixed=FIXED_PAGE)


def _api_key(call: Call, row: Row) -> Row:
    client = call.data["clients"][str(row["client"])]
    return {
        "id": row["id"],
        "label": row["label"],
        "created": client["created"],
        "name": client["name"],
        "key": api_key(client),
    }
