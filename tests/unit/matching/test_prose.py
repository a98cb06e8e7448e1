"""Names in sentences: of pasted letters and messages only the person meant is looked up."""

from __future__ import annotations

from datetime import date

import pytest

from patients.matching.query import Understood, understand


def read(text: str) -> Understood:
    return understand(text, date_order="DMY", country="GB", today=date(2026, 11, 21))


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("Thank you for seeing this lady, Mrs Aoife O'Brien (12/3/74)", ("Aoife", "O'Brien")),
        ("thank you for seeing margaret evans 8/2/38", ("margaret", "evans")),
        ("Dear Dr Jones, thank you for seeing John Brown. Regards, Anne Bell", ("John", "Brown")),
        ("Please could you see Mr I Musa", ("I", "Musa")),
        (
            "I would be grateful if you could review Ana de la Cruz with chest pain",
            ("Ana", "de", "la", "Cruz"),
        ),
        ("Mrs Ada Brown was referred to us and John Smith came with her", ("Ada", "Brown")),
        ("hello this is sarah jones, could you ring me about my results", ("sarah", "jones", "results")),
    ],
)
def test_names_are_told_from_the_sentence_around_them(typed: str, words: tuple[str, ...]) -> None:
    understood = read(typed)
    assert understood.to_query().words == words
    assert "".join(piece.typed for piece in understood.pieces) == typed
    assert all(leftover.reason for leftover in understood.leftovers)


@pytest.mark.parametrize(
    "typed", ["Will Young", "An You", "Dear Kind", "May See To", "Miss Dear", "Hope Friend"]
)
def test_short_lines_of_such_words_are_names(typed: str) -> None:
    assert read(typed).to_query().words == tuple(word for word in typed.split() if word != "Miss")


def test_nobody_is_left_out_who_is_alone_in_a_letter() -> None:
    assert read("Dear Anne Smith, thank you for your letter").to_query().words == ("Anne", "Smith")
