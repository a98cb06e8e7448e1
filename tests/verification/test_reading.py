"""The adapter's reading, asked alike of the sandbox and of a real server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from integrations import errors
from integrations.jhe import dialect as dialects
from integrations.jhe.adapter import JheAdapter
from integrations.types import Caller, CannotSearch, Found, RemotePatient, Role, SearchQuery, Term

from .conftest import adapter_of
from .subject import Subject


def _ids(answer: object) -> set[str]:
    assert isinstance(answer, Found)
    assert not answer.more
    return {record.id for record in answer.records}


def _needs_name_search(jhe: JheAdapter) -> None:
    if not dialects.find(jhe.http).searches_names:
        pytest.skip("this generation cannot search by name")


# --- connection ---------------------------------------------------------------------------


def test_health_finds_the_server_and_what_it_can(jhe: JheAdapter) -> None:
    health = jhe.healthcheck()
    assert (health.reachable, health.authorised, health.problem) == (True, True, "")
    assert health.generation
    assert all(ability.reason for ability in health.abilities if ability.available is not True)


def test_organizations_are_those_with_a_role(jhe: JheAdapter) -> None:
    own = jhe.organizations()
    assert own
    assert all(isinstance(each.role, Role) and each.name for each in own)


# --- people -------------------------------------------------------------------------------


def test_people_of_an_organization_are_whole_and_belong_to_it(
    jhe: JheAdapter, people: dict[str, RemotePatient]
) -> None:
    own = {each.id for each in jhe.organizations()}
    for record in people.values():
        assert record.complete
        assert record.unread == ()
        assert own & {each.id for each in record.organizations}


def test_get_gives_the_record_of_the_list(jhe: JheAdapter, known: RemotePatient) -> None:
    record = jhe.get(known.id)
    assert record.complete
    assert record.demographics == known.demographics
    assert record.identifiers == known.identifiers
    assert {each.id for each in record.organizations} == {each.id for each in known.organizations}


def test_get_of_a_missing_record_says_not_found(jhe: JheAdapter) -> None:
    with pytest.raises(errors.NotFound):
        jhe.get("99999999")


def test_get_of_a_record_beyond_reach_is_forbidden(jhe: JheAdapter, stranger: RemotePatient) -> None:
    with pytest.raises(errors.Forbidden, match="beyond reach"):
        jhe.get(stranger.id)


def test_people_of_a_foreign_organization_are_nobody_and_its_studies_are_refused(
    jhe: JheAdapter, stranger: RemotePatient
) -> None:
    for organization in stranger.organizations:
        assert list(jhe.patients_of_organization(organization.id)) == []
        with pytest.raises(errors.Forbidden):
            jhe.studies(organization.id)


def test_iterate_gives_everybody_within_reach_once(jhe: JheAdapter, people: dict[str, RemotePatient]) -> None:
    ids = [record.id for record in jhe.iterate()]
    assert len(ids) == len(set(ids))
    assert set(ids) == set(people)


def test_iterate_since_a_moment_gives_what_changed_from_it_on(jhe: JheAdapter) -> None:
    rows = list(jhe.iterate())
    moments = sorted(record.updated_at for record in rows if record.updated_at)
    if not moments:
        pytest.skip("this generation does not tell when a record changed")
    middle = moments[len(moments) // 2]
    later = {record.id for record in jhe.iterate(middle)}
    assert later == {record.id for record in rows if record.updated_at and record.updated_at >= middle}
    assert list(jhe.iterate(datetime.now(UTC) + timedelta(days=365))) == []


def test_short_rows_agree_with_the_whole_records(jhe: JheAdapter, people: dict[str, RemotePatient]) -> None:
    for row in jhe.iterate():
        assert row.demographics == people[row.id].demographics
        assert row.identifiers == people[row.id].identifiers


def test_background_reading_reaches_as_far_as_the_keys_owner(
    subject: Subject, people: dict[str, RemotePatient]
) -> None:
    if not subject.api_key:
        pytest.skip("no API key: this generation has none, or JHE_API_KEY is not set")
    background = JheAdapter(Caller(background=True))
    assert {record.id for record in background.iterate()} == set(people)


# --- studies ------------------------------------------------------------------------------


def test_studies_know_their_organization_and_their_people(
    jhe: JheAdapter, people: dict[str, RemotePatient]
) -> None:
    studies = [study for each in jhe.organizations() for study in jhe.studies(each.id)]
    assert studies
    members: set[str] = set()
    for study in studies:
        assert study.name
        assert study.organization is not None
        found = jhe.patients_of_study(study.id, study.organization.id)
        members |= {record.id for record in found}
    assert members
    assert members <= set(people)


def test_people_of_a_foreign_study_are_refused(
    subject: Subject, jhe: JheAdapter, stranger: RemotePatient
) -> None:
    assert subject.elsewhere is not None
    other = adapter_of(subject, subject.elsewhere)
    own = {each.id for each in jhe.organizations()}
    foreign = [each for each in other.organizations() if each.id not in own]
    for study in (study for each in foreign for study in other.studies(each.id)):
        assert study.organization is not None
        with pytest.raises(errors.Forbidden):
            jhe.patients_of_study(study.id, study.organization.id)


# --- search -------------------------------------------------------------------------------


def test_search_by_name_finds_by_the_beginning_in_any_letter_case(
    jhe: JheAdapter, known: RemotePatient
) -> None:
    _needs_name_search(jhe)
    person = known.demographics
    answer = jhe.search(
        SearchQuery(given_name=person.given_name[:4].upper(), family_name=person.family_name.lower())
    )
    assert known.id in _ids(answer)
    assert isinstance(answer, Found)
    assert answer.searched_by == {Term.NAME}


def test_search_by_words_finds_in_either_order(jhe: JheAdapter, known: RemotePatient) -> None:
    _needs_name_search(jhe)
    given = known.demographics.given_name.split()[0]
    family = known.demographics.family_name.split()[0]
    assert known.id in _ids(jhe.search(SearchQuery(words=(given, family))))
    assert known.id in _ids(jhe.search(SearchQuery(words=(family, given))))


def test_search_by_one_word_finds_family_and_given_names(jhe: JheAdapter, known: RemotePatient) -> None:
    _needs_name_search(jhe)
    for word in (known.demographics.given_name.split()[0], known.demographics.family_name.split()[0]):
        assert known.id in _ids(jhe.search(SearchQuery(words=(word,))))


def test_search_by_birth_date_finds_exactly_those_born_then(
    jhe: JheAdapter, known: RemotePatient, people: dict[str, RemotePatient]
) -> None:
    _needs_name_search(jhe)
    day = known.demographics.birth_date
    assert day is not None
    born_then = {record.id for record in people.values() if record.demographics.birth_date == day}
    assert _ids(jhe.search(SearchQuery(birth_dates=(day,)))) == born_then


def test_search_by_several_terms_needs_all_of_them(jhe: JheAdapter, known: RemotePatient) -> None:
    _needs_name_search(jhe)
    day = known.demographics.birth_date
    assert day is not None
    word = known.demographics.family_name.split()[0]
    assert known.id in _ids(jhe.search(SearchQuery(words=(word,), birth_dates=(day,))))
    other_day = day - timedelta(days=1)
    assert known.id not in _ids(jhe.search(SearchQuery(words=(word,), birth_dates=(other_day,))))


def test_search_for_a_name_that_nobody_has_finds_nobody(jhe: JheAdapter) -> None:
    _needs_name_search(jhe)
    assert _ids(jhe.search(SearchQuery(words=("Zzqx-nobody",)))) == set()


def test_search_by_name_where_there_is_none_says_what_is_possible(jhe: JheAdapter) -> None:
    if dialects.find(jhe.http).searches_names:
        pytest.skip("this generation searches by name")
    answer = jhe.search(SearchQuery(words=("Smith",)))
    assert isinstance(answer, CannotSearch)
    assert Term.NAME not in answer.possible
    assert {Term.EMAIL, Term.RECORD_ID} <= answer.possible


def test_search_by_email_finds_in_any_letter_case_where_stored_in_lower_case(
    jhe: JheAdapter, known: RemotePatient
) -> None:
    email = known.demographics.email
    assert _ids(jhe.search(SearchQuery(email=email))) == {known.id}
    if email == email.lower():
        assert _ids(jhe.search(SearchQuery(email=email.upper()))) == {known.id}


def test_search_by_email_and_another_birth_date_finds_nobody(jhe: JheAdapter, known: RemotePatient) -> None:
    day = known.demographics.birth_date
    assert day is not None
    query = SearchQuery(email=known.demographics.email, birth_dates=(day - timedelta(days=1),))
    assert _ids(jhe.search(query)) == set()


def test_search_by_id_finds_that_record(jhe: JheAdapter, known: RemotePatient) -> None:
    assert _ids(jhe.search(SearchQuery(record_id=known.id, record_system="jhe"))) == {known.id}
    other = jhe.search(SearchQuery(record_id=known.id, record_system="jump"))
    assert isinstance(other, CannotSearch)


def test_search_by_identifier_finds_its_holders(jhe: JheAdapter, people: dict[str, RemotePatient]) -> None:
    holder = next((record for record in people.values() if record.identifiers), None)
    if holder is None:
        pytest.skip("nobody here has an identifier")
    value = holder.identifiers[0].value
    assert holder.id in _ids(jhe.search(SearchQuery(record_id=value)))


def test_search_by_nhs_number_finds_only_its_holders(
    jhe: JheAdapter, people: dict[str, RemotePatient]
) -> None:
    assert _ids(jhe.search(SearchQuery(nhs_number="9990000018"))) <= {
        record.id for record in people.values() if record.identifiers
    }
    for record in people.values():
        if number := record.demographics.nhs_number:
            assert record.id in _ids(jhe.search(SearchQuery(nhs_number=number)))
            return


def test_search_never_shows_a_record_beyond_reach(jhe: JheAdapter, stranger: RemotePatient) -> None:
    assert _ids(jhe.search(SearchQuery(email=stranger.demographics.email))) == set()
    assert _ids(jhe.search(SearchQuery(record_id=stranger.id))) == set()
    if dialects.find(jhe.http).searches_names and stranger.demographics.birth_date:
        answer = jhe.search(SearchQuery(birth_dates=(stranger.demographics.birth_date,)))
        assert stranger.id not in _ids(answer)


def test_global_lookup_finds_beyond_reach_and_names_the_organizations(
    jhe: JheAdapter, stranger: RemotePatient
) -> None:
    (found,) = jhe.global_lookup(stranger.demographics.email)
    assert found.id == stranger.id
    assert {each.id for each in found.organizations} == {each.id for each in stranger.organizations}


def test_global_lookup_of_nobody_is_empty(jhe: JheAdapter) -> None:
    assert jhe.global_lookup("nobody-at-all@example.invalid") == ()


# --- what reading leaves behind -----------------------------------------------------------


def test_reading_leaves_the_persons_console_selection_alone(jhe: JheAdapter, known: RemotePatient) -> None:
    before = jhe.client.profile()
    own = jhe.organizations()
    for organization in own:
        list(jhe.patients_of_organization(organization.id))
        for study in jhe.studies(organization.id):
            list(jhe.patients_of_study(study.id, organization.id))
    list(jhe.iterate())
    jhe.get(known.id)
    jhe.search(SearchQuery(words=(known.demographics.family_name,)))
    jhe.search(SearchQuery(email=known.demographics.email))
    jhe.search(SearchQuery(record_id=known.id))
    jhe.global_lookup(known.demographics.email)
    jhe.healthcheck()
    assert jhe.client.profile() == before
