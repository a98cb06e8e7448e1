"""Surnames as families bear them: by marriage, by father, by community."""

from __future__ import annotations

from random import Random

from integrations.types import Sex

from .person import Person

_SON, _DAUGHTER = ("bin", "ibn", "Ben"), ("bint",)


def feminine_or_own(person: Person, surname: str, chance: Random) -> str:
    """An adult's own surname: the family's, the community's marker, or one that only women bear."""
    naming = person.naming
    if naming.marker[0] and chance.random() < naming.marker_as_surname:
        person.middle = ""
        return naming.marked(person.sex)
    if person.sex is Sex.FEMALE and naming.womens_names and chance.random() < naming.womens_share:
        return naming.womens_names.draw(chance)
    return naming.form_for(person.sex, surname)


def partners_surname(first: Person, second: Person, chance: Random) -> None:
    """What marriage does to the surname of the second: nothing, the first one's, or both joined."""
    naming = second.naming
    roll = chance.random()
    if not first.surname or first.surname in first.naming.marker or second.surname in naming.marker:
        return
    if roll < naming.takes_partners_name:
        taken = naming.form_for(second.sex, first.surname)
    elif roll < naming.takes_partners_name + naming.joins_names and "-" not in second.surname:
        taken = f"{second.surname}-{naming.form_for(second.sex, first.surname)}"
    else:
        return
    if taken != second.surname:
        second.earlier_surname, second.surname = second.surname, taken


def childs_surname(child: Person, family: str, chance: Random, *, father: str = "") -> str:
    """A child's surname: the family's in the child's form, the marker's, or the father's given name."""
    naming = child.naming
    if family and family in naming.marker:
        child.middle = ""
        return naming.marked(child.sex)
    if father and chance.random() < naming.fathers_name:
        if chance.random() < naming.son_of:
            return f"{chance.choice(_DAUGHTER if child.sex is Sex.FEMALE else _SON)} {father}"
        return father
    if naming.womens_names and family in naming.womens_names.values and child.sex is Sex.MALE:
        return naming.surnames.draw(chance)
    return _base_form(child, family)


def _base_form(child: Person, family: str) -> str:
    """The family's name in the form of the child's sex, whichever parent it comes from."""
    for ending, feminine in child.naming.feminine:
        if family.endswith(feminine):
            family = family[: -len(feminine)] + ending
    return child.naming.form_for(child.sex, family)
