"""An organization's own letters and e-mails: changed by an admin, in any language, else the portal's."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from patients.models import Place, SourceRecord, Study, Wording
from patients.services.studies import wordings
from portal.audit.models import Event
from tests.support import parsed

from .pages import invited, of_invitation, opened, qr_texts, went_on

WELSH = "Annwyl {name},\n\nDewch i {study}.\n\n1. Sganiwch.\n\n{qr}\n\n{data}\n\n{contact}"


@pytest.fixture
def place(study: Study) -> Place:
    return Place.objects.get(system="jhe", organization=study.organization)


def of_place(place: Place, *more: str) -> str:
    name = "wording" if more else "wordings"
    return reverse(f"patients:{name}", args=[place.pk, *more])


def test_letter_says_the_study_what_is_collected_and_whom_to_ask(
    desk: Client, study: Study, peter: SourceRecord, settings: Settings
) -> None:
    settings.HELP_DESK = "020 7946 0018, weekdays 9 to 5"
    row = invited(desk, peter, study, "letter")

    (letter,) = opened(desk, of_invitation(row, "invitation_letter")).of_class("portal-letter")
    assert letter.text.startswith("Lifespan Lab")
    for words in (study.name, "blood pressure", "heart rate", "020 7946 0018", "CareX"):
        assert words in letter.text
    assert "{" not in letter.text
    assert len(qr_texts(letter)) == 1


def test_own_words_in_the_persons_language_stand_in_the_letter(
    desk: Client, others: Client, study: Study, peter: SourceRecord, place: Place
) -> None:
    went_on(others.post(of_place(place), {"use": "letter", "language": "cy"}))
    went_on(others.post(of_place(place, "letter", "cy"), {"text": WELSH}))
    assert Event.objects.filter(action="wording.changed", details__language="cy").exists()
    row = invited(desk, peter, study, "letter")

    letter = of_invitation(row, "invitation_letter")
    assert "Dear " in opened(desk, letter).text
    page = opened(desk, f"{letter}?language=cy")
    (shown,) = page.of_class("portal-letter")
    assert "Annwyl LlPatientPeter," in shown.text
    assert shown.attributes["lang"] == "cy"
    assert qr_texts(page)

    went_on(others.post(of_place(place, "letter", "cy"), {"drop": "1"}))
    assert not Wording.objects.exists()


def test_right_to_left_language_is_written_so(
    desk: Client, others: Client, study: Study, peter: SourceRecord, place: Place
) -> None:
    went_on(others.post(of_place(place, "letter", "ar"), {"text": "{name}\n\n{qr}"}))
    row = invited(desk, peter, study, "letter")
    url = f"{of_invitation(row, 'invitation_letter')}?language=ar"
    assert opened(desk, url).of_class("portal-letter")[0].attributes["dir"] == "rtl"


@pytest.mark.parametrize("code", ["zh-cn", "nowhere"])
def test_code_that_names_no_language_is_english(code: str) -> None:
    assert wordings.language(code).name == "English"


@pytest.mark.parametrize(
    ("use", "text", "says"),
    [
        ("letter", "Dear {name}", "Put {qr} where"),
        ("email", "Dear {name}", "Put {link} where"),
        ("letter", "{qr} {nhs_number}", "does not know {nhs_number}"),
        ("letter", "{qr} {link}", "{link} cannot stand in this text"),
    ],
)
def test_text_that_cannot_be_used_is_refused_and_kept_in_the_form(
    others: Client, place: Place, use: str, text: str, says: str
) -> None:
    reply = others.post(of_place(place, use, "en"), {"text": text, "subject": "Join {study}"})
    assert reply.status_code == 422
    assert says in parsed(reply).text
    assert text in parsed(reply).text
    assert not Wording.objects.exists()


def test_text_is_shown_before_it_is_kept(others: Client, place: Place) -> None:
    page = parsed(others.post(of_place(place, "letter", "en"), {"text": "Hello {name}\n\n{qr}", "look": "1"}))
    (letter,) = page.of_class("portal-letter")
    assert "Hello Sam" in letter.text
    assert qr_texts(letter) == ["An example: this leads nowhere."]
    assert not Wording.objects.exists()


def test_wordings_are_for_admins_with_a_role_there(desk: Client, others: Client, place: Place) -> None:
    assert desk.get(of_place(place)).status_code == 403
    assert opened(others, of_place(place))
    elsewhere = Place.objects.exclude(pk=place.pk).filter(system="jhe", organization="20007").first()
    number = elsewhere.pk if elsewhere else 999_999
    assert others.get(reverse("patients:wordings", args=[number])).status_code == 404


def test_portals_own_texts_can_be_used() -> None:
    for use, words in wordings.DEFAULTS.items():
        assert wordings.problem_of(use, words.text) == ""
