"""How one community names its people."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from integrations.types import Sex

from .weighted import Weighted


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """Names of one community and what it does with them; each number is a probability.

    ``womens_names`` are surnames that women have of their own (Begum), ``marker`` the word for
    men and for women beside or in place of the family's name (Singh, Kaur). ``year_only`` are
    people born abroad whose papers give a year only: they are registered as born on 1 January.
    """

    male: Weighted[str]
    female: Weighted[str]
    surnames: Weighted[str]
    takes_partners_name: float = 0.0
    joins_names: float = 0.0
    double_surname: float = 0.0
    double_given: float = 0.0
    fathers_name: float = 0.0
    womens_names: Weighted[str] | None = None
    womens_share: float = 0.0
    marker: tuple[str, str] = ("", "")
    marker_as_surname: float = 0.0
    son_of: float = 0.0
    middle: float = 0.0
    compound_first: str = ""
    compound_share: float = 0.0
    english_name: float = 0.0
    english: tuple[Weighted[str], Weighted[str]] | None = None
    feminine: tuple[tuple[str, str], ...] = ()
    single_name: float = 0.0
    year_only: float = 0.0
    family_first: float = 0.011
    in_script: float = 0.0
    script: dict[str, str] | None = None

    def given(self, sex: Sex, chance: Random) -> str:
        """A given name for this sex, now and then a double one ("Mary Jane")."""
        names = self.female if sex is Sex.FEMALE else self.male
        name = names.draw(chance)
        if chance.random() < self.double_given and " " not in name and "-" not in name:
            second = names.draw(chance)
            return name if second == name else f"{name}{chance.choice(' -')}{second}"
        return name

    def family(self, sex: Sex, chance: Random) -> str:
        """A family's surname in the form of this sex, now and then a double-barrelled one."""
        name = self.form_for(sex, self.surnames.draw(chance))
        if chance.random() < self.double_surname and "-" not in name:
            return f"{name}-{self.form_for(sex, self.surnames.draw(chance))}"
        return name

    def marked(self, sex: Sex) -> str:
        """Singh for a man, Kaur for a woman; empty where there is no such custom."""
        return self.marker[sex is Sex.FEMALE]

    def form_for(self, sex: Sex, surname: str) -> str:
        """A surname in the form this sex bears (Kowalski, Kowalska)."""
        if sex is Sex.FEMALE:
            for ending, feminine in self.feminine:
                if surname.endswith(ending):
                    return surname[: -len(ending)] + feminine
        return surname
