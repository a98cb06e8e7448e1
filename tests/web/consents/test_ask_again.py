"""Who must be asked again: a new kind of data, a new version of the form, nothing decided yet."""

from __future__ import annotations

import pytest
from django.test import Client

from integrations.sandbox.run import Sandbox
from patients.models import ConsentForm, Participant, SourceRecord, Study
from portal.accounts.models import User
from portal.audit.models import Event
from tests.conftest import signed_in
from tests.consenting import (
    ask_again_page,
    ask_for_more,
    at,
    decide,
    decide_all_there,
    opened,
    page_of,
)
from tests.studying import BP_AND_HR, PAMELA, PETER, taking_part
from tests.support import Node, connected, parsed
from tests.writing import known, work_off

pytestmark = pytest.mark.slow
FORM = {"version": "4.0", "sheet_version": "2.1", "languages": "English, Spanish"}


@pytest.fixture
def pamela(member: User) -> SourceRecord:
    """Somebody else who takes part."""
    return known("jhe", PAMELA, by=member)


@pytest.fixture
def study(sandbox: Sandbox, desk: Client, peter: SourceRecord, pamela: SourceRecord) -> Study:
    """A study in which one decided everything, and the other nothing."""
    decide_all_there(sandbox, PETER, BP_AND_HR, True)
    decide_all_there(sandbox, PAMELA, BP_AND_HR, None)
    for each in (peter, pamela):
        opened(desk, page_of(each))
    return Study.objects.get(remote_id=BP_AND_HR)


def _rows(page: Node) -> list[str]:
    return [each.text for each in page.of_class("portal-list__row")]


def _counts(page: Node) -> dict[str, int]:
    chips = (each.text.rsplit(" ", 1) for each in page.of_class("portal-chip"))
    return {words: int(count) for words, count in chips}


def test_who_decided_nothing_is_listed_and_who_decided_all_is_not(desk: Client, study: Study) -> None:
    page = opened(desk, ask_again_page(study))
    (row,) = _rows(page)
    assert "Nothing decided yet" in row
    assert "1 participant to ask, of 2" in page.text
    assert _counts(page) == {
        "All": 1, "A new kind of data": 0, "A new version of the form": 0, "Nothing decided yet": 1,
    }  # fmt: skip
    assert Event.objects.filter(action="study.ask_again_listed").count() == 1


def test_new_kind_of_data_lists_who_has_not_decided_about_it(
    sandbox: Sandbox, desk: Client, study: Study, peter: SourceRecord
) -> None:
    ask_for_more(sandbox, BP_AND_HR)
    opened(desk, page_of(peter))  # reads what the study asks for by now
    page = opened(desk, f"{ask_again_page(study)}?because=new-data")
    (row,) = _rows(page)
    assert "oxygen in the blood" in row
    assert page_of(peter) in page.links()
    decide(desk, at("decide", peter), {"Oxygen in the blood": "no"})
    assert work_off().state == "done"
    assert _counts(opened(desk, ask_again_page(study)))["A new kind of data"] == 0


def test_new_version_of_the_form_lists_whose_decision_names_another(
    sandbox: Sandbox, desk: Client, manager: User, study: Study, peter: SourceRecord
) -> None:
    decide(desk, at("decide", peter), {"Blood pressure": "no"}, form_version="V 3.1")
    assert work_off().state == "done"
    url, boss = ask_again_page(study), signed_in(Client(), manager)
    assert boss.post(url, FORM | {"version": "3.1"}).status_code == 303
    assert _counts(opened(desk, url))["A new version of the form"] == 0
    assert boss.post(url, FORM).status_code == 303
    page = opened(desk, f"{url}?because=new-form")
    (row,) = _rows(page)
    assert "Old form version V 3.1" in row
    assert "Declined something" in row
    assert "version 4.0" in page.text
    assert "English, Spanish" in page.text
    assert [each.languages for each in ConsentForm.objects.order_by("pk")] == [["en", "es"]] * 2
    assert Event.objects.filter(action="study.consent_form_set").count() == 2

    decide(desk, at("decide", peter), {"Blood pressure": "no"}, form_version="4.0")
    assert work_off().state == "done"
    assert _counts(opened(desk, url))["A new version of the form"] == 0


def test_same_form_once_more_is_no_new_version(manager: User, study: Study) -> None:
    boss, url = signed_in(Client(), manager), ask_again_page(study)
    for _ in range(2):
        assert boss.post(url, FORM).status_code == 303
    assert ConsentForm.objects.count() == 1


def test_member_and_viewer_are_told_that_it_takes_a_manager(desk: Client, viewer: User, study: Study) -> None:
    url = ask_again_page(study)
    for client, role in ((desk, "member"), (signed_in(Client(), viewer), "viewer")):
        page = opened(client, url)
        assert f"is {role}" in page.text
        assert "Ask a manager of Lifespan Lab" in page.text
        assert not page.named("version")
        reply = client.post(url, FORM)
        assert reply.status_code == 422
        assert "manager" in parsed(reply).text
    assert not ConsentForm.objects.exists()


def test_languages_that_nobody_knows_are_said(manager: User, study: Study) -> None:
    reply = signed_in(Client(), manager).post(
        ask_again_page(study), FORM | {"languages": "English, Klingish"}
    )
    assert reply.status_code == 422
    assert "“Klingish” is no language" in parsed(reply).text


def test_whose_decisions_were_never_read_is_counted_apart(desk: Client, study: Study) -> None:
    Participant.objects.filter(study=study, record__remote_id=PAMELA).update(checked_at=None)
    page = opened(desk, ask_again_page(study))
    assert "1 participant is not in this list: their decisions were not read yet" in page.text
    assert not _rows(page)


def test_test_participants_count_nowhere(desk: Client, study: Study, pamela: SourceRecord) -> None:
    Participant.objects.filter(study=study, record=pamela).update(is_test=True)
    page = opened(desk, ask_again_page(study))
    assert "of 1" in page.text
    assert not _rows(page)


def test_who_left_is_not_asked(desk: Client, study: Study, pamela: SourceRecord) -> None:
    row = taking_part(study, pamela)
    Participant.objects.filter(pk=row.pk).update(left_at=row.seen_at)
    assert not _rows(opened(desk, ask_again_page(study)))


def test_nobody_without_a_role_there_sees_it(
    sandbox: Sandbox, reader: User, admin: User, study: Study
) -> None:
    url = ask_again_page(study)
    stranger = signed_in(Client(), connected(admin, "manager_mark@example.com", sandbox))
    for client in (stranger, signed_in(Client(), reader)):
        assert client.get(url).status_code == 404
    assert Event.objects.filter(action="study.listed", outcome="refused").count() == 2
