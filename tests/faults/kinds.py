"""Every kind of write: how it is asked for, which requests it is, and what a record then holds.

Fields of effects are those of ``systems.read``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from .intents import Effect, Verb
from .people import Made, phone

PARTY = "https://example.org/fault-harness"
CHAIN = 3  # changes of one record, one after the other


@dataclass(frozen=True, slots=True)
class Groups:
    """Two organizations of JHE's in which the asker may write: where people are, and where some go."""

    home: int
    second: int
    study: int = 0  # of the first; none where writes about studies are not tried


Values = Mapping[str, Any]
Step = tuple[Values, tuple[Effect, ...]]  # what the door is asked, and what is there then


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of write. ``method`` and ``path`` (with ``{id}``) say which request carries it out;
    ``steps`` gives the writes for one record, to be asked for in this order. ``phone`` is the system's name
    of the field that a form changes in several systems at once; ``beside`` one that forms leave alone."""

    name: str
    system: str
    method: str
    path: str
    steps: Callable[[Made], Iterator[Step]]
    creates: bool = False
    chained: bool = False
    deletes: bool = False
    in_second: bool = False  # the record belongs to the second organization, too
    in_study: bool = False  # the record takes part in the study, and has decided there
    shared: bool = False  # the path of its requests does not say whose they are
    put: bool = False  # while Impilo offers no PATCH
    phone: str = ""
    beside: str = ""
    not_before_2026: str = ""  # why the older JHE knows no such write

    def pattern(self, record: str = "") -> str:
        """The regular expression of the path of its requests."""
        return self.path.format(id=record)


def _set(**values: Any) -> tuple[Effect, ...]:
    return tuple(Effect(Verb.SET, name, value) for name, value in values.items())


# --- creating -------------------------------------------------------------------------------


def _details(made: Made, *more: str) -> dict[str, Any]:
    details = {
        "given_name": made.given,
        "family_name": made.family,
        "birth_date": made.born.isoformat(),
        "email": made.email,
        "phone": made.phone,
        "nhs_number": made.nhs,
        "sex": "female",
    }
    return {name: details[name] for name in ("given_name", "family_name", "birth_date", "email", *more)}


def _jump_create(made: Made) -> Iterator[Step]:
    effects = _set(
        first_name=made.given,
        date_of_birth=made.born.isoformat(),
        email=made.email,
        phone=made.phone,
        nhs_number=made.nhs,
        biological_sex="female",
    )
    yield {"details": _details(made, "phone", "nhs_number", "sex")}, effects


def _jhe_create(groups: Groups, made: Made) -> Iterator[Step]:
    effects = _set(
        name_given=made.given,
        birth_date=made.born.isoformat(),
        email=made.email,
        telecom_phone=made.phone,
        organizations=[groups.home],
    )
    yield {"details": _details(made, "phone"), "organization": str(groups.home)}, effects


def _impilo_create(made: Made) -> Iterator[Step]:
    effects = _set(
        firstName=made.given,
        dateOfBirth=made.born.isoformat(),
        email=made.email,
        phoneNumber=made.phone,
        sex="female",
        archived=False,
    )
    yield {"details": _details(made, "phone", "sex")}, effects


# --- changing -------------------------------------------------------------------------------


def edits_of_phones(made: Made, wires: Collection[str]) -> Iterator[tuple[Values, Mapping[str, Effect]]]:
    """What a form is asked, again and again, and what each field then holds."""
    for place in range(1, CHAIN + 1):
        value = phone(made.number + 11_000 * place)
        effects = {wire: Effect(Verb.SET, wire, value) for wire in wires}
        yield {"verb": "edit", "details": {"phone": value}}, effects


def phone_of_somebody_else(made: Made) -> str:
    """What somebody writes into a record meanwhile."""
    return phone(made.number + 66_000)


def _phones(made: Made, wire: str) -> Iterator[Step]:
    for ask, effects in edits_of_phones(made, [wire]):
        yield ask, tuple(effects.values())


def _addresses(made: Made, effects: Callable[[dict[str, str]], tuple[Effect, ...]]) -> Iterator[Step]:
    for place in range(CHAIN):
        parts = {"line": f"{made.number} Fault Lane {place}", "town": "Leeds", "postcode": f"LS{place} 1AA"}
        address = {"lines": [parts["line"]], "country": "United Kingdom"} | {
            name: parts[name] for name in ("town", "postcode")
        }
        yield {"verb": "edit", "details": {"address": address}}, effects(parts)


def _jump_change(made: Made) -> Iterator[Step]:
    if made.number % 2:
        return _phones(made, "phone")
    return _addresses(
        made,
        lambda parts: _set(
            address_line_1=parts["line"],
            town_city=parts["town"],
            postcode=parts["postcode"],
            country="United Kingdom",
        ),
    )


def _impilo_change(made: Made) -> Iterator[Step]:
    if made.number % 2:
        return _phones(made, "phoneNumber")
    empty = dict.fromkeys(("lineTwo", "lineThree", "note"))
    return _addresses(
        made,
        lambda parts: _set(
            address={
                **empty,
                "lineOne": parts["line"],
                "city": parts["town"],
                "state": parts["town"],  # Impilo needs a county, and is given the town (README, Writing)
                "zipCode": parts["postcode"],
                "country": "United Kingdom",
            }
        ),
    )


def _jhe_change(groups: Groups, made: Made) -> Iterator[Step]:
    return _phones(made, "telecom_phone")


def _jump_custom(made: Made) -> Iterator[Step]:
    for place in range(CHAIN):
        value = f"round {made.number}-{place}"
        effect = Effect(Verb.SET, "custom.ward_round", value)
        yield {"verb": "custom", "custom": {"ward_round": value}}, (effect,)


# --- the others -----------------------------------------------------------------------------


def _jump_archive(made: Made) -> Iterator[Step]:
    reason, notes = "Moved away", f"Left on day {made.number}"
    asked = {"verb": "archive", "reason": reason, "notes": notes}
    yield asked, _set(status="archived", archive_reason=reason, archive_notes=notes)


def _impilo_archive(made: Made) -> Iterator[Step]:
    yield {"verb": "archive", "reason": "Moved away", "notes": ""}, _set(archived=True)


def _mark(field: str) -> Callable[[Made], Iterator[Step]]:
    def steps(made: Made) -> Iterator[Step]:
        yield {"verb": "mark"}, (Effect(Verb.SET, field, None),)  # the portal's own id: told by the door

    return steps


def _jhe_identify(groups: Groups, made: Made) -> Iterator[Step]:
    before: list[list[str]] = []
    for place in range(CHAIN):
        add = [[PARTY, f"FH-{made.number:05}-{place}"]]
        effects = [Effect(Verb.ADD, "identifiers", "|".join(each)) for each in add]
        effects += [Effect(Verb.REMOVE, "identifiers", "|".join(each)) for each in before]
        asked = {"verb": "identify", "add": add, "remove": before, "organization": str(groups.home)}
        yield asked, tuple(effects)
        before = add


def _jhe_join(groups: Groups, made: Made) -> Iterator[Step]:
    effect = Effect(Verb.ADD, "organizations", groups.second)
    yield {"verb": "join", "organization": str(groups.second)}, (effect,)


def _jhe_leave(groups: Groups, made: Made) -> Iterator[Step]:
    effect = Effect(Verb.REMOVE, "organizations", groups.second)
    yield {"verb": "leave", "organization": str(groups.second)}, (effect,)


def _jhe_remove(groups: Groups, made: Made) -> Iterator[Step]:
    effect = Effect(Verb.DELETE, "record", "gone")
    yield {"verb": "remove", "organization": str(groups.home)}, (effect,)


JUMP, JHE, IMPILO = "/patients/{id}$", "/patients/{id}$", "/patient/{id}$"
_OF_JUMP = (
    Kind(
        name="jump create", system="jump", method="POST", path="/patients$", steps=_jump_create, creates=True
    ),
    Kind(
        name="jump change",
        system="jump",
        method="PATCH",
        path=JUMP,
        steps=_jump_change,
        chained=True,
        phone="phone",
        beside="custom.seen_by",
    ),
    Kind(
        name="jump custom fields", system="jump", method="PATCH", path=JUMP, steps=_jump_custom, chained=True
    ),
    Kind(name="jump archive", system="jump", method="PATCH", path=JUMP, steps=_jump_archive),
    Kind(name="jump mark", system="jump", method="PATCH", path=JUMP, steps=_mark("custom.external_id")),
)
_OF_IMPILO = (
    Kind(
        name="impilo create",
        system="impilo",
        method="POST",
        path="/patient$",
        steps=_impilo_create,
        creates=True,
    ),
    Kind(
        name="impilo change",
        system="impilo",
        method="PATCH",
        path=IMPILO,
        steps=_impilo_change,
        chained=True,
        phone="phoneNumber",
        beside="externalIdentifier",
    ),
    Kind(
        name="impilo change by PUT",
        system="impilo",
        method="PUT",
        path=IMPILO,
        steps=_impilo_change,
        chained=True,
        put=True,
        phone="phoneNumber",
        beside="externalIdentifier",
    ),
    Kind(name="impilo archive", system="impilo", method="PATCH", path=IMPILO, steps=_impilo_archive),
    Kind(name="impilo mark", system="impilo", method="PATCH", path=IMPILO, steps=_mark("externalIdentifier")),
)


def _of_jhe(groups: Groups) -> tuple[Kind, ...]:
    def kind(name: str, method: str, steps: Callable[[Groups, Made], Iterator[Step]], **values: Any) -> Kind:
        where: dict[str, Any] = {"path": JHE, "steps": partial(steps, groups)} | values
        return Kind(name=f"jhe {name}", system="jhe", method=method, **where)

    return (
        kind("create", "POST", _jhe_create, path="/patients$", creates=True),
        kind("change", "PATCH", _jhe_change, chained=True, phone="telecom_phone"),
        kind(
            "identifiers",
            "PATCH",
            _jhe_identify,
            chained=True,
            not_before_2026="the 2025-10 generation cannot be asked who holds an identifier: refused",
        ),
        kind("join", "PATCH", _jhe_join, path="/patients/{id}/global_add_organization$"),
        kind("leave", "DELETE", _jhe_leave, in_second=True),
        kind("remove altogether", "DELETE", _jhe_remove, deletes=True),
    )


def kinds_for(groups: Groups) -> tuple[Kind, ...]:
    """Every kind, JHE's in these organizations."""
    return (*_OF_JUMP, *_of_jhe(groups), *_OF_IMPILO)
