"""Numbers and addresses that are unique by the way they are made, so that nothing must be remembered.

NHS numbers are of the synthetic range 999. Mail domains end in ``example.net`` and its kin, which
are reserved. Mobile numbers are drawn at random from the British mobile range: nobody calls them.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from patients.matching.names import compact

_SYNTHETIC = "999"
_SERIALS = 1_000_000
_STEP = 387_421  # shares no factor with the number of serials: all come, none twice
_NO_SUCH_NUMBER = 10
_MOBILE = "345789"
_BEFORE = (
    "blue,green,red,silver,north,south,bright,quick,open,quiet,river,stone,cloud,sun,moon,star,wind,snow,"
    "rain,gold,iron,copper,maple,cedar,swift,kind,clear,fresh,happy,early,little,grand,round,high,low,deep,"
    "wide,warm,cool,soft,bold,calm,fair,fine,free,good,new,old,pure,true"
).split(",")
_AFTER = (
    "mail,post,net,line,box,web,link,hub,desk,page,fern,leaf,wave,lake,hill,field,gate,bridge,path,wood,"
    "bell,lamp,kite,boat,nest,lark,wren,finch,robin,swan,fox,hare,otter,badger,mole,bee,rose,lily,ivy,"
    "reed,oak,ash,elm,yew,pine,moss,heath,dale,glen,brook"
).split(",")
_DOMAINS = [before + after for after in _AFTER for before in _BEFORE]


def check_digit(first_nine: str) -> int:
    """The modulus 11 check digit of an NHS number; 10 means that there is no such number."""
    total = 0
    for weight, digit in zip(range(10, 1, -1), first_nine, strict=True):
        total += weight * int(digit)
    return -total % 11


def nhs_numbers(seed: int) -> Iterator[str]:
    """All synthetic NHS numbers, about 909,000, each once, in an order that the seed decides."""
    serial = Random(seed).randrange(_SERIALS)
    # The check digit is a sum over digits: made of two halves it costs two look-ups.
    upper = [check_digit(f"{_SYNTHETIC}{half:03d}000") for half in range(1000)]
    lower = [check_digit(f"000000{half:03d}") for half in range(1000)]
    for _ in range(_SERIALS):
        digit = (upper[serial // 1000] + lower[serial % 1000]) % 11
        if digit != _NO_SUCH_NUMBER:
            yield f"{_SYNTHETIC}{serial:06d}{digit}"
        serial = (serial + _STEP) % _SERIALS


def mobile_number(chance: Random) -> str:
    """A British mobile number, eleven digits."""
    return f"07{_MOBILE[int(chance.random() * len(_MOBILE))]}{int(chance.random() * 1e8):08d}"


def landline_number(chance: Random) -> str:
    """A British number of a home, eleven digits."""
    return f"01{chance.choice('1234567')}1{int(chance.random() * 1e7):07d}"


def mailbox(given: str, surname: str, year: int, chance: Random) -> str:
    """What stands before the @, made from a name as people make it; it never ends in a digit."""
    first, last = _letters(given), _letters(surname)
    if not first or not last:
        return first or last
    shape = chance.random()
    if shape < 0.45:
        return f"{first}.{last}"
    if shape < 0.65:
        return f"{first}{last}"
    if shape < 0.8:
        return f"{first[0]}{last}"
    if shape < 0.9:
        return f"{first}{year % 100:02d}{last}"
    return f"{last}.{first}"


def _letters(name: str) -> str:
    """A name as it stands in an address; most are plain letters, where folding is needless work."""
    return name.lower() if name.isascii() and name.isalpha() else compact(name)


def mail_address(local: str, household: int, *, ending: str = "net") -> str:
    """An address at the household's provider; unique if ``local`` is unique in the household."""
    turn, domain = divmod(household, len(_DOMAINS))
    number = str(turn) if turn else ""
    return f"{local}{number}@{_DOMAINS[domain * 1009 % len(_DOMAINS)]}.example.{ending}"
