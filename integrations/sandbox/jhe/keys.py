"""The RSA key that signs ID tokens; it lives in the state, so that it survives a restart."""

from __future__ import annotations

import json
from functools import cache, lru_cache

from joserfc.jwk import RSAKey

from .calls import Data, Row


@cache
def new_signing_key() -> Row:
    """A key as JSON, one a process: making it is slow."""
    key = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)
    return dict(key.as_dict(private=True))


def signing_key(data: Data) -> RSAKey:
    """The key of a state."""
    return _imported(json.dumps(data["signing_key"], sort_keys=True))


@lru_cache(maxsize=8)
def _imported(text: str) -> RSAKey:
    """The key behind its JSON. Reading one checks it, which takes a tenth of a second."""
    return RSAKey.import_key(json.loads(text))
