"""Invitation links of every generation, taken apart."""

from __future__ import annotations

import pytest

from integrations.jhe.invitation_links import is_link, link_parts
from integrations.studies import LinkParts

CODE30, TOKEN = "abcdefghijklmnopqrstuvwxyzWXYZ", "ABCDEFGHIJKLMNOPQRSTUVWXYZ01wxyz"
STORE = "https://play.google.com/store/apps/details?id=org.example.phr.dev&referrer=cloud_sharing="


@pytest.mark.parametrize(
    ("link", "app", "host", "end"),
    [
        (f"{STORE}jhe.example.org%7C{CODE30}", "org.example.phr.dev", "jhe.example.org", "WXYZ"),
        (f"{STORE}jhe.example.org|{CODE30}", "org.example.phr.dev", "jhe.example.org", "WXYZ"),
        (f"{STORE}127.0.0.1%3A8000%7C{CODE30}", "org.example.phr.dev", "127.0.0.1:8000", "WXYZ"),
        (f"{STORE}{CODE30}", "org.example.phr.dev", "", "WXYZ"),
        (
            f"https://app.example.org/m?cs=jhe.example.org~{CODE30}",
            "app.example.org",
            "jhe.example.org",
            "WXYZ",
        ),
        (
            f"https://app.example.org/i/jhe.example.org~client9~{CODE30}~verifier-x",
            "app.example.org",
            "jhe.example.org",
            "WXYZ",
        ),
        (
            f"https://carex.example.org/i/jhe.example.org_{TOKEN}",
            "carex.example.org",
            "jhe.example.org",
            "wxyz",
        ),
        (f"https://c.example.org?code=h%3A80_{TOKEN}&x=1", "c.example.org", "h:80", "wxyz"),
    ],
)
def test_app_host_and_the_end_of_the_code_are_told(link: str, app: str, host: str, end: str) -> None:
    parts = link_parts(link)
    assert parts == LinkParts(app=app, host=host, code=f"…{end}")
    assert CODE30 not in repr(parts)
    assert TOKEN not in repr(parts)
    assert "verifier" not in repr(parts)


@pytest.mark.parametrize("link", ["", "https://app.example.org/", "nonsense", "http://[broken"])
def test_what_cannot_be_made_out_is_empty(link: str) -> None:
    parts = link_parts(link)
    assert (parts.host, parts.code) == ("", "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"https://app.example.org/{TOKEN}", True),
        (f"phr://invite/{TOKEN}", True),
        ("javascript:alert(1)//________", False),
        ("JavaScript:alert(1)//________", False),
        ("data:text/html,________________", False),
        ("https://app.example.org/a b", False),
        ("https://app.example.org/\nX", False),
        ("", False),
        ("https://" + "x" * 3000, False),
    ],
)
def test_link_is_printable_and_harmless(text: str, expected: bool) -> None:
    assert is_link(text) is expected
