"""Logins: the list of all of them, the caller's own profile and organizations."""

from __future__ import annotations

from . import shapes
from .calls import Api, Call, Row
from .errors import denied, number
from .lists import plain_list
from .records import own_organizations


def register(api: Api) -> None:
    """Serve the reading operations on logins."""
    api.add("/users", GET=users)
    api.add("/users/profile", GET=profile)
    api.add("/users/organizations", GET=own_organizations_of_caller)
    api.add("/users/search_by_email", GET=search_by_email)
    api.add("/users/<key>", GET=user)


def _listed(call: Call) -> list[Row]:
    """Every login by last name, or the one with exactly the e-mail that is asked for."""
    email = call.query.get("email")
    rows = [row for row in call.data["users"].values() if not email or row["email"] == email]
    return sorted(rows, key=lambda row: str(row["last_name"]))


def users(call: Call) -> Row:
    """Every login, patients' included; open to every signed-in person."""
    return plain_list(call, _listed(call), lambda row: shapes.user(call.data, row, older=call.older))


def user(call: Call, key: str) -> Row:
    """The caller's own login, and nobody else's."""
    if number(key) != call.user["id"]:
        raise denied()
    return shapes.user(call.data, call.user, older=call.older)


def search_by_email(call: Call) -> Row:
    """The first login that the list would give; an empty one where there is none."""
    rows = _listed(call)
    if not rows:
        return {"email": "", "firstName": "", "lastName": "", "userType": None, "isSuperuser": False}
    return shapes.user(call.data, rows[0], older=call.older)


def own_organizations_of_caller(call: Call) -> list[Row]:
    """The caller's own organizations. The role is left null, whatever it is."""
    reach = sorted(own_organizations(call.data, call.user))
    return [shapes.organization(call.data["organizations"][str(each)]) for each in reach]


def profile(call: Call) -> Row:
    """The caller's own login."""
    return shapes.profile(call.data, call.user, older=call.older)
