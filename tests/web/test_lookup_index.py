"""A look-up that starts from the index and is corrected by the systems, in whatever state they are."""

from __future__ import annotations

from datetime import timedelta
from itertools import combinations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.jhe import reach as adapter_memory
from integrations.registry import label_of
from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.people import CAST
from integrations.sandbox.run import Sandbox
from patients.models import LookUp, OwnRoles, Patient, SourceRecord
from patients.services import linking, taking_in
from portal.accounts.models import User
from portal.audit.models import Event
from tests.support import PART, Desk, Node, age_index, connected, fill_index, parsed

MEGAN = "member_megan@example.com"
SYSTEMS = ("jump", "jhe", "impilo")
GRACE = "MBEKI, Grace"
STATES = [frozenset(down) for count in range(4) for down in combinations(SYSTEMS, count)]
DOWN = Fault(kind=FaultKind.STATUS, status=500)
TWO_DAYS = timedelta(days=2)


@pytest.fixture
def desk(sandbox: Sandbox, clinic_staff: User) -> Desk:
    """Clinic staff of a portal whose index has known some people for two days."""
    desk = Desk(connected(clinic_staff, MEGAN, sandbox))
    fill_index(desk.user, "Mbeki", "Wardle")
    age_index(TWO_DAYS)
    return desk


def hang(sandbox: Sandbox) -> None:
    """No system answers until it is let go."""
    for board in sandbox.faults.values():
        board.add(Fault(kind=FaultKind.HANG))


def let_go(sandbox: Sandbox) -> None:
    for board in sandbox.faults.values():
        board.clear()


def standing(row: Node) -> str:
    """What a row says of how sure it is."""
    return " ".join(node.text for node in row.of_class("portal-standing"))


def ids_on(page: Node) -> set[str]:
    """The ids of the records shown."""
    return {node.text for node in page.of_class("portal-code")}


# --- at once, and corrected -----------------------------------------------------------------


def test_people_of_the_index_stand_there_before_any_system_has_answered(desk: Desk, sandbox: Sandbox) -> None:
    hang(sandbox)
    url = desk.type("grace mbeki")
    page = desk.shown(url)

    assert page.names == [GRACE]
    assert set(page.panels.values()) == {"asking"}
    said = standing(page.people[0])
    assert "From the index" in said
    assert all(label_of(system) in said.partition("as last read")[0] for system in SYSTEMS)
    assert "0 of 3 systems have answered" in page.page.of_id("lookup-status").text
    let_go(sandbox)


def test_answers_confirm_one_by_one_and_nothing_else_changes(desk: Desk, sandbox: Sandbox) -> None:
    hang(sandbox)
    url = desk.type("grace mbeki")
    address = desk.shown(url).addresses
    let_go(sandbox)

    for system in SYSTEMS:
        part = desk.part(url, system)
        assert part.addresses == address
        confirmed = standing(part.people[0]).partition("From the index")[0]
        assert label_of(system) in confirmed.partition("Confirmed by")[2]
    assert "as last read" not in standing(desk.shown(url).people[0])


def test_what_has_changed_since_is_corrected_and_said(desk: Desk, sandbox: Sandbox) -> None:
    with sandbox.stores["impilo"].writing() as state:
        changed = next(each for each in state["patients"].values() if each["lastName"] == "Mbeki")
        changed["email"] = "grace@elsewhere.example.org"
    hang(sandbox)
    url = desk.type("grace mbeki")
    assert "changed" not in standing(desk.shown(url).people[0])
    let_go(sandbox)

    (row,) = desk.all_of(url).people

    assert "e-mail changed since last read" in standing(row)


def test_whom_the_systems_search_misses_stays_and_says_so(desk: Desk) -> None:
    """A slip that the index forgives and no system does."""
    found = desk.look_up("grcae mbekki 18/4/75")

    assert found.names == [GRACE]
    assert set(found.panels.values()) == {"nobody"}
    said = standing(found.people[0])
    assert "Known from the index; not confirmed by a live search." in said
    assert "and Impilo did not find this person with what was typed: as last read" in said
    assert "Nobody found" not in found.page.of_id("people").text
    page = desk.open(found.addresses[0])  # reads them anew
    assert ids_on(page) >= {record_id for _, record_id in CAST["in_all_three"]}
    assert "as last read" not in page.of_id("person-status").text


def test_record_that_differs_in_something_typed_is_known_to_be_there(desk: Desk) -> None:
    found = desk.look_up("grace.mbeki@example.org 18/4/1999")

    assert found.names == [GRACE]
    assert "holds this record; it differs in something you typed" in standing(found.people[0])


def test_whom_the_index_does_not_know_is_as_before(desk: Desk) -> None:
    found = desk.look_up("kavanagh")

    assert len(found.people) == 4
    assert not any(standing(row) for row in found.people)


def test_record_that_had_vanished_says_so(desk: Desk, sandbox: Sandbox) -> None:
    SourceRecord.objects.filter(system="impilo", family="mbeki").update(vanished_at=timezone.now())
    hang(sandbox)
    page = desk.shown(desk.type("grace mbeki"))
    let_go(sandbox)

    assert "Impilo did not hold this record any more" in standing(page.people[0])


