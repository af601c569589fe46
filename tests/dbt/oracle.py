"""integration_analytics computed a second time, in plain Python from the versions: no SQL, and not the same steps."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from tests.dbt.raw_log import Version

PSEUDO_NAMES = {"Walk In", "Walk-In", "Guest"}
ENDED = ("cancelled", "no_show")
WORDS = {"approved": "confirmed", "pending": "pending", "noshow": "no_show"} | dict.fromkeys(
    ("canceled", "cancelled", "rejected"), "cancelled"
)
MILL = Decimal("0.001")
BELIEVED = ("api", "webhook", "csv")
NO_BOOKING = {"status": None, "additional_persons": 0, "customer_id": None, "booking_id": ""}
Period = tuple[str, str, date]


@dataclass(frozen=True)
class Line:
    """One booking as it stands."""

    integration_id: str
    key: str
    client: str | None
    place: str | None
    starts: datetime
    is_attended: bool
    status: str
    price: Decimal | None
    service_id: str | None
    service_name: str | None

    @property
    def day(self) -> date:
        return self.starts.date()

    @property
    def visit(self) -> Any:
        return (self.client, self.place, self.day) if self.client else self.key


def analytics(versions: list[tuple[Version, str]], zones: Mapping[str, str], as_of: datetime) -> dict[Period, Any]:
    """Return period → figures. `zones` maps an integration to its zone; one that is missing counts in UTC."""
    groups: dict[Period, list[Line]] = defaultdict(list)
    first_visits: dict[tuple[str, str], date] = {}
    for line in _lines(versions, zones, as_of):
        for period in _periods(line.integration_id, line.day):
            groups[period].append(line)
        if line.is_attended and line.client:
            known = first_visits.get((line.integration_id, line.client), line.day)
            first_visits[line.integration_id, line.client] = min(known, line.day)
    return {period: _figures(period, lines, first_visits) for period, lines in groups.items()}


def _figures(period: Period, lines: list[Line], first_visits: Mapping[tuple[str, str], date]) -> dict[str, Any]:
    integration_id, _, first_day = period
    attended = [line for line in lines if line.is_attended]
    served = {line.client for line in attended if line.client}
    new = {client for client in served if first_visits[integration_id, client] >= first_day}
    revenue = sum((line.price for line in attended if line.price is not None), Decimal(0))
    visits = len({line.visit for line in attended})
    return {
        "external_appointments": len(lines),
        "external_completed": len(attended),
        "external_cancelled": sum(line.status == "cancelled" for line in lines),
        "external_no_shows": sum(line.status == "no_show" for line in lines),
        "external_visits": visits,
        "external_unpriced": sum(line.price is None for line in attended),
        "external_revenue": revenue,
        "external_avg_ticket": (revenue / visits).quantize(MILL, ROUND_HALF_UP) if visits else None,
        "external_new_clients": len(new),
        "external_returning_clients": len(served - new),
        "peak_hours": _peak_hours(lines),
        "popular_services": _popular_services(lines),
    }


def _peak_hours(lines: Iterable[Line]) -> list[dict[str, int]]:
    counts = Counter(line.starts.hour for line in lines if line.status != "cancelled")
    return [{"hour": hour, "bookings": n} for hour, n in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]


def _popular_services(lines: Iterable[Line]) -> list[dict[str, Any]]:
    by_service: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        if line.status != "cancelled" and line.service_id:
            by_service[line.service_id].append(line)
    entries = []
    for service_id, booked in by_service.items():
        revenue = float(sum(line.price or 0 for line in booked if line.is_attended))
        name = max(line.service_name or "" for line in booked)
        entries.append((-len(booked), -revenue, service_id, name))
    return [{"service": name, "bookings": -n, "revenue": -revenue} for n, revenue, _, name in sorted(entries)[:5]]


def _lines(versions: list[tuple[Version, str]], zones: Mapping[str, str], as_of: datetime) -> Iterable[Line]:
    prices = _prices(versions)
    histories: dict[Any, list[tuple[Any, Version]]] = defaultdict(list)
    for version, load_id in versions:
        if version.table == "appointments":
            rank = (-BELIEVED.index(version.origin), version.observed_at, load_id, version.row_hash or "")
            histories[version.shop.integration_id, version.external_id].append((rank, version))
    for key, history in histories.items():
        ranked = [version for _, version in sorted(history, key=lambda entry: entry[0], reverse=True)]
        contents = [version for version in ranked if version.op == "seen"]
        if ranked[0].op == "gone" or contents[0].values["starts_at"] is None:
            continue
        values = contents[0].values
        booked_at = values["booked_at"] or min(version.observed_at for version in ranked)
        told = next((version.values for version in ranked if version.origin != "api"), None)
        zone = ZoneInfo(zones.get(key[0], "UTC"))
        yield from _explode(contents[0], told, zone, as_of, prices(key[0], values["service_id"], booked_at))


def _explode(
    version: Version, told: Mapping[str, Any] | None, zone: ZoneInfo, as_of: datetime, price: Decimal | None
) -> Iterable[Line]:
    values = version.values
    for entry in values["bookings"] or [NO_BOOKING]:
        status = _status(values["status"], entry["status"])
        amount = None if told is None else _told_price(entry, len(values["bookings"]), told)
        if amount is None and price is not None:
            amount = price * (1 + entry["additional_persons"])
        yield Line(
            integration_id=version.shop.integration_id,
            key=f"{version.external_id}:{entry['booking_id']}",
            client=None if _name(entry) in PSEUDO_NAMES else entry["customer_id"],
            place=values.get("location_id"),
            starts=values["starts_at"].astimezone(zone),
            is_attended=status == "confirmed" and values["ends_at"] <= as_of,
            status=status,
            price=amount,
            service_id=values["service_id"],
            service_name=values["service_name"],
        )


def _name(entry: Mapping[str, Any]) -> str:
    return " ".join(filter(None, (entry.get("customer_first_name"), entry.get("customer_last_name"))))


def _told_price(booking: Mapping[str, Any], bookings: int, told: Mapping[str, Any]) -> Decimal | None:
    """Return what was told that this booking costs: the only amount for the only booking, else that of its client."""
    entries = told["bookings"]
    if bookings <= 1 and len(entries) <= 1:
        amounts = [entry["price"] for entry in entries if entry["price"] is not None] or [told["price"]]
    else:
        amounts = [entry["price"] for entry in entries if _is_same_client(booking, entry)]
        if len(amounts) != 1:
            # One booking now, of which an amount for all was told.
            amounts = [told["price"]] if bookings <= 1 else [None]
    return None if amounts[0] is None else Decimal(amounts[0])


def _is_same_client(booking: Mapping[str, Any], entry: Mapping[str, Any]) -> bool:
    if booking["booking_id"] and booking["booking_id"] == entry["booking_id"]:
        return True
    if booking["customer_id"] and entry["customer_id"]:
        return bool(booking["customer_id"] == entry["customer_id"])
    return bool(_name(booking)) and _name(booking).lower() == _name(entry).lower()


def _status(appointment: str | None, booking: str | None) -> str:
    own, whole = _word(booking or appointment), _word(appointment)
    return whole if whole in ENDED and own not in ENDED else own


def _word(raw: str | None) -> str:
    return WORDS.get((raw or "").lower().replace("-", "").replace("_", "").replace(" ", ""), "unknown")


def _prices(versions: list[tuple[Version, str]]) -> Callable[[str, str | None, datetime], Decimal | None]:
    history: dict[tuple[str, str], list[tuple[Any, Decimal]]] = defaultdict(list)
    for version, load_id in versions:
        if version.table == "services" and version.origin == "api" and version.values.get("price") is not None:
            rank = (version.observed_at, load_id, version.row_hash or "")
            history[version.shop.integration_id, version.external_id].append((rank, Decimal(version.values["price"])))

    def price(integration_id: str, service_id: str | None, at: datetime) -> Decimal | None:
        known = sorted(history.get((integration_id, service_id or ""), []))
        before = [amount for rank, amount in known if rank[0] <= at]
        return before[-1] if before else (known[0][1] if known else None)

    return price


def _periods(integration_id: str, day: date) -> Iterable[Period]:
    yield integration_id, "daily", day
    yield integration_id, "weekly", day - timedelta(days=day.weekday())
    yield integration_id, "monthly", day.replace(day=1)
