"""Organizations and logins: lists that everybody may read, own organizations, the profile."""

from __future__ import annotations

from . import shapes
from .calls import Api, Call, Row
from .errors import Refused, missing, number
from .lists import plain_list
from .records import own_organizations, role_in, user_by_email
from .seed_data import ORGANIZATION_TYPES


def register(api: Api) -> None:
    """Serve the reading operations on organizations and users."""
    api.add("/organizations", GET=organizations)
    api.add("/organizations/types", GET=types)
    api.add("/organizations/<key>", GET=organization)
    api.add("/organizations/<key>/tree", GET=tree)
    api.add("/organizations/<key>/users", GET=organization_users)
    api.add("/organizations/<key>/studies", GET=organization_studies)
    api.add("/users", GET=users)
    api.add("/users/profile", GET=profile)
    api.add("/users/organizations", GET=own)
    api.add("/users/search_by_email", GET=search_by_email)


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


def own(call: Call) -> list[Row]:
    """The caller's own organizations. The role is left null, whatever it is."""
    reach = sorted(own_organizations(call.data, call.user))
    return [shapes.organization(call.data["organizations"][str(each)]) for each in reach]


def profile(call: Call) -> Row:
    """The caller's own login."""
    return shapes.profile(call.data, call.user, older=call.older)


def users(call: Call) -> Row:
    """Every login, by last name."""
    return plain_list(call, _by_last_name(call), lambda row: shapes.user(call.data, row, older=call.older))


def _by_last_name(call: Call) -> list[Row]:
    return sorted(call.data["users"].values(), key=lambda row: str(row["last_name"]))


def search_by_email(call: Call) -> Row:
    """The login with exactly this e-mail, or an empty one; without ``email`` the first of the list."""
    email = call.query.get("email")
    row = user_by_email(call.data, email) if email else _by_last_name(call)[0]
    if row is None:
        return {"email": "", "firstName": "", "lastName": "", "userType": None, "isSuperuser": False}
    return shapes.user(call.data, row, older=call.older)
