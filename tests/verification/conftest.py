"""The same questions to the sandbox and, where the environment names one, to a real JHE.

They read; nothing is left behind but sign-ins. Tests of writing make people up and remove them again:
of a real server they are asked only where ``JHE_VERIFY_WRITES=yes``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from pytest_django import Settings

from integrations.jhe.adapter import JheAdapter
from integrations.sandbox import jhe as sandbox_jhe
from integrations.sandbox.run import Sandbox
from integrations.types import Caller, RemotePatient

from .made import Made
from .sign_in import sign_in
from .subject import Person, Subject, from_environment, missing_from_environment

SANDBOXES = ("current", "2025-10")


def _subjects() -> list[Any]:
    missing = missing_from_environment()
    reason = f"a real JHE is examined where the environment has {', '.join(missing)}"
    marks = [pytest.mark.skipif(bool(missing), reason=reason)]
    if not missing:
        host = urlsplit(from_environment().url).hostname or ""
        marks.append(pytest.mark.allow_hosts(["127.0.0.1", "localhost", "::1", host]))
    return [*(f"sandbox-{dialect}" for dialect in SANDBOXES), pytest.param("real", marks=marks)]


@pytest.fixture(scope="session")
def sandboxes() -> Iterator[Callable[[str], Subject]]:
    """Starts the sandbox of a dialect when it is first asked for."""
    started: dict[str, Sandbox] = {}

    def subject(dialect: str) -> Subject:
        if dialect not in started:
            started[dialect] = Sandbox(dialect=dialect, systems=("jhe",))
            started[dialect].start()
        return _of_sandbox(started[dialect])

    yield subject
    for sandbox in started.values():
        sandbox.stop()


def _of_sandbox(sandbox: Sandbox) -> Subject:
    practitioner = "manager_mary@example.com"

    def person(email: str) -> Person:
        return Person(email=email, password=sandbox_jhe.PASSWORD)

    try:
        api_key = sandbox_jhe.issue_api_key(sandbox.stores["jhe"], practitioner)
    except LookupError:  # 2025-10 has none
        api_key = ""
    return Subject(
        name=f"sandbox-{sandbox.dialect}",
        url=sandbox.url("jhe"),
        client_id=sandbox_jhe.CLIENT_ID,
        client_secret=sandbox_jhe.CLIENT_SECRET,
        api_key=api_key,
        practitioner=person(practitioner),
        elsewhere=person("manager_mark@example.com"),
        patient=person("ll_patient_peter@example.com"),
        member=person("member_megan@example.com"),
    )


@pytest.fixture(params=_subjects())
def subject(
    request: pytest.FixtureRequest,
    sandboxes: Callable[[str], Subject],
    settings: Settings,
    transactional_db: None,
) -> Subject:
    """The examined server, with the portal connected to it."""
    name: str = request.param
    found = from_environment() if name == "real" else sandboxes(name.removeprefix("sandbox-"))
    connected = {
        "URL": found.url,
        "CLIENT_ID": found.client_id,
        "CLIENT_SECRET": found.client_secret,
        "API_KEY": found.api_key,
        "RATE": 500.0,
    }
    settings.SYSTEMS = {**settings.SYSTEMS, "jhe": {**settings.SYSTEMS["jhe"], **connected}}
    return found


class FixedToken:
    """A token that nobody renews."""

    def __init__(self, token: str) -> None:
        self.token = token

    def current(self) -> str:
        return self.token

    def renewed(self, rejected: str) -> str:
        return self.token


# Kept for the run: nothing here changes what a server holds, and a person's records are many requests.
_tokens: dict[tuple[str, str], str] = {}
_people: dict[tuple[str, str], dict[str, RemotePatient]] = {}


def token_of(subject: Subject, person: Person) -> str:
    """A person's access token; one sign-in a run for tests that leave it alone."""
    name = (subject.url, person.email)
    if name not in _tokens:
        _tokens[name] = sign_in(subject, person)["access_token"]
    return _tokens[name]


def adapter_of(subject: Subject, person: Person) -> JheAdapter:
    """The adapter as it works for one person."""
    return JheAdapter(Caller(token=FixedToken(token_of(subject, person))))


@pytest.fixture
def jhe(subject: Subject) -> JheAdapter:
    """The adapter, working for the practitioner."""
    return adapter_of(subject, subject.practitioner)


def _made(subject: Subject, person: Person) -> Iterator[Made]:
    if subject.name == "real" and os.environ.get("JHE_VERIFY_WRITES") != "yes":
        pytest.skip("writing to a real JHE is examined where JHE_VERIFY_WRITES is yes")
    made = Made(adapter_of(subject, person), subject.url, token_of(subject, person))
    yield made
    made.tidy()


@pytest.fixture
def made(subject: Subject) -> Iterator[Made]:
    """What the practitioner makes; it is removed after the test."""
    yield from _made(subject, subject.practitioner)


@pytest.fixture
def made_elsewhere(subject: Subject) -> Iterator[Made]:
    """What the practitioner of other organizations makes."""
    if subject.elsewhere is None:
        pytest.skip("no practitioner of another organization is named (JHE_ELSEWHERE_USER)")
    yield from _made(subject, subject.elsewhere)


@pytest.fixture
def place(made: Made) -> str:
    """An organization where the practitioner may write."""
    assert made.organizations, "the practitioner needs the role of manager or member somewhere"
    return made.organizations[0].id


@pytest.fixture
def other_place(made: Made) -> str:
    """Another one."""
    if len(made.organizations) < 2:
        pytest.skip("the practitioner may write in one organization only")
    return made.organizations[1].id


@pytest.fixture
def foreign_place(made: Made, made_elsewhere: Made) -> str:
    """One where the other practitioner may write, and this one holds no role."""
    own = {each.id for each in made.jhe.organizations()}
    found = [each.id for each in made_elsewhere.organizations if each.id not in own]
    if not found:
        pytest.skip("the other practitioner may write in no other organization")
    return found[0]


def people_of(subject: Subject, person: Person) -> dict[str, RemotePatient]:
    """Everybody in a practitioner's organizations, by id."""
    name = (subject.url, person.email)
    if name not in _people:
        jhe = adapter_of(subject, person)
        _people[name] = {
            record.id: record
            for organization in jhe.organizations()
            for record in jhe.patients_of_organization(organization.id)
        }
    return _people[name]


@pytest.fixture
def people(subject: Subject) -> dict[str, RemotePatient]:
    """Everybody in the practitioner's organizations, by id."""
    found = people_of(subject, subject.practitioner)
    assert found, "the practitioner needs an organization with people"
    return found


@pytest.fixture
def known(people: dict[str, RemotePatient]) -> RemotePatient:
    """Somebody with both names, birth date and e-mail."""
    for record in people.values():
        person = record.demographics
        if person.given_name and person.family_name and person.birth_date and person.email:
            return record
    pytest.skip("nobody here has names, birth date and e-mail")


@pytest.fixture
def stranger(subject: Subject, people: dict[str, RemotePatient]) -> RemotePatient:
    """Somebody in none of the practitioner's organizations."""
    if subject.elsewhere is None:
        pytest.skip("no practitioner of another organization is named (JHE_ELSEWHERE_USER)")
    for record in people_of(subject, subject.elsewhere).values():
        if record.id not in people:
            return record
    pytest.skip("everybody elsewhere is within reach too")
