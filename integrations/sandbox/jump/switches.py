"""In which of its documented shapes the sandbox's Jump answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from integrations.sandbox.switches import Switches


@dataclass(slots=True)
class JumpSwitches(Switches):
    """``g2`` is the later generation of the documentation, ``g1`` the earlier one.

    ``envelope``: paging in ``meta``, or in ``pagination`` with a total and 100 rows by default.
    ``errors``: nested with upper-case codes, nested with lower-case codes, or flat (``error``,
    ``details`` and ``request_id`` side by side). ``rate_window``: quota by the clock hour or by
    the last sixty minutes. ``nhs_search``: whether a search for ten digits is compared with the
    digits of the stored number or with the number as stored; ``nhs_form``: how stored numbers
    are written. ``custom_fields``: shown where a record has some, always, or never.

    Of writing: ``custom_fields_written`` drops them silently, ``archive_reason`` ignores reason and
    notes, ``fields`` refuses unknown and read-only ones, ``same_number`` refuses a second record with
    an NHS number. ``written`` answers with the whole record or with the few fields that the
    documentation's example of a creation prints. ``creating`` holds every creation back until it is
    turned again (for half a minute at most), as a slow server would.
    """

    envelope: Literal["g2", "g1"] = "g2"
    errors: Literal["g2", "g1", "flat"] = "g2"
    city: Literal["g2", "g1"] = "g2"
    gender: Literal["g2", "g1"] = "g2"
    custom_fields: Literal["held", "always", "never"] = "held"
    rows: Literal["short", "full"] = "short"
    nhs_search: Literal["digits", "stored"] = "digits"
    nhs_form: Literal["held", "digits", "hyphens", "spaces"] = "held"
    timestamps: Literal["seconds", "fractions", "offset"] = "seconds"
    validation_status: Literal[422, 400] = 422
    unauthorised: Literal["UNAUTHORISED", "UNAUTHORIZED"] = "UNAUTHORISED"
    rate_limit: int = 1000
    rate_window: Literal["clock_hour", "last_hour"] = "clock_hour"
    retry_after: bool = False
    custom_fields_written: Literal["merged", "dropped"] = "merged"
    archive_reason: Literal["kept", "ignored"] = "kept"
    fields: Literal["lenient", "strict"] = "lenient"
    same_number: Literal["accepted", "refused"] = "accepted"
    written: Literal["whole", "short"] = "whole"
    creating: Literal["at_once", "held"] = "at_once"
