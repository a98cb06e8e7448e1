"""Mail domains that many people have, and which of them a mistyped one was meant to be."""

from __future__ import annotations

from rapidfuzz.distance import DamerauLevenshtein

MOST_EDITS = 2
SHORT = 8
"""Letters of a domain, with its ending, up to which one edit is the most: aol.com is near to too much."""

FREQUENT = (
    "gmail.com", "hotmail.com", "hotmail.co.uk", "yahoo.co.uk", "outlook.com", "icloud.com",
    "yahoo.com", "btinternet.com", "googlemail.com", "live.co.uk", "sky.com", "aol.com", "nhs.net",
    "virginmedia.com", "talktalk.net", "msn.com", "live.com", "me.com", "mac.com", "ntlworld.com",
    "blueyonder.co.uk", "tiscali.co.uk", "ymail.com", "rocketmail.com", "protonmail.com", "proton.me",
    "gmx.com", "gmx.co.uk", "fastmail.com", "plus.net", "plusnet.com", "btopenworld.com", "o2.co.uk",
    "aol.co.uk", "outlook.ie", "eircom.net", "doctors.org.uk", "yahoo.ie", "live.ie", "hotmail.fr",
    "yahoo.fr", "orange.fr", "wanadoo.fr", "web.de", "gmx.de", "t-online.de", "libero.it", "yahoo.it",
    "hotmail.it", "wp.pl", "onet.pl", "interia.pl", "yahoo.co.in", "yahoo.in", "rediffmail.com",
    "yandex.ru", "mail.ru", "qq.com", "163.com",
)  # fmt: skip
"""The frequent ones, the most frequent first; of two as near as each other the first is meant."""

# Domains that are real and near to a frequent one: nobody who has one wants to be asked.
_BESIDE = frozenset(
    {
        "mail.com", "email.com", "ymail.co.uk", "gmx.net", "gmx.at", "gmx.ch", "gmx.us", "hey.com",
        "zoho.com", "pm.me", "mail.de", "web.com", "bt.com", "ee.co.uk", "three.co.uk", "o2.com",
        "o2.ie", "o2.pl", "tlen.pl", "126.com", "yeah.net", "sina.com", "inbox.com", "fastmail.fm",
        "nhs.uk", "nhs.scot", "wales.nhs.uk", "hscni.net", "yandex.com", "ya.ru", "bk.ru",
        "list.ru", "free.fr", "sfr.fr", "tin.it", "tim.it", "home.com", "orange.net", "orange.com",
        "plus.com", "mac.co.uk", "ukgateway.net", "lineone.net", "lycos.co.uk", "cloud.com",
        "talk21.com", "apple.com", "sky.uk", "skynet.be", "att.net", "cox.net",
    }
)  # fmt: skip
_COUNTRIES = (
    "com", "co.uk", "ie", "fr", "de", "it", "es", "nl", "be", "se", "dk", "no", "fi", "pt", "gr", "pl",
    "cz", "hu", "ro", "at", "ch", "ca", "co.in", "in", "com.au", "co.nz", "com.br", "co.za", "com.mx",
    "com.sg", "com.hk", "com.tr", "com.cn", "co.jp", "co.kr", "co.id", "ru", "com.ar", "com.ph",
    "com.my", "com.vn", "com.tw",
)  # fmt: skip
_BRANDS = ("yahoo", "hotmail", "live", "outlook")

KNOWN = frozenset(FREQUENT) | _BESIDE | {f"{brand}.{end}" for brand in _BRANDS for end in _COUNTRIES}
"""Every domain that is taken as it is."""


def meant_domain(domain: str) -> str:
    """The frequent domain that a mistyped one was meant to be; empty where it is known or near to none."""
    typed = domain.casefold()
    if typed in KNOWN:
        return ""
    distances = ((_edits(typed, known), at) for at, known in enumerate(FREQUENT))
    edits, at = min(distances)
    most = 1 if min(len(typed), len(FREQUENT[at])) <= SHORT else MOST_EDITS
    return FREQUENT[at] if edits <= most else ""


def _edits(one: str, other: str) -> int:
    return int(DamerauLevenshtein.distance(one, other, score_cutoff=MOST_EDITS))
