"""What people carry to sign in: the app that shows codes, and the key or fingerprint reader."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time

from playwright.sync_api import Page

STEP = 30  # seconds that a code holds


def code_of(secret: str) -> str:
    """The six digits that an authenticator app shows now (RFC 6238) for a secret in base 32."""
    counter = (int(time.time()) // STEP).to_bytes(8, "big")
    digest = hmac.new(base64.b32decode(secret, casefold=True), counter, hashlib.sha1).digest()
    start = digest[-1] & 0x0F
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFF_FFFF
    return f"{number % 1_000_000:06}"


class Fingerprint:
    """Chromium's virtual authenticator: a reader built into the machine, and a finger on it."""

    def __init__(self, page: Page) -> None:
        self._devtools = page.context.new_cdp_session(page)
        self._devtools.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        reply = self._devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        self._id = reply["authenticatorId"]

    @property
    def keys(self) -> int:
        """How many passkeys it holds."""
        found = self._devtools.send("WebAuthn.getCredentials", {"authenticatorId": self._id})
        return len(found["credentials"])
