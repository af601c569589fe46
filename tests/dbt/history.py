"""A random history of a few shops as loaders would have seen it, batch by batch, with all that can go wrong."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.dbt.raw_log import RawLog, Shop, Version, appointment, booking, customer, employee, service

OPENING = datetime(2026, 2, 20, 9, tzinfo=UTC)
APPOINTMENT_STATUSES = ("approved",) * 5 + ("Approved", "pending", "canceled", "rejected", "no-show", "7", None)
BOOKING_STATUSES = ("approved",) * 5 + ("pending", "cancelled", "No_Show", "")
NAMES = ("Noah Reyes", "Theo Lang", "Kei Sato", "Ravi Menon", "Ola Berg", "Walk In", "Ana Lima", "Max Weber")
CLIENTS = (None, *((f"c{number}", name) for number, name in enumerate(NAMES)), ("c99", "Not Listed"))


@dataclass
class ShopHistory:
    """The records of one shop as last shown, also of those gone, and the versions that the next load will carry."""

    shop: Shop
    chance: random.Random
    now: datetime = OPENING
    records: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    fresh: list[Version] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    """Ids of appointments that a webhook or a file told of first."""

    def open(self) -> None:
        """See everything for the first time."""
        for number, price in enumerate((30, 45, None)):
            self._first(service(self.shop, f"s{number}", self.now, f"Service {number}", price))
        for number, name in enumerate(("Dario Vance", "Imani Cole")):
            self._first(employee(self.shop, f"e{number}", self.now, name))
        for number, name in enumerate(NAMES):
            self._first(customer(self.shop, f"c{number}", self.now, name, phone_number=f"+1 813 555 01{number:02}"))
        for _ in range(30):
            self.book()

    def happen(self) -> None:
        """Let one thing happen."""
        moves: list[Callable[[], None]] = [
            *(self.book, self.book, self.reschedule, self.reschedule, self.judge, self.judge, self.regroup),
            *(self.reassign, self.rename, self.reprice, self.lose, self.lose, self.find),
            *(self.witness, self.witness, self.witness, self.confirm, self.import_customer),
        ]
        self.chance.choice(moves)()

    def book(self) -> None:
        starts_at = self._start()
        drawn = appointment(
            self.shop,
            f"a{len(self.records.get('appointments', ())) + 1}",
            self.now,
            starts_at=starts_at,
            minutes=self.chance.choice((15, 30, 45, 600)),
            bookings=self._bookings(),
            status=self.chance.choice(APPOINTMENT_STATUSES),
            booked_at=self.chance.choice((None, *[starts_at - timedelta(days=days) for days in (0, 1, 5, 30)])),
            service_id=self.chance.choice(("s0", "s1", "s2", "s3", None)),
            location_id=self.chance.choice((None, "l1")),
        )
        self._first(drawn)

    def reschedule(self) -> None:
        starts_at = self._start()
        self._see("appointments", starts_at=starts_at, ends_at=starts_at + timedelta(minutes=30))

    def judge(self) -> None:
        self._see("appointments", status=self.chance.choice(APPOINTMENT_STATUSES))

    def regroup(self) -> None:
        self._see("appointments", bookings=self._bookings())

    def reassign(self) -> None:
        self._see("appointments", service_id=self.chance.choice(("s0", "s3")), employee_id=self.chance.choice("e0"))

    def rename(self) -> None:
        first_name, last_name = self.chance.choice(NAMES).split()
        self._see("customers", first_name=first_name, last_name=last_name, phone_number=str(self.chance.random()))

    def reprice(self) -> None:
        if "s3" not in self.records["services"] and self.chance.random() < 0.3:
            self._first(service(self.shop, "s3", self._tick(), "Late Service", 20))
        self._see("services", price=self.chance.choice((25, 35, 50, 60, None)))

    def lose(self) -> None:
        table = self.chance.choice(("appointments", "appointments", "customers", "services", "employees"))
        external_id = self.chance.choice(list(self.records[table]))
        self.fresh.append(Version(table, self.shop, external_id, self._tick(), {}, op="gone"))

    def find(self) -> None:
        self._see(self.chance.choice(("appointments", "customers", "services", "employees")))

    def witness(self) -> None:
        """Let a webhook or a file tell of an appointment, that the API has shown or not."""
        if self.chance.random() < 0.5:
            external_id = self.chance.choice(list(self.records["appointments"]))
        else:
            external_id = f"w{len(self.told) + 1}"
            self.told.append(external_id)
        bookings = [
            entry | {"price": self.chance.choice((None, "31", "44.5"))}
            for entry in self._bookings()
            if entry["status"] is not None
        ]
        starts_at = self._start() if self.chance.random() < 0.9 else None
        told = appointment(
            self.shop,
            external_id,
            self._tick(),
            starts_at=starts_at or OPENING,
            bookings=bookings,
            status=self.chance.choice(APPOINTMENT_STATUSES),
            booked_at=None,
            price=bookings[0]["price"] if len(bookings) == 1 else self.chance.choice((None, 27)),
            service_category=self.chance.choice((None, "Haircuts")),
            cancel_reason=self.chance.choice((None, "Sick")),
        )
        values = told.values if starts_at else {**told.values, "starts_at": None, "ends_at": None}
        self.fresh.append(replace(told, values=values, origin=self.chance.choice(("webhook", "webhook", "csv"))))

    def confirm(self) -> None:
        """Let the API show an appointment that was only told of, or say that it is gone."""
        if not self.told:
            return
        external_id = self.chance.choice(self.told)
        shown = appointment(
            self.shop, external_id, self._tick(), starts_at=self._start(), bookings=self._bookings(), booked_at=None
        )
        if self.chance.random() < 0.7:
            self._first(shown)
        else:
            self.fresh.append(replace(shown, values={}, op="gone"))

    def import_customer(self) -> None:
        external_id = self.chance.choice((*self.records["customers"], "c50", "c51"))
        self.fresh.append(replace(customer(self.shop, external_id, self._tick(), "From A File"), origin="csv"))

    def _see(self, table: str, **columns: Any) -> None:
        external_id = self.chance.choice(list(self.records[table]))
        values = self.records[table][external_id] | columns
        self._first(Version(table, self.shop, external_id, self._tick(), values))

    def _first(self, version: Version) -> None:
        self.records.setdefault(version.table, {})[version.external_id] = dict(version.values)
        self.fresh.append(replace(version, observed_at=self._tick()))

    def _tick(self) -> datetime:
        self.now += timedelta(seconds=self.chance.randint(0, 40))
        return self.now

    def _start(self) -> datetime:
        quarter = 15 * self.chance.randint(-40 * 96, 15 * 96)
        return self.now.replace(minute=0, second=0) + timedelta(minutes=quarter)

    def _bookings(self) -> list[dict[str, Any]]:
        count = self.chance.choice((0, 1, 1, 1, 1, 2, 3))
        return [
            booking(
                f"b{self.chance.randint(1, 9)}{number}",
                self.chance.choice(CLIENTS),
                self.chance.choice(BOOKING_STATUSES),
                extra=self.chance.choice((0, 0, 1, 2)),
            )
            for number in range(count)
        ]


@dataclass
class History:
    """Several shops, and the loads that bring what happens in them, not always in order."""

    log: RawLog
    seed: int
    now: datetime = OPENING
    shops: list[ShopHistory] = field(default_factory=list)
    late: list[Version] = field(default_factory=list)
    uncommitted: str | None = None

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)

    def open_shop(self, timezone: str, *, is_known: bool = True) -> Shop:
        shop = self.log.add_shop(timezone, is_known=is_known)
        history = ShopHistory(shop, self.chance, self.now)
        history.open()
        self.shops.append(history)
        return shop

    def advance(self) -> datetime:
        """Let a few days pass, load what was seen, and return the new moment."""
        self.now += timedelta(hours=self.chance.randint(1, 100))
        if self.uncommitted:
            self.log.commit(self.uncommitted, minutes_late=self.chance.choice((0, 1200)))
            self.uncommitted = None
        for shop in self.shops:
            shop.now = max(shop.now, self.now)
            for _ in range(self.chance.randint(0, 8)):
                shop.happen()
        self._load()
        return self.now

    def _load(self) -> None:
        versions = [version for shop in self.shops for version in shop.fresh]
        for shop in self.shops:
            shop.fresh.clear()
        self.chance.shuffle(versions)
        kept_back = [version for version in versions if self.chance.random() < 0.15]
        on_time = [version for version in versions if version not in kept_back]
        repeated = [version for version in on_time if self.chance.random() < 0.05]
        self.log.load([*on_time, *repeated])
        if self.late:
            self.log.load(self.late)
        self.late = kept_back
        if self.chance.random() < 0.3:
            self.uncommitted = self.log.load(self.late, is_committed=False)
            self.late = []

    def move_shop(self, timezone: str, currency: str) -> None:
        """Change what the first shop's owner may change."""
        self.log.connection.execute(
            "update control.barbershops set timezone = %s, currency = %s where id = %s",
            (timezone, currency, self.shops[0].shop.barbershop_id),
        )
