"""Settings of ``make bench-desk``: the portal's own, one system behind it that may be asked at any pace."""

from portal.settings import *  # noqa: F403

SECOND_FACTOR_ROLES = []
SYSTEMS = {
    name: {**entry, "RATE": 10_000.0, "BURST": 10_000}
    for name, entry in SYSTEMS.items()  # noqa: F405
}
