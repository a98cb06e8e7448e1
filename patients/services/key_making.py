"""Whether the keys by which the index finds people are of now, and all there.

They are hashed with a secret made from ``SECRET_KEY``: with another one nobody is found by the old keys.
Nobody is linked by rule while some are missing: whoever seems the only one of a name may not be.
"""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from patients.matching import keys
from patients.models import KeyMaking
from portal.web.crypto import keyed_hash


def fits() -> bool:
    """Whether the keys in the index were made with the secret and version of now."""
    making = KeyMaking.objects.first()
    return making is None or _is_of_now(making)


def is_whole() -> bool:
    """Whether every record has its keys, and they are of now."""
    making = KeyMaking.objects.first()
    return making is None or (_is_of_now(making) and making.finished_at is not None)


def is_finished() -> bool:
    """Whether, besides, everything that was stored while keys were missing has been linked since."""
    return is_whole() and not KeyMaking.objects.exclude(unlinked_since=None).exists()


def note_first() -> None:
    """Note with what keys are made, before the first are."""
    if not KeyMaking.objects.exists():
        KeyMaking.objects.get_or_create(pk=1, defaults=of_now() | {"finished_at": timezone.now()})


def note_unlinked(moment: datetime) -> None:
    """Note that a record was stored and not linked."""
    KeyMaking.objects.filter(unlinked_since=None).update(unlinked_since=moment)


def of_now() -> dict[str, object]:
    """The columns of a making that begins now."""
    return {
        "fingerprint": _fingerprint(),
        "version": keys.VERSION,
        "made_at": timezone.now(),
        "finished_at": None,
    }


def _is_of_now(making: KeyMaking) -> bool:
    return (making.fingerprint, making.version) == (_fingerprint(), keys.VERSION)


def _fingerprint() -> str:
    return keyed_hash("index keys", purpose="index keys")
