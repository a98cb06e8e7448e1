"""Patient apps and API keys."""

from __future__ import annotations

from . import shapes
from .calls import Api, Call, Row
from .errors import denied
from .lists import plain_list
from .records import is_practitioner
from .seed import api_key

FIXED_PAGE = 1000


def register(api: Api) -> None:
    """Serve the operations that only the current generation has."""
    api.add("/clients", GET=clients)
    api.add("/practitioner_clients", GET=api_keys)


def clients(call: Call) -> Row:
    """Every patient app, newest first."""
    apps = [row for row in call.data["clients"].values() if row["invitation_url"] is not None]
    apps.sort(key=lambda row: str(row["created"]), reverse=True)
    return plain_list(call, apps, shapes.app, fixed=FIXED_PAGE)


def api_keys(call: Call) -> Row:
    """The caller's own API keys, newest first, readable each time."""
    if not is_practitioner(call.data, call.user):
        raise denied("Only practitioner users can manage practitioner clients.")
    own = [row for row in call.data["api_keys"] if row["user_id"] == call.user["id"]]
    own.sort(key=lambda row: int(row["id"]), reverse=True)
    return plain_list(call, own, lambda row: _api_key(call, row), fixed=FIXED_PAGE)


def _api_key(call: Call, row: Row) -> Row:
    client = call.data["clients"][str(row["client"])]
    return {
        "id": row["id"],
        "label": row["label"],
        "created": client["created"],
        "name": client["name"],
        "key": api_key(client),
    }
