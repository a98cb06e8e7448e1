"""Made-up clinic populations, and erroneous look-ups for people in them.

What is real, and what is only ranked or listed
    * **British** surnames: those of the 500 most frequent that are British (38 % of the people),
      with the shares that Faker gives; then some 56,000 of the US census of 1990 (package
      ``names``) that are in no list of another country and not spelt like its names. Real names
      with a real long tail, but the proportions in the tail are American, the census's rarest
      (below 0.0005 %) are taken as equally rare, and some names of other origins remain.
    * **Given names** of British, Irish, Polish, Arabic and (half) Indian people: frequency of
      each country on a scale of powers of two (package ``gender-guesser``): real, but coarse,
      of living adults about 2008, without change between generations.
    * **Chinese** surnames: shares in China (Faker), romanised; two fifths in the spelling of
      Hong Kong where it is one of 32 frequent ones. Given names are listed (one sign or two,
      also combined), not counted.
    * **Irish** surnames: the 50 most frequent in their order, then Faker's list weighted by the
      US census within bounds. **Polish**: Faker's ranked 200, then its list, evenly.
    * **South Asian**: Patel, Shah and Mistry with their British shares (Faker); other Hindu
      names by their order and the US census; Muslim and Sikh names by their order (``heads``).
      Pakistani and Bangladeshi names are not told apart.
    * **Arabic** surnames: by order, and fathers' given names.
    * **West African** (Yoruba, Igbo, Akan, Hausa): Faker's lists and a few leading names by
      their order; rare Yoruba and Igbo surnames are composed of their usual parts, and some of
      those nobody bears. No frequencies at all.
The mix of origins (:data:`~.origins.MIX`), how families live and how records err
(:mod:`.rates`) are assumptions that can be set otherwise. Nicknames and variant spellings are
tables of this package (:mod:`.spellings`), not those that the portal matches with.

Final figures come from :data:`FINAL_SEEDS`, which no tuning may see.
"""

from __future__ import annotations

from .asked import Asked, DateSlip, NameSlip
from .asking import EACH_ORIGIN, Sample, queries
from .origins import MIX
from .person import Known, Made
from .population import MOST_RECORDS, Population
from .rates import FamilyRates, RecordRates
from .seeds import FINAL_SEEDS, QUERY_SEED_OFFSET, TUNING_SEEDS

__all__ = [
    "EACH_ORIGIN",
    "FINAL_SEEDS",
    "MIX",
    "MOST_RECORDS",
    "QUERY_SEED_OFFSET",
    "TUNING_SEEDS",
    "Asked",
    "DateSlip",
    "FamilyRates",
    "Known",
    "Made",
    "NameSlip",
    "Population",
    "RecordRates",
    "Sample",
    "queries",
]