# --- the order ------------------------------------------------------------------------------


def test_whom_an_answer_brings_is_added_below_and_nobody_moves(desk: Desk, sandbox: Sandbox) -> None:
    SourceRecord.objects.filter(family="wardle", given="vera").delete()
    hang(sandbox)
    url = desk.type("wardle")
    first = desk.shown(url)
    before = list(zip(first.names, first.addresses, strict=True))
    assert len(before) == 2
    let_go(sandbox)

    for system in SYSTEMS:
        part = desk.part(url, system)
        now = list(zip(part.names, part.addresses, strict=True))
        assert now[: len(before)] == before
        before = now
    assert len(before) == 3
    assert "Vera" in before[2][0]


def test_part_keeps_the_order_of_its_page(desk: Desk, sandbox: Sandbox) -> None:
    """A page made when Jump had answered knows so; Impilo's answer is added below it."""
    Patient.objects.update(merged_into=None)
    url = desk.look_up("kavanagh").url
    whole = desk.shown(url)

    panel = parsed(desk.client.get(f"{url}/systems/impilo?on=jump", headers=PART))
    names = [row.of_class("portal-person__link")[0].text for row in panel.of_class("portal-person")]

    assert sorted(names) == sorted(whole.names)
    in_jump = [row for row in panel.of_class("portal-person") if "Jump EHR" in row.text]
    assert panel.of_class("portal-person")[: len(in_jump)] == in_jump


def test_page_made_anew_puts_who_fits_before_who_does_not(desk: Desk, sandbox: Sandbox) -> None:
    with sandbox.stores["impilo"].writing() as state:
        first = next(iter(state["patients"].values()))
        row = {"id": 90_001, "firstName": "Grace", "lastName": "Mbeki", "dateOfBirth": "1957-04-18"}
        state["patients"]["90001"] = {**first, **row, "nhsNumber": "", "email": ""}

    found = desk.look_up("grace mbeki 18/4/1957")

    assert len(found.people) == 2
    assert "1957" in found.people[0].text
    assert "Known from the index" in standing(found.people[1])


def crowd(sandbox: Sandbox, count: int) -> None:
    """So many people of one family in Impilo."""
    with sandbox.stores["impilo"].writing() as state:
        first = next(iter(state["patients"].values()))
        for number in range(90_000, 90_000 + count):
            row = {**first, "id": number, "lastName": "Crowd", "firstName": f"One{number}"}
            state["patients"][str(number)] = row


def test_first_ten_are_shown_then_more_then_how_to_narrow_it(desk: Desk, sandbox: Sandbox) -> None:
    crowd(sandbox, 60)
    found = desk.look_up("crowd")

    assert len(found.people) == 10
    assert "10 are shown" in found.page.of_id("lookup-status").text
    more = desk.shown(found.url + "?more=1")
    assert f"{found.url}?more=1" in found.page.links()
    assert len(more.people) == 50
    assert more.names[:10] == found.names
    words = more.page.of_id("people").text
    assert "add a first name and a surname, the birth date or the NHS number" in words


# --- up and down ----------------------------------------------------------------------------


@pytest.mark.parametrize("down", STATES, ids=lambda down: "-".join(sorted(down)) or "none")
@pytest.mark.parametrize("roles_known", [True, False])
def test_found_page_is_usable_in_every_state_of_the_systems(
    desk: Desk, sandbox: Sandbox, down: frozenset[str], roles_known: bool
) -> None:
    if roles_known:  # for half a minute, after typing
        desk.client.post("/typed", {"text": "mbeki", "run": "r" * 22}, headers=PART)
    else:
        adapter_memory.forget()
    for system in down:
        sandbox.faults[system].add(DOWN)

    found = desk.look_up("grace mbeki")

    assert found.panels == {name: "failed" if name in down else "found" for name in SYSTEMS}
    assert found.names == [GRACE]
    said = standing(found.people[0])
    sentences = [
        node.text
        for node in found.people[0].of_class("portal-standing")[0].children
        if isinstance(node, Node)
    ]
    failed = next((each for each in sentences if "did not answer: as last read" in each), "")
    confirmed = next((each for each in sentences if each.startswith("Confirmed by")), "")
    for system in SYSTEMS:
        label = label_of(system)
        if system not in down:
            assert label in confirmed
        elif system == "jhe" and not roles_known:  # nobody says whether one may see its records
            assert label not in said
            assert f"{label} does not say whom you may see" in found.page.of_id("people").text
        else:
            assert label in failed
    assert ("not confirmed by a live search" in said) == (down == set(SYSTEMS))
    assert "Nobody found" not in found.page.of_id("found").text
    assert GRACE in desk.open(found.addresses[0]).of_class("portal-identity")[0].text
    assert GRACE in parsed(desk.client.get("/people/")).text


