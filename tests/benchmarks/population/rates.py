"""Every rate of the generator in one place, adjustable: how families live and how records err."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

TODAY = date(2026, 9, 1)
"""The day on which everything is looked at; fixed, so that ages and dates are the same on every run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyRates:
    """How people live together. Shares of homes in ``homes``; everything else a probability."""

    homes: Mapping[str, float] = field(
        default_factory=lambda: {
            "alone": 0.31,
            "couple": 0.29,
            "couple_with_children": 0.23,
            "one_parent": 0.08,
            "three_generations": 0.04,
            "shared": 0.05,
        }
    )
    children: tuple[float, ...] = (0.40, 0.38, 0.15, 0.07)
    same_sex: float = 0.025
    other_origin: float = 0.08
    twin_birth: float = 1 / 60
    alike_twins: float = 0.3
    namesake_son: float = 0.03
    namesake_daughter: float = 0.01
    landline: float = 0.4
    couple_mailbox: float = 0.12
    child_own_phone_age: int = 13
    child_own_mailbox_age: int = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRates:
    """What happens to a person's details on the way into one record; each a probability.

    Set so that two records of one person agree about as often as the linkage literature and the
    national audits of demographic data find: given names and surnames in about 85 of 100 pairs,
    birth dates in 94, phones in 68, e-mails in 74, NHS numbers in 98.
    """

    systems: Mapping[tuple[str, ...], float] = field(
        default_factory=lambda: {
            ("jump",): 0.38,
            ("jhe",): 0.08,
            ("impilo",): 0.09,
            ("jump", "jhe"): 0.14,
            ("jump", "impilo"): 0.14,
            ("jhe", "impilo"): 0.04,
            ("jump", "jhe", "impilo"): 0.13,
        }
    )
    twice: float = 0.02
    given_slip: float = 0.03
    surname_slip: float = 0.03
    misheard: float = 0.008
    misread: float = 0.003
    nickname: float = 0.015
    known_as: float = 0.12
    initial: float = 0.004
    middle_missing: float = 0.35
    middle_first: float = 0.004
    earlier_name: float = 0.2
    half_of_double: float = 0.07
    accents_lost: float = 0.55
    capitals: float = 0.03
    day_month: float = 0.011
    one_digit: float = 0.018
    other_date: float = 0.005
    placeholder_date: float = 0.002
    earlier_home: float = 0.11
    other_phone: float = 0.13
    other_email: float = 0.08
    phone_slip: float = 0.012
    email_slip: float = 0.012
    postcode_slip: float = 0.008
    no_phone: float = 0.08
    no_email: float = 0.22
    no_address: float = 0.03
    no_sex: float = 0.02
    wrong_sex: float = 0.001
    no_nhs_number: float = 0.05
    wrong_nhs_number: float = 0.008
    shortened_street: float = 0.15
