"""The Chromium that tests and measurements drive."""

from __future__ import annotations

import os
import shutil

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Without windows first: the others draw the frame of every window too, which takes as long as the page.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser")


def installed() -> str | None:
    """The path of ``CHROMIUM``, else of the first that is installed."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
