"""From which installation of each system the index was read.

A record is known by its system and the number that it has there. At another installation the same
number is somebody else: where a system's address is another than the one that was read, nothing is
read or taken in until somebody has said that it is the same installation.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction

from integrations.errors import NotConfigured
from integrations.registry import label_of
from patients.models import SyncedSystem
from portal import audit

MOVED = "moved"


def address_now(system: str) -> str:
    """A system's address as the settings have it, in one spelling."""
    parts = urlsplit(settings.SYSTEMS[system]["URL"])
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}".lower()


def check(system: str) -> None:
    """Raise ``NotConfigured`` where the address is another than the one that was read. Writes nothing."""
    known = SyncedSystem.objects.filter(system=system).exclude(address="").first()
    if known is None or known.address == address_now(system):
        return
    label = label_of(system)
    raise NotConfigured(
        system=system,
        operation="open",
        label=label,
        reason=MOVED,
        for_staff=f"The address of {label} was changed since its people were read into the index. "
        "At another installation the same record number is another person.",
        next_step="Set the address back. If it is the same installation at a new address, run "
        f"manage.py sync {system} --same-installation on the server.",
    )


def note_first(system: str) -> None:
    """Note the address before the first record is read."""
    now = address_now(system)
    known, _ = SyncedSystem.objects.get_or_create(system=system, defaults={"address": now})
    if not known.address:
        SyncedSystem.objects.filter(system=system, address="").update(address=now)


def of_known(systems: Iterable[str]) -> set[str]:
    """Those of these systems whose records may go into the index."""
    fits = set()
    for system in set(systems):
        note_first(system)
        try:
            check(system)
        except NotConfigured:
            continue
        fits.add(system)
    return fits


@transaction.atomic
def accept(system: str) -> bool:
    """Take the address that is set now for the installation that was read; whether that changed anything."""
    now = address_now(system)
    known, created = SyncedSystem.objects.get_or_create(system=system, defaults={"address": now})
    if created or known.address == now:
        return False
    SyncedSystem.objects.filter(pk=system).update(address=now)
    audit.write("sync.same_installation", system=system)
    return True
