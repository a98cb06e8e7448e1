"""NHS numbers: ten digits, a check digit, and ranges that are nobody's (package ``nhs-number``)."""

from __future__ import annotations

from nhs_number.constants import REGION_SYNTHETIC

from patients.matching.numbers import is_valid_nhs, nhs_digits, show_nhs
from patients.matching.tags import nhs_problem

from .findings import Finding, Read, stop, warn
from .typed import is_blank

OF = "nhs_number"


def read_nhs_number(text: str) -> Read[str]:
    """The ten digits; empty where there are not ten."""
    if is_blank(text):
        return Read("")
    digits = nhs_digits(text)
    if not digits:
        return Read("", (stop(OF, f"{nhs_problem(text)} Check it, or leave it empty."),))
    return Read(digits, nhs_findings(digits))


def nhs_findings(digits: str) -> tuple[Finding, ...]:
    """What is to be said of ten digits. A wrong check digit only warns: systems hold such numbers."""
    if not is_valid_nhs(digits):
        said = f"{show_nhs(digits)} is not a valid NHS number: check the digits against a letter or the app."
        return (warn(OF, said),)
    if is_for_tests(digits):
        return (warn(OF, f"{show_nhs(digits)} is kept for tests: no real person has it."),)
    return ()


def is_for_tests(digits: str) -> bool:
    """Whether a valid number is of the range that is never issued, for made-up people."""
    return any(each.start <= int(digits) <= each.end for each in REGION_SYNTHETIC.ranges)
