"""What the demo must find, computed from the simulator's truth in plain Python: no SQL, none of the product's code."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from zoneinfo import ZoneInfo

from simulator.clock import Clock
from simulator.family import demo_shops
from simulator.shop import Shop
from simulator.truth import Truth, TruthAppointment

STATUSES = {
    "approved": "confirmed",
    "pending": "pending",
    "canceled": "cancelled",
    "rejected": "cancelled",
    "no-show": "no_show",
}
ENDED = {"canceled", "rejected", "no-show"}


@dataclass(frozen=True)
class Booking:
    """One client's part of an appointment, or the whole of one on which nobody is written down."""

    external_id: str
    status: str
    starts_at: datetime
    ends_at: datetime
    client_id: str | None
    service_id: str
    location_id: str | None
    price: Decimal


def shops_of(count: int, seed: int, at: datetime) -> list[Shop]:
    """Make the demo's shops again, as they stood at the moment."""
    return demo_shops(count, seed=seed, clock=Clock(frozen_at=at))


def bookings_of(truth: Truth) -> list[Booking]:
    """Return one booking for each client of each appointment, at today's list price for each person that comes."""
    prices = {service.id: service.price for service in truth.services}
    return [booking for appointment in truth.appointments for booking in _bookings(appointment, prices)]


def _bookings(appointment: TruthAppointment, prices: dict[str, Decimal]) -> Iterator[Booking]:
    whole = (appointment.starts_at, appointment.ends_at)
    place = (appointment.service_id, appointment.location_id)
    price = prices[appointment.service_id]
    if not appointment.bookings:
        yield Booking(appointment.id, STATUSES[appointment.status], *whole, None, *place, price)
    for one in appointment.bookings:
        alone = len(appointment.bookings) == 1
        overruled = appointment.status in ENDED and one.status not in ENDED
        status = STATUSES[appointment.status if overruled else one.status]
        external_id = appointment.id if alone else f"{appointment.id}:{one.id}"
        yield Booking(external_id, status, *whole, one.customer_id, *place, price * (1 + one.additional_persons))


def totals_of(shop: Shop, judged_at: datetime) -> dict[str, object]:
    """Return the totals of docs/demo-json.md for the shop's rows, with what was over by `judged_at` as completed."""
    truth = shop.truth()
    zone = ZoneInfo(shop.timezone)
    strangers = {one.id for one in truth.customers if f"{one.first_name} {one.last_name}" == "Walk In"}
    bookings = bookings_of(truth)
    served = [one for one in bookings if one.status == "confirmed" and one.ends_at <= judged_at]
    visits: set[tuple[object, ...]] = set()
    days = defaultdict(set)
    for one in served:
        day = one.starts_at.astimezone(zone).date()
        if one.client_id is None or one.client_id in strangers:
            visits.add((one.external_id,))
        else:
            visits.add((one.client_id, day, one.location_id))
            days[one.client_id].add(day)
    revenue = sum((one.price for one in served), Decimal())
    return {
        "appointments": len(bookings),
        "customers": len(truth.customers),
        "revenue": str(revenue.quantize(Decimal("0.01"))),
        "averageTicket": str((revenue / len(visits)).quantize(Decimal("0.01"), ROUND_HALF_EVEN)),
        "newClients": len(days),
        "returningClients": sum(len(visited) > 1 for visited in days.values()),
    }
