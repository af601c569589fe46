"""Writes versions into the raw tables as a loader would, so that a test says exactly what was seen when."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.sql import SQL, Identifier

FIRST_LOAD = datetime(2026, 1, 1, tzinfo=UTC)
JSON_COLUMNS = ("payload", "bookings")


@dataclass(frozen=True)
class Shop:
    """One tenant with one integration."""

    barbershop_id: str
    integration_id: str
    timezone: str
    currency: str


@dataclass(frozen=True)
class Version:
    """One row of a raw table, before it has a load. `values` are the promoted columns, empty for op 'gone'."""

    table: str
    shop: Shop
    external_id: str
    observed_at: datetime
    values: Mapping[str, Any]
    op: str = "seen"
    origin: str = "api"

    @property
    def row_hash(self) -> str | None:
        if self.op == "gone":
            return None
        return hashlib.sha256(json.dumps(self.values, default=str, sort_keys=True).encode()).hexdigest()


def booking(
    booking_id: str, client: tuple[str, str] | None, status: str = "approved", *, extra: int = 0
) -> dict[str, Any]:
    """Return one entry of an appointment's bookings; `client` is (id, "First Last"), who brings `extra` persons."""
    client_id, name = client or (None, "")
    first_name, _, last_name = name.partition(" ")
    return {
        "booking_id": booking_id,
        "status": status,
        "additional_persons": extra,
        "customer_id": client_id,
        "customer_first_name": first_name or None,
        "customer_last_name": last_name or None,
        "customer_email": None,
    }


def appointment(
    shop: Shop,
    external_id: str,
    observed_at: datetime,
    *,
    starts_at: datetime,
    minutes: int = 30,
    bookings: Sequence[Mapping[str, Any]] = (),
    **columns: Any,
) -> Version:
    """Return a version of an appointment: approved, of service 13 by employee 5, booked a week ahead, unless told."""
    values = {
        "status": "approved",
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(minutes=minutes),
        "booked_at": starts_at - timedelta(days=7),
        "service_id": "13",
        "service_name": "Skin Fade",
        "employee_id": "5",
        "employee_name": "Dario Vance",
        "bookings": list(bookings),
    }
    return Version("appointments", shop, external_id, observed_at, values | columns)


def customer(shop: Shop, external_id: str, observed_at: datetime, name: str, **columns: Any) -> Version:
    first_name, _, last_name = name.partition(" ")
    values = {"first_name": first_name, "last_name": last_name, **columns}
    return Version("customers", shop, external_id, observed_at, values)


def service(shop: Shop, external_id: str, observed_at: datetime, name: str, price: Any, **columns: Any) -> Version:
    values = {"name": name, "price": price, "duration_minutes": 30, **columns}
    return Version("services", shop, external_id, observed_at, values)


def employee(shop: Shop, external_id: str, observed_at: datetime, name: str) -> Version:
    first_name, _, last_name = name.partition(" ")
    return Version("employees", shop, external_id, observed_at, {"first_name": first_name, "last_name": last_name})


def gone(version: Version, observed_at: datetime) -> Version:
    """Return the tombstone of the record that `version` shows."""
    return replace(version, observed_at=observed_at, values={}, op="gone")


@dataclass
class RawLog:
    """The raw schema of one database, and the shops it belongs to."""

    connection: Connection
    shops: list[Shop] = field(default_factory=list)
    loads: dict[str, list[Version]] = field(default_factory=dict)
    committed: list[str] = field(default_factory=list)

    @property
    def versions(self) -> list[tuple[Version, str]]:
        """All versions of committed loads, each with its load."""
        return [(version, load_id) for load_id in self.committed for version in self.loads[load_id]]

    def add_shop(self, timezone: str = "America/New_York", currency: str = "USD", *, is_known: bool = True) -> Shop:
        """Return a new shop; one that is not known has no row in the control schema."""
        number = len(self.shops) + 1
        shop = Shop(str(UUID(int=number)), str(UUID(int=1000 + number)), timezone, currency)
        self.shops.append(shop)
        if is_known:
            self.register(shop)
        return shop

    def register(self, shop: Shop) -> None:
        """Write the shop and its integration into the control schema."""
        self.connection.execute(
            "insert into control.barbershops (id, name, timezone, currency) values (%s, %s, %s, %s)",
            (shop.barbershop_id, "Shop", shop.timezone, shop.currency),
        )
        self.connection.execute(
            "insert into control.integrations (id, barbershop_id, provider, name, base_url)"
            " values (%s, %s, 'trafft', 'Shop', 'https://shop.example')",
            (shop.integration_id, shop.barbershop_id),
        )

    def load(self, versions: Iterable[Version], *, is_committed: bool = True, load_id: str | None = None) -> str:
        """Append the versions as one load and return its id; without the commit, `commit` may follow."""
        load_id = load_id or f"{FIRST_LOAD.timestamp() + len(self.loads):.7f}"
        self.loads[load_id] = list(versions)
        for version in self.loads[load_id]:
            self._append(version, load_id)
        if is_committed:
            self.commit(load_id)
        return load_id

    def commit(self, load_id: str, *, minutes_late: int = 0) -> None:
        """Write what dlt writes last, by a clock that is one minute on at each commit, or lags behind."""
        self.committed.append(load_id)
        self.connection.execute(
            "insert into raw_trafft._dlt_loads (load_id, schema_name, status, inserted_at)"
            " values (%s, 'trafft', 0, %s)",
            (load_id, FIRST_LOAD + timedelta(minutes=len(self.committed) - minutes_late)),
        )

    def _append(self, version: Version, load_id: str) -> None:
        row = {
            "barbershop_id": version.shop.barbershop_id,
            "integration_id": version.shop.integration_id,
            "external_id": version.external_id,
            "row_hash": version.row_hash,
            "op": version.op,
            "origin": version.origin,
            "observed_at": version.observed_at,
            "sync_id": load_id,
            "_dlt_load_id": load_id,
            **version.values,
        }
        if version.op == "seen":
            row["payload"] = {"id": version.external_id, **version.values}
        row |= {name: json.dumps(row[name], default=str) for name in JSON_COLUMNS if name in row}
        columns = SQL(", ").join(map(Identifier, row))
        values = SQL(", ").join(SQL("%s") for _ in row)
        statement = SQL("insert into {} ({}) values ({})")
        self.connection.execute(
            statement.format(Identifier("raw_trafft", version.table), columns, values), list(row.values())
        )
