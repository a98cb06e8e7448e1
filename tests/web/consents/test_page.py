"""A person's consents by study and kind of data: a decline is seen, and the last known where JHE fails."""

from __future__ import annotations

from itertools import product

import pytest
from django.db import transaction
from django.test import Client

from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.run import Sandbox
from patients.models import Decision, Link, Participant, SourceRecord, Study
from patients.services import linking, visibility
from patients.services.operations import clock
from patients.services.studies import consent_reading, enrolling
from portal.accounts.models import User
from portal.audit.models import Event
from tests.conftest import signed_in
from tests.consenting import (
    PRESSURE_ID,
    RATE_ID,
    decide_all_there,
    decide_there,
    opened,
    page_of,
    row_of,
)
from tests.studying import BP, BP_AND_HR, PAMELA, PETER, RATE, STUDY_NAMES, reach
from tests.support import PART, connected, parsed
from tests.writing import known, work_off

pytestmark = pytest.mark.slow


def test_every_kind_of_data_is_shown_with_its_answer_and_its_code(
    sandbox: Sandbox, desk: Client, peter: SourceRecord
) -> None:
    decide_there(sandbox, PETER, BP_AND_HR, PRESSURE_ID, True)
    decide_there(sandbox, PETER, BP_AND_HR, RATE_ID, False)
    decide_there(sandbox, PETER, BP, PRESSURE_ID, None)
    page = opened(desk, page_of(peter))
    assert "Agreed" in row_of(page, "Blood pressure").text
    assert "Declined" in row_of(page, "Heart rate").text
    assert "Not decided yet" in row_of(page, "Blood pressure", BP).text
    assert " ".join(RATE) in row_of(page, "Heart rate").text
    assert "1 kind of data was declined" in page.text
    assert Event.objects.filter(action="person.consents_opened").count() == 1


def test_what_is_agreed_anywhere_is_listed_once_with_where(
    sandbox: Sandbox, desk: Client, peter: SourceRecord
) -> None:
    decide_there(sandbox, PETER, BP_AND_HR, PRESSURE_ID, True)
    decide_there(sandbox, PETER, BP, PRESSURE_ID, True)
    (listed,) = opened(desk, page_of(peter)).of_class("portal-consents__anywhere")
    assert listed.text.count("Blood pressure") == 1
    assert all(name in listed.text for name in STUDY_NAMES.values())


def test_changes_made_elsewhere_become_a_timeline(
    sandbox: Sandbox, desk: Client, peter: SourceRecord
) -> None:
    decide_there(sandbox, PETER, BP_AND_HR, RATE_ID, True)
    opened(desk, page_of(peter))
    decide_there(sandbox, PETER, BP_AND_HR, RATE_ID, False)
    page = opened(desk, page_of(peter))
    opened(desk, page_of(peter))
    rows = Decision.objects.filter(study__remote_id=BP_AND_HR, scope_code=RATE[1]).order_by("pk")
    assert [row.agreed for row in rows] == [True, False]
    entries = [each.text for each in page.of_class("portal-history__entry") if "Heart rate" in each.text]
    assert "Declined" in entries[0]
    assert "Seen in JupyterHealth Exchange" in entries[0]
    assert "Agreed" in entries[-1]


def test_last_known_is_shown_where_the_system_fails(
    sandbox: Sandbox, desk: Client, member: User, peter: SourceRecord
) -> None:
    decide_there(sandbox, PETER, BP_AND_HR, RATE_ID, False)
    opened(desk, page_of(peter))
    sandbox.faults["jhe"].add(Fault(kind=FaultKind.STATUS, status=503, path="/consents$"))
    visibility.reach_of(member)
    page = opened(desk, page_of(peter))
    assert "Shown as last known" in page.text
    assert "Declined" in row_of(page, "Heart rate").text
    assert "Decisions as read" in page.text


def test_failing_system_of_which_nothing_is_known_says_so(
    sandbox: Sandbox, desk: Client, member: User, peter: SourceRecord
) -> None:
    visibility.reach_of(member)
    sandbox.faults["jhe"].add(Fault(kind=FaultKind.STATUS, status=503, path="/consents$"))
    page = opened(desk, page_of(peter))
    assert "Shown as last known" in page.text
    assert "Nothing was read of this record" in page.text


