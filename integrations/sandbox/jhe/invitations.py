"""Invitations: by patient app and with a state today, a link that nobody remembers in 2025-10.

Nobody is asked for a role. The links that are mailed stand in the state (``mails``), for tests to read:
the server logs nothing.
"""

from __future__ import annotations

import base64
import re
from datetime import datetime, timedelta
from urllib.parse import quote

from flask import request

from . import seed_data as fixed
from . import shapes
from .calls import Api, Call, Data, Open, Row, Writes, authenticated, base_url, body_keys, instant
from .clients import FIXED_PAGE
from .errors import Crashed, Refused, missing
from .lists import plain_list
from .records import find_patient, login_of
from .seed import next_id
from .tokens import find_client, hashed, random_text, scopes

REQUIRED = ["This field is required."]
STATUSES = ("issued", "reissued", "redeemed", "cancelled", "expired")
TOKEN = re.compile(r"[A-Za-z0-9]{32}", re.ASCII)
LIVES_DAYS = 7
REDEEMED_AGAIN_HOURS = 12
CODE_SECONDS = 60
OLDER_CODE_DAYS = 14
CALLBACK = "/auth/callback"


def register(api: Api) -> None:
    """Serve what the generation has of it."""
    if api.server.older:
        api.add("/patients/<key>/invitation_link", GET=Writes(invitation_link))
        return
    api.add("/invitation", GET=invitations, POST=Writes(invite))
    api.add(
        "/invitation/<key>", GET=invitation, PATCH=Writes(change), DELETE=Writes(delete), POST=Open(redeem)
    )


def _find(call: Call, key: str) -> Row:
    row: Row | None = call.data["invitations"].get(key)
    if row is None:
        raise missing("PatientInvitation")
    return row


def _mail(data: Data, patient: Row, link: str) -> None:
    message = {"to": login_of(data, patient)["email"], "subject": "JHE Invitation", "link": link}
    data.setdefault("mails", []).append(message)


# --- by app -------------------------------------------------------------------------------


def invitations(call: Call) -> Row:
    """Everybody's invitations, newest change first; there is no filter."""
    rows = sorted(call.data["invitations"].values(), key=lambda row: str(row["last_updated"]), reverse=True)
    return plain_list(call, rows, shapes.invitation, fixed=FIXED_PAGE)


def invitation(call: Call, key: str) -> Row:
    """One invitation, whoever it is for."""
    return shapes.invitation(_find(call, key))


def invite(call: Call) -> tuple[Row, int]:
    """A new invitation, whose token is told this once; an unused one to the same app is replaced.

    ``clientId`` is not understood as ``client_id``, and ``sendEmail`` only as true itself. The mail comes
    last: where a server fails in sending it, the invitation is there.
    """
    body = body_keys(exact=["clientId"])
    names = {"patient_id": "patientId", "client_id": "client_id"}
    lacking = {shown: REQUIRED for name, shown in names.items() if not body.get(name)}
    if lacking:
        raise Refused(400, lacking)
    patient = call.data["patients"].get(str(body["patient_id"]))
    if patient is None:
        raise missing("Patient")
    client = call.data["clients"].get(str(body["client_id"]))
    if client is None:
        raise missing("Application")
    if client["invitation_url"] is None:
        raise Crashed
    row, token = _issue(call, patient, client)
    code = quote(f"{request.host}_{token}", safe="_")
    link = client["invitation_url"].replace("CODE", code)
    if body.get("send_email") is True and not call.half_done:
        _mail(call.data, patient, link)
    return {**shapes.invitation(row), "token": token, "invitationLink": link}, 201


def _issue(call: Call, patient: Row, client: Row) -> tuple[Row, str]:
    for each in call.data["invitations"].values():
        pair = (each["patient_id"], each["client_id"], each["status"])
        if pair == (patient["id"], client["id"], "issued"):
            each["status"] = "reissued"  # which the server does beside its clock
    token = random_text(32)
    row = {
        "id": next_id(call.data, "invitations"),
        "patient_id": patient["id"],
        "client_id": client["id"],
        "token_hash": hashed(token),
        "status": "issued",
        "last_updated": instant(call.server.clock()),
    }
    call.data["invitations"][str(row["id"])] = row
    return row, token


