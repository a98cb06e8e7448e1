"""How near somebody whom the index holds is to who is to be registered (docs/architecture.md, "Registering").

The one rule says who may be linked without anybody looking. Here somebody looks, so that less will do: an
error in every field of a registration must not make a second person of anybody.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from functools import cached_property

from django.utils import timezone

from patients.matching.chance import expected
from patients.matching.compared import Compared
from patients.matching.dates import is_placeholder, is_stand_in
from patients.matching.fields import Field
from patients.matching.levels import (
    Level,
    Levels,
    equal_date_parts,
    levels_of,
    names_levels,
    sexes_contradict,
)
from patients.matching.likeness import (
    Likeness,
    given_likeness,
    is_named_in_mailbox,
    is_one_family_name,
    is_one_home,
)
from patients.matching.names import surname_parts
from patients.matching.same_person import Judgement, Subject, Tier, judge_subjects
from patients.matching.weights import FIXED
from patients.models import SourceRecord
from patients.services.held import subject_of

from .passing import Nearness

LIKELY = 0.0  # bits from which on two records are more likely one person's than not
RARE = 0.002  # others who agree so far by chance: whoever agrees with fewer is worth a look
GENERATION = 15  # years between a parent and a child of one name, at least
NEAR_YEARS = 2  # by which a year of birth is misremembered, or its last digit mistyped
GROWN_UP = 18  # years from which on people have a mailbox and a telephone of their own

Frequency = Callable[[str], int]
"""How many records hold a folded name."""

_IDENTITY = (Field.GIVEN_NAME, Field.FAMILY_NAME, Field.BIRTH_DATE)
_SLIP_OF_A_DATE = frozenset({Level.SWAPPED_DAY_AND_MONTH, Level.ONE_DIGIT})


@dataclass(frozen=True, slots=True)
class Judged:
    """A record, and how the new person stands to it: nearness, weight in bits, what the one rule says."""

    row: SourceRecord
    nearness: Nearness
    weight: float
    judgement: Judgement = field(repr=False)

    @property
    def place(self) -> tuple[int, float, int]:
        """The nearest first."""
        return -self.nearness, -self.weight, self.row.pk


def judge(new: Subject, rows: Sequence[SourceRecord], *, records: int, frequency: Frequency) -> Judged | None:
    """How near somebody is, by which of their records; ``None`` where it is somebody else altogether.

    ``records`` is how many the index holds.
    """
    theirs = [subject_of(row) for row in rows]
    against = _against(new.form, [each.form for each in theirs])
    judged = (
        _Pair(new, each, against, records, frequency).judged(row)
        for row, each in zip(rows, theirs, strict=True)
    )
    return min(filter(None, judged), key=lambda each: each.place, default=None)


def likest(new: Subject, rows: Sequence[SourceRecord]) -> SourceRecord:
    """Of somebody's records the one that weighs most."""
    return max(rows, key=lambda row: FIXED.weigh(levels_of(new.form, subject_of(row).form), records=2).total)


class _Against(IntEnum):
    """What any of somebody's records says against their being the new person."""

    NOTHING = 0
    SEX = 1
    NUMBER = 2


def _against(new: Compared, theirs: Sequence[Compared]) -> _Against:
    numbers = {each.nhs for each in theirs if each.nhs_valid}
    if new.nhs_valid and numbers and new.nhs not in numbers:
        return _Against.NUMBER
    return _Against.SEX if any(sexes_contradict(new.sex, each.sex) for each in theirs) else _Against.NOTHING


