"""Lists of people to tick: what is ticked stays so from page to page, and counts are of who is listed."""

from __future__ import annotations

from typing import Any

from django.test import Client
from django.urls import reverse

from patients.models import Operation, Place, SourceRecord, Study
from patients.services import visibility
from patients.services.studies import joining
from portal.accounts.models import User
from tests.conftest import signed_in
from tests.support import Node, parsed

from .boards import HOME, days_ago, holds, people, study, takes_part


def address(name: str, which: Study) -> str:
    place = Place.objects.get(system="jhe", organization=which.organization)
    return reverse(f"patients:{name}", args=[place.pk, which.public_id])


def ticked(page: Node) -> list[str]:
    return [each.attributes["value"] for each in page.named("tick") if "checked" in each.attributes]


def sent(seen: Node, *more: SourceRecord, **button: str) -> dict[str, Any]:
    """The form as a browser sends it, with more ticks."""
    hidden = {
        each.attributes["name"]: each.attributes["value"]
        for each in seen.of_id("add").every(lambda node: node.attributes.get("type") == "hidden")
    }
    return hidden | {"tick": [*ticked(seen), *(str(each.pk) for each in more)]} | button


def test_ticks_stay_from_page_to_page_and_while_searching(
    client: Client, coordinator: User, db: None
) -> None:
    which = study()
    families = [f"Family{chr(97 + each // 26)}{chr(97 + each % 26)}" for each in range(joining.SIZE + 3)]
    rows = people(*families)
    desk = signed_in(client, holds(coordinator, HOME))
    url = address("study_add", which)

    second = parsed(desk.post(url, sent(parsed(desk.get(url)), rows[0], rows[1], page="2")))
    assert "2 more ticked elsewhere" in second.text
    assert len(second.named("tick")) == 3
    narrowed = parsed(desk.post(url, sent(second, rows[-1], name=families[5])))
    assert "3 of them elsewhere in the list" in narrowed.text
    back = parsed(desk.post(url, sent(narrowed, rows[5], name="")))
    assert ticked(back) == [str(each.pk) for each in (rows[0], rows[1], rows[5])]

    assert desk.post(url, sent(back, enrol="1")).status_code == 303
    asked = Operation.objects.filter(kind="enrol").order_by("record")
    assert [each.record for each in asked] == [rows[0], rows[1], rows[5], rows[-1]]


def test_counts_are_of_who_is_listed(coordinator: User, db: None) -> None:
    which = study()
    seen, marked, beyond = people("Seen", "Marked", "Beyond")
    for each in (seen, marked, beyond):
        takes_part(which, each)
    SourceRecord.objects.filter(pk=marked.pk).update(is_test=True)
    beyond.memberships.update(organization="9")
    (late,) = people("Late", first=50)
    takes_part(which, late, invited_at=days_ago(9), invitation_state="expired")
    by = holds(coordinator, HOME)
    reach = visibility.reach_of(by)

    counts = joining.counts(which, reach)

    for name in (joining.NEW, joining.OVER, joining.WAITING):
        listed, total = joining.to_invite(which, name, by=by, reach=reach)
        assert counts[name] == total == len(listed)
    assert counts == {joining.NEW: 1, joining.OVER: 1, joining.WAITING: 0}
