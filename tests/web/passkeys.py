"""A passkey in software: makes and uses one ES256 credential as a browser's authenticator would."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData

ORIGIN = "http://testserver"
FLAGS = AuthenticatorData.FLAG
IDENTIFIER = b"credential-of-the-tests"


@dataclass
class Passkey:
    """One credential for ``testserver``; the person is verified (fingerprint, PIN) at every use."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def register(self, options: dict[str, Any]) -> str:
        """The credential that answers a page's ``creation_options``, as JSON."""
        public = ES256.from_cryptography_key(self.key.public_key())  # type: ignore[no-untyped-call]
        credential = AttestedCredentialData.create(Aaguid.NONE, IDENTIFIER, public)
        data = self._data(FLAGS.UP | FLAGS.UV | FLAGS.AT, credential)
        client = _client_data("webauthn.create", options)
        return self._reply(
            clientDataJSON=client, attestationObject=bytes(AttestationObject.create("none", data, {}))
        )

    def sign(self, options: dict[str, Any], user_handle: bytes = b"") -> str:
        """The assertion that answers a page's ``request_options``, as JSON."""
        data = self._data(FLAGS.UP | FLAGS.UV)
        client = _client_data("webauthn.get", options)
        signed = bytes(data) + hashlib.sha256(client).digest()
        signature = self.key.sign(signed, ec.ECDSA(hashes.SHA256()))
        return self._reply(
            clientDataJSON=client, authenticatorData=bytes(data), signature=signature, userHandle=user_handle
        )

    def _data(self, flags: FLAGS, credential: AttestedCredentialData | None = None) -> AuthenticatorData:
        party = hashlib.sha256(b"testserver").digest()
        data: AuthenticatorData = AuthenticatorData.create(party, flags, 0, credential or b"")
        return data

    def _reply(self, **response: bytes) -> str:
        identifier = websafe_encode(IDENTIFIER)
        return json.dumps(
            {
                "type": "public-key",
                "id": identifier,
                "rawId": identifier,
                "clientExtensionResults": {"credProps": {"rk": True}},
                "response": {name: websafe_encode(value) for name, value in response.items()},
            }
        )


def _client_data(kind: str, options: dict[str, Any]) -> bytes:
    challenge = options["publicKey"]["challenge"]
    return json.dumps({"type": kind, "challenge": challenge, "origin": ORIGIN}).encode()