def test_slow_system_does_not_hold_the_page_up(
    sandbox: Sandbox, desk: Client, member: User, peter: SourceRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(desk, page_of(peter))
    monkeypatch.setattr(consent_reading, "SECONDS", 0.2)
    sandbox.faults["jhe"].add(Fault(kind=FaultKind.DELAY, seconds=5, path="/consents$"))
    page = opened(desk, page_of(peter))
    assert "Shown as last known" in page.text
    assert page.of_class("portal-consent__row")


def test_reading_that_a_write_has_overtaken_is_left_out(
    sandbox: Sandbox, member: User, peter: SourceRecord
) -> None:
    """They left the study while what was decided there was on its way to us."""
    whole = [SourceRecord.objects.get(pk=peter.pk)]
    consent_reading.read(whole, by=member, reach=reach(member))
    study = Study.objects.get(remote_id=BP_AND_HR)
    place = consent_reading._place(peter, study.organization)
    before = clock.now()
    read = consent_reading._ask(place, member)
    enrolling.unenrol(study, peter, reason="Asked to", by=member, reach=reach(member))
    assert work_off().state == "done"
    rows = Decision.objects.filter(study=study).count()
    consent_reading._take_in(place, read, before)
    assert Decision.objects.filter(study=study).count() == rows
    assert Participant.objects.get(study=study, record=peter).left_at is not None


def test_same_data_in_different_studies_is_said_and_is_no_disagreement(
    sandbox: Sandbox, desk: Client, member: User, manager: User, peter: SourceRecord
) -> None:
    pamela = known("jhe", PAMELA, by=member)
    for person, study in product((PETER, PAMELA), (BP, BP_AND_HR)):
        decide_all_there(sandbox, person, study, None)
    decide_there(sandbox, PETER, BP, PRESSURE_ID, True)
    decide_there(sandbox, PAMELA, BP_AND_HR, PRESSURE_ID, False)
    with transaction.atomic():
        linking.link_people(keep=peter.patient, other=pamela.patient, reason="The same", by=manager)
    page = opened(desk, page_of(peter))
    (notice,) = page.every(lambda node: node.attributes.get("id") == "across")
    assert f"{PETER} in {STUDY_NAMES[BP]}: Agreed" in notice.text
    assert f"{PAMELA} in {STUDY_NAMES[BP_AND_HR]}: Declined" in notice.text
    assert "decide differently" not in page.text
    decide_there(sandbox, PETER, BP_AND_HR, PRESSURE_ID, False)
    decide_there(sandbox, PAMELA, BP_AND_HR, PRESSURE_ID, None)
    same = opened(desk, page_of(peter))  # one record may say yes here and no there
    assert not list(same.every(lambda node: node.attributes.get("id") == "across"))


def test_who_reads_knows_of_nobody_in_organizations_without_a_role(
    sandbox: Sandbox, peter: SourceRecord, admin: User, reader: User
) -> None:
    stranger = signed_in(Client(), connected(admin, "manager_mark@example.com", sandbox))
    assert stranger.get(page_of(peter)).status_code == 404
    assert signed_in(Client(), reader).get(page_of(peter)).status_code == 404
    assert Event.objects.filter(action="person.consents_opened", outcome="refused").count() == 2


def test_viewer_sees_and_is_told_who_may_act(viewer: User, peter: SourceRecord) -> None:
    page = opened(signed_in(Client(), viewer), page_of(peter))
    assert page.of_class("portal-consent__row")
    assert "is viewer" in page.text
    assert "takes a member or manager" in page.text
    assert "Ask a manager of Lifespan Lab" in page.text
    assert not [each for each in page.links() if each.endswith("/decide")]


def test_link_stands_beside_the_record(desk: Client, peter: SourceRecord) -> None:
    person = opened(desk, f"/people/{peter.patient.public_id}?read=all")
    assert page_of(peter) in person.links()


def test_part_belongs_to_the_view_and_reads_no_system(
    sandbox: Sandbox, desk: Client, peter: SourceRecord
) -> None:
    response = desk.get(page_of(peter))
    url = response.context["part_url"]
    sandbox.faults["jhe"].add(Fault(kind=FaultKind.STATUS, status=503, path="/consents$"))
    part = parsed(desk.get(url, headers=PART))
    assert part.of_class("portal-consent__row")
    assert "Shown as last known" not in part.text
    assert Event.objects.filter(action="person.consents_opened").count() == 1
    unsealed = f"{page_of(peter)}/live"
    assert desk.get(unsealed, headers=PART)["HX-Redirect"] == page_of(peter)
    assert desk.get(url)["Location"] == page_of(peter)
    assert Event.objects.filter(action="person.consents_opened").count() == 1


# --- two records, one person ----------------------------------------------------------------


def test_records_that_disagree_are_put_before_a_person_and_nothing_is_copied(
    sandbox: Sandbox, desk: Client, member: User, manager: User, peter: SourceRecord
) -> None:
    pamela = known("jhe", PAMELA, by=member)
    decide_there(sandbox, PETER, BP_AND_HR, PRESSURE_ID, True)
    decide_there(sandbox, PAMELA, BP_AND_HR, PRESSURE_ID, False)
    for each in (peter, pamela):
        opened(desk, page_of(each))
    assert "decide differently" not in opened(desk, page_of(peter)).text

    with transaction.atomic():
        linking.link_people(keep=peter.patient, other=pamela.patient, reason="The same", by=manager)
    page = opened(desk, page_of(peter))
    (notice,) = page.every(lambda node: node.attributes.get("id") == "disagreements")
    assert f"{PETER}: Agreed" in notice.text
    assert f"{PAMELA}: Declined" in notice.text
    assert "copies nothing" in notice.text
    assert len([each for each in notice.links() if each.endswith("/decide")]) == 2
    latest = {
        row.record_id: row.agreed
        for row in Decision.objects.filter(
            study__remote_id=BP_AND_HR, scope_code__contains="pressure"
        ).order_by("pk")
    }
    assert latest == {peter.pk: True, pamela.pk: False}
    assert (
        "decides differently from another" in opened(desk, f"/people/{peter.patient.public_id}?read=all").text
    )

    link = Link.objects.get(patient=peter.patient, rule="", undone_at=None)
    with transaction.atomic():
        linking.undo(link, by=manager, reason="They are two")
    assert "decide differently" not in opened(desk, page_of(peter)).text
