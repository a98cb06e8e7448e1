"""An e-mail address of which just enough is shown to recognise it."""

from __future__ import annotations

_HIDDEN = "•••"


def masked_email(address: str) -> str:
    """The first letter of the mailbox, and the end of its host: "j•••@e•••.org"; empty for none."""
    mailbox, at, host = address.strip().rpartition("@")
    if not at:
        return _HIDDEN if address.strip() else ""
    name, dot, ending = host.rpartition(".")
    shown = f"{name[:1]}{_HIDDEN}.{ending}" if dot else _HIDDEN
    return f"{mailbox[:1]}{_HIDDEN}@{shown}"
