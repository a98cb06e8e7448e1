"""Organizations: everybody may read all of them; only the role in them is one's own."""

from __future__ import annotations

from . import shapes
from .calls import Api, Call, Row
from .errors import Refused, missing, number
from .lists import plain_list
from .records import role_in
from .seed_data import ORGANIZATION_TYPES


def register(api: Api) -> None:
    """Serve the reading operations on organizations."""
    api.add("/organizations", GET=organizations)
    api.add("/organizations/types", GET=types)
    api.add("/organizations/<key>", GET=organization)
    api.add("/organizations/<key>/tree", GET=tree)
    api.add("/organizations/<key>/users", GET=organization_users)
    api.add("/organizations/<key>/studies", GET=organization_studies)


def _find(call: Call, key: str) -> Row:
    if not key.isdecimal():
        raise Refused(404, {"detail": "Not found."})
    row: Row | None = call.data["organizations"].get(key)
    if row is None:
        raise missing("Organization")
    return row


def _with_role(call: Call, row: Row) -> Row:
    return shapes.organization(row, role_in(call.data, call.user, row["id"]))


def organizations(call: Call) -> Row:
    """Every organization of the installation, own or not, by name, with the caller's role."""
    rows = sorted(call.data["organizations"].values(), key=lambda row: str(row["name"]))
    above = call.query.get("part_of")
    if above:
        rows = [row for row in rows if row["part_of"] == number(above)]
    return plain_list(call, rows, lambda row: _with_role(call, row))


def organization(call: Call, key: str) -> Row:
    """One organization, own or not."""
    return _with_role(call, _find(call, key))


def tree(call: Call, key: str) -> Row:
    """One organization with everything below it."""
    return shapes.organization_tree(call.data, call.user, _find(call, key))


def types(call: Call) -> dict[str, str]:
    """The kinds of organization and their labels."""
    return ORGANIZATION_TYPES


def organization_users(call: Call, key: str) -> list[Row]:
    """The practitioners of an organization and their roles, by last name."""
    found = _find(call, key)["id"]
    links = [link for link in call.data["roles"] if link["organization_id"] == found]
    people = [(call.data["users"][str(link["user_id"])], link["role"]) for link in links]
    return [
        {
            "id": row["id"],
            "email": row["email"],
            "firstName": row["first_name"],
            "lastName": row["last_name"],
            "role": role,
        }
        for row, role in sorted(people, key=lambda pair: str(pair[0]["last_name"]))
    ]


def organization_studies(call: Call, key: str) -> list[Row]:
    """The studies of an organization, own or not, by name; the organization is a number here."""
    found = _find(call, key)["id"]
    rows = [row for row in call.data["studies"].values() if row["organization_id"] == found]
    rows.sort(key=lambda row: str(row["name"]))
    return [{**shapes.study(call.data, row), "organization": found} for row in rows]
