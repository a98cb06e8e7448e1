"""Names of our own for what pages and commands address."""

from __future__ import annotations

from patients.models.ids import is_opaque, opaque_id

MANY = 2_000


def test_names_are_alike_only_in_form_and_no_command_takes_them_for_options() -> None:
    names = [opaque_id() for _ in range(MANY)]

    assert len(set(names)) == MANY
    assert all(is_opaque(name) and not name.startswith("-") for name in names)
    assert not is_opaque("a" * 21)
    assert not is_opaque("../" + "a" * 19)
