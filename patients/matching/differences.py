"""Records side by side: for each field whether they agree, and how they differ, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from dataclasses import field as kept
from enum import StrEnum
from itertools import combinations

from integrations.types import Demographics, Gender, RemotePatient, Sex

from .agreement import compare_forms
from .compared import Compared, compared
from .contact import compared_phone, show_postcode
from .dates import show
from .fields import Field
from .levels import Level
from .names import compact, fold
from .numbers import show_nhs
from .text import plain


class Agreement(StrEnum):
    """What the records that hold a field say together."""

    SAME = "same"
    WRITING = "same, written differently"
    DIFFERENT = "different"
    ONE_ONLY = "one record only"


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """One field of several records side by side.

    ``values`` are as pages show them, one for each record in its order, empty where it holds
    none; "unknown" is shown and differs from nothing. ``sentences`` say
    how they differ ("birth date: … day and month swapped").
    """

    field: Field
    agreement: Agreement
    values: tuple[str, ...] = kept(repr=False)
    sentences: tuple[str, ...] = kept(default=(), repr=False)

    @property
    def differs(self) -> bool:
        """Whether the field is to be marked."""
        return self.agreement is Agreement.DIFFERENT


def differences(records: Sequence[RemotePatient]) -> tuple[FieldDifference, ...]:
    """Every field that any of the records holds, in the order of display."""
    forms = [compared(record.demographics) for record in records]
    return tuple(
        _difference(field, show_value, normalised, forms)
        for field, show_value, normalised in _COLUMNS
        if any(show_value(form) for form in forms)
    )


def _difference(
    field: Field,
    show_value: Callable[[Compared], str],
    normalised: Callable[[Compared], object],
    forms: list[Compared],
) -> FieldDifference:
    values = tuple(show_value(form) for form in forms)
    held = [form for form, value in zip(forms, values, strict=True) if value and normalised(form) is not None]
    unlike: dict[object, Compared] = {}
    for form in held:
        unlike.setdefault(normalised(form), form)
    sentences = tuple(_sentences(field, show_value, list(unlike.values())))
    if sentences:
        return FieldDifference(field, Agreement.DIFFERENT, values, sentences)
    if len(held) < 2 and len(forms) > 1:
        return FieldDifference(field, Agreement.ONE_ONLY, values)
    if len({show_value(form) for form in held}) > 1:
        return FieldDifference(
            field, Agreement.WRITING, values, (f"{field.label}: the same, written differently",)
        )
    return FieldDifference(field, Agreement.SAME, values)


def _sentences(field: Field, show_value: Callable[[Compared], str], held: list[Compared]) -> Iterator[str]:
    """One sentence for each way in which two of the records differ, none twice."""
    seen = set()
    for one, other in combinations(held, 2):
        evidence = next((entry for entry in compare_forms(one, other) if entry.field is field), None)
        if evidence is None:
            sentence = f"{field.label}: {show_value(one)} and {show_value(other)}"
            alike = fold(show_value(one)) == fold(show_value(other))
        else:
            sentence, alike = evidence.sentence, evidence.level in {Level.EXACT, Level.MISSING}
            if field is Field.PHONE and evidence.level is Level.EXACT:
                sentence, alike = "phone: only some of the numbers are the same", one.phones == other.phones
        if not alike and sentence not in seen:
            seen.add(sentence)
            yield sentence


def _lines(held: Demographics) -> str:
    address = held.address
    if address is None:
        return ""
    parts = (*address.lines, address.town, address.county, address.country)
    return ", ".join(filter(None, map(plain, parts)))


def _phones(held: Demographics) -> str:
    return ", ".join(plain(phone.number) for phone in held.phones if compared_phone(phone.number))


def _known(value: Sex | Gender | None) -> str | None:
    return None if value in {None, Sex.UNKNOWN, Gender.UNKNOWN, Gender.PREFER_NOT_TO_SAY} else value


# field, how it is shown, and its form for comparing (None where it says nothing)
_COLUMNS: tuple[tuple[Field, Callable[[Compared], str], Callable[[Compared], object]], ...] = (
    (Field.FAMILY_NAME, lambda form: form.family_shown, lambda form: compact(form.family)),
    (Field.GIVEN_NAME, lambda form: form.given_shown, lambda form: compact(form.given)),
    (Field.MIDDLE_NAME, lambda form: form.held.middle_name.strip(), lambda form: form.middle),
    (Field.PREFERRED_NAME, lambda form: form.held.preferred_name.strip(), lambda form: form.preferred),
    (Field.TITLE, lambda form: form.held.title.strip(), lambda form: fold(form.held.title)),
    (
        Field.BIRTH_DATE,
        lambda form: show(form.held.birth_date) if form.held.birth_date else "",
        lambda form: form.birth,
    ),
    (Field.SEX, lambda form: form.held.sex or "", lambda form: _known(form.held.sex)),
    (Field.GENDER, lambda form: form.held.gender or "", lambda form: _known(form.held.gender)),
    (
        Field.NHS_NUMBER,
        lambda form: show_nhs(form.held.nhs_number),
        lambda form: form.nhs or plain(form.held.nhs_number),
    ),
    (Field.EMAIL, lambda form: form.held.email.strip(), lambda form: form.email or plain(form.held.email)),
    (Field.PHONE, lambda form: _phones(form.held), lambda form: frozenset(form.phones)),
    (Field.ADDRESS, lambda form: _lines(form.held), lambda form: form.address or fold(_lines(form.held))),
    (
        Field.POSTCODE,
        lambda form: show_postcode(form.held.address.postcode) if form.held.address else "",
        lambda form: form.postcode,
    ),
)
