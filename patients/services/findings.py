"""What of a month's trail should be looked at more closely, by rules that the page states.

A finding is a reason to ask, never a judgement: people treat their neighbours. It is made from the events
and the index alone; nothing is kept until somebody notes something.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import groupby, islice

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from integrations.types import Demographics
from patients.matching.compared import compared
from patients.models import SourceRecord
from portal.accounts.models import User
from portal.audit.models import Event, records_in

from .abouts import Pair
from .event_words import KINDS, LOOKS
from .questions import start_of

SHOWN = 10  # occurrences on the page; all of them are one question to the trail away
NAMESAKES = 4  # different people of one surname, one after the other
NAMESAKES_WITHIN = timedelta(hours=1)
REFUSALS = 5  # on one day
TOGETHER = 900  # ids in one statement
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why something should be looked at, and by which rule it is found."""

    key: str
    title: str
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One event of a finding, or the first of several; ``note`` says more in words."""

    at: datetime
    action: str
    records: tuple[Pair, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one account did for one reason. ``first`` are the first few of ``count`` occurrences."""

    reason: str
    actor: str
    who: str
    count: int
    first: tuple[Occurrence, ...] = field(repr=False)

    @property
    def key(self) -> str:
        """The name by which notes know it."""
        return f"{self.reason}:{self.actor}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """A record of the index, by what rules compare."""

    patient: int
    family: str
    given: str
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    at: datetime
    action: str
    records: tuple[Pair, ...]
    people: tuple[_Known, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Staff:
    label: str
    family: str
    given: str
    email: str


Looks = Mapping[str, Sequence[_Look]]  # by account, in time


def reasons() -> tuple[Reason, ...]:
    """Every reason, with its rule as it is set now."""
    return (
        Reason(
            key="own_record",
            title="Own record",
            rule="Opened the page of somebody with the same e-mail address, or the same given name and "
            "surname, as the account.",
        ),
        Reason(
            key="same_surname",
            title="Same surname",
            rule="Opened the page of somebody with the account's surname, whatever its spelling in capitals "
            "and accents.",
        ),
        Reason(
            key="namesakes",
            title="Many namesakes in a row",
            rule=f"Opened {NAMESAKES} or more different people of one surname one after the other, within "
            "an hour, and nobody else in between.",
        ),
        Reason(
            key="out_of_hours",
            title="Outside working hours",
            rule=f"Looked somebody up or opened a person outside {working_time_in_words()}.",
        ),
        Reason(
            key="refused",
            title="Often refused",
            rule=f"Was refused {REFUSALS} times or more on one day.",
        ),
        Reason(key="exports", title="Exports", rule="Exported a list, of people or of the trail."),
    )


def find(month: date) -> list[Finding]:
    """The findings of a month, in the order of :func:`reasons` and then by name."""
    events = Event.objects.filter(
        at__gte=start_of(month), at__lt=start_of(month_after(month))
    ).exclude(actor="").order_by("at", "id")  # fmt: skip
    staff = _staff()
    looks = _looks(events.filter(action__in=KINDS[LOOKS], outcome=Event.Outcome.DONE))
    searches = events.filter(action="search", outcome=Event.Outcome.DONE)
    found: Mapping[str, Callable[[], Iterator[tuple[str, list[Occurrence]]]]] = {
        "own_record": lambda: _each(looks, staff, _is_own),
        "same_surname": lambda: _each(looks, staff, _is_of_the_name),
        "namesakes": lambda: _namesakes(looks),
        "out_of_hours": lambda: _out_of_hours(looks, searches),
        "refused": lambda: _refused(events.filter(outcome=Event.Outcome.REFUSED)),
        "exports": lambda: _by_actor(events.filter(action__endswith=".exported")),
    }
    return [
        Finding(
            reason=reason.key,
            actor=actor,
            who=staff[actor].label if actor in staff else f"Account {actor}",
            count=len(occurrences),
            first=tuple(occurrences[:SHOWN]),
        )
        for reason in reasons()
        for actor, occurrences in sorted(
            found[reason.key](), key=lambda each: (staff[each[0]].label if each[0] in staff else "", each[0])
        )
    ]


def month_after(month: date) -> date:
    """The first day of the next month."""
    return (month.replace(day=1) + timedelta(days=32)).replace(day=1)


def working_time() -> Callable[[datetime], bool]:
    """Says of a moment whether it is within ``WORKING_DAYS`` and ``WORKING_HOURS``, in local time."""
    begin, end = _working_hours()
    days = [name in settings.WORKING_DAYS for name in DAYS]
    zone = timezone.get_current_timezone()

    def is_within(moment: datetime) -> bool:
        local = moment.astimezone(zone)
        clock = local.time()
        inside = begin <= clock < end if begin < end else clock >= begin or clock < end
        return inside and days[local.weekday()]

    return is_within


def working_time_in_words() -> str:
    """The working hours as pages say them."""
    begin, end = _working_hours()
    days = ", ".join(day.capitalize() for day in DAYS if day in settings.WORKING_DAYS)
    return f"{begin:%H:%M} to {end:%H:%M} on {days}"


def _working_hours() -> tuple[time, time]:
    begin, _, end = settings.WORKING_HOURS.partition("-")
    return time.fromisoformat(begin.strip()), time.fromisoformat(end.strip())


# --- what is read ---------------------------------------------------------------------------


def _looks(events: QuerySet[Event]) -> Looks:
    rows = [
        (at, actor, action, tuple(records_in(system, record_id, details)))
        for at, actor, action, system, record_id, details in events.values_list(
            "at", "actor", "action", "system", "record_id", "details"
        )
    ]
    known = _known({pair for *_, records in rows for pair in records})
    looks: dict[str, list[_Look]] = {}
    for at, actor, action, records in rows:
        people = tuple(known[pair] for pair in records if pair in known)
        looks.setdefault(actor, []).append(_Look(at=at, action=action, records=records, people=people))
    return looks


def _known(pairs: set[Pair]) -> dict[Pair, _Known]:
    known: dict[Pair, _Known] = {}
    for system in sorted({system for system, _ in pairs}):
        ids = iter(sorted(number for each, number in pairs if each == system))
        while some := list(islice(ids, TOGETHER)):
            rows = SourceRecord.objects.filter(system=system, remote_id__in=some)
            for number, patient, family, given, email in rows.values_list(
                "remote_id", "patient_id", "family", "given", "email"
            ):
                known[system, number] = _Known(patient=patient, family=family, given=given, email=email)
    return known


def _staff() -> dict[str, _Staff]:
    """Accounts by the id that events hold, with their names as records are compared."""
    staff = {}
    for user in User.objects.all():
        form = compared(
            Demographics(given_name=user.first_name, family_name=user.last_name, email=user.email or "")
        )
        staff[str(user.pk)] = _Staff(label=str(user), family=form.family, given=form.given, email=form.email)
    return staff


# --- the rules ------------------------------------------------------------------------------

Found = Iterator[tuple[str, list[Occurrence]]]


def _each(looks: Looks, staff: Mapping[str, _Staff], fits: Callable[[_Staff, _Known], bool]) -> Found:
    for actor, own in looks.items():
        who = staff.get(actor)
        hits = [look for look in own if who and any(fits(who, person) for person in look.people)]
        if hits:
            yield actor, list(map(_occurrence, hits))


def _is_own(who: _Staff, person: _Known) -> bool:
    same_name = bool(who.family and who.given) and (who.family, who.given) == (person.family, person.given)
    return same_name or bool(who.email and who.email == person.email)


def _is_of_the_name(who: _Staff, person: _Known) -> bool:
    return bool(who.family) and who.family == person.family and not _is_own(who, person)


def _namesakes(looks: Looks) -> Found:
    for actor, own in looks.items():
        opened = [look for look in own if look.people]
        runs = [list(run) for _, run in groupby(opened, key=lambda look: look.people[0].family)]
        hits = [hit for run in runs if run[0].people[0].family for hit in _dense(run)]
        if hits:
            yield actor, hits


def _dense(run: Sequence[_Look]) -> Iterator[Occurrence]:
    """The parts of a run of one surname in which enough different people come within the time."""
    begin = 0
    while begin < len(run):
        until = run[begin].at + NAMESAKES_WITHIN
        part = [look for look in run[begin:] if look.at <= until]
        people = len({look.people[0].patient for look in part})
        if people < NAMESAKES:
            begin += 1
            continue
        minutes = int((part[-1].at - part[0].at).total_seconds() // 60) + 1
        records = tuple(dict.fromkeys(pair for look in part for pair in look.records))
        yield Occurrence(
            at=part[0].at,
            action=part[0].action,
            records=records,
            note=f"{people} different people of one surname within {minutes} min",
        )
        begin += len(part)


def _out_of_hours(looks: Looks, searches: QuerySet[Event]) -> Found:
    is_within = working_time()
    odd = {
        actor: [_occurrence(each) for each in own if not is_within(each.at)] for actor, own in looks.items()
    }
    for at, actor in searches.values_list("at", "actor"):
        if not is_within(at):
            odd.setdefault(actor, []).append(Occurrence(at=at, action="search"))
    for actor, hits in odd.items():
        if hits:
            yield actor, sorted(hits, key=lambda each: each.at)


def _refused(events: QuerySet[Event]) -> Found:
    for actor, occurrences in _by_actor(events):
        days = groupby(occurrences, key=lambda each: timezone.localdate(each.at))
        hits = [each for _, day in days if len(some := list(day)) >= REFUSALS for each in some]
        if hits:
            yield actor, hits


def _by_actor(events: QuerySet[Event]) -> Found:
    rows: dict[str, list[Occurrence]] = {}
    for event in events.only("at", "actor", "action", "system", "record_id", "details"):
        rows.setdefault(event.actor, []).append(
            Occurrence(at=event.at, action=event.action, records=tuple(event.records))
        )
    yield from rows.items()


def _occurrence(look: _Look) -> Occurrence:
    return Occurrence(at=look.at, action=look.action, records=look.records)
