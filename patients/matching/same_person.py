"""The one rule for "same person" (docs/architecture.md has a section of this name), for two records.

High is what may be linked by rule: an equal NHS number that a cross-check confirms (a), equal names
and birth date with a third agreeing field (b), or the same without a third field where hardly anybody
has both names (c). In all, nothing may contradict. Medium and low wait for a person. Guessable
identifiers are not looked at at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from integrations.types import RecordStatus, Registration, RemotePatient

from .agreement import Evidence, compare_forms
from .compared import Compared, compared
from .dates import is_placeholder, is_stand_in
from .fields import Field
from .levels import NAMES_AGREE, Level, equal_date_parts, sexes_contradict


class Tier(IntEnum):
    """How sure it is that two records are one person's."""

    NONE = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3

    @property
    def label(self) -> str:
        """The tier as a word for pages."""
        return self.name.lower()


class Rule(StrEnum):
    """By which part of the rule two records are one person's, the strongest first."""

    SAME_RECORD = "same record"
    NHS_NUMBER_AND_NAMES = "NHS number, names and birth date"
    NHS_NUMBER = "NHS number and cross-check"
    NAMES_AND_BIRTH_DATE = "names, birth date and a third field"
    RARE_NAMES_AND_BIRTH_DATE = "rare names and birth date"
    NONE = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the rule says of two records.

    ``identifier_conflict``: one NHS number that seems to belong to two people. ``family``:
    people who share address, phone or mailbox. ``twins``: same surname and birth date, another
    given name. ``reasons`` speak for the tier, ``contradictions`` against one person; both are
    whole sentences.
    """

    tier: Tier
    rule: Rule = Rule.NONE
    identifier_conflict: bool = False
    family: bool = False
    twins: bool = False
    reasons: tuple[str, ...] = field(default=(), repr=False)
    contradictions: tuple[str, ...] = field(default=(), repr=False)
    evidence: tuple[Evidence, ...] = field(default=(), repr=False)

    def level(self, of: Field) -> Level:
        """How far one field agrees."""
        return next((entry.level for entry in self.evidence if entry.field is of), Level.MISSING)


@dataclass(frozen=True, slots=True)
class Subject:
    """A record with its details normalised once."""

    record: RemotePatient
    form: Compared = field(repr=False)

    @property
    def key(self) -> tuple[str, str]:
        """System and id: which record it is."""
        return self.record.system, self.record.id


def subject(record: RemotePatient) -> Subject:
    """Make a record ready for many comparisons."""
    return Subject(record, compared(record.demographics))


def judge(one: RemotePatient, other: RemotePatient, *, unique: bool = True) -> Judgement:
    """Judge two records. The answer is the same whichever comes first.

    ``unique`` says that each is the only record of its system with these names and this birth
    date, as rules (b) and (c) require; two records of one system never are.
    """
    first, second = sorted((one, other), key=lambda record: (record.system, record.id))
    return judge_subjects(subject(first), subject(second), unique=unique)


def judge_subjects(one: Subject, other: Subject, *, unique: bool, rare: bool = False) -> Judgement:
    """As :func:`judge`, for subjects in order of their keys.

    ``rare`` says that hardly anybody else has both names: then equal names and birth date need no
    third field (c). Who does not know how frequent names are leaves it out.
    """
    evidence = compare_forms(one.form, other.form)
    if one.key == other.key:
        return Judgement(
            tier=Tier.HIGH, rule=Rule.SAME_RECORD, reasons=("It is the same record.",), evidence=evidence
        )
    levels = {entry.field: entry.level for entry in evidence}
    unique = unique and one.record.system != other.record.system
    pair = _Pair(one, other, levels, unique=unique, rare=rare)
    tier, rule, reasons = pair.tier()
    return Judgement(
        tier=tier,
        rule=rule,
        identifier_conflict=pair.identifier_conflict,
        family=pair.family,
        twins=pair.twins,
        reasons=reasons,
        contradictions=pair.contradictions,
        evidence=evidence,
    )


_NEAR_DATES = frozenset({Level.EXACT, Level.SWAPPED_DAY_AND_MONTH, Level.ONE_DIGIT})
_SAME_PLACE = frozenset({Level.EXACT, Level.NEAR})
_LIKE_NAMES = NAMES_AGREE | {Level.SIMILAR, Level.INITIAL, Level.MIDDLE, Level.CHANGED_SURNAME}


class _Pair:
    """Two records on their way through the rule."""

    def __init__(
        self, one: Subject, other: Subject, levels: Mapping[Field, Level], *, unique: bool, rare: bool
    ) -> None:
        self._one, self._other = one, other
        self._unique, self._rare = unique, rare
        self._given = levels[Field.GIVEN_NAME]
        self._family = levels[Field.FAMILY_NAME]
        self._birth = levels[Field.BIRTH_DATE]
        self._email = levels[Field.EMAIL] is Level.EXACT
        self._phone = levels[Field.PHONE] is Level.EXACT
        self._place = levels[Field.ADDRESS] in _SAME_PLACE
        self._nhs = levels[Field.NHS_NUMBER] is Level.EXACT
        self._placeholder = is_placeholder(one.form.birth) or is_placeholder(other.form.birth)
        self.twins = self._are_like_twins()
        self._cross_checked = self._nhs and self._cross_check()
        self.contradictions = tuple(self._contradictions())
        self.identifier_conflict = self._nhs and (not self._cross_checked or self.twins)
        self.family = not self._nhs and self._are_family()

    def tier(self) -> tuple[Tier, Rule, tuple[str, ...]]:
        """The tier, the rule for high, and what speaks for it."""
        rule, reason = self._high()
        if rule is not Rule.NONE and not self.contradictions:
            return Tier.HIGH, rule, (reason,)
        medium = tuple(self._medium())
        if medium:
            return Tier.MEDIUM, Rule.NONE, medium
        if self._is_low():
            return Tier.LOW, Rule.NONE, ("Similar names and a near birth date.",)
        return Tier.NONE, Rule.NONE, ()

    @property
    def _names_agree(self) -> bool:
        return self._given in NAMES_AGREE and self._family in NAMES_AGREE

    @property
    def _identity_equal(self) -> bool:
        return self._given is self._family is self._birth is Level.EXACT

    @property
    def _third_fields(self) -> list[str]:
        agreeing = {
            "NHS number": self._nhs,
            "phone": self._phone,
            "e-mail": self._email,
            "address": self._place,
        }
        return [name for name, agrees in agreeing.items() if agrees]

    def _high(self) -> tuple[Rule, str]:
        if self._cross_checked:
            names = "names agree" if self._names_agree else "a name agrees"
            rule = Rule.NHS_NUMBER_AND_NAMES if self._names_agree else Rule.NHS_NUMBER
            return rule, f"The NHS number is equal, the birth date confirms it, and {names}."
        if self._identity_equal and self._third_fields and self._unique:
            third = " and ".join(self._third_fields)
            return Rule.NAMES_AND_BIRTH_DATE, f"Both names and the birth date are equal, and so is {third}."
        if self._identity_equal and self._rare and self._unique and not self._placeholder:
            return (
                Rule.RARE_NAMES_AND_BIRTH_DATE,
                "Both names, which few people have, and the birth date are equal.",
            )
        return Rule.NONE, ""

    def _cross_check(self) -> bool:
        """Whether birth date and names confirm an equal NHS number.

        A date that may stand for "not known" confirms little: then both names have to agree.
        """
        one, other = self._one.form, self._other.form
        if self._birth is Level.EXACT:
            if self._placeholder:
                return self._names_agree
            return self._given in NAMES_AGREE or self._family in NAMES_AGREE
        if not (one.birth and other.birth and one.given and other.given and one.family and other.family):
            return False
        return (
            equal_date_parts(one.birth, other.birth) >= 2
            and one.family[:3] == other.family[:3]
            and one.given[0] == other.given[0]
        )

    def _are_like_twins(self) -> bool:
        """Same surname and birth date, other given name; Amira and Samira are other names too."""
        if self._family not in {Level.EXACT, Level.PART, Level.NEAR} or self._birth is not Level.EXACT:
            return False
        if self._given is Level.NEAR:
            return self._one.form.given[0] != self._other.form.given[0]
        return self._given in {Level.SIMILAR, Level.DIFFERENT}

    def _contradictions(self) -> Iterator[str]:
        one, other = self._one, self._other
        if one.form.nhs_valid and other.form.nhs_valid and one.form.nhs != other.form.nhs:
            yield "Each record has another valid NHS number."
        if sexes_contradict(one.form.sex, other.form.sex):
            yield "The recorded sex differs."
        if self.twins:
            yield "Same surname and birth date but another given name: perhaps twins."
        records = (one.record, other.record)
        if any(record.registration is Registration.DUMMY for record in records):
            yield "A test record is nobody's."
        if any(is_merged(record) for record in records):
            yield "A record here was merged into another one."

    def _is_other_person(self) -> bool:
        """Whether given name or birth date say that two people share what is shared."""
        far = self._birth in {Level.SAME_YEAR, Level.DIFFERENT}
        unknown = is_stand_in(self._one.form.birth) or is_stand_in(self._other.form.birth)
        return self._given is Level.DIFFERENT or (far and not unknown)

    def _are_family(self) -> bool:
        shared = self._email or self._phone or self._place or self.twins
        return shared and self._is_other_person()

    def _medium(self) -> Iterator[str]:
        if self._nhs:
            if self.identifier_conflict:
                yield "The NHS number is equal, but the other details do not confirm it."
            else:
                yield "The NHS number is equal and confirmed, but something contradicts."
        if self._identity_equal:
            yield "Both names and the birth date are equal."
        if self._email and not self.family:
            yield "The e-mail is equal."
        near = self._birth in _NEAR_DATES or self._birth is Level.MISSING
        given_fits, family_fits = (
            self._given in NAMES_AGREE,
            self._family in NAMES_AGREE | {Level.CHANGED_SURNAME},
        )
        if given_fits and family_fits and near and (self._phone or self._place) and not self.contradictions:
            shared = "phone" if self._phone else "address"
            yield f"The names agree, the birth date does not contradict, and the {shared} is the same."

    def _is_low(self) -> bool:
        near = self._birth in _NEAR_DATES or self._birth is Level.TWO_PARTS
        return near and self._given in _LIKE_NAMES and self._family in _LIKE_NAMES and not self.contradictions


def are_unlike(judgement: Judgement) -> bool:
    """Whether two records must not come to be one person's by way of a third."""
    far = judgement.level(Field.BIRTH_DATE) in {Level.SAME_YEAR, Level.DIFFERENT}
    other_name = (
        judgement.level(Field.GIVEN_NAME) is Level.DIFFERENT
        and judgement.level(Field.FAMILY_NAME) is Level.DIFFERENT
    )
    return bool(judgement.contradictions) or judgement.identifier_conflict or far or other_name


def is_merged(record: RemotePatient) -> bool:
    """Whether a record was merged into another one and is nobody's own any more."""
    return record.status is RecordStatus.MERGED or record.registration is Registration.MERGED
