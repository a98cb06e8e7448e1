"""Homes of a made-up city: a number of a home in, an address out; nothing is kept.

About fifteen homes with neighbouring numbers share a postcode, two postcodes a street. Since an
address follows from its number alone, somebody's former address is somebody else's present one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from integrations.types import Address

HOMES_A_POSTCODE = 15
_TOWNS = {
    "M": "Manchester", "SK": "Stockport", "OL": "Oldham", "BL": "Bolton", "WN": "Wigan",
    "LS": "Leeds", "BD": "Bradford", "HX": "Halifax", "HD": "Huddersfield", "WF": "Wakefield",
}  # fmt: skip
_OUTWARDS = [(f"{area}{number}", town) for number in range(1, 25) for area, town in _TOWNS.items()]
_LETTERS = "ABDEFGHJLNPQRSTUWXYZ"  # C I K M O V are not used in the second half
_ROADS = ["Road", "Street", "Avenue", "Close", "Lane", "Drive", "Grove", "Crescent", "Terrace", "Way"]
_SHORT = {"Road": "Rd", "Street": "St", "Avenue": "Ave", "Close": "Cl", "Lane": "Ln", "Drive": "Dr"}
_STREETS = (
    "High,Church,Station,Park,Victoria,Albert,Green,Manor,Mill,Queens,Kings,Grange,School,Chapel,North,"
    "South,West,Spring,Alma,Springfield,George,York,Highfield,Orchard,Windsor,Woodland,Beech,Oak,Elm,Ash,"
    "Cedar,Chestnut,Hawthorn,Holly,Laurel,Maple,Birch,Willow,Poplar,Sycamore,Moor,Hill,Bank,Bridge,Brook,"
    "River,Canal,Wharf,Quarry,Cross,Market,Union,Nelson,Wellington,Waterloo,Trafalgar,Cromwell,Lincoln,"
    "Durham,Derby,Chester,Lancaster,Warwick,Gloucester,Norfolk,Suffolk,Stanley,Clarence,Arthur,Edward,"
    "William,Henry,Charles,James,Milton,Byron,Shakespeare,Tennyson,Wordsworth,Burns,Dickens,Hardy,Keats,"
    "Gladstone,Peel,Cobden,Bright,Russell,Melbourne,Salisbury,Balfour,Rosebery,Ashfield,Broadfield,"
    "Fairfield,Greenfield,Longfield,Westfield,Eastfield,Whitefield,Parkfield,Oakfield,Summerfield,Lime"
).split(",")


@dataclass(frozen=True, slots=True)
class Home:
    """One home's address in its parts."""

    number: str
    flat: str
    street: str
    road: str
    town: str
    postcode: str

    def address(self, *, shortened: bool = False) -> Address:
        """As a record holds it; ``shortened`` writes "Rd" for "Road"."""
        road = _SHORT.get(self.road, self.road) if shortened else self.road
        first = f"{self.number} {self.street} {road}"
        lines = (f"Flat {self.flat}", first) if self.flat else (first,)
        return Address(lines=lines, town=self.town, postcode=self.postcode, country="United Kingdom")


@lru_cache(maxsize=64)  # the people of one home come one after another
def address_of(number: int, shortened: bool) -> Address:
    """The address of the home with this number, as :meth:`Home.address` writes it."""
    return home(number).address(shortened=shortened)


def home(number: int) -> Home:
    """The home with this number, from 0 on. Unlike numbers are unlike homes (up to some millions)."""
    unit, within = divmod(number, HOMES_A_POSTCODE)
    # Neighbourhoods of ten postcodes, scattered over the city.
    clump, place = divmod(unit, 10)
    turn, outward = divmod(clump, len(_OUTWARDS))
    serial = turn * 10 + place
    code, town = _OUTWARDS[outward * 77 % len(_OUTWARDS)]
    letters = (serial * 37 + outward * 11) % 400
    inward = f"{serial // 10 % 9 + 1}{_LETTERS[letters // 20]}{_LETTERS[letters % 20]}"
    street_number, side = divmod(unit, 2)
    street = _STREETS[street_number * 61 % len(_STREETS)]
    road = _ROADS[(street_number * 7 + street_number // len(_STREETS)) % len(_ROADS)]
    if unit % 6 == 5:  # a house of flats
        building, flat = str(unit % 90 + 2), str(within + 1)
    else:
        building, flat = str((side * HOMES_A_POSTCODE + within) * 2 + 1 + street_number % 2), ""
    return Home(number=building, flat=flat, street=street, road=road, town=town, postcode=f"{code} {inward}")
