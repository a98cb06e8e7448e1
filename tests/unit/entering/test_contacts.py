"""NHS numbers, phones, e-mail addresses and postcodes as typed."""

from __future__ import annotations

import pytest

from patients.entering.contacts import read_email, read_phone, same_phone
from patients.entering.findings import FindingLevel
from patients.entering.mailboxes import FREQUENT, KNOWN, meant_domain
from patients.entering.numbers import read_nhs_number
from patients.entering.postcodes import read_postcode

STOPS, WARNS, HINTS = FindingLevel


@pytest.mark.parametrize(
    ("typed", "value", "levels"),
    [
        ("401 023 2137", "4010232137", []),
        ("401-023-2137", "4010232137", []),
        ("４０１０２３２１３７", "4010232137", []),
        ("401 023 2138", "4010232138", [WARNS]),
        ("999 134 6236", "9991346236", [WARNS]),  # kept for tests
        ("0000000000", "0000000000", [WARNS]),
        ("401 023 213", "", [STOPS]),
        ("401 023 21377", "", [STOPS]),
        ("H401 023 2137", "", [STOPS]),
        ("", "", []),
    ],
)
def test_nhs_number(typed: str, value: str, levels: list[FindingLevel]) -> None:
    read = read_nhs_number(typed)
    assert read.value == value
    assert [finding.level for finding in read.findings] == levels


@pytest.mark.parametrize(
    ("typed", "value", "levels"),
    [
        ("020 7946 0123", "+442079460123", []),
        ("0113 243 2799", "+441132432799", []),
        ("07700 900123", "+447700900123", [WARNS]),  # possible, in no plan
        ("+44 (0)20 7946 0123", "+442079460123", []),
        ("+1 212 736 5000", "+12127365000", []),
        ("0113 243 2799 ext 12", "0113 243 2799 ext 12", []),
        ("0113 243 2799 (mum)", "0113 243 2799 (mum)", [WARNS]),
        ("0800 DOCTOR", "", [STOPS]),
        ("0113 243 27990", "0113 243 27990", [WARNS]),  # a digit too many
        ("12345", "", [STOPS]),
        ("none", "", [STOPS]),
        ("", "", []),
    ],
)
def test_phone(typed: str, value: str, levels: list[FindingLevel]) -> None:
    read = read_phone("phone", typed, country="GB")
    assert read.value == value
    assert [finding.level for finding in read.findings] == levels
    assert all(finding.field == "phone" for finding in read.findings)


def test_phone_is_of_the_site_s_country() -> None:
    assert read_phone("phone", "01 42 68 53 00", country="FR").value == "+33142685300"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("07700 900123", "+447700900123", True),
        ("07700900123", "07700 900 123", True),
        ("07700 900123", "07700 900124", False),
        ("0113 243 2799 ext 12", "01132432799 x12", True),
        ("0113 243 2799 ext 12", "0113 243 2799", False),
        ("0113 243 2799 (mum)", "0113 243 2799", False),
        ("", "0113 243 2799", False),
        ("", "", True),
    ],
)
def test_same_phone(one: str, other: str, same: bool) -> None:
    assert same_phone(one, other, "GB") is same
    assert same_phone(other, one, "GB") is same


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("anne@example.org", "anne@example.org"),
        (" Anne.Smith@GMAIL.com ", "Anne.Smith@gmail.com"),
        ("anne@home.test", "anne@home.test"),
        ("anne@localhost", "anne@localhost"),
        ("anne+clinic@bücher.de", "anne+clinic@bücher.de"),
        ("", ""),
    ],
)
def test_good_email_is_taken(typed: str, value: str) -> None:
    read = read_email(typed)
    assert read.value == value
    assert read.findings == ()


@pytest.mark.parametrize(
    ("typed", "suggestion"),
    [
        ("anne", ()),
        ("anne@home", ()),
        ("anne@", ()),
        ("anne@two@example.org", ()),
        ("anne @example.org", (("email", "anne@example.org"),)),
        ("anne@example,org", (("email", "anne@example.org"),)),
        ("anne@example.org.", (("email", "anne@example.org"),)),
    ],
)
def test_text_that_is_no_email_stops(typed: str, suggestion: tuple[tuple[str, str], ...]) -> None:
    read = read_email(typed)
    assert read.value == ""
    (finding,) = read.findings
    assert (finding.stops, finding.suggestion) == (True, suggestion)


@pytest.mark.parametrize(
    ("domain", "meant"),
    [
        ("gmial.com", "gmail.com"),
        ("gmail.con", "gmail.com"),
        ("gmail.co", "gmail.com"),
        ("GMAIL.CMO", "gmail.com"),
        ("hotmial.co.uk", "hotmail.co.uk"),
        ("yaho.co.uk", "yahoo.co.uk"),
        ("btinternt.com", "btinternet.com"),
        ("nhs.ner", "nhs.net"),
        ("mail.com", ""),  # real, one letter from gmail.com
        ("hotmail.es", ""),
        ("be.com", "me.com"),
        ("bd.co", ""),  # two edits from me.com are too many for so short a one
        ("example.org", ""),
        ("localhost", ""),
    ],
)
def test_mistyped_domain(domain: str, meant: str) -> None:
    assert meant_domain(domain) == meant


@pytest.mark.parametrize("domain", sorted(KNOWN))
def test_known_domain_is_never_asked_about(domain: str) -> None:
    assert meant_domain(domain) == ""
    assert meant_domain(domain.upper()) == ""


def test_mistyped_domain_is_a_hint_with_the_address_one_click_away() -> None:
    read = read_email("anne@gmial.com")
    assert read.value == "anne@gmial.com"
    (finding,) = read.findings
    assert finding.level is HINTS
    assert finding.suggestion == (("email", "anne@gmail.com"),)
    assert set(FREQUENT) <= KNOWN


@pytest.mark.parametrize(
    ("typed", "value", "doubted", "meant"),
    [
        ("ls62ab", "LS6 2AB", False, ""),
        ("LS6  2AB", "LS6 2AB", False, ""),
        ("ec1a1bb", "EC1A 1BB", False, ""),
        ("w1a 0ax", "W1A 0AX", False, ""),
        ("gir0aa", "GIR 0AA", False, ""),
        ("bfpo 57", "BFPO 57", False, ""),
        ("BFPO1234", "BFPO 1234", False, ""),
        ("im1 1ad", "IM1 1AD", False, ""),
        ("qq1 1aa", "QQ1 1AA", True, ""),
        ("GIR 1AB", "GIR 1AB", True, ""),
        ("LS6 2AC", "LS6 2AC", True, ""),  # no C behind the space
        ("LSG 2AB", "LSG 2AB", True, ""),
        ("LS6 2A8", "LS6 2A8", True, "LS6 2AB"),
        ("LSI 2AB", "LSI 2AB", True, "LS1 2AB"),
        ("75008", "75008", True, ""),
        ("", "", False, ""),
    ],
)
def test_postcode_only_ever_warns(typed: str, value: str, doubted: bool, meant: str) -> None:
    read = read_postcode(typed)
    assert read.value == value
    assert [finding.level for finding in read.findings] == [WARNS] * doubted
    assert [finding.suggestion for finding in read.findings if finding.suggestion] == (
        [(("postcode", meant),)] if meant else []
    )


@pytest.mark.parametrize(
    ("country", "doubted"), [("", True), ("UK", True), ("Scotland", True), ("France", False)]
)
def test_foreign_postcode_is_not_looked_at(country: str, doubted: bool) -> None:
    assert bool(read_postcode("75008", country=country).findings) is doubted
