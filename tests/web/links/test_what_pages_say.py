"""What pages say of links: who linked, who is kept apart, and who may be taken for somebody else."""

from __future__ import annotations

from datetime import date

from django.test import Client
from django.urls import reverse

from portal.accounts.models import User
from tests.conftest import signed_in
from tests.support import PART, parsed

from .linking import GRACE, People, form_of, link_page, read, record


def test_persons_page_says_who_linked_and_leads_to_what_each_may_do(
    staff: Client, admins: Client, people: People
) -> None:
    address = link_page(people.grace, people.gracie)
    staff.post(address, form_of(staff, address))
    page = reverse("patients:patient", args=[people.grace.public_id])

    for client, may_undo in ((staff, False), (admins, True)):
        links = parsed(client.get(page)).of_class("portal-links")[0]
        assert "Impilo 7 linked by Clive Staff" in links.text
        assert "Reason: Told at the desk" in links.text
        assert ("Undo" in links.text, "Not this person" in links.text) == (may_undo, may_undo)
        assert "This is the same person as somebody else" in links.text


def test_who_is_kept_apart_is_said_on_both_pages(admins: Client, people: People) -> None:
    link = link_page(people.grace, people.gracie)
    admins.post(link, form_of(admins, link))
    unlink = reverse("patients:unlink", args=[people.grace.public_id, record("impilo", "7").pk])
    admins.post(unlink, form_of(admins, unlink))

    for each, other in ((people.grace, "DLAMINI, Gracie"), (record("impilo", "7").patient, "MBEKI, Grace")):
        page = parsed(admins.get(reverse("patients:patient", args=[each.public_id])))
        assert (
            f"Kept apart from {other}, born 18-Apr-1975 by Ada Admin" in page.of_class("portal-links")[0].text
        )


def test_reader_is_offered_nothing_to_change(people: People, reader: User) -> None:
    page = parsed(signed_in(Client(), reader).get(reverse("patients:patient", args=[people.grace.public_id])))

    assert page.of_class("portal-links") == []


def test_namesake_is_named_on_the_page_in_rows_and_in_the_list(staff: Client, people: People) -> None:
    other = read("impilo", "9", GRACE, given_name="Grayce", birth_date=date(1976, 4, 18)).patient
    url = reverse("patients:patient", args=[other.public_id])
    page = parsed(staff.get(reverse("patients:patient", args=[people.grace.public_id])))
    (banner,) = page.of_class("portal-namesakes")
    said = "MBEKI, Grayce, born 18-Apr-1976: given name like it, other year of birth"
    assert said in banner.text

    typing = {"text": "mbeki grace", "run": "r" * 22}
    typed = parsed(staff.post(reverse("patients:typed"), typing, headers=PART))
    listed = parsed(staff.get(reverse("patients:people")))

    for rows in (typed.of_class("portal-person"), listed.of_class("portal-list__row")):
        grace = next(row for row in rows if row.text.startswith(("MBEKI, Grace", "Select MBEKI, Grace")))
        (caution,) = grace.of_class("portal-caution")
        assert "Not to be confused with" in caution.text
        assert "other year of birth" in caution.text
        assert url in caution.links()
    assert page.of_class("portal-links")[0].text.count("Perhaps the same person") == 0


def test_who_may_be_the_same_person_is_no_namesake_and_said_with_the_links(
    staff: Client, people: People
) -> None:
    read("impilo", "9", GRACE, birth_date=date(1975, 4, 13), email="grace@example.org")

    page = parsed(staff.get(reverse("patients:patient", args=[people.grace.public_id])))

    assert page.of_class("portal-namesakes") == []
    assert (
        "Perhaps the same person as MBEKI, Grace, born 13-Apr-1975" in page.of_class("portal-links")[0].text
    )
