"""Where a shop can stand: zone, currency, price level, opening hours and habits of a few cities."""

from dataclasses import dataclass
from decimal import Decimal

Hours = tuple[tuple[int, int] | None, ...]  # Monday to Sunday: minutes since midnight, None when closed


@dataclass(frozen=True)
class Place:
    """A city that shops can lie in: zone, currency, hours and manners."""

    city: str
    country: str  # ISO 3166 alpha-2
    timezone: str
    currency: str  # ISO 4217
    symbol: str
    exponent: int  # decimals of the currency
    cut: Decimal  # what a plain cut costs
    price_step: Decimal  # prices are multiples of this
    dial: str  # telephone prefix, country and area
    names: str  # pool in names.py
    hours: Hours
    address: str


def _week(weekday: tuple[int, int], saturday: tuple[int, int] | None, closed: tuple[int, ...]) -> Hours:
    days: list[tuple[int, int] | None] = [*[weekday] * 5, saturday, weekday]
    return tuple(None if number in closed else hours for number, hours in enumerate(days))


_MONDAY, _TUESDAY, _FRIDAY, _SUNDAY = 0, 1, 4, 6
_NINE_TO_SEVEN, _TEN_TO_EIGHT, _EIGHT_TO_FIVE = (540, 1140), (600, 1200), (480, 1020)
_WESTERN = _week(_NINE_TO_SEVEN, _EIGHT_TO_FIVE, (_MONDAY, _SUNDAY))
_LATE = _week(_TEN_TO_EIGHT, (540, 1080), (_SUNDAY,))

PLACES: tuple[Place, ...] = (
    Place(
        "New York",
        "US",
        "America/New_York",
        "USD",
        "$",
        2,
        Decimal(38),
        Decimal("0.5"),
        "+1212555",
        "american",
        _WESTERN,
        "{number} Bleecker St, New York, NY 10012, USA",
    ),
    Place(
        "London",
        "GB",
        "Europe/London",
        "GBP",
        "£",
        2,
        Decimal(27),
        Decimal("0.5"),
        "+442079460",
        "british",
        _LATE,
        "{number} Lamb's Conduit St, London WC1N 3LD, UK",
    ),
    Place(
        "Lord Howe Island",
        "AU",
        "Australia/Lord_Howe",
        "AUD",
        "$",
        2,
        Decimal(46),
        Decimal("0.5"),
        "+61255501",
        "british",
        _WESTERN,
        "{number} Lagoon Rd, Lord Howe Island NSW 2898, Australia",
    ),
    Place(
        "Kolkata",
        "IN",
        "Asia/Kolkata",
        "INR",
        "₹",
        2,
        Decimal(320),
        Decimal(10),
        "+913355501",
        "indian",
        _week(_TEN_TO_EIGHT, _TEN_TO_EIGHT, (_TUESDAY,)),
        "{number} Park Street, Kolkata 700016, India",
    ),
    Place(
        "Tokyo",
        "JP",
        "Asia/Tokyo",
        "JPY",
        "¥",
        0,
        Decimal(4400),
        Decimal(100),
        "+81355501",
        "japanese",
        _week(_TEN_TO_EIGHT, _NINE_TO_SEVEN, (_TUESDAY,)),
        "東京都渋谷区神南1-{number}",
    ),
    Place(
        "Kuwait City",
        "KW",
        "Asia/Kuwait",
        "KWD",
        "KD",
        3,
        Decimal("5.5"),
        Decimal("0.250"),
        "+9652555",
        "arabic",
        _week(_TEN_TO_EIGHT, _TEN_TO_EIGHT, (_FRIDAY,)),
        "{number} Salem Al Mubarak St, Salmiya, Kuwait",
    ),
    Place(
        "Berlin",
        "DE",
        "Europe/Berlin",
        "EUR",
        "€",
        2,
        Decimal(34),
        Decimal("0.5"),
        "+493023125",
        "german",
        _week(_TEN_TO_EIGHT, (540, 960), (_SUNDAY, _MONDAY)),
        "Torstraße {number}, 10119 Berlin, Deutschland",
    ),
    Place(
        "St. John's",
        "CA",
        "America/St_Johns",
        "CAD",
        "$",
        2,
        Decimal(40),
        Decimal("0.5"),
        "+1709555",
        "american",
        _WESTERN,
        "{number} Water St, St. John's, NL A1C 1A1, Canada",
    ),
    Place(
        "Santiago",
        "CL",
        "America/Santiago",
        "CLP",
        "$",
        0,
        Decimal(16000),
        Decimal(500),
        "+56255501",
        "spanish",
        _LATE,
        "Calle Merced {number}, Santiago, Chile",
    ),
    Place(
        "Auckland",
        "NZ",
        "Pacific/Auckland",
        "NZD",
        "$",
        2,
        Decimal(52),
        Decimal("0.5"),
        "+64955501",
        "british",
        _WESTERN,
        "{number} Karangahape Rd, Auckland 1010, New Zealand",
    ),
)


def place_of_zone(timezone: str) -> Place:
    """Return the city of an IANA zone. Raises `ValueError` with those that there are."""
    for place in PLACES:
        if place.timezone == timezone:
            return place
    known = ", ".join(place.timezone for place in PLACES)
    raise ValueError(f"no city of the simulator lies in {timezone!r}; choose one of {known}")


def place_of_currency(currency: str | None) -> Place:
    """Return a city that pays in this currency. Raises `ValueError` with those that there are."""
    for place in PLACES:
        if place.currency == currency:
            return place
    known = ", ".join(place.currency for place in PLACES)
    raise ValueError(f"no city of the simulator pays in {currency!r}; choose one of {known}")
