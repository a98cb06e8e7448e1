"""The kinds of data that a study asks for, in plain words."""

from __future__ import annotations

from dataclasses import dataclass

from integrations.scopes import words_of
from patients.models import Study

from .plans import Plan


def key_of(scope: tuple[str, str]) -> str:
    """A kind of data as one text, as ``Study.sent`` names it."""
    return "|".join(scope)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedFor:
    """A kind of data that a study asks for, in plain words. ``never_sent``: no participant ever sent any,
    and all that there is was gone through."""

    words: str
    code: str
    never_sent: bool = False


def asked_for(study: Study, plan: Plan) -> list[AskedFor]:
    """What a study asks for, in the order in which its system names it."""
    return [
        AskedFor(
            words=words_of(each.system, each.code, each.text),
            code=each.code,
            never_sent=study.data_until is not None and key_of(each.key) not in study.sent,
        )
        for each in plan.scopes
    ]
