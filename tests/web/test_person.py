"""A person's page: records side by side, read anew, marked, named rightly, never two people in one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import combinations

import pytest
import time_machine
from django.utils import timezone

from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.people import CAST, SAME_PERSON
from integrations.sandbox.run import Sandbox
from patients.matching.grouping import Group, group
from patients.matching.typed_fields import TypedFields
from patients.models import SourceRecord
from patients.services import lookup as lookups
from patients.services.results import result
from patients.services.understanding import Asked
from portal.accounts.models import User
from tests.support import Desk, Node, connected

MARY = "manager_mary@example.com"
LATER = timedelta(minutes=2)
LONG = "Featherstonehaugh-Cholmondeley-Wriothesley-Marjoribank"


@pytest.fixture
def desk(sandbox: Sandbox, clinic_staff: User) -> Desk:
    """Clinic staff who are managers in JHE, where the cases are."""
    return Desk(connected(clinic_staff, MARY, sandbox))


def column(page: Node, label: str) -> list[str]:
    """The cells of one row of the comparison, verdict last."""
    for row in page.of_class("portal-compare__row"):
        head, *cells = [child for child in row.children if isinstance(child, Node)]
        if head.text == label:
            return [cell.text for cell in cells]
    raise AssertionError(f"no row {label}")


def strip_of(page: Node) -> str:
    """The identity strip in words."""
    return page.of_class("portal-identity")[0].text


def ids_on(page: Node) -> set[str]:
    """The ids of the records shown."""
    return {node.text for node in page.of_class("portal-code")}


# --- one person -----------------------------------------------------------------------------


def test_person_page_shows_every_record_and_the_identity(desk: Desk) -> None:
    page = desk.only_person("grace mbeki")

    assert ids_on(page) == {record_id for _, record_id in CAST["in_all_three"]}
    strip = strip_of(page)
    assert "MBEKI, Grace" in strip
    assert "18-Apr-1975 (" in strip
    assert "NHS number 999 134 6236" in strip
    assert "agree in every field" in page.of_id("records").text
    assert column(page, "Birth date")[-1] == "Same"


def test_title_of_the_page_names_nobody(desk: Desk) -> None:
    page = desk.only_person("grace mbeki")
    (title,) = page.every(lambda node: node.tag == "title")

    assert "mbeki" not in title.text.lower()


def test_differences_are_marked_and_said_in_words(desk: Desk) -> None:
    page = desk.only_person("jamal edwards")

    assert column(page, "Family name")[-1] == "Same"
    assert "differ" in column(page, "Main phone")[-1].lower()
    differing = page.of_class("portal-compare__row--differs")
    assert differing
    for row in differing:
        assert row.of_class("portal-compare__value--differs")
        assert len(row.of_class("portal-compare__says")[0].text) > 5
    assert "differ" in page.of_class("portal-notice")[0].text


def test_back_leads_to_the_list_and_print_is_a_page_of_its_own(desk: Desk) -> None:
    found = desk.look_up("grace mbeki")
    address = found.addresses[0]
    page = desk.open(address)

    assert found.url in page.links()
    (print_view,) = (link for link in page.links() if "/print" in link)
    paper = desk.open(print_view)
    assert strip_of(paper) == strip_of(page)
    assert ids_on(paper) == ids_on(page)
    assert "Printed by Clive Staff" in paper.text


def test_short_record_is_filled_when_the_person_is_opened(desk: Desk) -> None:
    found = desk.look_up("wardle")
    rows = SourceRecord.objects.filter(system="jump", family="wardle")
    row, needs = next((each, some) for each in rows if (some := each.held["accessibility"]["needs"]))
    (address,) = (
        address
        for name, address in zip(found.names, found.addresses, strict=True)
        if row.given in name.casefold()
    )
    row.held["accessibility"]["needs"] = []  # as a list of short rows leaves it
    row.whole_at = None
    row.save()

    page = desk.open(address)

    assert all(each.replace("_", " ").casefold() in page.of_id("main").text.casefold() for each in needs)


def test_old_record_is_read_anew_when_opened_and_a_new_one_is_not(desk: Desk, sandbox: Sandbox) -> None:
    found = desk.look_up("openshaw")
    sandbox.faults["jump"].forget_requests()
    desk.open(found.addresses[0])
    assert not sandbox.faults["jump"].requests(path="/patients/")
    with sandbox.stores["jump"].writing() as state:
        row = next(each for each in state["patients"].values() if each["last_name"] == "Openshaw")
        row["occupation"] = "Lighthouse keeper"

    with time_machine.travel(timezone.now() + LATER):
        page = desk.open(found.addresses[0])

    assert "Lighthouse keeper" in column(page, "Occupation")[0]


def test_record_that_was_removed_meanwhile_says_so(desk: Desk, sandbox: Sandbox) -> None:
    found = desk.look_up("openshaw")
    with sandbox.stores["jump"].writing() as state:
        key = next(key for key, each in state["patients"].items() if each["last_name"] == "Openshaw")
        del state["patients"][key]

    with time_machine.travel(timezone.now() + LATER):
        page = desk.open(found.addresses[0])

    assert "not there any more" in page.of_id("records").text
    assert "OPENSHAW" in strip_of(page)


@pytest.mark.parametrize("system", ["jump", "impilo"])
def test_record_that_cannot_be_read_anew_is_shown_as_it_was_with_the_reason(
    desk: Desk, sandbox: Sandbox, system: str
) -> None:
    found = desk.look_up("grace mbeki")
    sandbox.faults[system].add(Fault(kind=FaultKind.STATUS, status=500))

    with time_machine.travel(timezone.now() + LATER):
        page = desk.open(found.addresses[0])

    assert ids_on(page) >= {record_id for name, record_id in CAST["in_all_three"] if name == system}
    problems = page.of_id("records").of_class("portal-notice--bad")
    assert len(problems) == 1
    assert "Try again" in problems[0].text
    assert "2 minutes ago" in page.of_id("records").text


def test_other_systems_are_named_with_what_they_answered(desk: Desk, sandbox: Sandbox) -> None:
    sandbox.faults["jhe"].add(Fault(kind=FaultKind.STATUS, status=500))

    page = desk.only_person("openshaw")

    others = " ".join(node.text for node in page.of_class("portal-panel"))
    assert "Impilo No record found" in others
    assert "JupyterHealth Exchange Did not answer." in others


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("ramsbottom", "Deceased"),
        ("simone laurent", "archived"),
        ("zzz do-not-use", "test record"),
        ("freya halvorsen", "temporary registration"),
        ("haddow", "needs review"),
        ("owen griffith", "inactive"),
    ],
)
def test_what_must_not_be_missed_is_in_words_on_list_and_page(desk: Desk, typed: str, words: str) -> None:
    found = desk.look_up(typed)
    row = found.people[0]
    page = desk.open(found.addresses[0])

    assert words.lower() in row.text.lower()
    assert words.lower() in page.of_id("main").text.lower()


def test_deceased_is_unmistakable(desk: Desk) -> None:
    found = desk.look_up("ramsbottom")
    strip = strip_of(desk.open(found.addresses[0]))

    assert "Deceased: died 02-Nov-2025, aged 84 years" in strip
    assert "(8" not in strip.partition("Deceased")[0]  # no age as of somebody who lives


def test_merged_record_stands_alone_and_says_so(desk: Desk) -> None:
    found = desk.look_up("northcott")

    merged = next(row for name, row in zip(found.names, found.people, strict=True) if "Pippa" in name)
    assert "merged" in merged.text
    assert "Possibly the same person" in merged.text
    assert len(found.people) == 2


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("Núñez", "NÚÑEZ, Zoë"),
        ("O'Connor Siobhán", "O'CONNOR, Siobhán"),
        ("Ashton-Reeves", "ASHTON-REEVES, Charlotte"),
        ("Suryadi", "SURYADI"),
        ("المصري", "المصري, خالد"),
        ("王", "王, 小明"),
        (LONG, f"{LONG.upper()}, Wolfeschlegelsteinhausenbergerdorff-Maximilia"),
        ("Null", "NULL, Jennifer"),
    ],
)
def test_hard_names_are_found_and_shown_as_they_are(desk: Desk, typed: str, shown: str) -> None:
    found = desk.look_up(typed)

    assert any(name.startswith(shown) for name in found.names)
    place = next(number for number, name in enumerate(found.names) if name.startswith(shown))
    assert shown in strip_of(desk.open(found.addresses[place]))


def test_name_that_looks_like_markup_is_text(desk: Desk) -> None:
    found = desk.look_up(given_name="Test", birth_date="1 Jan 1990")
    place = next(number for number, name in enumerate(found.names) if "alert" in name.lower())
    page = desk.open(found.addresses[place])

    assert "<SCRIPT>ALERT('SANDBOX')</SCRIPT>, Test" in strip_of(page)
    for part in (found.page.of_id("main"), page.of_id("main")):
        assert not list(part.every(lambda node: node.tag == "script"))


# --- who is one person ----------------------------------------------------------------------


def people_of(user: User, **details: str) -> list[Group]:
    """The people whom a look-up finds."""
    kept = lookups.start(Asked(details=TypedFields(**details)), by=user)
    lookups.complete(kept, by=user)
    return [person.group for person in result(kept, by=user).people]


OWNER = {reference: who for who, references in SAME_PERSON.items() for reference in references}


@pytest.mark.parametrize(
    ("case", "family"),
    [
        ("shared_mailbox", "Kavanagh"),
        ("twins", "Joshi"),
        ("father_and_son", "Lockwood"),
        ("same_name_and_birth_date", "Khan"),
        ("newborn", "Achterberg"),
    ],
)
def test_people_who_share_things_are_never_one_person(desk: Desk, case: str, family: str) -> None:
    people = people_of(desk.user, family_name=family)

    assert {key for each in people for key in each.keys} >= set(CAST[case])
    for each in people:
        assert len({OWNER[key] for key in each.keys}) == 1


def test_two_people_behind_one_nhs_number_are_shown_apart_and_said(desk: Desk) -> None:
    found = desk.look_up("999 093 2182")

    assert {name.partition(",")[0] for name in found.names} == {"CALLOWAY", "MAHMOOD"}
    assert all("NHS number" in row.text and "conflict" in row.text for row in found.people)


@pytest.mark.slow
def test_nobody_is_joined_with_somebody_else_over_the_whole_cast(
    desk: Desk, sandbox: Sandbox, record_property: Callable[[str, object], None]
) -> None:
    with sandbox.stores["jhe"].writing() as state:  # a role everywhere
        everywhere = [{"organization_id": place, "role": "viewer"} for place in range(20001, 20009)]
        state["roles"] = [{"user_id": 10002, **each} for each in everywhere]
    surnames = {row["last_name"] for row in sandbox.stores["jump"].snapshot()["patients"].values()}
    surnames |= {row["lastName"] for row in sandbox.stores["impilo"].snapshot()["patients"].values()}
    surnames |= {row["name_family"] for row in sandbox.stores["jhe"].snapshot()["patients"].values()}
    found: list[Group] = []
    for surname in sorted(filter(None, surnames)):
        found += people_of(desk.user, family_name=surname)
    found += group([record for each in found for record in each.records])  # and everybody at once
    joined = {pair for each in found for pair in combinations(sorted(each.keys), 2)}
    seen = {key for each in found for key in each.keys}

    wrong = [pair for pair in joined if OWNER.get(pair[0], pair[0]) != OWNER.get(pair[1], pair[1])]
    findable = {
        pair
        for references in SAME_PERSON.values()
        for pair in combinations(sorted(set(references) & seen), 2)
    }
    record_property("pairs_joined", len(joined))
    record_property("pairs_findable", len(findable))
    assert wrong == []
    assert len(joined) / len(findable) > 0.5
