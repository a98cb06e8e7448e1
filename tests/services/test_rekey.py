"""Keys made anew: after another secret, after a death in the middle, and noticed where they do not fit."""

from __future__ import annotations

import io
from datetime import date

import pytest
from django.core.management import call_command
from django.test import override_settings
from django.utils import timezone

from integrations.types import Demographics, Identifier, RemotePatient
from patients.checks import check_keys
from patients.matching import keys
from patients.models import Key, KeyMaking, SourceRecord
from patients.services import blocks, index, key_making, keying
from portal.audit.models import Event

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = 5


@pytest.fixture
def records() -> list[SourceRecord]:
    """A small index."""
    key_making.note_first()
    index.store(
        RemotePatient(
            system="jump",
            id=f"p{number}",
            demographics=Demographics(given_name=f"Given{number}", family_name="Zebedee"),
            identifiers=(Identifier(system="external", value=f"ext-{number}"),),
        )
        for number in range(PEOPLE)
    )
    return list(SourceRecord.objects.order_by("pk"))


def found_by_number(text: str) -> int:
    """How many records are found under a number."""
    (key,) = blocks.hashed([keys.Key(keys.Kind.RECORD, text)])
    return blocks.count(key, most=100)


def all_keys() -> set[tuple[int, int]]:
    return set(Key.objects.values_list("key", "record_id"))


def rekey() -> str:
    out = io.StringIO()
    call_command("rekey", stdout=out)
    return out.getvalue()


def test_rekeying_with_the_same_secret_makes_the_same_keys(records: list[SourceRecord]) -> None:
    before = all_keys()
    assert f"keyed anew, {PEOPLE} records" in rekey()
    assert all_keys() == before


def test_another_secret_is_noticed_and_mended(records: list[SourceRecord]) -> None:
    before = all_keys()
    assert check_keys(None, databases=["default"]) == []
    with override_settings(SECRET_KEY="another one"):
        (warning,) = check_keys(None, databases=["default"])
        assert warning.id == "patients.W001"
        assert not key_making.fits()
        assert found_by_number("ext-3") == 0

        rekey()

        assert key_making.fits()
        assert found_by_number("ext-3") == found_by_number("p3") == 1
        assert len(all_keys()) == len(before)
        assert not all_keys() & before
    assert set(SourceRecord.objects.values_list("keys_version", flat=True)) == {keys.VERSION}
    assert Event.objects.filter(action="index.rekeyed").count() == 1


def test_rekeying_that_died_goes_on(records: list[SourceRecord]) -> None:
    before = all_keys()
    keying._throw_away()
    keying._key([records[0].pk])
    assert not key_making.is_finished()

    steps = list(keying.rekey())

    assert steps == [(PEOPLE, PEOPLE)]
    assert all_keys() == before
    assert key_making.is_finished()


def test_record_stored_meanwhile_has_its_keys(records: list[SourceRecord]) -> None:
    before = all_keys()
    keying._throw_away()
    again = RemotePatient(
        system="jump",
        id="p0",
        demographics=Demographics(given_name="Given0", family_name="Zebedee"),
        identifiers=(Identifier(system="external", value="ext-0"),),
    )
    index.store([again], read_at=timezone.now())
    assert found_by_number("ext-0") == 1
    list(keying.rekey())
    assert all_keys() == before


def of(system: str, number: str, *, given_name: str = "Theodora", email: str = "") -> RemotePatient:
    """A record of one Theodora Quillfeather, or of somebody born with her."""
    who = Demographics(
        given_name=given_name, family_name="Quillfeather", birth_date=date(1951, 7, 9), email=email
    )
    return RemotePatient(system=system, id=number, demographics=who)


def whose(number: str) -> int:
    return SourceRecord.objects.get(remote_id=number).patient_id


def test_nobody_is_linked_while_keys_are_missing_and_everybody_afterwards(
    records: list[SourceRecord],
) -> None:
    """Two namesakes in one system, one of them without keys yet: whoever comes belongs to neither."""
    namesakes = [of("jump", "one", email="t@example.org"), of("jump", "two")]
    index.store(namesakes)
    keying._throw_away()
    keying._key([SourceRecord.objects.get(remote_id="one").pk])

    index.store([of("impilo", "7"), of("impilo", "8", given_name="Zoe", email="z@example.org")])
    index.store([of("jhe", "9", given_name="Zoe", email="z@example.org")])
    assert len({whose(each) for each in ("one", "two", "7", "8", "9")}) == 5

    list(keying.rekey())
    assert len({whose(each) for each in ("one", "two", "7")}) == 3
    assert whose("8") == whose("9")
    assert key_making.is_finished()


def test_linking_that_died_goes_on_without_keying_anew(records: list[SourceRecord]) -> None:
    keying._throw_away()
    index.store([of("impilo", "7", email="t@example.org"), of("jump", "one", email="t@example.org")])
    assert whose("7") != whose("one")
    KeyMaking.objects.update(finished_at=timezone.now())
    SourceRecord.objects.update(keys_version=keys.VERSION)
    (warning,) = check_keys(None, databases=["default"])
    assert warning.id == "patients.W001"

    assert list(keying.rekey()) == []
    assert whose("7") == whose("one")
    assert check_keys(None, databases=["default"]) == []


def test_fingerprint_tells_nothing_of_the_secret(records: list[SourceRecord]) -> None:
    with override_settings(SECRET_KEY="a secret that must not show"):
        keying._throw_away()
        assert "secret" not in KeyMaking.objects.get().fingerprint


def test_check_is_silent_without_a_database() -> None:
    assert check_keys(None, databases=None) == []
