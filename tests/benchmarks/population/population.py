"""The population: source records of made-up people, one after another, nothing remembered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from .families import Families
from .origins import MIX
from .person import Known, Made
from .rates import TODAY, FamilyRates, RecordRates
from .recording import Recorder
from .weighted import Weighted

MOST_RECORDS = 1_300_000
_RECORDS_A_HOME = 3.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """``records`` source records of people whom ``seed`` decides.

    A larger population with the same seed begins with the same people, except for their former
    homes. Records of one person, and people of one home, follow one another. ``mix`` gives each
    name origin's share of the households. Raises ``ValueError`` for more than
    :data:`MOST_RECORDS`, for which there are not enough synthetic NHS numbers.
    """

    records: int
    seed: int
    mix: Mapping[str, float] = field(default_factory=lambda: MIX)
    families: FamilyRates = field(default_factory=FamilyRates)
    errors: RecordRates = field(default_factory=RecordRates)
    today: date = TODAY

    def __post_init__(self) -> None:
        if self.records > MOST_RECORDS:
            raise ValueError(f"there are NHS numbers for {MOST_RECORDS:,} records only")

    def __iter__(self) -> Iterator[Made]:
        """Every source record with the truth about it."""
        for known in self.people():
            person = known.person
            for copy in known.copies:
                yield Made(person.number, person.household, person.origin, copy.record)

    def people(self) -> Iterator[Known]:
        """Every person with all their records; the last one's may be cut to keep the number."""
        left = self.records
        recorder = Recorder(seed=self.seed * 2 + 1, today=self.today, rates=self.errors)
        homes = max(int(self.records / _RECORDS_A_HOME), 1)
        families = Families(
            seed=self.seed * 2, today=self.today, rates=self.families, mix=Weighted(self.mix), homes=homes
        )
        for household in families:
            for person in household:
                if left <= 0:
                    return
                known = recorder.known(person)
                del known.copies[left:]
                left -= len(known.copies)
                yield known