@pytest.mark.parametrize("down", STATES, ids=lambda down: "-".join(sorted(down)) or "none")
def test_nobody_is_said_only_where_index_and_every_system_say_so(
    desk: Desk, sandbox: Sandbox, down: frozenset[str]
) -> None:
    for system in down:
        sandbox.faults[system].add(DOWN)

    words = desk.look_up("Quillon Xanthopoulos 3/2/1931").page.of_id("people").text

    assert ("Nobody found where we could look" in words) == bool(down)
    assert ("the index knows nobody like that" in words) == (not down)


# --- whose records they are -----------------------------------------------------------------


def test_records_linked_by_hand_are_one_person_and_parted_ones_two(desk: Desk) -> None:
    one, other = (
        SourceRecord.objects.get(system="jump", family="wardle", given=given).patient
        for given in ("elsie", "joan")
    )
    assert len(desk.look_up("wardle").people) == 3
    linking.link_people(keep=one, other=other, reason="One person, asked at the desk.", by=desk.user)

    found = desk.look_up("wardle")
    assert len(found.people) == 2

    impilo = SourceRecord.objects.get(system="impilo", family="mbeki")
    linking.unlink_record(record=impilo, reason="Two people, asked at the desk.", by=desk.user)
    apart = desk.look_up("grace mbeki")
    assert len(apart.people) == 2
    assert all("Somebody here decided" in row.text or "Not joined with" in row.text for row in apart.people)


# --- what was shown can be opened -----------------------------------------------------------


@pytest.fixture
def index_is_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is read live is not taken in behind the page: too much is waiting."""
    monkeypatch.setattr(taking_in, "MOST_WAITING", 0)


@pytest.mark.parametrize("who", ["clinic_staff", "coordinator"])
def test_person_found_live_can_be_opened_though_the_index_is_behind(
    request: pytest.FixtureRequest, sandbox: Sandbox, who: str, index_is_behind: None
) -> None:
    desk = Desk(connected(request.getfixturevalue(who), MEGAN, sandbox))
    found = desk.look_up("grace mbeki")
    assert not SourceRecord.objects.exists()

    page = desk.open(found.addresses[0])

    assert ids_on(page) >= {record_id for _, record_id in CAST["in_all_three"]}
    (event,) = Event.objects.filter(action="person.viewed")
    assert event.outcome == "done"
    assert f"/people/{event.subject_key}" in desk.client.get(found.addresses[0])["Location"]
    assert found.url in page.links()


def test_record_that_the_index_holds_elsewhere_can_be_opened_where_jhe_shows_it(
    desk: Desk, index_is_behind: None
) -> None:
    """Joined to the organization since the index read it."""
    row = SourceRecord.objects.get(system="jhe", family="mbeki")
    row.held["organizations"] = []
    row.save()
    row.memberships.all().delete()
    (jhe_id,) = (record_id for system, record_id in CAST["in_all_three"] if system == "jhe")

    assert jhe_id in ids_on(desk.only_person("grace mbeki"))


@pytest.mark.parametrize("who", ["clinic_staff", "coordinator"])
def test_role_given_a_moment_ago_opens_whom_jhe_shows_by_it(
    request: pytest.FixtureRequest, sandbox: Sandbox, who: str
) -> None:
    desk = Desk(connected(request.getfixturevalue(who), MEGAN, sandbox))
    OwnRoles.objects.create(user=desk.user, system="jhe", organizations=[], read_at=timezone.now())
    (jhe_id,) = (record_id for system, record_id in CAST["in_all_three"] if system == "jhe")

    assert jhe_id in ids_on(desk.only_person("grace mbeki"))


def test_way_back_is_for_whoever_looked_up_and_as_long_as_the_list_is_kept(desk: Desk, admin: User) -> None:
    found = desk.look_up("grace mbeki")
    page = desk.client.get(found.addresses[0])["Location"]
    before = Event.objects.filter(action__startswith="search").count()

    assert found.url in desk.open(page).links()
    assert found.url not in Desk(admin).open(page).links()
    LookUp.objects.update(ends_at=timezone.now() - timedelta(seconds=1))
    assert found.url not in desk.open(page).links()
    assert Event.objects.filter(action__startswith="search").count() == before


# --- coordinators ---------------------------------------------------------------------------


def test_coordinator_sees_participants_of_the_index_only(sandbox: Sandbox, coordinator: User) -> None:
    desk = Desk(connected(coordinator, MEGAN, sandbox))
    fill_index(desk.user, "Mbeki", "Kavanagh", "Wardle")
    age_index(TWO_DAYS)
    hang(sandbox)
    sandbox.faults["jhe"].clear()

    assert desk.shown(desk.type("grace mbeki")).names == [GRACE]
    assert desk.shown(desk.type("kavanagh")).names == []
    assert desk.shown(desk.type("wardle")).names == []
    let_go(sandbox)


# --- the cost -------------------------------------------------------------------------------


def test_sending_a_look_up_asks_the_database_no_more_than_before(desk: Desk) -> None:
    desk.look_up("warm up")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        desk.type("grace mbeki")

    assert len(queries) == 8, [each["sql"][:80] for each in queries]
