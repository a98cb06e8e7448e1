"""Entry points for the worker: ids in, straight into a service. Each may run twice and do no harm."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.sessions.models import Session
from django.utils import timezone
from django_tasks import task
from django_tasks_db.models import DBTaskResult

from integrations.registry import system_names
from patients.services import connections, desk, inquiries, lookup, sync_schedule
from patients.services.ending import removing
from patients.services.operations import claims
from patients.services.registering import drafts
from patients.services.studies import invitations, outcomes
from portal import audit

#: How long the rows of finished tasks are kept for whoever looks into a fault.
FINISHED_FOR = timedelta(days=7)


@task()
def throw_away_ended_lookups() -> int:
    """Delete kept look-ups whose quarter of an hour is over; returns how many rows went."""
    return lookup.throw_away_ended()


@task()
def throw_away_ended_inquiries() -> int:
    """Delete questions to the trail whose time is over; returns how many went."""
    return inquiries.throw_away_ended()


@task()
def throw_away_ended_outcomes() -> int:
    """Delete what came of asking for many a day ago; returns how many rows went."""
    return outcomes.throw_away_ended()


@task()
def tidy_desks() -> int:
    """Forget who was seen and who was parked long ago; returns how many rows went."""
    return desk.throw_away_old()


@task()
def throw_away_old_drafts() -> int:
    """Delete forms that nobody has touched for a while; returns how many."""
    return drafts.throw_away_old()


@task()
def expire_removals() -> int:
    """End what nobody has confirmed in time, as the second person; returns how many."""
    return removing.expire_old()


@task()
def let_claims_go() -> int:
    """Delete claims of registrations that ended a while ago; returns how many."""
    return claims.throw_away_old()


@task()
def drop_invitation_links() -> int:
    """Forget links of invitations that were handed over by now; returns how many."""
    return invitations.drop_links()


@task()
def merge_audit_journal() -> int:
    """Bring in events that the database refused at the time; returns how many."""
    return audit.merge_journal()


@task()
def look_at_connections() -> None:
    """Look at every system that is set up."""
    connections.look_at([name for name in system_names() if connections.is_set_up(name)])


@task(priority=-10)
def sync_systems() -> int:
    """Give every system that is due a short turn of being read; returns how many had one."""
    return sync_schedule.take_turns()


@task()
def clear_ended_sessions() -> int:
    """Delete sessions that are over; returns how many."""
    return Session.objects.filter(expire_date__lt=timezone.now()).delete()[0]


@task()
def forget_finished_tasks() -> int:
    """Delete the rows of tasks that ended a while ago; returns how many."""
    return DBTaskResult.objects.finished().filter(finished_at__lt=timezone.now() - FINISHED_FOR).delete()[0]
