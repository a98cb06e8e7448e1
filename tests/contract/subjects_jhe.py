"""JHE as the contract suite examines it: both generations, read by a member of one organization."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from integrations.jhe import reach
from integrations.sandbox import jhe as server
from integrations.sandbox.run import Sandbox, utc_now
from integrations.types import Caller, SearchQuery, Term

from .subjects import BORN, FAMILY, GIVEN, Subject

READER = "member_megan@example.com"
KEY_OWNER = "manager_mary@example.com"


class IssuedToken:
    """A person's token from the sandbox; whoever refuses it gets it again."""

    def __init__(self, token: str) -> None:
        self.token = token

    def current(self) -> str:
        return self.token

    def renewed(self, rejected: str) -> str:
        return self.token


def caller_of(sandbox: Sandbox, email: str = READER) -> Caller:
    """Somebody who reads with a token of their own."""
    access, _refresh = server.issue_token(sandbox.stores["jhe"], utc_now, email)
    return Caller(token=IssuedToken(access))


def connected(sandbox: Sandbox) -> Mapping[str, Any]:
    """The settings of a portal that is registered at the sandbox's JHE."""
    try:
        api_key = server.issue_api_key(sandbox.stores["jhe"], KEY_OWNER)
    except LookupError:  # 2025-10 has none
        api_key = ""
    return {
        "URL": sandbox.url("jhe"),
        "CLIENT_ID": server.CLIENT_ID,
        "CLIENT_SECRET": server.CLIENT_SECRET,
        "API_KEY": api_key,
    }


def patient_called(sandbox: Sandbox, **fields: str) -> dict[str, Any]:
    """The sandbox's own row of one patient."""
    with sandbox.stores["jhe"].reading() as state:
        rows = state["patients"].values()
        found = next(row for row in rows if all(row[key] == value for key, value in fields.items()))
        return {**found, "email": state["users"][str(found["user_id"])]["email"]}


def _known_id(sandbox: Sandbox) -> str:
    return str(patient_called(sandbox, name_family=FAMILY, name_given=GIVEN)["id"])


CURRENT = Subject(
    name="jhe-current",
    system="jhe",
    configure=connected,
    caller=caller_of,
    known_id=_known_id,
    missing_id="99999999",
    record_path=r"/patients/\d+",
    forget=reach.forget,
)
OLDER = replace(
    CURRENT,
    name="jhe-2025-10",
    dialect="2025-10",
    # No search by name there: the e-mail finds, name and birth date are checked on what it finds.
    finding=SearchQuery(
        words=(GIVEN, FAMILY),
        given_name=GIVEN,
        family_name=FAMILY,
        birth_dates=(BORN,),
        email="grace.mbeki@example.org",
    ),
    nobody=SearchQuery(words=("Grace",), email="quillon.xanthopoulos@example.com"),
    impossible=SearchQuery(words=(GIVEN, FAMILY), phone="07700 900123"),
    sure_terms=frozenset({Term.NAME, Term.EMAIL}),
)
SUBJECTS = [CURRENT, OLDER]
