"""Journeys as sentences: what is given, what somebody does, what they then see."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.mfa.utils import decrypt
from django.conf import settings as django_settings
from django.contrib.auth.models import Group
from django.test import Client
from playwright.sync_api import Locator, Page, expect
from pytest_django.fixtures import Settings

from integrations.registry import label_of
from integrations.sandbox import jhe
from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.run import Sandbox
from patients.services import taking_in
from portal.accounts.models import User
from portal.accounts.roles import Role
from tests.conftest import PASSWORD, make_user
from tests.support import age_index, connected, fill_index
from tests.waiting import until

from . import checks
from .devices import code_of
from .watch import Watch

MEGAN = "member_megan@example.com"  # member of the organization that most of the sandbox's people are in
OPAQUE = re.compile(r"/search/[\w-]{22}(\?all=1)?$")
OPAQUE_PERSON = re.compile(r"/people/[\w-]{22}(\?from=[\w-]{22})?$")


@dataclass
class Journey:
    """One person at one browser, the portal and the three systems behind it."""

    page: Page
    portal: str
    sandbox: Sandbox
    settings: Settings
    watch: Watch
    user: User | None = None
    afterwards: list[Callable[[], None]] = field(default_factory=list)

    # --- given ------------------------------------------------------------------------------

    def given_account(self, role: Role | None = Role.CLINIC_STAFF, *, jhe_login: str = MEGAN) -> User:
        """An account with password and one-time codes; connected to JHE unless ``jhe_login`` is empty."""
        word = role.value if role else "nobody"
        self.user = make_user(f"{word.split()[0]}@example.org", role, name=f"Sam {word.title()}")
        if jhe_login:
            connected(self.user, jhe_login, self.sandbox)
        return self.user

    def given_signed_in(self, role: Role | None = Role.CLINIC_STAFF, *, jhe_login: str = MEGAN) -> User:
        """An account whose browser has passed password and second step."""
        user = self.given_account(role, jhe_login=jhe_login)
        self.given_session_of(user)
        return user

    def given_session_of(self, user: User) -> None:
        """The browser is signed in as somebody."""
        client = Client()
        client.force_login(user)
        name = django_settings.SESSION_COOKIE_NAME
        self.page.context.add_cookies(
            [{"name": name, "value": client.cookies[name].value, "url": self.portal, "httpOnly": True}]
        )

    def given_role(self, role: Role) -> None:
        """An admin has given them a role."""
        assert self.user is not None
        self.user.groups.set([Group.objects.get(name=role.value)])

    def given_codes(self) -> None:
        """They have an app with one-time codes."""
        TOTP.activate(self.user, generate_totp_secret())

    def given_fault(self, system: str, kind: FaultKind, **values: object) -> None:
        """From now on a system answers like that."""
        self.sandbox.faults[system].add(Fault(kind=kind, **values))  # type: ignore[arg-type]

    def given_no_fault(self, system: str) -> None:
        """A system is well again, and answers what it has held back."""
        self.sandbox.faults[system].clear()

    def given_idle_too_long(self) -> None:
        """The server's clock says that nobody was there for too long."""
        self.settings.IDLE_LOCK_SECONDS = 0

    def given_time_enough(self) -> None:
        """The screen locks after ten minutes again."""
        self.settings.IDLE_LOCK_SECONDS = 600

    def given_index(self, *families: str) -> None:
        """The index knows the people of these family names, as read in every system."""
        assert self.user is not None
        fill_index(self.user, *families)

    def given_index_two_days_old(self) -> None:
        """What the index knows was read two days ago."""
        age_index(timedelta(days=2))

    def given_records_read_a_while_ago(self) -> None:
        """What the look-up has brought into the index is two minutes old."""
        until(taking_in.is_idle, what="records being taken in")
        age_index(timedelta(minutes=2))

    # --- when -------------------------------------------------------------------------------

    def when_they_go_to(self, path: str) -> None:
        """Type an address of the portal."""
        self.page.goto(self.portal + path)

    def when_they_look_up(self, text: str) -> None:
        """On the look-up page, type and press Enter."""
        self.when_they_go_to("/")
        self.when_they_type_and_send(text)

    def when_they_type(self, text: str) -> None:
        """Type into the look-up box of the page, and wait for what the index says."""
        self.watch.typed.append(text)
        with self.page.expect_response("**/typed"):
            self.look_up_box().press_sequentially(text)

    def when_they_type_and_send(self, text: str) -> None:
        """Type into the look-up box of the page and press Enter."""
        self.watch.typed.append(text)
        box = self.look_up_box()
        box.fill(text)
        box.press("Enter")
        self.page.wait_for_url(OPAQUE)

    def when_they_sign_in(self, user: User, password: str = PASSWORD) -> None:
        """Password on the sign-in page."""
        self.when_they_go_to("/accounts/login/")
        self.page.get_by_label("Email").fill(str(user.email))
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in", exact=True).click()

    def when_they_give_the_code(self) -> None:
        """The one-time code of the moment, as the app on their phone shows it."""
        authenticator = Authenticator.objects.get(user=self.user, type=Authenticator.Type.TOTP)
        code = code_of(decrypt(authenticator.data["secret"]))
        self.page.get_by_label("Code").fill(code)
        self.page.get_by_role("button", name="Sign in", exact=True).click()
        self.page.wait_for_url(f"{self.portal}/")

    def when_they_sign_in_at_jhe(self, email: str) -> None:
        """From the sign-in page to JHE, sign in there, and back."""
        self.when_they_go_to("/accounts/login/")
        self.page.get_by_role("button", name="JupyterHealth Exchange").click()
        self.page.get_by_label("Email").fill(email)
        self.page.get_by_label("Password").fill(jhe.PASSWORD)
        self.page.get_by_role("button", name="Sign in", exact=True).click()
        self.page.wait_for_url(f"{self.portal}/**")

    def when_they_sign_out(self) -> None:
        """By the menu, or by the button of a page without one."""
        menu = self.page.locator("[data-portal-menu] summary")
        if menu.count():
            menu.click()
        self.page.get_by_role("button", name="Sign out").click()
        self.then_they_see("Sign in")

    def when_they_lock_the_screen(self) -> None:
        """By the button of the menu."""
        self.page.locator("[data-portal-menu] summary").click()
        self.page.get_by_role("button", name="Lock the screen").click()
        self.then_they_see("Screen locked")

    def when_they_unlock_by_password(self, password: str = PASSWORD) -> None:
        """On the lock page or the cover."""
        self.page.get_by_label("Password", exact=True).fill(password)
        self.page.get_by_role("button", name="Unlock", exact=True).click()

    def when_nobody_is_there_for(self, time: str) -> None:
        """Let the browser's clock run (minutes:seconds); ``page.clock.install()`` comes first."""
        self.page.clock.fast_forward(time)

    def when_they_open(self, name: str) -> None:
        """Open a person of the list."""
        self.person(name).get_by_role("link").first.click()
        self.page.wait_for_url(OPAQUE_PERSON)

    def when_they_tab_to(self, place: Locator) -> None:
        """Press Tab until a link, button or field has the focus."""
        for _ in range(60):
            self.page.keyboard.press("Tab")
            if place.evaluate("e => e === document.activeElement"):
                return
        raise AssertionError("Tab never gets there")

    # --- then -------------------------------------------------------------------------------

    def then_every_system_has_answered(self) -> None:
        """No panel is asking any more."""
        expect(self.page.locator(".portal-panel--asking")).to_have_count(0, timeout=20_000)

    def then_they_find(self, *names: str) -> None:
        """Every one of them is in the list."""
        self.then_every_system_has_answered()
        for name in names:
            expect(self.person(name).first).to_be_visible()

    def then_the_panel_says(self, system: str, words: str) -> None:
        """One system's panel holds these words."""
        expect(self.panel(system)).to_contain_text(words, timeout=20_000)

    def then_they_see(self, heading: str) -> None:
        """The page's first heading."""
        expect(self.page.get_by_role("heading", level=1, name=heading)).to_be_visible()

    def then_the_page_is_accessible(self) -> None:
        """Axe finds nothing, and nothing is cut or too small to press, at this width."""
        assert checks.barriers(self.page) == []

    def then_the_focus_is_visible_all_the_way(self) -> None:
        """Wherever Tab leads, the focus shows and nothing lies over it."""
        assert checks.focus_stops(self.page)

    # --- places on the page -----------------------------------------------------------------

    def look_up_box(self) -> Locator:
        """The box of the look-up form, or the one in the header."""
        return self.page.locator("[data-portal-lookup]").first

    def person(self, name: str) -> Locator:
        """A row of the list."""
        return self.page.locator("li.portal-person", has_text=name)

    def understood(self) -> Locator:
        """The tags of what was understood."""
        return self.page.locator(".portal-understood__item")

    def cover(self) -> Locator:
        """The cover over an idle page."""
        return self.page.get_by_role("dialog", name="Screen locked")

    def panel(self, system: str) -> Locator:
        """One system's panel in the list."""
        return self.page.locator(f"#system-{system}")

    def label(self, system: str) -> str:
        """How pages call a system."""
        return label_of(system)

    # --- the end ----------------------------------------------------------------------------

    def finish(self) -> None:
        """Let every answer come, so that none meets an emptied database; then nothing may be amiss."""
        for board in self.sandbox.faults.values():
            board.clear()
        for undo in self.afterwards:
            undo()
        if not self.page.is_closed():
            expect(self.page.locator("[data-portal-asking]")).to_have_count(0, timeout=20_000)
            self.watch.nothing_amiss()
