"""Staff at a browser, the examined JHE behind the portal: registered, changed, and deleted by two people."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

import pytest
from django.conf import settings as django_settings
from django.test import Client
from playwright.sync_api import Page, expect
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from patients.models import Operation, SourceRecord
from patients.services.operations import sending
from portal.accounts.models import PersonToken, User
from portal.accounts.roles import Role
from tests.browser.conftest import browser_context_args, browser_type_launch_args  # noqa: F401 (fixtures)
from tests.conftest import make_user

from .conftest import adapter_of
from .made import Made, unique_email
from .sign_in import sign_in
from .subject import Person, Subject

pytestmark = pytest.mark.browser
REASON = "Made up for a verification"


@dataclass
class AtTheDesk:
    """One browser, and who sits at it. Everybody who is registered is removed again by ``made``."""

    page: Page
    portal: str
    subject: Subject
    made: Made = field(repr=False)

    def sits_down(self, user: User) -> None:
        """Somebody is signed in at the browser."""
        client = Client()
        client.force_login(user)
        name = django_settings.SESSION_COOKIE_NAME
        self.page.context.add_cookies(
            [{"name": name, "value": client.cookies[name].value, "url": self.portal, "httpOnly": True}]
        )

    def fills(self, **typed: str) -> None:
        """Fill fields in, by their names."""
        for name, text in typed.items():
            self.page.locator(f"[name={name}]").first.fill(text)

    def presses(self, name: str) -> None:
        """Press a button or a link that looks like one."""
        self.page.get_by_role("button", name=name).first.click()

    def sees(self, heading: str) -> None:
        """Wait for a heading."""
        expect(self.page.get_by_role("heading", name=heading)).to_be_visible(timeout=30_000)

    def record(self, family: str) -> SourceRecord:
        """The record of somebody whom nobody else is called like; it is removed after the test."""
        record = SourceRecord.objects.get(system="jhe", family=family.casefold())
        self.made.ids.append(record.remote_id)
        return record


def staff(subject: Subject, person: Person, name: str) -> User:
    """Clinic staff who have signed in at the examined server as one of its practitioners."""
    user = make_user(f"{name.casefold()}@example.org", Role.CLINIC_STAFF, name=f"{name} Staff")
    tokens = sign_in(subject, person)
    account, _ = adapter_of(subject, person).account()
    PersonToken.objects.create(
        user=user,
        system="jhe",
        subject=account,
        access=tokens["access_token"],
        refresh=tokens.get("refresh_token", ""),
    )
    return user


@pytest.fixture
def desk(page: Page, live_server: LiveServer, subject: Subject, made: Made, settings: Settings) -> AtTheDesk:
    """A desk whose portal is connected to the examined JHE alone."""
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    settings.SYSTEMS = {
        name: entry if name == "jhe" else {**entry, "URL": ""} for name, entry in settings.SYSTEMS.items()
    }
    return AtTheDesk(page, live_server.url, subject, made)


@pytest.mark.parametrize("role", ["manager", "member"])
def test_registered_changed_and_deleted_by_two_people(desk: AtTheDesk, role: str) -> None:
    subject, page = desk.subject, desk.page
    person = subject.practitioner if role == "manager" else subject.member
    if person is None:
        pytest.skip("no member of an organization is named (JHE_MEMBER_USER)")
    desk.sits_down(staff(subject, person, "Drew"))
    family = f"Verif{unique_email()[13:23]}".replace("-", "")

    page.goto(f"{desk.portal}/register")
    desk.fills(given_name="Zoë", family_name=family, birth_date="9 3 1987", email=unique_email())
    desk.fills(phone="020 7946 0123")
    _choose_place(page, desk.made.organizations[0].id)
    desk.presses("Search the systems and go on")
    desk.sees("Nobody like this was found")
    desk.presses("Register in JupyterHealth Exchange")
    desk.sees("Being registered")
    sending.send_due()
    desk.sees("1 source record")
    record = desk.record(family)

    desk.presses("Edit")
    desk.fills(phone="020 7946 0999")
    desk.presses("Save")
    page.wait_for_url("**/people/*")
    sending.send_due()
    assert set(Operation.objects.values_list("state", flat=True)) == {"done"}
    page.reload()
    expect(page.locator("main")).to_contain_text("+442079460999")

    page.get_by_role("link", name="Take out of").click()
    desk.sees("Delete this record")
    desk.fills(typed=record.remote_id, reason=REASON)
    desk.presses("Ask a second person to confirm the deletion")
    assert subject.elsewhere is not None
    second = subject.practitioner if role == "member" else subject.member
    assert second is not None
    desk.sits_down(staff(subject, second, "Sam"))
    page.goto(desk.portal)
    page.get_by_role("link", name="waits for a second person").first.click()
    page.get_by_label("I have checked who it is").check()
    desk.presses("Confirm: delete the record")
    sending.send_due()

    assert Operation.objects.latest("pk").state == "done"
    assert desk.made.send("GET", f"/api/v1/patients/{record.remote_id}").status_code in {403, 404}


def _choose_place(page: Page, number: str) -> None:
    """The organization, where there are several to choose from."""
    place = page.locator("[name=organization_id]")
    if place.locator(f"option[value='{number}']").count():
        place.select_option(number)
