"""Every URL × every kind of person × every method, generated from the URL configuration."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from portal import audit
from portal.accounts import access
from portal.accounts.models import User
from portal.accounts.roles import Role, role_of
from portal.audit.models import Event
from tests.conftest import signed_in

PEOPLE = ["reader", "clinic_staff", "coordinator", "admin", "nobody"]


def addresses(
    patterns: list[URLPattern | URLResolver], prefix: str = "/", space: str = ""
) -> Iterator[tuple[str, str]]:
    """(URL name, an address that resolves to it) for every URL."""
    for pattern in patterns:
        route = prefix + sample(str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from addresses(pattern.url_patterns, route, inner)
        else:
            yield f"{space}{pattern.name}", route


def sample(route: str) -> str:
    """A route with its parameters filled in."""
    route = re.sub(r"\(\?P<uidb36>[^)]*\)", "1", route)
    route = re.sub(r"\(\?P<provider_id>[^)]*\)", "jhe", route)
    route = re.sub(r"\(\?P<\w+>[^)]*\)", "a", route)
    route = re.sub(r"<uuid:\w+>", "00000000-0000-4000-8000-000000000000", route)
    route = re.sub(r"<int:\w+>", "1", route)
    route = re.sub(r"<[^>]+>", "a", route)
    return route.replace("^", "").replace("$", "").replace("\\", "")


ADDRESSES = sorted(addresses(get_resolver().url_patterns))


def test_every_url_has_a_rule_and_every_rule_a_url() -> None:
    assert {name for name, _ in ADDRESSES} == access.TABLE.keys()


def test_every_address_of_this_test_leads_to_its_name() -> None:
    for name, address in ADDRESSES:
        assert get_resolver().resolve(address).view_name == name


@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize(("name", "address"), ADDRESSES)
def test_url_is_open_to_whom_the_table_says(
    request: pytest.FixtureRequest, name: str, address: str, person: str
) -> None:
    user: User = request.getfixturevalue(person)
    for method in ("GET", "POST"):
        response = signed_in(Client(raise_request_exception=False), user).generic(method, address)

        actions = [event.action for event in audit.events_of_request(response["X-Request-Id"])]
        if expected(user, access.TABLE[name], method):
            assert "access.refused" not in actions
        else:
            assert (response.status_code, actions) == (403, ["access.refused"])


@pytest.mark.parametrize("address", [address for _, address in ADDRESSES])
def test_other_methods_are_never_open(client: Client, admin: User, address: str) -> None:
    signed_in(client, admin)
    for method in ("PUT", "PATCH", "DELETE", "TRACE", "MADE-UP"):
        assert client.generic(method, address).status_code == 405


def expected(user: User, rule: access.Rule, method: str) -> bool:
    """The table, read by other lines than the middleware's."""
    who = rule.get if method == "GET" else rule.post
    return bool(who & {"anyone", "signed in"}) or (role_of(user) or "no role") in who


@pytest.mark.parametrize(("name", "address"), ADDRESSES)
@pytest.mark.django_db
def test_url_leads_to_signing_in_where_the_table_asks_for_a_person(name: str, address: str) -> None:
    for method in ("GET", "POST"):
        response = Client(raise_request_exception=False).generic(method, address)

        who = access.who_may(name, method)
        if who == access.NOBODY:
            assert response.status_code == 403
        elif who != access.ANYONE:
            assert response.status_code == 303
            assert response["Location"].startswith("/accounts/login/?next=/")


def test_refusal_says_which_roles_may(client: Client, reader: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(access.TABLE, "mfa_index", access.Rule(access.STAFF))

    response = signed_in(client, reader).get("/accounts/2fa/")

    assert response.status_code == 403
    assert "admin, clinic staff" in response.content.decode()


def test_url_without_a_rule_is_refused_for_everybody(
    client: Client, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(access.TABLE, "mfa_index")

    assert signed_in(client, admin).get("/accounts/2fa/").status_code == 403


def test_person_without_a_role_is_told_to_ask_for_one(
    client: Client, nobody: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(access.TABLE, "mfa_index", access.Rule(access.EVERY_ROLE))

    response = signed_in(client, nobody).get("/accounts/2fa/")

    assert response.status_code == 403
    assert "accounts/no_role.html" in [template.name for template in response.templates]


def test_refusal_names_person_view_and_no_address(client: Client, reader: User) -> None:
    response = signed_in(client, reader).get("/accounts/signup/?name=Trelawney")

    event = Event.objects.get(request_id=response["X-Request-Id"])
    assert (event.actor, event.actor_label, event.outcome) == (str(reader.pk), "Rita Reader", "refused")
    assert event.details == {"view": "account_signup", "method": "GET"}


def test_roles_are_the_four_of_the_design() -> None:
    assert {role.value for role in Role} == {"reader", "clinic staff", "coordinator", "admin"}
