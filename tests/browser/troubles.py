"""Ways to what staff see when systems, forms or the portal itself fail."""

from __future__ import annotations

from django.db import connection

from integrations.sandbox.faults import FaultKind

from .journey import Journey


def connections_in_trouble(journey: Journey) -> None:
    """Every system with a trouble of its own."""
    journey.given_fault("jump", FaultKind.STATUS, status=401)
    journey.given_fault("impilo", FaultKind.RESET)
    journey.given_fault("jhe", FaultKind.STATUS, status=500, html=True)
    journey.when_they_go_to("/connections")


def form_too_old(journey: Journey) -> None:
    """A form from before the sign-in."""
    journey.when_they_go_to("/")
    journey.page.context.clear_cookies(name="csrftoken")
    journey.watch.excuse("Status Error Code 403")
    journey.look_up_box().fill("grace mbeki")
    journey.look_up_box().press("Enter")
    journey.then_they_see("This page was open too long")


def fault_of_ours(journey: Journey) -> None:
    """A fault in the portal: an adapter that is not there."""
    journey.watch.excuse(r"status of 500")
    entry = {**journey.settings.SYSTEMS["jump"], "ADAPTER": "integrations.nowhere.Adapter"}
    journey.settings.SYSTEMS = {**journey.settings.SYSTEMS, "jump": entry}
    journey.when_they_go_to("/connections")


def nothing_can_be_recorded(journey: Journey) -> None:
    """Neither the database nor the journal takes an event."""
    journey.watch.excuse("status of 503|Status Error Code 503")
    journey.when_they_go_to("/")
    (journey.settings.VAR_DIR / "audit-journal").write_text("in the way")
    if connection.vendor == "sqlite":
        refuse = "CREATE TRIGGER refused BEFORE INSERT ON audit_event BEGIN SELECT RAISE(ABORT, 'full'); END"
        allow = "DROP TRIGGER refused"
    else:
        refuse = "ALTER TABLE audit_event ADD CONSTRAINT refused CHECK (action = '') NOT VALID"
        allow = "ALTER TABLE audit_event DROP CONSTRAINT refused"
    _execute(refuse)
    journey.afterwards.append(lambda: _execute(allow))
    journey.look_up_box().fill("grace mbeki")
    journey.look_up_box().press("Enter")
    journey.then_they_see("The portal cannot be used now")


def _execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