def change(call: Call, key: str) -> Row:
    """Set the status, to whatever it was before."""
    row = _find(call, key)
    wanted = body_keys().get("status", row["status"])
    if wanted not in STATUSES:
        raise Refused(400, {"status": [f'"{wanted}" is not a valid choice.']})
    _set(call, row, wanted)
    return shapes.invitation(row)


def delete(call: Call, key: str) -> tuple[None, int]:
    """Forget an invitation."""
    del call.data["invitations"][str(_find(call, key)["id"])]
    return None, 204


def _set(call: Call, row: Row, status: str) -> None:
    row.update(status=status, last_updated=instant(call.server.clock()))


# --- redeeming ----------------------------------------------------------------------------


def redeem(call: Call, key: str) -> Row:
    """An app's exchange of the token for a code, with no sign-in; the token is the code's verifier, too."""
    if not TOKEN.fullmatch(key):
        authenticated(call.server)
        raise Refused(405, {"detail": 'Method "POST" not allowed.'})
    rows = call.data["invitations"].values()
    row = next((each for each in rows if each["token_hash"] == hashed(key)), None)
    if row is None:
        raise Refused(404, {"detail": "Invitation not found or already used."})
    _check_open(call, row)
    client = call.data["clients"][str(row["client_id"])]
    login = login_of(call.data, call.data["patients"][str(row["patient_id"])])
    verifier = base64.urlsafe_b64encode(key.encode()).rstrip(b"=").decode()
    lives = timedelta(seconds=CODE_SECONDS)
    code = _new_code(call, client, login, verifier, lives, of_other_apps=False)
    _set(call, row, "redeemed")
    return {
        "grant": {
            "grant_type": "authorization_code",
            "redirect_uri": base_url() + CALLBACK,
            "client_id": client["client_id"],
            "code": code,
        },
        "token_endpoint": f"{base_url()}/o/token/",
        "expires": call.data["codes"][code]["expires"],
    }


def _check_open(call: Call, row: Row) -> None:
    """Refuse what cannot be redeemed (any more); that an unused one is too old is noted here first."""
    age = call.server.clock() - datetime.fromisoformat(row["last_updated"])
    if row["status"] == "issued" and age.days >= LIVES_DAYS:
        _set(call, row, "expired")
    if row["status"] == "expired":
        raise Refused(410, {"detail": "Invitation has expired."})
    if row["status"] == "cancelled":
        raise Refused(403, {"detail": "Invitation has been cancelled."})
    used = row["status"] == "redeemed" and age > timedelta(hours=REDEEMED_AGAIN_HOURS)
    if used or row["status"] == "reissued":
        raise Refused(409, {"detail": "Invitation has already been used."})


def _new_code(
    call: Call, client: Row, login: Row, verifier: str, lives: timedelta, *, of_other_apps: bool
) -> str:
    """A code with which an app signs in as the patient; the patient's codes before it are gone."""
    codes = call.data["codes"]
    for key in [key for key, each in codes.items() if each["user_id"] == login["id"]]:
        if of_other_apps or codes[key]["client"] == client["id"]:
            del codes[key]
    code = random_text(30)
    codes[code] = {
        "client": client["id"],
        "user_id": login["id"],
        "auth_time": int(call.server.clock().timestamp()),
        "redirect_uri": base_url() + CALLBACK,
        "scope": " ".join(scopes(call.server)),
        "nonce": None,
        "challenge": hashed(verifier),
        "challenge_method": "S256",
        "expires": instant(call.server.clock() + lives),
    }
    return code


# --- by link ------------------------------------------------------------------------------


def invitation_link(call: Call, key: str) -> Row:
    """A new link; the code in it lives two weeks and ends every other of the patient. A GET that writes."""
    patient = find_patient(call, key)
    client = find_client(call.data, fixed.OLDER_APP_ID)
    if client is None:
        raise Crashed
    login, lives = login_of(call.data, patient), timedelta(days=OLDER_CODE_DAYS)
    code = _new_code(call, client, login, fixed.OLDER_APP_VERIFIER, lives, of_other_apps=True)
    link = fixed.OLDER_LINK_PREFIX + quote(f"{request.host}|", safe="") + code
    if call.query.get("send_email") == "true" and not call.half_done:
        _mail(call.data, patient, link)
    return {"invitationLink": link}
