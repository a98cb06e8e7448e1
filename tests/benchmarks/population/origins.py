"""Seven name origins and how many people of a made-up English city have each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache

from anyascii import anyascii

from integrations.types import Sex

from . import heads
from .naming import Naming
from .sources import census_surnames, given_names, known_frequency, listed, surname_shares
from .weighted import Weighted, mixed, ranked, scaled

MIX: Mapping[str, float] = {
    "british": 0.60,
    "south_asian": 0.16,
    "polish": 0.06,
    "irish": 0.06,
    "west_african": 0.05,
    "arabic": 0.04,
    "chinese": 0.03,
}
"""Shares as in the larger cities of northern England and the Midlands, rounded; other origins left out."""

_FOREIGN = ("es_ES", "es_MX", "it_IT", "de_DE", "vi_VN", "en_IN", "fr_FR", "pt_BR", "nl_NL", "sv_SE", "fi_FI")
_TAIL_AT_MOST = 0.028  # per cent: all above are among the 500 that are known
# Spellings of German, Slavonic, Italian, Spanish, French and Dutch names, which the census is full of.
_CONTINENTAL = re.compile(
    r"sch|tz|sz|cz|rz|dt$|ff?$|[aiou]$|ez$|s[kc][iy]|mann$|stein|baum|berg|burg|wald|meyer|witz|vich|ich$|eau|"
    r"ow$|huis|^van|^v[oa]n|kamp|kle|kn[aeu]|kr|aa|uu|uij|ie[bcfgkmprt]|eu|gn|enb|l[dt]er$|inger$|[bdfgmn]er$|sen$|quist|"
    r"gren$|strom|lund|[^aeiou]hl|uhl|rg$|ert$|[aei]c$|ens$|^z|j[^aeo]"
)
_POLISH_FEMININE = (("ski", "ska"), ("cki", "cka"), ("dzki", "dzka"))
_POLISH_WOMENS = ("ska", "cka", "dzka", "śna")  # the list holds some in spite of its name
_SIKH_GIVEN = [start + end for end in heads.SIKH_ENDS for start in heads.SIKH_STARTS]


@cache
def origins() -> Mapping[str, tuple[tuple[Naming, float], ...]]:
    """Each origin's communities with their shares of it."""
    makers: dict[str, Callable[[], tuple[tuple[Naming, float], ...]]] = {
        "british": lambda: ((_british(), 1.0),),
        "south_asian": lambda: ((_muslim(), 0.58), (_hindu(), 0.24), (_sikh(), 0.18)),
        "polish": lambda: ((_polish(), 1.0),),
        "irish": lambda: ((_irish(), 1.0),),
        "west_african": lambda: ((_yoruba(), 0.42), (_igbo(), 0.2), (_akan(), 0.28), (_hausa(), 0.1)),
        "arabic": lambda: ((_arabic(), 1.0),),
        "chinese": lambda: ((_mandarin(), 0.6), (_hong_kong(), 0.4)),
    }
    return {origin: make() for origin, make in makers.items()}


def _given(country: str) -> tuple[Weighted[str], Weighted[str]]:
    return Weighted(given_names(country, Sex.MALE)), Weighted(given_names(country, Sex.FEMALE))


def _ranked_then(head: Iterable[str], tail: Mapping[str, float], share: float) -> dict[str, float]:
    """A ranked head that has ``share`` of the people, and a tail for the others."""
    first = ranked(head)
    rest = {name: weight for name, weight in tail.items() if name not in first}
    return mixed(scaled(first, share), scaled(rest, 1 - share))


def _british() -> Naming:
    shares = surname_shares("en_GB")
    elsewhere = ({*listed("en_IN", "last_names"), *heads.MUSLIM_SURNAMES, "Begum"}) - {"Gill", "Mann"}
    head = {name: share for name, share in shares.items() if name not in elsewhere}
    foreign = {name for locale in _FOREIGN for name in listed(locale, "last_names")} | elsewhere
    tail = {
        name: min(share, _TAIL_AT_MOST)
        for name, share in census_surnames().items()
        if name not in head and name not in foreign and not _CONTINENTAL.search(name)
    }
    male, female = _given("great_britain")
    return Naming(
        male=male,
        female=female,
        surnames=Weighted(mixed(head, scaled(tail, 100 - sum(head.values())))),
        takes_partners_name=0.78,
        joins_names=0.06,
        double_surname=0.02,
        double_given=0.012,
        middle=0.65,
    )


