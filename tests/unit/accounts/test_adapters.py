"""What the sign-in adapter refuses by looking at JHE's two answers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from portal.accounts.adapters import _compare_subjects
from portal.accounts.sign_in import FreshToken, RefusedSignIn

TOKEN = FreshToken(system="jhe", subject="10002", access="access")


def answers(**extra_data: Any) -> SimpleNamespace:
    """A sign-in as allauth hands it over."""
    return SimpleNamespace(account=SimpleNamespace(extra_data=extra_data))


@pytest.mark.parametrize(
    "extra_data",
    [
        {"userinfo": {"sub": "10002"}, "id_token": {"sub": "10002"}},
        {"userinfo": {"sub": "10002"}},
        {"id_token": {"sub": 10002}},
    ],
)
def test_answers_about_one_subject_pass(extra_data: dict[str, Any]) -> None:
    _compare_subjects(answers(**extra_data), TOKEN)


@pytest.mark.parametrize(
    "extra_data",
    [
        {"userinfo": {"sub": "10002"}, "id_token": {"sub": "10003"}},
        {"userinfo": {"sub": "10003"}, "id_token": {"sub": "10002"}},
        {"userinfo": {"sub": "10003"}, "id_token": {"sub": "10003"}},
        {},
    ],
)
def test_answers_about_two_subjects_are_refused(extra_data: dict[str, Any]) -> None:
    with pytest.raises(RefusedSignIn, match="do not fit together"):
        _compare_subjects(answers(**extra_data), TOKEN)
