"""Which consent form a study uses now: entered by a manager, because no system keeps it.

Every version stays as a row, so that the history of decisions can be read beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from integrations.registry import label_of
from integrations.types import Role
from patients.models import ConsentForm, Study
from patients.services.operations import clock
from patients.services.visibility import Reach, Standing
from portal import audit
from portal.accounts.models import User

from . import allowed
from .allowed import Because, Refusal, Refused

_MANAGING = frozenset({Role.MANAGER, Role.SUPERUSER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version of a consent form, of the information sheet that goes with it, and their languages."""

    version: str
    sheet_version: str
    languages: tuple[str, ...]


def current(study: Study) -> ConsentForm | None:
    """The form in use; ``None`` where nobody has entered one."""
    return study.consent_forms.select_related("set_by").order_by("-pk").first()


def earlier(study: Study) -> Sequence[ConsentForm]:
    """The forms that were in use before, the latest first."""
    return list(study.consent_forms.select_related("set_by").order_by("-pk")[1:])


def is_same_version(one: str, other: str) -> bool:
    """Whether two people mean one version, however they write it: "V 2.0" and "2.0"."""
    return _folded(one) == _folded(other)


def set_form(study: Study, told: Version, *, by: User, reach: Reach) -> ConsentForm:
    """Say which form is in use from now on; the same once more changes nothing. Raises :class:`Refused`."""
    refusal = why_not(study, by=by, reach=reach)
    if refusal is not None:
        raise Refused(refusal)
    now = current(study)
    if now is not None and _told_by(now) == told:
        return now
    with transaction.atomic():
        row = ConsentForm.objects.create(
            study=study, version=told.version, sheet_version=told.sheet_version,
            languages=list(told.languages), set_by=by, set_at=clock.now(),
        )  # fmt: skip
        audit.write(
            "study.consent_form_set", by=by, system=study.system, subject_key=study.public_id,
            details={"rows": row.pk},
        )  # fmt: skip
    return row


def why_not(study: Study, *, by: User, reach: Reach) -> Refusal | None:
    """Why somebody may not say it: it takes a manager of the study's organization."""
    refusal = allowed.why_not(study, by=by, reach=reach)
    if refusal is not None:
        return refusal
    standing = reach.standings.get((study.system, study.organization), Standing())
    if standing.role in _MANAGING:
        return None
    name, label = allowed.name_of(study.system, study.organization), label_of(study.system)
    return Refusal(
        because=Because.ROLE,
        sentence=f"Your {label} role at {name} is {standing.role or 'not told'}: "
        "which consent form a study uses is said by a manager there.",
        step=f"Ask a manager of {name}.",
    )


def _told_by(row: ConsentForm) -> Version:
    return Version(version=row.version, sheet_version=row.sheet_version, languages=tuple(row.languages))


def _folded(version: str) -> str:
    return "".join(version.casefold().split()).removeprefix("version").removeprefix("v").strip(".")