class _Pair:
    """Somebody new and a record, on their way to a nearness."""

    def __init__(
        self, new: Subject, theirs: Subject, against: _Against, records: int, frequency: Frequency
    ) -> None:
        self._new, self._theirs, self._against = new.form, theirs.form, against
        self._records, self._frequency = records, frequency
        self._subjects = sorted((new, theirs), key=lambda each: each.key)
        self._levels = levels_of(new.form, theirs.form)
        self._weight = FIXED.weigh(self._levels, records=records).total
        self._turn_names()
        levels = self._levels
        self._birth = levels[Field.BIRTH_DATE]
        self._given = given_likeness(self._new, self._theirs, levels[Field.GIVEN_NAME])
        self._one_family = is_one_family_name(self._new, self._theirs, levels[Field.FAMILY_NAME])
        reached = (levels[Field.EMAIL], levels[Field.PHONE])
        is_home = is_one_home(self._new, self._theirs, levels[Field.ADDRESS])
        self._reached_alike = Level.EXACT in reached
        self._shares = self._reached_alike or is_home
        self._shares_all = is_home and set(reached) == {Level.EXACT}

    def judged(self, row: SourceRecord) -> Judged | None:
        """The nearness with what it rests on; ``None`` where there is none."""
        nearness = None if self._is_far else self._nearness()
        return None if nearness is None else Judged(row, nearness, self._weight, self._judgement)

    @cached_property
    def _judgement(self) -> Judgement:
        one, other = self._subjects
        return judge_subjects(one, other, unique=True)

    @property
    def _is_far(self) -> bool:
        """Whether nothing is alike by which anybody could be near: of all who share a key most are."""
        is_twin = self._one_family and self._birth is Level.EXACT
        has_number = self._levels[Field.NHS_NUMBER] is Level.EXACT
        is_like = self._given is not Likeness.OTHER or is_twin
        return not (self._shares or is_like or has_number or self._weight >= LIKELY)

    def _nearness(self) -> Nearness | None:
        judgement = self._judgement
        if judgement.identifier_conflict:
            return Nearness.CONFLICT
        if judgement.tier is Tier.HIGH or self._is_namesake():
            return Nearness.HIGH
        is_relative = judgement.family or judgement.twins
        if judgement.tier is Tier.MEDIUM and not is_relative:
            return Nearness.MEDIUM
        if self._weight >= LIKELY or self._is_doubt():
            return Nearness.LOW
        return Nearness.FAMILY if judgement.twins or (judgement.family and self._shares) else None

    def _is_namesake(self) -> bool:
        """Whether names and birth date are equal, and the date is one."""
        equal = all(self._levels[each] is Level.EXACT for each in _IDENTITY)
        return equal and not self._judgement.contradictions and not is_placeholder(self._new.birth)

    def _is_doubt(self) -> bool:
        """Whether somebody is to look, by one of the rules below."""
        if self._against is _Against.NUMBER:
            return False
        if self._against is _Against.SEX:  # somebody clicked beside it, where all else but a slip is equal
            return self._judgement.twins and self._shares and self._given is Likeness.ONE
        return (
            self._is_like_twin()
            or self._is_one_who_shares()
            or self._is_one_of_an_initial()
            or self._is_slip_of_date()
            or self._is_no_chance()
        )

    def _is_like_twin(self) -> bool:
        """Twins whose names are like one another: a slip makes the same of one person."""
        like = self._given is Likeness.ONE or self._levels[Field.GIVEN_NAME] is Level.SIMILAR
        return self._judgement.twins and (like or self._in_mailbox or self._reached_alike_grown_up)

    def _is_one_who_shares(self) -> bool:
        """Whether they share mailbox, phone or home, and a given name: relatives have another one, or are a
        generation older or younger."""
        if not self._shares or (self._is_generation_apart and not self._reached_alike_grown_up):
            return False
        if self._given is Likeness.ONE and self._one_family:
            return True
        if not self._dates_touch or (self._given is Likeness.OTHER and not self._in_mailbox):
            return False
        return self._one_family or (self._given is Likeness.ONE and self._reached_alike)

    def _is_one_of_an_initial(self) -> bool:
        """Whether mailbox, phone and home are theirs, and the given name may be: of a record with an initial
        alone no part of the birth date has to be equal, as long as it is near."""
        years = abs(self._new.birth // 10000 - self._theirs.birth // 10000)
        return (
            self._shares_all
            and self._one_family
            and self._given is Likeness.PERHAPS
            and (years <= NEAR_YEARS or self._unknown_date)
        )

    def _is_slip_of_date(self) -> bool:
        """Whether nothing but an unlike given name speaks against it: a pet name that no table has."""
        return self._shares and self._one_family and self._birth in _SLIP_OF_A_DATE

    def _is_no_chance(self) -> bool:
        """Whether hardly anybody else is to be expected who agrees so far in names and birth date. Where they
        share a contact it is no chance, but a family has one name."""
        is_low = self._judgement.tier is Tier.LOW
        if is_low and self._shares:
            return True
        is_like = self._given is Likeness.ONE or (self._given is Likeness.PERHAPS and self._dates_touch)
        fits = is_like and self._one_family and not self._shares and not self._is_generation_apart
        return (fits or is_low) and self._expected() < RARE

    def _expected(self) -> float:
        return expected(
            self._levels_of_slips,
            given=max(map(self._frequency, {self._new.given, self._theirs.given})),
            family=max(map(self._frequency, {self._new.family, self._theirs.family})),
            records=self._records,
            is_placeholder=is_placeholder(self._new.birth),
        )

    @property
    def _levels_of_slips(self) -> Levels:
        """The levels, where a name is one but for a slip: near, as short as it may be."""
        levels = dict(self._levels)
        if self._given is Likeness.ONE and levels[Field.GIVEN_NAME] is Level.DIFFERENT:
            levels[Field.GIVEN_NAME] = Level.SIMILAR
        if self._one_family and levels[Field.FAMILY_NAME] is Level.DIFFERENT:
            levels[Field.FAMILY_NAME] = Level.SIMILAR
        return levels

    def _turn_names(self) -> None:
        """Read the new person's names the other way round where that fits better."""
        if Level.DIFFERENT not in (self._levels[Field.GIVEN_NAME], self._levels[Field.FAMILY_NAME]):
            return
        new = self._new
        turned = replace(
            new,
            given=new.family,
            family=new.given,
            family_parts=surname_parts(new.given),
            middle="",
            preferred="",
        )
        given, family = names_levels(turned, self._theirs)
        if Level.EXACT in (given, family) and Level.DIFFERENT not in (given, family):
            self._new = turned
            self._levels = {**self._levels, Field.GIVEN_NAME: given, Field.FAMILY_NAME: family}

    @cached_property
    def _reached_alike_grown_up(self) -> bool:
        """Whether they share mailbox or telephone, and both are of an age to have their own."""
        youngest = max(self._new.birth, self._theirs.birth) // 10000
        return self._reached_alike and youngest <= timezone.localdate().year - GROWN_UP

    @cached_property
    def _in_mailbox(self) -> bool:
        """Whether the new person's mailbox bears the other given name, and not their own."""
        mailbox = self._new.email
        return is_named_in_mailbox(self._theirs.given, mailbox) and not is_named_in_mailbox(
            self._new.given, mailbox
        )

    @cached_property
    def _is_generation_apart(self) -> bool:
        years = abs(self._new.birth // 10000 - self._theirs.birth // 10000)
        return self._birth is Level.DIFFERENT and not self._unknown_date and years >= GENERATION

    @cached_property
    def _dates_touch(self) -> bool:
        """Whether the birth dates share a year, month or day, or one is not known."""
        if self._birth is Level.MISSING or self._unknown_date or self._birth is Level.SWAPPED_DAY_AND_MONTH:
            return True
        return equal_date_parts(self._new.birth, self._theirs.birth) > 0

    @property
    def _unknown_date(self) -> bool:
        return is_stand_in(self._new.birth) or is_stand_in(self._theirs.birth)
