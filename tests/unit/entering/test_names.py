"""Names as typed: nothing changed unasked, and what is offered."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from patients.entering.findings import FindingLevel
from patients.entering.names import read_name, tidied


@pytest.mark.parametrize(
    ("typed", "usual"),
    [
        ("SMITH", "Smith"),
        ("smith", "Smith"),
        ("Smith", "Smith"),
        ("SMITH-JONES", "Smith-Jones"),
        ("o'neill", "O'Neill"),
        ("O’NEILL", "O’Neill"),
        ("D'ARCY", "D'Arcy"),
        ("'t hooft", "'t Hooft"),
        ("MCDONALD", "McDonald"),
        ("macdonald", "MacDonald"),
        ("MACEY", "Macey"),
        ("machado", "Machado"),
        ("VAN DER BERG", "van der Berg"),
        ("DE LA CRUZ", "de la Cruz"),
        ("LA ROCHE", "La Roche"),
        ("VAN", "Van"),
        ("AL-MASRI", "Al-Masri"),
        ("ST JOHN", "St John"),
        ("ŁUKASIEWICZ", "Łukasiewicz"),
        ("ÖZGÜR", "Özgür"),
        ("van der Berg", "van der Berg"),
        ("LeBlanc", "LeBlanc"),
        ("NG", "NG"),  # initials or a name: nobody can tell
        ("J", "J"),
        ("王小明", "王小明"),
        ("محمد", "محمد"),
        ("", ""),
    ],
)
def test_surname_in_one_case_is_offered_as_usual(typed: str, usual: str) -> None:
    assert tidied(typed, family=True) == usual


@pytest.mark.parametrize(
    ("typed", "usual"),
    [
        ("MARIA DEL CARMEN", "Maria del Carmen"),
        ("AL", "Al"),
        ("DE SHAWN", "De Shawn"),
        ("mary-jane", "Mary-Jane"),
        ("T.J.", "T.J."),
    ],
)
def test_given_name_in_one_case_is_offered_as_usual(typed: str, usual: str) -> None:
    assert tidied(typed, family=False) == usual


@given(st.text(), st.booleans())
@example("ŉ", True)
@example("ß", False)
@example("ǆ", True)
@settings(deadline=None)
def test_tidying_twice_changes_nothing(name: str, family: bool) -> None:
    once = tidied(name, family=family)
    assert tidied(once, family=family) == once
    assert once.casefold() == name.casefold()


def test_name_is_kept_as_typed_with_the_usual_writing_beside_it() -> None:
    read = read_name("family_name", "  VAN  DER BERG ")
    assert read.value == "VAN DER BERG"
    (finding,) = read.findings
    assert finding.level is FindingLevel.HINTS
    assert finding.suggestion == (("family_name", "van der Berg"),)


def test_digit_in_a_name_warns() -> None:
    (finding,) = read_name("given_name", "Anne2").findings
    assert (finding.level, finding.suggestion) == (FindingLevel.WARNS, ())


@pytest.mark.parametrize(
    ("title", "suggestion"),
    [
        ("", (("given_name", "Anne"), ("title", "Dr."))),
        ("Dr", (("given_name", "Anne"),)),
        ("Prof", (("given_name", "Anne"),)),
    ],
)
def test_title_in_the_given_name_is_offered_its_own_place(
    title: str, suggestion: tuple[tuple[str, str], ...]
) -> None:
    (finding,) = read_name("given_name", "Dr. Anne", title=title).findings
    assert finding.suggestion == suggestion


@pytest.mark.parametrize("name", ["Dean", "King", "Miss", "Anne Marie"])
def test_name_that_could_be_a_title_is_left_alone(name: str) -> None:
    assert read_name("given_name", name).findings == ()
