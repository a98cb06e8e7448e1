"""The faults that the page offers by name."""

from __future__ import annotations

from integrations.sandbox.faults import Fault, FaultKind, Variant

PRESETS: dict[str, tuple[str, Fault]] = {
    "slow": ("Answers 4 seconds late", Fault(kind=FaultKind.DELAY, seconds=4)),
    "hang": ("Does not answer until cleared", Fault(kind=FaultKind.HANG)),
    "drip": ("The answer drips in over 20 seconds", Fault(kind=FaultKind.DRIP, seconds=20)),
    "reset": ("Connection lost before anything happened", Fault(kind=FaultKind.RESET)),
    "reset_after": ("Connection lost after it happened", Fault(kind=FaultKind.RESET, after_effect=True)),
    "half_done": ("Half of a change, then 500", Fault(kind=FaultKind.HALF_DONE)),
    "broken_off": ("Connection lost in the middle of the answer", Fault(kind=FaultKind.BROKEN_OFF)),
    "busy": (
        "429, try again in 30 seconds",
        Fault(kind=FaultKind.STATUS, status=429, retry_after="30"),
    ),
    "busy_unsaid": ("429, without saying until when", Fault(kind=FaultKind.STATUS, status=429)),
    "error": ("500, as JSON", Fault(kind=FaultKind.STATUS, status=500)),
    "error_page": ("500, as an HTML page", Fault(kind=FaultKind.STATUS, status=500, html=True)),
    "gateway": ("502, as an HTML page", Fault(kind=FaultKind.STATUS, status=502, html=True)),
    "unavailable": ("503, as JSON", Fault(kind=FaultKind.STATUS, status=503)),
    "truncated": ("Half of the JSON", Fault(kind=FaultKind.TRUNCATED)),
    "malformed": ("JSON that is none", Fault(kind=FaultKind.MALFORMED)),
    "wrong_types": ("Numbers for texts, lists for numbers", Fault(kind=FaultKind.WRONG_TYPES)),
    "wrong_shape": (
        "Lists for objects, objects for lists",
        Fault(kind=FaultKind.WRONG_TYPES, variant=Variant.CONTAINERS),
    ),
    "oversized": ("An answer of 32 MB", Fault(kind=FaultKind.OVERSIZED)),
    "redirect": ("Redirect to another host", Fault(kind=FaultKind.REDIRECT)),
}
