"""What a body that creates or changes a patient may hold, and what becomes of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from .replies import Refused
from .switches import ImpiloSwitches

Row = dict[str, Any]

ADDRESS_NEEDS = ("lineOne", "city", "state", "zipCode", "country")
ADDRESS_PARTS = ("lineOne", "lineTwo", "lineThree", "city", "state", "zipCode", "country", "note")
SEXES = ("male", "female", "other", "unknown")
# Every field that can be written, and what a record holds that was made without it.
EMPTY: Row = {
    "externalIdentifier": None,
    "firstName": None,
    "lastName": None,
    "dateOfBirth": None,
    "email": None,
    "phoneNumber": None,
    "sex": None,
    "address": None,
    "site": None,
    "archived": False,
    "enrolled": True,
}


def written(body: Mapping[str, Any], sites: Mapping[int, Row], known: Iterable[str] = ()) -> Row:
    """The fields of a body that can be written, as they are stored; unknown ones are left out.

    ``known`` are parts of an address that the record has beside the documented ones. Raises
    ``Refused`` (400) naming every field that is of the wrong kind.
    """
    fields = {name: body[name] for name in EMPTY if name in body}
    if problems := [*_problems(fields, sites)]:
        raise Refused(400, "; ".join(problems))
    if fields.get("address"):
        parts = (*ADDRESS_PARTS, *(each for each in known if each not in ADDRESS_PARTS))
        sent = fields["address"]
        fields["address"] = {part: sent.get(part) for part in parts if part in sent or part in ADDRESS_PARTS}
    if fields.get("site"):
        fields["site"] = dict(sites[fields["site"]["id"]])
    return fields


def check_whole(fields: Mapping[str, Any], switches: ImpiloSwitches) -> None:
    """Raises ``Refused`` (400) for what a create or a PUT lacks."""
    problems = [*_unnamed(fields)]
    if switches.address == "required" and not fields.get("address"):
        problems.append("address: must not be null")
    if problems:
        raise Refused(400, "; ".join(problems))


def check_part(fields: Mapping[str, Any], switches: ImpiloSwitches) -> None:
    """Raises ``Refused`` (400) for a PATCH that takes a name away or, with the switch, names nobody."""
    named = fields if switches.patch_names == "required" else {"firstName": "-", "lastName": "-", **fields}
    if problems := [*_unnamed(named)]:
        raise Refused(400, "; ".join(problems))


def _unnamed(fields: Mapping[str, Any]) -> Iterator[str]:
    for name in ("firstName", "lastName"):
        if not fields.get(name):
            yield f"{name}: must not be null"


def _problems(fields: Mapping[str, Any], sites: Mapping[int, Row]) -> Iterator[str]:
    """One sentence for each field of the wrong kind; null is of every kind."""
    for name, value in fields.items():
        if value is None:
            continue
        if name == "address":
            yield from _address_problems(value)
        elif name == "site":
            if not isinstance(value, dict) or value.get("id") not in sites:
                yield "site: there is no such site"
        elif not KINDS[name][0](value):
            yield f"{name}: {KINDS[name][1]}"


def _address_problems(value: object) -> Iterator[str]:
    if not isinstance(value, dict):
        yield "address: must be an object"
        return
    for part in ADDRESS_PARTS:
        held = value.get(part)
        if held is not None and not isinstance(held, str):
            yield f"address.{part}: must be a text"
        elif part in ADDRESS_NEEDS and not (held or "").strip():
            yield f"address.{part}: must not be blank"


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_date(value: object) -> bool:
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_email(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[^@\s]+@[^@\s]+", value) is not None


_TEXT = (_is_text, "must be a text")
_FLAG = (lambda value: isinstance(value, bool), "must be true or false")
KINDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "externalIdentifier": _TEXT,
    "firstName": _TEXT,
    "lastName": _TEXT,
    "phoneNumber": _TEXT,
    "email": (_is_email, "must be a well-formed email address"),
    "dateOfBirth": (_is_date, "must be a date like 1980-01-31"),
    "sex": (lambda value: value in SEXES, f"must be one of {', '.join(SEXES)}"),
    "archived": _FLAG,
    "enrolled": _FLAG,
}
