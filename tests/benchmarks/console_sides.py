"""The two sides: how the portal and JHE's console are worked, each on its quickest way."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from playwright.sync_api import Browser, Locator, Page

from tests.verification.subject import Subject

from .console_hands import PATIENCE, Hands, Measured, new_page
from .jhe_people import People
from .jhe_study import NAME, StudyThere

ROWS_A_PAGE = 20  # the console's, unless somebody chooses another size
ROWS = "document.querySelector('table tbody tr td')"
PANEL = "document.querySelector('#patients-crudModal.show')"
PORTAL_ROWS = "document.querySelector('.portal-list__name a')"
ALL_THERE = "document.querySelector('#person-status') && !document.querySelector('[data-portal-asking]')"
CONSENTS = "document.querySelector('#consents')"


@dataclass(frozen=True, slots=True, kw_only=True)
class Somebody:
    """A person by JHE's number and by the portal's."""

    number: str
    public_id: str


class Side(ABC):
    """One of the two, and who works at it. Each lap begins where the one before has ended, or says where."""

    name: str

    def __init__(self, hands: Hands) -> None:
        self.hands = hands

    @abstractmethod
    def table(self) -> Measured:
        """Everybody of the organization."""

    @abstractmethod
    def person(self) -> Measured:
        """The first of them."""

    @abstractmethod
    def study(self) -> Measured:
        """Who takes part in the study."""

    @abstractmethod
    def consents(self, whose: Somebody) -> Measured:
        """What a participant decided, from the list of participants."""

    @abstractmethod
    def enrol(self, whom: Somebody) -> Measured:
        """Into the study, from where the person is shown."""

    @abstractmethod
    def invite(self, whom: Somebody) -> Measured:
        """To the study's app, until its link stands there; from the page on which enrolling ended."""


class Portal(Side):
    """The portal. ``board`` is the address of the study's board."""

    name = "portal"

    def __init__(self, browser: Browser, address: str, *, cookie: str, board: str) -> None:
        page = new_page(browser)
        page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": address}])
        super().__init__(Hands(page))
        self._address, self._board = address, address + board

    def table(self) -> Measured:
        """The list of people."""
        return self.hands.opens(f"{self._address}/people/", PORTAL_ROWS)

    def person(self) -> Measured:
        """Until the answer of JHE is in the page."""
        self.hands.begins()
        self.hands.clicks(self.hands.page.locator(".portal-list__name a"))
        return self.hands.ends_in(ALL_THERE, r"/people/[\w-]+$")

    def study(self) -> Measured:
        """The board."""
        return self.hands.opens(self._board, PORTAL_ROWS)

    def consents(self, whose: Somebody) -> Measured:
        """A page of their own, which has been read from JHE when it comes."""
        self.hands.begins()
        self.hands.clicks(self.hands.page.locator(f"a[href$='/people/{whose.public_id}/consents']"))
        return self.hands.ends_in(CONSENTS, r"/consents$")

    def enrol(self, whom: Somebody) -> Measured:
        """From the person's page until the next step, the invitation, is offered: it is not before JHE's
        reply to the write has named them and the study. The study whose board was opened last is chosen."""
        self.hands.sits_at(f"{self._address}/people/{whom.public_id}", ALL_THERE)
        page = self.hands.page
        self.hands.begins()
        self.hands.clicks(page.get_by_role("link", name="Enrol in a study"))
        page.locator("form#enrol").wait_for(timeout=PATIENCE)
        self._unless_chosen(page.get_by_label(NAME))
        self.hands.clicks(page.get_by_role("button", name="Enrol", exact=True))
        return self.hands.ends_at("form#invite")

    def invite(self, whom: Somebody) -> Measured:
        """From the form on which enrolling ended. The way taken last is chosen."""
        page = self.hands.page
        self.hands.begins()
        self._unless_chosen(page.get_by_label("Copy the link"))
        self.hands.clicks(page.get_by_role("button", name="Make the invitation"))
        return self.hands.ends_at("#link")

    def _unless_chosen(self, radio: Locator) -> None:
        if not radio.is_checked():
            self.hands.ticks(radio)


class Console(Side):
    """The console of a real JHE. It keeps the last study as a person's choice, and shows that one again."""

    name = "console"

    def __init__(self, browser: Browser, subject: Subject, people: People, study: StudyThere) -> None:
        super().__init__(Hands(_signed_in(browser, subject)))
        self._patients = f"{subject.url}/clients/jhe-admin/patients"
        self._people, self._there = people, study
        self._of_study = f"organizationId={study.organization}&studyId={study.number}"

    def table(self) -> Measured:
        """The patients of the organization."""
        self._people.show_all()
        return self.hands.opens(f"{self._patients}/", ROWS)

    def person(self) -> Measured:
        """Until the panel has opened."""
        return self._panel(self.hands.page.locator("table tbody tr button"))

    def study(self) -> Measured:
        """The patients, narrowed to the study."""
        return self.hands.opens(f"{self._patients}?{self._of_study}", ROWS)

    def consents(self, whose: Somebody) -> Measured:
        """They are part of the patient's panel."""
        return self._panel(self.hands.page.locator(_eye(whose)))

    def enrol(self, whom: Somebody) -> Measured:
        """From the page of the list on which the person stands (the console has no search) until it shows the
        study's list, which it does after JHE's reply."""
        page = 1 + self._people.numbers().index(whom.number) // ROWS_A_PAGE
        everybody = f"organizationId={self._there.organization}&studyId=&page={page}"
        self.hands.sits_at(f"{self._patients}?{everybody}", ROWS)
        self.hands.begins()
        self.hands.ticks(self.hands.page.locator(f".patient-checkbox[value='{whom.number}']"))
        self.hands.clicks(self.hands.page.get_by_role("button", name="Add Patient(s) to Study"))
        chosen = self.hands.page.get_by_role("button", name=self._there.number, exact=True)
        self.hands.clicks(chosen)
        return self.hands.ends_in(ROWS, rf"/patients\?.*studyId={self._there.number}")

    def invite(self, whom: Somebody) -> Measured:
        """From the study's list, at the page on which the person stands."""
        page = 1 + self._there.taking_part().index(whom.number) // ROWS_A_PAGE
        self.hands.sits_at(f"{self._patients}?{self._of_study}&page={page}", ROWS)
        self.hands.begins()
        self.hands.clicks(self.hands.page.locator(_eye(whom)))
        self.hands.clicks(self.hands.page.get_by_role("button", name="Generate Invitation Link"))
        return self.hands.ends_in("document.querySelector('[id^=invitationLink-]')?.value")

    def _panel(self, opener: Locator) -> Measured:
        self.hands.begins()
        self.hands.clicks(opener)
        return self.hands.ends_in(PANEL)


def _eye(whose: Somebody) -> str:
    return f"button[data-recordid='{whose.number}']:has(.bi-eye)"


def _signed_in(browser: Browser, subject: Subject) -> Page:
    """As a browser does it, through the console's own sign-in."""
    page = new_page(browser)
    page.goto(f"{subject.url}/clients/jhe-admin/", timeout=PATIENCE)
    page.locator("input[type=password]").wait_for(timeout=PATIENCE)
    page.fill("input[name=username]", subject.practitioner.email)
    page.fill("input[type=password]", subject.practitioner.password)
    page.keyboard.press("Enter")
    page.wait_for_url("**/clients/jhe-admin/**", timeout=PATIENCE)
    page.locator("button.nav-link").first.wait_for(timeout=PATIENCE)
    return page
