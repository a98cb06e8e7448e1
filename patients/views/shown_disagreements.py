"""Where records of one person decide differently: said plainly, with the way to ask; nothing is chosen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from django.urls import reverse

from integrations.abilities import Capability
from integrations.registry import label_of, systems_with
from integrations.scopes import words_of
from patients.models import Patient
from patients.services.hand_links import Side
from patients.services.studies import history
from patients.services.studies.consents import Answer
from patients.services.visibility import Reach

from .shown_consents import TAGS, ShownConsents, first_up

_DECIDED = (Answer.AGREED, Answer.DECLINED)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownDisagreement:
    """Two or more records of one person that stand against each other."""

    words: str
    code: str
    study: str
    sides: tuple[tuple[str, str, str, str], ...] = field(repr=False)  # record, word, colour, address


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownAcross:
    """A kind of data that one record agreed to and another declined, in different studies; ``sides`` are
    record, study, word and colour."""

    words: str
    code: str
    sides: tuple[tuple[str, str, str, str], ...] = field(repr=False)


def disagreement_url(patient: Patient, records: Mapping[int, str], reach: Reach) -> str:
    """Where it is shown that records of a person decide differently; empty where none do. ``records`` are
    those in sight: our id → system."""
    if not _disagreements(patient, records, reach):
        return ""
    return reverse("patients:consents", args=[patient.public_id])


def _disagreements(patient: Patient, records: Mapping[int, str], reach: Reach) -> list[history.Disagreement]:
    keeping = systems_with(Capability.CONSENTS)
    if sum(each in keeping for each in records.values()) < 2:
        return []
    own = reach.organizations
    found = (each.among(records) for each in history.disagreements(patient))
    return [
        each
        for each in found
        if each is not None and each.study.organization in own.get(each.study.system, ())
    ]


def shown_disagreements(whole: Side, reach: Reach) -> tuple[ShownDisagreement, ...]:
    """Where records in sight decide differently about the same kind of data in the same study."""
    return tuple(
        ShownDisagreement(
            words=first_up(words_of(*each.scope)),
            code=each.scope[1],
            study=each.study.name,
            sides=tuple(_sides(whole, each)),
        )
        for each in _disagreements(whole.patient, {row.pk: row.system for row in whole.rows}, reach)
    )


def _sides(whole: Side, found: history.Disagreement) -> Iterator[tuple[str, str, str, str]]:
    for answer, records in ((Answer.AGREED, found.agreed), (Answer.DECLINED, found.declined)):
        word, tone, _ = TAGS[answer]
        for record in records:
            at = [whole.patient.public_id, record.pk, found.study.public_id]
            name = f"{label_of(record.system)} {record.remote_id}"
            yield name, word, tone, reverse("patients:decide", args=at)


def across_studies(
    found: Sequence[ShownConsents], disagreements: Iterable[ShownDisagreement]
) -> tuple[ShownAcross, ...]:
    """The same kind of data, agreed to by one record and declined by another, where that is not said of one
    study already: people may mean it so."""
    said = {(each.study, each.code) for each in disagreements}
    sides: dict[tuple[str, str], list[tuple[Answer, str, str]]] = {}
    words: dict[tuple[str, str], str] = {}
    for record in found:
        for study in (each for each in record.studies if each.takes_part):
            for one in study.answers:
                if one.asked.answer in _DECIDED and (study.study.name, one.asked.code) not in said:
                    name = f"{record.label} {record.id}"
                    sides.setdefault(one.asked.key, []).append((one.asked.answer, name, study.study.name))
                    words[one.asked.key] = one.words
    return tuple(
        ShownAcross(
            words=words[key],
            code=key[1],
            sides=tuple((record, study, *TAGS[answer][:2]) for answer, record, study in some),
        )
        for key, some in sorted(sides.items())
        if _differ(some)
    )


def _differ(sides: Sequence[tuple[Answer, str, str]]) -> bool:
    """Whether a record agreed to what another one declined."""
    agreed, declined = ({record for answer, record, _ in sides if answer is each} for each in _DECIDED)
    return any(one != other for one in agreed for other in declined)