def _irish() -> Naming:
    tail = known_frequency(listed("en_IE", "last_names"), at_most=_TAIL_AT_MOST, at_least=0.002)
    male, female = _given("ireland")
    return Naming(
        male=male,
        female=female,
        surnames=Weighted(_ranked_then(heads.IRISH, tail, 0.26)),
        takes_partners_name=0.75,
        joins_names=0.03,
        double_surname=0.012,
        double_given=0.02,
        middle=0.5,
    )


def _polish() -> Naming:
    head = ["Nowak", *listed("pl_PL", "male_last_names")]
    either_sex = (name for name in listed("pl_PL", "unisex_last_names") if not name.endswith(_POLISH_WOMENS))
    tail = dict.fromkeys(either_sex, 1.0)
    male, female = _given("poland")
    return Naming(
        male=male,
        female=female,
        surnames=Weighted(_ranked_then(head, tail, 0.3)),
        takes_partners_name=0.85,
        joins_names=0.04,
        double_surname=0.01,
        middle=0.3,
        feminine=_POLISH_FEMININE,
    )


def _muslim() -> Naming:
    men = _ranked_then(heads.MUSLIM_MEN, given_names("arabia", Sex.MALE), 0.7)
    women = _ranked_then(heads.MUSLIM_WOMEN, given_names("arabia", Sex.FEMALE), 0.75)
    tail = dict.fromkeys((*listed("en_PK", "last_names"), *heads.MUSLIM_MEN), 1.0)
    return Naming(
        male=Weighted(men),
        female=Weighted(women),
        surnames=Weighted(_ranked_then(heads.MUSLIM_SURNAMES, tail, 0.8)),
        takes_partners_name=0.2,
        fathers_name=0.15,
        womens_names=Weighted(ranked(heads.WOMENS_SURNAMES)),
        womens_share=0.4,
        compound_first="Mohammed",
        compound_share=0.15,
        double_given=0.015,
        middle=0.1,
        single_name=0.003,
        year_only=0.08,
        family_first=0.012,
    )


def _hindu() -> Naming:
    british = surname_shares("en_GB")
    names = listed("en_IN", "last_names")
    tail = {**known_frequency(names, at_most=0.01, at_least=0.0004)}
    head = {name: british[name] for name in ("Patel", "Shah", "Mistry")}
    male = mixed(scaled(given_names("india", Sex.MALE), 0.6), scaled(_even("en_IN", "first_names_male"), 0.4))
    female = mixed(
        scaled(given_names("india", Sex.FEMALE), 0.6), scaled(_even("en_IN", "first_names_female"), 0.4)
    )
    return Naming(
        male=Weighted(male),
        female=Weighted(female),
        surnames=Weighted(mixed(head, _ranked_then(heads.HINDU, tail, 0.4))),
        takes_partners_name=0.7,
        middle=0.25,
        fathers_name=0.04,
        single_name=0.004,
        year_only=0.02,
        family_first=0.012,
    )


def _even(locale: str, kind: str) -> dict[str, float]:
    return dict.fromkeys(listed(locale, kind), 1.0)


def _sikh() -> Naming:
    given = Weighted(ranked(_SIKH_GIVEN, fall=0.4))
    return Naming(
        male=given,
        female=given,
        surnames=Weighted(ranked(heads.SIKH_SURNAMES)),
        takes_partners_name=0.7,
        marker=("Singh", "Kaur"),
        marker_as_surname=0.35,
        middle=0.0,
        year_only=0.03,
        family_first=0.012,
    )


def _arabic() -> Naming:
    men, women = given_names("arabia", Sex.MALE), given_names("arabia", Sex.FEMALE)
    return Naming(
        male=Weighted(men),
        female=Weighted(women),
        surnames=Weighted(_ranked_then(heads.ARABIC_SURNAMES, men, 0.6)),
        fathers_name=0.3,
        son_of=0.15,
        double_given=0.02,
        middle=0.25,
        single_name=0.004,
        year_only=0.08,
        family_first=0.012,
    )


