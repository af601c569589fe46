"""A small shop in New York whose every figure was worked out by hand: four loads, sixteen appointments."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from tests.dbt.raw_log import RawLog, Shop, Version, appointment, booking, customer, employee, gone, service

NOAH, THEO, KEI, RAVI, WALK_IN = (
    ("731", "Noah Reyes"),
    ("702", "Theo Lang"),
    ("640", "Kei Sato"),
    ("655", "Ravi Menon"),
    ("99", "Walk In"),
)
BEARD: dict[str, Any] = {"service_id": "14", "service_name": "Beard"}
OPENING = datetime(2026, 2, 1, tzinfo=UTC)
PRICE_RISE = datetime(2026, 2, 20, tzinfo=UTC)
BOOKED = datetime(2026, 3, 1, 7, tzinfo=UTC)
SETTLED = datetime(2026, 3, 9, 10, tzinfo=UTC)
AS_OF = datetime(2026, 3, 9, 12, tzinfo=UTC)


def utc(month: int, day: int, hour: int, minute: int = 0, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


def opening(shop: Shop) -> Iterator[Version]:
    """The lists at the first sync, and two appointments at 01:30 of the night that had 01:30 twice."""
    yield service(shop, "13", OPENING, "Skin Fade", 38)
    yield service(shop, "14", OPENING, "Beard", 20)
    for number, name in (NOAH, THEO, KEI, RAVI, WALK_IN):
        yield customer(shop, number, OPENING, name, phone_number=f"+1 (813) 555-0{number}")
    yield customer(shop, "700", OPENING, "Left Town")
    yield employee(shop, "5", OPENING, "Dario Vance")
    yield employee(shop, "6", OPENING, "Imani Cole")
    booked = utc(10, 20, 9, year=2025)
    first, second = utc(11, 2, 5, 30, 2025), utc(11, 2, 6, 30, 2025)
    yield appointment(shop, "a1", OPENING, starts_at=first, bookings=[booking("1", NOAH)], booked_at=booked)
    yield appointment(shop, "a2", OPENING, starts_at=second, bookings=[booking("2", THEO)], booked_at=booked)


def bookings(shop: Shop) -> Iterator[Version]:
    """What was on the book on 1 March."""

    def book(name: str, starts_at: datetime, entries: list[dict[str, Any]], **columns: Any) -> Version:
        columns["booked_at"] = utc(2, columns.pop("booked", 27), 9)
        return appointment(shop, name, BOOKED, starts_at=starts_at, bookings=entries, **columns)

    yield book("a3", utc(3, 7, 4, 45), [booking("3", NOAH)], booked=10)  # 23:45 on the 6th, ends on the 7th
    yield book("a4", utc(3, 6, 15), [booking("4", NOAH, extra=1), booking("5", RAVI, "canceled")])
    yield book("a5", utc(3, 6, 16), [booking("6", WALK_IN)], **BEARD)
    yield book("a6", utc(3, 6, 17), [booking("7", WALK_IN)], **BEARD)
    yield book("a7", utc(3, 6, 18), [booking("8", KEI)])
    yield book("a8", utc(3, 6, 18, 30), [booking("9", THEO)])
    yield book("a9", utc(3, 8, 6, 30), [booking("10", KEI)], minutes=60)  # 01:30 to 03:30, the hour between is missing
    yield book("a10", utc(3, 5, 15), [booking("11", THEO)], booked=19)
    yield book("a11", utc(3, 5, 17), [booking("12", RAVI)])
    yield book("a12", utc(3, 8, 19), [], **BEARD)
    yield book("a13", utc(3, 8, 20), [booking("13", RAVI, "pending")])
    yield book("a14", utc(3, 10, 15), [booking("14", NOAH)])
    yield book("a15", utc(3, 8, 20), [booking("15", NOAH)], service_id="77", service_name="Not Listed")
    yield book("a16", utc(3, 8, 21), [booking("16", RAVI)])


def settling(shop: Shop) -> Iterator[Version]:
    """What turned out by 9 March."""
    book = {version.external_id: version for version in bookings(shop)}

    def see(name: str, **columns: Any) -> Version:
        version = book[name]
        return Version("appointments", shop, name, SETTLED, {**version.values, **columns})

    yield see("a7", status="no-show")
    yield see("a8", bookings=[booking("9", THEO, "no_show")])
    yield see("a10", starts_at=utc(3, 8, 18), ends_at=utc(3, 8, 18, 30))
    yield gone(book["a11"], SETTLED)
    yield see("a16", status="rejected")
    yield gone(customer(shop, "700", OPENING, "Left Town"), SETTLED)
    yield gone(employee(shop, "6", OPENING, "Imani Cole"), SETTLED)


def load_by_load(log: RawLog, shop: Shop) -> Iterator[datetime]:
    """Load the story and yield the moment after each load."""
    price_rise = service(shop, "13", PRICE_RISE, "Skin Fade", Decimal(42))
    for moment, versions in (
        (OPENING, opening(shop)),
        (PRICE_RISE, [price_rise]),
        (BOOKED, bookings(shop)),
        (AS_OF, settling(shop)),
    ):
        log.load(versions)
        yield moment
