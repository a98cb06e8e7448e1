"""Look-ups as staff make them, each with an error in the name, for a sample of people of each origin."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from random import Random

from integrations.types import SearchQuery, Term

from .asked import Asked, DateSlip
from .homes import home
from .misnaming import Misnamed, misname
from .person import Known
from .population import Population
from .weighted import Weighted
from .wrong_dates import day_and_month_swapped, one_digit_wrong, one_year_off, two_parts_wrong

EACH_ORIGIN = 5_000
_DATE_SLIPS: dict[DateSlip, Callable[[date, Random], date | None]] = {
    DateSlip.DAY_MONTH: lambda born, _: day_and_month_swapped(born),
    DateSlip.ONE_DIGIT: one_digit_wrong,
    DateSlip.ONE_YEAR: one_year_off,
    DateSlip.TWO_PARTS: two_parts_wrong,
}
_DATE_KINDS = Weighted(
    {DateSlip.DAY_MONTH: 0.25, DateSlip.ONE_DIGIT: 0.4, DateSlip.ONE_YEAR: 0.2, DateSlip.TWO_PARTS: 0.15}
)
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_FORMATS = Weighted(
    {
        "{d:02d}/{m:02d}/{y}": 0.4,
        "{d}/{m}/{y}": 0.2,
        "{d}.{m}.{y}": 0.1,
        "{d:02d}-{m:02d}-{y}": 0.1,
        "{d} {month} {y}": 0.1,
        "{d}/{m}/{short:02d}": 0.1,
    }
)
_READABLE_SHORT_YEARS = range(1935, 2000)


class Sample:
    """Chooses people while a population goes by, and then asks for them.

    Only people whom staff can ask for are chosen: some record holds their true birth date, and
    some record a true postcode, phone or e-mail. People are drawn evenly within each origin
    (reservoir sampling), and asked for again, with other errors, where they are too few.
    """

    def __init__(self, *, seed: int, each_origin: int = EACH_ORIGIN) -> None:
        self._chance = Random(seed)
        self._each_origin = each_origin
        self._chosen: dict[str, list[Known]] = {}
        self._seen: dict[str, int] = {}

    def see(self, known: Known) -> None:
        """Consider one person."""
        if not can_be_asked_for(known):
            return
        origin = known.person.origin
        chosen = self._chosen.setdefault(origin, [])
        seen = self._seen[origin] = self._seen.get(origin, 0) + 1
        if len(chosen) < self._each_origin:
            chosen.append(known)
        elif (at := int(self._chance.random() * seen)) < self._each_origin:
            chosen[at] = known

    def asked(self) -> Iterator[Asked]:
        """For each choice three look-ups with the same wrong name: birth date right; wrong; wrong
        with a third detail that is right."""
        for origin, people in sorted(self._chosen.items()):
            chance, made, tried = Random(f"{origin} {self._chance.random()}"), 0, 0
            while made < self._each_origin and tried < 3 * self._each_origin:
                if tried % len(people) == 0:
                    chance.shuffle(people)
                known = people[tried % len(people)]
                tried += 1
                wrong = misname(known, chance)
                if wrong:
                    made += 1
                    yield from _three(known, wrong, chance)


def queries(population: Population, *, seed: int, each_origin: int = EACH_ORIGIN) -> Iterator[Asked]:
    """Look-ups for people of this population, ``3 * each_origin`` for each name origin in it."""
    sample = Sample(seed=seed, each_origin=each_origin)
    for known in population.people():
        sample.see(known)
    yield from sample.asked()


def can_be_asked_for(known: Known) -> bool:
    """Whether some record holds the true birth date, and some a true contact detail."""
    born = known.person.birth_date
    return any(copy.record.demographics.birth_date == born for copy in known.copies) and bool(_right(known))


def _right(known: Known) -> dict[Term, str]:
    """The details that are true now and that a record holds."""
    person = known.person
    right: dict[Term, str] = {}
    postcode = home(person.home).postcode
    for copy in known.copies:
        about = copy.record.demographics
        if about.address and about.address.postcode == postcode:
            right[Term.POSTCODE] = postcode
        if about.email and about.email in (person.email, person.own_email):
            right[Term.EMAIL] = about.email
        for phone in about.phones:
            digits = f"0{phone.number.replace(' ', '').removeprefix('+44').removeprefix('0')}"
            if digits in (person.mobile, person.landline):
                right[Term.PHONE] = digits
    return right


def _three(known: Known, wrong: Misnamed, chance: Random) -> Iterator[Asked]:
    words = _words(wrong, chance)
    born = known.person.birth_date
    yield _asked(known, wrong, words, born, None, None, chance)
    slip, other = _wrong_date(born, chance)
    yield _asked(known, wrong, words, other, slip, None, chance)
    third = chance.choice(sorted(_right(known)))
    yield _asked(known, wrong, words, other, slip, third, chance)


def _wrong_date(born: date, chance: Random) -> tuple[DateSlip, date]:
    while True:
        slip = _DATE_KINDS.draw(chance)
        wrong = _DATE_SLIPS[slip](born, chance)
        if wrong is not None and wrong != born:
            return slip, wrong


def _asked(
    known: Known, wrong: Misnamed, words: tuple[str, ...], born: date, slip: DateSlip | None,
    third: Term | None, chance: Random,
) -> Asked:  # fmt: skip
    detail = _right(known)[third] if third else ""
    if third is Term.PHONE and chance.random() < 0.4:
        detail = f"{detail[:5]} {detail[5:]}"
    if third is Term.POSTCODE and chance.random() < 0.5:
        detail = detail.replace(" ", "").lower()
    typed = " ".join(words)
    dated = _date_as_typed(born, chance)
    line = f"{dated} {typed}" if chance.random() < 0.12 else f"{typed} {dated}"
    query = SearchQuery(
        words=words,
        birth_dates=_readings(born, dated),
        postcode=detail if third is Term.POSTCODE else "",
        phone=detail if third is Term.PHONE else "",
        email=detail if third is Term.EMAIL else "",
    )
    return Asked(
        person=known.person.number,
        origin=known.person.origin,
        name_error=wrong.slip,
        date_error=slip,
        third=third,
        query=query,
        line=f"{line} {detail}".strip(),
    )


def _words(wrong: Misnamed, chance: Random) -> tuple[str, ...]:
    """The name words as typed: mostly lower case, now and then family name first."""
    given, surname = wrong.given, wrong.surname
    if chance.random() < 0.5:
        surname = surname.replace("-", " ").replace("'", "")
    first_last = not wrong.swapped and chance.random() >= 0.15
    typed = f"{given} {surname}" if first_last else f"{surname} {given}"
    roll = chance.random()
    if roll < 0.62:
        typed = typed.lower()
    elif roll < 0.68:
        typed = typed.upper()
    return tuple(typed.split())


def _readings(born: date, typed: str) -> tuple[date, ...]:
    """The date as meant and, where its digits can be read month first, that other date."""
    other = day_and_month_swapped(born)
    return (born, other) if other and not any(map(str.isalpha, typed)) else (born,)


def _date_as_typed(born: date, chance: Random) -> str:
    form = _FORMATS.draw(chance)
    if "short" in form and born.year not in _READABLE_SHORT_YEARS:
        form = "{d}/{m}/{y}"
    return form.format(
        d=born.day, m=born.month, y=born.year, month=_MONTHS[born.month - 1], short=born.year % 100
    )