def _african(surnames: Mapping[str, float], male: Mapping[str, float], female: Mapping[str, float]) -> Naming:
    english = _given("great_britain")
    return Naming(
        male=Weighted(male),
        female=Weighted(female),
        surnames=Weighted(surnames),
        takes_partners_name=0.7,
        joins_names=0.04,
        double_surname=0.015,
        double_given=0.005,
        middle=0.6,
        english_name=0.45,
        english=english,
        single_name=0.001,
        year_only=0.02,
        family_first=0.012,
    )


def _joined(starts: Iterable[str], ends: Iterable[str]) -> dict[str, float]:
    ends = tuple(ends)
    return {start + end: 1.0 for start in starts for end in ends}


def _yoruba() -> Naming:
    tail = mixed(_even("yo_NG", "last_names"), scaled(_joined(heads.YORUBA_STARTS, heads.YORUBA_ENDS), 250.0))
    surnames = _ranked_then(heads.YORUBA, tail, 0.25)
    return _african(surnames, _even("yo_NG", "first_names_male"), _even("yo_NG", "first_names_female"))


def _igbo() -> Naming:
    tail = mixed(_even("ig_NG", "last_names"), scaled(_joined(heads.IGBO_STARTS, heads.IGBO_ENDS), 30.0))
    given = dict.fromkeys(heads.IGBO_GIVEN, 1.0)
    male = mixed(given, _even("ig_NG", "first_names_male"))
    female = mixed(given, _even("ig_NG", "first_names_female"))
    return _african(_ranked_then(heads.IGBO, tail, 0.4), male, female)


def _akan() -> Naming:
    tail = mixed(_even("tw_GH", "last_names_male"), _even("tw_GH", "last_names_female"))
    surnames = _ranked_then(heads.AKAN, tail, 0.4)
    return _african(surnames, _even("tw_GH", "first_names_male"), _even("tw_GH", "first_names_female"))


def _hausa() -> Naming:
    names = mixed(_even("ha_NG", "first_names_male"), scaled(given_names("arabia", Sex.MALE), 4.0))
    women = mixed(_even("ha_NG", "first_names_female"), scaled(given_names("arabia", Sex.FEMALE), 4.0))
    surnames = mixed(_even("ha_NG", "last_names"), scaled(names, 12.0))
    return _african(surnames, names, women)


def _chinese(spell: Mapping[str, str]) -> Naming:
    surnames = surname_shares("zh_CN")
    by_hand = {**heads.SURNAME_READINGS, **spell}
    script: dict[str, str] = {}
    romanised: dict[str, float] = {}
    for written, share in surnames.items():
        spelled = by_hand.get(written) or anyascii(written).capitalize()
        script.setdefault(spelled, written)
        romanised[spelled] = romanised.get(spelled, 0.0) + share
    male, male_script = _chinese_given("male")
    female, female_script = _chinese_given("female")
    return Naming(
        male=Weighted(male),
        female=Weighted(female),
        surnames=Weighted(romanised),
        middle=0.0,
        english_name=0.3,
        english=_given("great_britain"),
        family_first=0.06,
        in_script=0.05,
        script={**male_script, **female_script, **{f"surname {name}": sign for name, sign in script.items()}},
    )


def _chinese_given(sex: str) -> tuple[dict[str, float], dict[str, str]]:
    """Romanised given names of one or two characters, and each one's most frequent writing."""
    listed_signs = ranked(listed("zh_CN", f"first_names_{sex}"), fall=0.5)
    single = {sign: weight for sign, weight in listed_signs.items() if len(sign) == 1}
    pairs = {
        first + second: single[first] * single[second] * 0.25
        for first in single
        for second in single
        if first != second
    }
    names: dict[str, float] = {}
    written: dict[str, str] = {}
    for signs, weight in mixed(listed_signs, pairs).items():
        spelled = "".join(anyascii(sign) for sign in signs).capitalize()
        names[spelled] = names.get(spelled, 0.0) + weight
        written.setdefault(spelled, signs)
    return names, written


def _mandarin() -> Naming:
    return _chinese({})


def _hong_kong() -> Naming:
    return _chinese(heads.HONG_KONG)
