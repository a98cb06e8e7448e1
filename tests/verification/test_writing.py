"""The adapter's writing, asked alike of the sandbox and of a real server."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from integrations import errors
from integrations.jhe import dialect as dialects
from integrations.jhe.adapter import JheAdapter
from integrations.types import Identifier
from integrations.writes import Changes, details_of, left_to_do

from .made import PATIENTS, Made, somebody, unique_email, unique_identifier


def _holds_several(jhe: JheAdapter) -> bool:
    return dialects.find(jhe.http).searches_identifiers


def _identifier(jhe: JheAdapter) -> Identifier:
    """One that the generation can hold: on current servers spaces and all."""
    if not _holds_several(jhe):
        return unique_identifier("")
    own = unique_identifier()
    return replace(own, value=f"{own.value} ")


# --- creating -----------------------------------------------------------------------------


def test_created_record_is_held_as_said_and_found_again(made: Made, place: str) -> None:
    new = somebody(place, _identifier(made.jhe), given_name=" Verification ", nhs_number="9998887776")
    new = replace(new, details=replace(new.details, email=new.details.email.upper()))
    assert made.jhe.created(new) == ()
    record = made.create(new)
    held = made.jhe.as_held(new.details)
    for seen in (record, made.jhe.get(record.id), made.jhe.whole_record(record.id)):
        assert all(getattr(details_of(seen), part) == getattr(held, part) for part in made.jhe.creates_with)
        assert seen.identifiers == new.identifiers
        assert [each.id for each in seen.organizations] == [place]
    assert [each.id for each in made.jhe.created(new)] == [record.id]


def test_created_finds_by_each_detail_alone(made: Made, place: str) -> None:
    new = somebody(place, _identifier(made.jhe), family_name="Vérification-Ünique")
    record = made.create(new)
    other = somebody(place, given_name="Other", family_name="Person", birth_date=date(1901, 1, 1))
    by_identifier = replace(other, identifiers=new.identifiers)
    assert [each.id for each in made.jhe.created(by_identifier)] == [record.id]
    by_name = replace(new, identifiers=(), details=replace(new.details, email=unique_email()))
    expected = record.id in [each.id for each in made.jhe.created(by_name)]
    assert expected is dialects.find(made.jhe.http).searches_names


def test_taken_email_is_a_conflict_or_unknown(made: Made, place: str) -> None:
    new = somebody(place)
    record = made.create(new)
    with pytest.raises((errors.Conflict, errors.Unavailable)) as caught:
        made.create(new)
    assert caught.value.outcome_unknown is isinstance(caught.value, errors.Unavailable)
    assert [each.id for each in made.jhe.created(new)] == [record.id]


def test_record_of_a_foreign_organization_stands_in_the_way_and_is_found(
    made: Made, made_elsewhere: Made, place: str, foreign_place: str
) -> None:
    theirs = made_elsewhere.create(somebody(foreign_place))
    new = somebody(place, email=theirs.demographics.email)
    assert [each.id for each in made.jhe.created(new)] == [theirs.id]
    with pytest.raises((errors.Conflict, errors.Unavailable)):
        made.create(new)


def test_identifier_in_use_is_a_conflict(made: Made, place: str) -> None:
    own = _identifier(made.jhe)
    made.create(somebody(place, own))
    with pytest.raises(errors.Conflict) as caught:
        made.create(somebody(place, own))
    assert caught.value.reason == "identifier in use"


def test_creating_without_a_role_is_refused_before(made: Made, foreign_place: str) -> None:
    with pytest.raises(errors.Forbidden) as caught:
        made.create(somebody(foreign_place))
    assert caught.value.reason == "role"


# --- changing -----------------------------------------------------------------------------


def test_update_sets_what_was_named(made: Made, place: str) -> None:
    record = made.create(somebody(place))
    changes = Changes.to(given_name=" Gráinne ", birth_date=date(1990, 12, 31), phone="")
    after = made.jhe.update(record.id, changes, organization_id=place)
    assert not left_to_do(after, changes, made.jhe.as_held).parts
    assert made.jhe.get(record.id) == after
    assert after.demographics.family_name == record.demographics.family_name
    assert after.demographics.email == record.demographics.email


def test_record_of_another_organization_is_not_changed(
    made: Made, made_elsewhere: Made, place: str, foreign_place: str
) -> None:
    theirs = made_elsewhere.create(somebody(foreign_place))
    with pytest.raises(errors.Forbidden):
        made.jhe.update(theirs.id, Changes.to(phone="9"), organization_id=place)
    with pytest.raises(errors.Forbidden):
        made.jhe.set_identifiers(theirs.id, [], organization_id=place)
    assert made.jhe.whole_record(theirs.id) == theirs


def test_identifiers_are_set_letter_by_letter_and_cleared(made: Made, place: str) -> None:
    record = made.create(somebody(place))
    wanted = [_identifier(made.jhe)]
    if _holds_several(made.jhe):
        wanted.append(unique_identifier("urn:other"))
    after = made.jhe.set_identifiers(record.id, wanted, organization_id=place)
    assert set(after.identifiers) == set(wanted)
    assert set(made.jhe.get(record.id).identifiers) == set(wanted)
    assert made.jhe.set_identifiers(record.id, [], organization_id=place).identifiers == ()
    assert made.jhe.get(record.id).identifiers == ()


def test_identifier_of_another_record_is_not_written(made: Made, place: str) -> None:
    own, theirs = _identifier(made.jhe), _identifier(made.jhe)
    record = made.create(somebody(place, own))
    made.create(somebody(place, theirs))
    with pytest.raises(errors.Conflict):
        made.jhe.set_identifiers(record.id, [theirs], organization_id=place)
    assert made.jhe.get(record.id).identifiers == (own,)


# --- organizations ------------------------------------------------------------------------


def test_record_is_added_once_and_removed_once(made: Made, place: str, other_place: str) -> None:
    record = made.create(somebody(place))
    for _ in range(2):
        after = made.jhe.add_to_organization(record.id, other_place)
        assert {each.id for each in after.organizations} == {place, other_place}
    for _ in range(2):
        made.jhe.remove_from_organization(record.id, place)
        assert [each.id for each in made.jhe.get(record.id).organizations] == [other_place]


def test_somebody_elses_record_is_added_to_ones_own(
    made: Made, made_elsewhere: Made, place: str, foreign_place: str
) -> None:
    theirs = made_elsewhere.create(somebody(foreign_place))
    after = made.jhe.add_to_organization(theirs.id, place)
    assert {each.id for each in after.organizations} == {place, foreign_place}
    made.jhe.remove_from_organization(theirs.id, place)
    with pytest.raises(errors.Forbidden):
        made.jhe.get(theirs.id)


def test_last_organization_is_not_left(made: Made, place: str) -> None:
    record = made.create(somebody(place))
    with pytest.raises(errors.Conflict) as caught:
        made.jhe.remove_from_organization(record.id, place)
    assert caught.value.reason == "last organization"
    assert made.jhe.get(record.id) == record


def test_record_is_removed_altogether_out_of_its_last_organization_alone(
    made: Made, place: str, other_place: str
) -> None:
    record, beside = made.create(somebody(place)), made.create(somebody(place))
    made.jhe.add_to_organization(record.id, other_place)
    with pytest.raises(errors.Conflict) as caught:
        made.jhe.remove_altogether(record.id, place)
    assert caught.value.reason == "not the last organization"
    made.jhe.remove_from_organization(record.id, other_place)
    assert made.jhe.holdings(record.id, place).last_organization is True

    made.jhe.remove_altogether(record.id, place)
    with pytest.raises(errors.NotFound):
        made.jhe.whole_record(record.id)
    assert made.jhe.global_lookup(record.demographics.email) == ()
    assert made.jhe.whole_record(beside.id) == beside
    with pytest.raises(errors.NotFound):
        made.jhe.remove_altogether(record.id, place)


def test_record_of_another_organization_is_not_removed_altogether(
    made: Made, made_elsewhere: Made, place: str, foreign_place: str
) -> None:
    theirs = made_elsewhere.create(somebody(foreign_place))
    with pytest.raises(errors.Conflict):
        made.jhe.remove_altogether(theirs.id, place)
    with pytest.raises(errors.Forbidden):
        made.jhe.remove_altogether(theirs.id, foreign_place)
    assert made.jhe.whole_record(theirs.id) == theirs


def test_record_that_is_gone_is_not_found(made: Made, place: str) -> None:
    record = made.create(somebody(place))
    assert made.send("DELETE", f"{PATIENTS}/{record.id}", organization_id=place).ok
    for write in (
        lambda: made.jhe.update(record.id, Changes.to(phone="9"), organization_id=place),
        lambda: made.jhe.set_identifiers(record.id, [], organization_id=place),
        lambda: made.jhe.add_to_organization(record.id, place),
        lambda: made.jhe.remove_from_organization(record.id, place),
    ):
        with pytest.raises(errors.NotFound):
            write()
