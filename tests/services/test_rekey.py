"""Keys made anew: after another secret, after a death in the middle, and noticed where they do not fit."""

from __future__ import annotations

import io

import pytest
from django.core.management import call_command
from django.test import override_settings
from django.utils import timezone

from integrations.types import Demographics, Identifier, RemotePatient
from patients.checks import check_keys
from patients.matching import keys
from patients.models import Key, KeyMaking, SourceRecord
from patients.services import blocks, index, keying
from portal.audit.models import Event

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = 5


@pytest.fixture
def records() -> list[SourceRecord]:
    """A small index."""
    keying.note_first()
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
        assert not keying.fits()
        assert found_by_number("ext-3") == 0

        rekey()

        assert keying.fits()
        assert found_by_number("ext-3") == found_by_number("p3") == 1
        assert len(all_keys()) == len(before)
        assert not all_keys() & before
    assert set(SourceRecord.objects.values_list("keys_version", flat=True)) == {keys.VERSION}
    assert Event.objects.filter(action="index.rekeyed").count() == 1


def test_rekeying_that_died_goes_on(records: list[SourceRecord]) -> None:
    before = all_keys()
    keying._throw_away()
    keying._key([records[0].pk])
    assert keying.is_unfinished()

    steps = list(keying.rekey())

    assert steps == [(PEOPLE, PEOPLE)]
    assert all_keys() == before
    assert not keying.is_unfinished()


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


def test_fingerprint_tells_nothing_of_the_secret(records: list[SourceRecord]) -> None:
    with override_settings(SECRET_KEY="a secret that must not show"):
        keying._throw_away()
        assert "secret" not in KeyMaking.objects.get().fingerprint


def test_check_is_silent_without_a_database() -> None:
    assert check_keys(None, databases=None) == []
