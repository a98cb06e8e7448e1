"""In which of its documented shapes the sandbox's Impilo answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from integrations.sandbox.switches import Switches


@dataclass(slots=True)
class ImpiloSwitches(Switches):
    """The first position of each is what the newest documentation says.

    ``paging``: the first page is 1; or 0; or every page is the first one again. ``birth_date``:
    a date, a timestamp, or day first with dashes. ``ids``: numbers or texts. ``sex_field``:
    ``sex`` or ``gender``. ``names``: in two parts, or one ``name``. ``nulls``: everything but
    id and names is null. ``filters``: honoured, or ignored so that every list is of everybody.
    ``email_match``: whether the filter minds the letter case. ``errors``: the shape of error
    bodies. ``per_minute``: requests allowed each minute and key, 0 for no limit. ``address``:
    whether creating and replacing need one. ``patch_names``: whether a PATCH has to name the
    person. ``patch``: whether there is PATCH at all, and how its absence is told.
    ``duplicates``: the status for an identifier that another record has. ``creates_with``: the
    status of a create. ``shows``: the record after a write, or as it was before.
    """

    paging: Literal["one", "zero", "repeats"] = "one"
    birth_date: Literal["date", "timestamp", "day_first"] = "date"
    ids: Literal["number", "text"] = "number"
    sex_field: Literal["sex", "gender"] = "sex"
    names: Literal["parts", "whole"] = "parts"
    nulls: bool = False
    filters: Literal["honoured", "ignored"] = "honoured"
    email_match: Literal["any_case", "exact"] = "any_case"
    errors: Literal["spring", "nested", "list", "detail", "text"] = "spring"
    per_minute: int = 0
    address: Literal["optional", "required"] = "optional"
    patch_names: Literal["optional", "required"] = "optional"
    patch: Literal["offered", "not_allowed", "not_found"] = "offered"
    duplicates: Literal["conflict", "bad_request"] = "conflict"
    creates_with: Literal["created", "ok"] = "created"
    shows: Literal["after", "before"] = "after"
