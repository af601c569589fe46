"""What an owner or operator may set for one shop; kept in `control.integrations.sync_settings`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ShopSettings:
    """How one shop is synced. Hours are whole hours of the shop's local day."""

    paused: bool = False
    opens_at: int = 8
    closes_at: int = 20
    """The last hour in which an hourly sync begins."""
    page_size: int = 100
    requests_per_minute: float = 600

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "ShopSettings":
        """Return the settings as they are stored; what is missing there has its default."""
        hours = stored.get("businessHours", {})
        return cls(
            paused=not stored.get("autoSync", True),
            opens_at=int(hours.get("opensAt", cls.opens_at)),
            closes_at=int(hours.get("closesAt", cls.closes_at)),
            page_size=int(stored.get("pageSize", cls.page_size)),
            requests_per_minute=float(stored.get("requestsPerMinute", cls.requests_per_minute)),
        )
