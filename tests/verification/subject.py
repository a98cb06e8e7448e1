"""Who is examined: the sandbox's JHE in both generations, and a real one from the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

PORTAL_REDIRECT = "http://127.0.0.1:8000/accounts/oidc/jhe/login/callback/"
NEEDED = ("JHE_URL", "JHE_CLIENT_ID", "JHE_CLIENT_SECRET", "JHE_USER", "JHE_PASSWORD")


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody who can sign in at the examined server."""

    email: str
    password: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Subject:
    """One JHE. ``practitioner`` holds a role where there are people; the others may be missing.

    ``elsewhere`` is a practitioner with people in organizations where ``practitioner`` has no
    role, ``patient`` a patient's login, ``member`` a member of an organization of ``practitioner``'s.
    """

    name: str
    url: str
    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str = PORTAL_REDIRECT
    api_key: str = field(default="", repr=False)
    practitioner: Person
    elsewhere: Person | None = None
    patient: Person | None = None
    member: Person | None = None


def missing_from_environment() -> list[str]:
    """The variables without which no real server can be examined."""
    return [name for name in NEEDED if not os.environ.get(name)]


def from_environment() -> Subject:
    """The real server that the environment names; further people share the password."""
    password = os.environ["JHE_PASSWORD"]

    def person(name: str) -> Person | None:
        email = os.environ.get(name, "")
        return Person(email=email, password=password) if email else None

    return Subject(
        name="real",
        url=os.environ["JHE_URL"].rstrip("/"),
        client_id=os.environ["JHE_CLIENT_ID"],
        client_secret=os.environ["JHE_CLIENT_SECRET"],
        redirect_uri=os.environ.get("JHE_REDIRECT_URI", PORTAL_REDIRECT),
        api_key=os.environ.get("JHE_API_KEY", ""),
        practitioner=Person(email=os.environ["JHE_USER"], password=password),
        elsewhere=person("JHE_ELSEWHERE_USER"),
        patient=person("JHE_PATIENT_USER"),
        member=person("JHE_MEMBER_USER"),
    )
