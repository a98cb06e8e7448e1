"""Why an invitation's link may not work: the portal checks what it can, the rest is asked of the person.

The four causes are those of the system's own guide (integrations/jhe/README.md, section 16).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from django.conf import settings

from integrations.registry import label_of
from integrations.studies import InvitationState as State
from integrations.studies import LinkParts
from patients.models import Invitation
from patients.services.operations import clock

from . import plans
from .handing_over import Opened, parts_of

FRESH_FOR = timedelta(days=3)  # less than any known server lets a link live
_TEST_MARKS = ("dev", "test", "staging", "debug", "demo")


class Verdict(StrEnum):
    """What a check came to; ``ask``: only the person can tell."""

    GOOD = "good"
    BAD = "bad"
    ASK = "ask"


class Fix(StrEnum):
    """What a page offers."""

    NONE = ""
    AGAIN = "again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One cause: what it is, what was found, and what to do."""

    cause: str
    verdict: Verdict
    found: str
    step: str = ""
    fix: Fix = Fix.NONE


def checks(opened: Opened) -> list[Check]:
    """The four causes in the order in which they are most often it."""
    parts = parts_of(opened)
    return [_code(opened), _app(opened, parts), _installed(opened, parts), _host(opened, parts)]


# --- the code -------------------------------------------------------------------------------

_OVER: Mapping[str, str] = {
    State.EXPIRED: "The one-time code has expired.",
    State.REPLACED: "A newer invitation has replaced this one: its link leads nowhere any more.",
    State.CANCELLED: "This invitation was cancelled: its link leads nowhere any more.",
}


def _code(opened: Opened) -> Check:
    cause, label, row = "The one-time code", label_of(opened.study.system), opened.invitation
    if row.state in _OVER:
        return Check(
            cause=cause, verdict=Verdict.BAD, found=_OVER[row.state],
            step="Make a new invitation, and give the person the new link.", fix=Fix.AGAIN,
        )  # fmt: skip
    if row.state == State.REDEEMED:
        return Check(
            cause=cause, verdict=Verdict.GOOD,
            found="The app has used it: the person is connected.",
            step="If they changed their telephone since, make a new invitation.", fix=Fix.AGAIN,
        )  # fmt: skip
    if row.state == State.NOT_KNOWN:
        return Check(
            cause=cause, verdict=Verdict.ASK,
            found=f"This version of {label} does not tell whether it was used or has expired.",
            step="If in doubt, make a new invitation: the link before it ends with that.", fix=Fix.AGAIN,
        )  # fmt: skip
    if row.expires_at is not None and row.expires_at <= clock.now():
        return Check(cause=cause, verdict=Verdict.BAD, found=_OVER[State.EXPIRED], fix=Fix.AGAIN)
    return _unused(cause, label, row)


def _unused(cause: str, label: str, row: Invitation) -> Check:
    """That it has expired the system may find out only when somebody tries it: an older one is doubted."""
    found = f"{label} says that it was not used, replaced or cancelled."
    made_at = row.asked_at or row.state_at
    if made_at is not None and clock.now() - made_at < FRESH_FOR:
        return Check(cause=cause, verdict=Verdict.GOOD, found=found)
    return Check(
        cause=cause, verdict=Verdict.ASK,
        found=f"{found} That it has expired it may notice only once somebody tries it, and it was made "
        f"{FRESH_FOR.days} days ago or more.",
        step="If in doubt, make a new invitation: this one then ends.", fix=Fix.AGAIN,
    )  # fmt: skip


# --- the app --------------------------------------------------------------------------------


def _app(opened: Opened, parts: LinkParts | None) -> Check:
    cause = "The app that the link opens"
    label = label_of(opened.study.system)
    if opened.invitation.app and plans.plan_of(opened.study).app(opened.invitation.app) is None:
        return Check(
            cause=cause, verdict=Verdict.BAD, found="The study does not use this app any more.",
            step="Make a new invitation to an app of the study.", fix=Fix.AGAIN,
        )  # fmt: skip
    if parts is None:
        return _not_kept(cause, f"It should open {opened.app}.")
    if marks := [each for each in _TEST_MARKS if each in parts.app.lower()]:
        return Check(
            cause=cause, verdict=Verdict.BAD,
            found=f"It opens “{parts.app}”, which looks like an app for trying out (“{marks[0]}”).",
            step=f"Ask whoever runs {label} to check the app's invitation address there.",
        )  # fmt: skip
    return Check(
        cause=cause, verdict=Verdict.GOOD,
        found=f"It opens “{parts.app}”. The study's app is {opened.app}.",
        step=f"If another app opens, ask whoever runs {label} to check the app's invitation address there.",
    )  # fmt: skip


def _installed(opened: Opened, parts: LinkParts | None) -> Check:
    return Check(
        cause="The app on the telephone",
        verdict=Verdict.ASK,
        found="The portal cannot see what is installed there.",
        step=f"Ask the person to install {opened.app} from their app store, and to open the link once more. "
        "The link should lead to the store by itself where the app is missing.",
    )


# --- the server -----------------------------------------------------------------------------


def _host(opened: Opened, parts: LinkParts | None) -> Check:
    label, system = label_of(opened.study.system), opened.study.system
    cause = f"The address of {label}"
    own = urlsplit(settings.SYSTEMS[system]["URL"]).netloc
    named = parts.host if parts is not None else ""
    if named and named.lower() != own.lower():
        return Check(
            cause=cause, verdict=Verdict.BAD,
            found=f"The link sends telephones to {named}, and this portal uses {own}.",
            step=f"Ask whoever runs {label} which of them is right.",
        )  # fmt: skip
    host = named or own
    if _is_inside(host):
        return Check(
            cause=cause, verdict=Verdict.BAD,
            found=f"{host} can be reached from inside this network only: a telephone does not get there.",
            step=f"Ask whoever runs {label} for an address that telephones reach.",
        )  # fmt: skip
    return Check(
        cause=cause, verdict=Verdict.ASK,
        found=f"{'The link leads to' if named else 'It should lead to'} {host}, as this portal does.",
        step="Ask the person to try with mobile data, and then with another Wi-Fi.",
    )  # fmt: skip


def _is_inside(host: str) -> bool:
    """Whether an address is one that only machines nearby reach."""
    name = urlsplit(f"//{host}").hostname or ""
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return "." not in name or name.endswith((".local", ".internal", ".localhost"))
    return not address.is_global


def _not_kept(cause: str, should: str) -> Check:
    return Check(
        cause=cause, verdict=Verdict.ASK,
        found=f"The link is not kept any more, so that the portal cannot look at it. {should}",
        step="Ask the person what opens when they follow it.",
    )  # fmt: skip
