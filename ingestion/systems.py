"""The registry of booking systems: what the rest of the house needs to know of one, and no more."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from ingestion.control.records import Integration
from ingestion.http.pacing import Gate
from ingestion.reading import BookingReader
from ingestion.records import Resource
from ingestion.trafft.auth import Credentials
from ingestion.trafft.models import RESOURCES as TRAFFT_RESOURCES
from ingestion.trafft.source import open_reader as open_trafft


class OpenReader(Protocol):
    """Opens a shop's account for reading; every request to it passes the `gate`."""

    def __call__(
        self, integration: Integration, credentials: Credentials, *, allow_loopback: bool, gate: Gate | None = None
    ) -> AbstractContextManager[BookingReader]: ...


@dataclass(frozen=True)
class BookingSystem:
    """One booking system: its name (`raw_<name>` is its dataset), its lists in reading order, its way in."""

    name: str
    title: str
    resources: tuple[Resource, ...]
    open: OpenReader


TRAFFT = BookingSystem(name="trafft", title="Trafft", resources=TRAFFT_RESOURCES, open=open_trafft)

SYSTEMS = {system.name: system for system in (TRAFFT,)}
