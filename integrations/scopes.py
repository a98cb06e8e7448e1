"""Kinds of data in plain words, by system and code; their text is the system's own where they are not here.

The codes are those of Open mHealth, IEEE 1752 and FHIR, whatever the version at their end.
"""

from __future__ import annotations

from collections.abc import Mapping

OPEN_MHEALTH = "https://w3id.org/openmhealth"
IEEE_1752 = "https://w3id.org/ieee1752"
FHIR_TYPES = "http://hl7.org/fhir/resource-types"

_WORDS: Mapping[tuple[str, str], str] = {
    (OPEN_MHEALTH, "omh:blood-glucose"): "blood sugar",
    (OPEN_MHEALTH, "omh:blood-pressure"): "blood pressure",
    (OPEN_MHEALTH, "omh:body-fat-percentage"): "body fat",
    (OPEN_MHEALTH, "omh:body-height"): "height",
    (OPEN_MHEALTH, "omh:body-mass-index"): "body mass index",
    (OPEN_MHEALTH, "omh:body-temperature"): "body temperature",
    (OPEN_MHEALTH, "omh:body-weight"): "weight",
    (OPEN_MHEALTH, "omh:calories-burned"): "calories burned",
    (OPEN_MHEALTH, "omh:forced-expiratory-volume-1-second"): "breath blown out in one second",
    (OPEN_MHEALTH, "omh:forced-vital-capacity"): "breath blown out in all",
    (OPEN_MHEALTH, "omh:heart-rate"): "heart rate",
    (OPEN_MHEALTH, "omh:minutes-moderate-activity"): "minutes of moderate activity",
    (OPEN_MHEALTH, "omh:oxygen-saturation"): "oxygen in the blood",
    (OPEN_MHEALTH, "omh:physical-activity"): "physical activity",
    (OPEN_MHEALTH, "omh:respiratory-rate"): "breathing rate",
    (OPEN_MHEALTH, "omh:rr-interval"): "time between heartbeats",
    (OPEN_MHEALTH, "omh:sleep-duration"): "how long they sleep",
    (OPEN_MHEALTH, "omh:sleep-episode"): "when they sleep",
    (OPEN_MHEALTH, "omh:step-count"): "steps",
    (IEEE_1752, "ieee:sleep-stage-summary"): "stages of sleep",
    (FHIR_TYPES, "QuestionnaireResponse"): "answers to questionnaires",
}


def words_of(system: str, code: str, text: str = "") -> str:
    """A kind of data in plain words: ``omh:blood-pressure:4.0`` → "blood pressure". Where it is not known,
    the system's own text; where there is none, the code."""
    name, _, version = code.rpartition(":")
    known = _WORDS.get((system, code)) or (_WORDS.get((system, name)) if version[:1].isdigit() else None)
    return known or text.strip() or code
